import { Auth0Client } from "@auth0/nextjs-auth0/server";
import { NextResponse } from "next/server";
import { closePath } from "./interrupts";
import { usesAuth0, vaultGeneration } from "./settings";

let client: Auth0Client | undefined;

/** The login, or null when the app runs with a local identity. */
export function auth0(): Auth0Client | null {
  if (!usesAuth0()) return null;
  client ??= new Auth0Client({
    ...tenant(),
    authorizationParameters: {
      // offline_access: without a refresh token neither generation can ask the Token Vault for anything.
      scope: process.env.AUTH0_SCOPE || "openid profile email offline_access",
      audience: process.env.AUTH0_AUDIENCE || undefined,
    },
    enableConnectAccountEndpoint: vaultGeneration() === "token_vault",
    onCallback: async (error, { returnTo, appBaseUrl }) => {
      // A refused consent closes its popup as a given one does; which of the two it was, the resumed run finds out.
      const path = error && returnTo !== closePath ? "/?login=failed" : returnTo || "/";
      return NextResponse.redirect(new URL(path, appBaseUrl ?? process.env.APP_BASE_URL));
    },
  });
  return client;
}

// The SDK takes a tenant on the own machine, or one with a port, only in these words. It is asked over https all the same.
function tenant() {
  const host = (process.env.AUTH0_DOMAIN ?? "").replace(/^https:\/\//, "").replace(/\/+$/, "");
  const isLocal = /^localhost(:|$)/.test(host);
  return { domain: isLocal ? `https://${host}` : host, allowInsecureRequests: isLocal };
}
