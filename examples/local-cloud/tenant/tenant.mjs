// The stand-in for an Auth0 tenant: discovery, and the routes of all its parts.
import { authorizeRoutes } from "./authorize.mjs";
import { backchannelRoutes } from "./backchannel.mjs";
import { connectedAccountRoutes } from "./connected_accounts.mjs";
import { deviceRoutes } from "./device.mjs";
import { tokenRoutes } from "./token.mjs";

const ERRORS = { 404: "not_found", 405: "method_not_allowed", 429: "too_many_requests" };

/** How the tenant says a status that has no body of its own. */
export const tenantRefusal = (status) => ({
  error: ERRORS[status] ?? "server_error",
  error_description: `Status ${status} of the local tenant`,
});

const discovery = ({ issuer }) => ({
  issuer,
  authorization_endpoint: `${issuer}authorize`,
  token_endpoint: `${issuer}oauth/token`,
  device_authorization_endpoint: `${issuer}oauth/device/code`,
  userinfo_endpoint: `${issuer}userinfo`,
  jwks_uri: `${issuer}.well-known/jwks.json`,
  revocation_endpoint: `${issuer}oauth/revoke`,
  end_session_endpoint: `${issuer}oidc/logout`,
  backchannel_authentication_endpoint: `${issuer}bc-authorize`,
  backchannel_token_delivery_modes_supported: ["poll"],
  scopes_supported: ["openid", "profile", "email", "offline_access"],
  response_types_supported: ["code"],
  response_modes_supported: ["query"],
  subject_types_supported: ["public"],
  code_challenge_methods_supported: ["S256"],
  id_token_signing_alg_values_supported: ["RS256"],
  token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic", "none"],
});

/** `tenant`: {state, keys, port, issuer}; issuer and port are known once it listens. */
export const tenantRoutes = (tenant) => [
  ["GET", "/.well-known/openid-configuration", () => ({ json: discovery(tenant) })],
  ["GET", "/.well-known/jwks.json", () => ({ json: tenant.keys.jwks() })],
  ...authorizeRoutes(tenant),
  ...tokenRoutes(tenant),
  ...connectedAccountRoutes(tenant),
  ...backchannelRoutes(tenant),
  ...deviceRoutes(tenant),
];
