// What Gmail and Calendar share: whose token it is, what it may do, and Google's way to say no.
import { Refusal } from "../service.mjs";

const REASONS = {
  400: ["INVALID_ARGUMENT", "badRequest", "global", "Bad Request"],
  401: [
    "UNAUTHENTICATED",
    "authError",
    "global",
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.",
  ],
  403: ["PERMISSION_DENIED", "insufficientPermissions", "global", "Request had insufficient authentication scopes."],
  404: ["NOT_FOUND", "notFound", "global", "Requested entity was not found."],
  405: ["METHOD_NOT_ALLOWED", "httpMethodNotAllowed", "global", "The HTTP method is not allowed here."],
  429: ["RESOURCE_EXHAUSTED", "rateLimitExceeded", "usageLimits", "User-rate limit exceeded."],
  500: ["INTERNAL", "backendError", "global", "Internal error encountered."],
  503: ["UNAVAILABLE", "backendError", "global", "The service is currently unavailable."],
};

export const googleError = (status, text) => {
  const [name, reason, domain, usual] = REASONS[status] ?? REASONS[500];
  const message = text ?? usual;
  const error = { code: status, message, errors: [{ message, domain, reason }], status: name };
  if (status === 401) Object.assign(error.errors[0], { location: "Authorization", locationType: "header" });
  if (status === 403 && !text)
    error.details = [
      {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        domain: "googleapis.com",
      },
    ];
  return { error };
};

export const googleRefusal = (status, text) => {
  const challenges = {
    401: 'Bearer realm="https://accounts.google.com/", error="invalid_token"',
    403: 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"',
  };
  return new Refusal(
    status,
    googleError(status, text),
    challenges[status] ? { "www-authenticate": challenges[status] } : {},
  );
};

/** The person whose token the request bears. `scopes`: any one of them (without the common prefix) is enough. */
export const personOf = (state, { headers }, scopes) => {
  const token = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  const known = token && state.thirdPartyTokens.get(token);
  if (!known || known.grant.broken) throw googleRefusal(401);
  const full = scopes.map((scope) => (scope.startsWith("https:") ? scope : `https://www.googleapis.com/auth/${scope}`));
  if (!known.scopes.some((scope) => full.includes(scope))) throw googleRefusal(403);
  return known.person;
};
