// What the environment says. Read when it is asked for, so that one build serves every environment.

/** How a run proves to the server whose tokens it may use. */
export type VaultGeneration = "federated" | "token_vault";

export function apiUrl(): string {
  return (process.env.LANGGRAPH_API_URL || "http://127.0.0.1:2024").replace(/\/+$/, "");
}

/** Only for servers that want a key; heddle does not. */
export function apiKey(): string {
  return process.env.LANGGRAPH_API_KEY ?? "";
}

export function assistantId(): string {
  return process.env.ASSISTANT_ID || "agent";
}

export function usesAuth0(): boolean {
  return Boolean(process.env.AUTH0_DOMAIN);
}

/** The same rule as in heddle, so that both can read one file of variables. */
export function vaultGeneration(): VaultGeneration {
  const named = process.env.AUTH0_TOKEN_VAULT_GENERATION;
  if (named === "federated" || named === "token_vault") return named;
  if (named) throw new Error(`AUTH0_TOKEN_VAULT_GENERATION is "${named}"; allowed are federated and token_vault`);
  return process.env.AUTH0_CUSTOM_API_CLIENT_ID ? "token_vault" : "federated";
}
