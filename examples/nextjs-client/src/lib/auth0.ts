import { Auth0Client } from "@auth0/nextjs-auth0/server";
import { usesAuth0, vaultGeneration } from "./settings";

let client: Auth0Client | undefined;

/** The login, or null when the app runs with a local identity. */
export function auth0(): Auth0Client | null {
  if (!usesAuth0()) return null;
  client ??= new Auth0Client({
    domain: process.env.AUTH0_DOMAIN?.replace(/^https:\/\//, "").replace(/\/+$/, ""),
    authorizationParameters: {
      // offline_access: without a refresh token neither generation can ask the Token Vault for anything.
      scope: process.env.AUTH0_SCOPE || "openid profile email offline_access",
      audience: process.env.AUTH0_AUDIENCE || undefined,
    },
    enableConnectAccountEndpoint: vaultGeneration() === "token_vault",
  });
  return client;
}
