// What an interrupt asks for. Plain tests of the data: the interrupt has come as JSON.

/** Consent that the Token Vault lacks, in either generation of its packages. */
export interface ConsentRequest {
  name: "AUTH0_AI_INTERRUPT";
  code: "FEDERATED_CONNECTION_ERROR" | "TOKEN_VAULT_ERROR";
  connection: string;
  requiredScopes: string[];
  authorizationParams?: Record<string, string>;
  message?: string;
}

export interface ActionRequest {
  name: string;
  args: Record<string, unknown>;
  description?: string;
}

export type DecisionType = "approve" | "edit" | "reject";

/** Tool calls that wait for a human's word (the human-in-the-loop middleware). */
export interface ApprovalRequest {
  actions: { request: ActionRequest; allowed: DecisionType[] }[];
}

export type Decision =
  | { type: "approve" }
  | { type: "edit"; editedAction: ActionCall; edited_action: ActionCall }
  | { type: "reject"; message?: string };

export interface ActionCall {
  name: string;
  args: Record<string, unknown>;
}

/** The page on which a popup for consent ends. */
export const closePath = "/close";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";

export function isConsentRequest(value: unknown): value is ConsentRequest {
  return (
    isObject(value) &&
    value.name === "AUTH0_AI_INTERRUPT" &&
    (value.code === "FEDERATED_CONNECTION_ERROR" || value.code === "TOKEN_VAULT_ERROR") &&
    isText(value.connection) &&
    Array.isArray(value.requiredScopes) &&
    value.requiredScopes.every(isText)
  );
}

/** The page that asks the user for the consent; both are routes of the login's middleware. */
export function consentUrl(request: ConsentRequest): string {
  const query = new URLSearchParams({ returnTo: closePath, connection: request.connection });
  const scopes = [...new Set(request.requiredScopes)];
  if (request.code === "FEDERATED_CONNECTION_ERROR") {
    // A new login that asks for more; it ends with a new refresh token.
    query.set("access_type", "offline");
    query.set("prompt", "consent");
    query.set("connection_scope", scopes.join(","));
    return `/auth/login?${query}`;
  }
  for (const scope of scopes) query.append("scopes", scope);
  for (const [name, value] of Object.entries(request.authorizationParams ?? {})) query.set(name, String(value));
  return `/auth/connect?${query}`;
}

const services: Record<string, string> = {
  "google-oauth2": "Google",
  github: "GitHub",
  slack: "Slack",
  "sign-in-with-slack": "Slack",
  windowslive: "Microsoft",
};

export function serviceName(connection: string): string {
  return services[connection] ?? connection;
}

const scopeTexts: Record<string, string> = {
  openid: "know who you are",
  profile: "see your name and picture",
  email: "see your e-mail address",
  "https://www.googleapis.com/auth/userinfo.email": "see your e-mail address",
  "https://www.googleapis.com/auth/userinfo.profile": "see your name and picture",
  "https://www.googleapis.com/auth/gmail.readonly": "read your mail",
  "https://www.googleapis.com/auth/gmail.send": "send mail as you",
  "https://www.googleapis.com/auth/calendar.readonly": "see your calendars",
  "https://www.googleapis.com/auth/calendar.events": "see and change events in your calendars",
  "https://www.googleapis.com/auth/calendar.events.readonly": "see events in your calendars",
  "https://www.googleapis.com/auth/calendar.freebusy": "see when you are busy",
};

/** What a scope allows, in words; an unknown one is shown as it is. */
export function scopeText(scope: string): string {
  return scopeTexts[scope] ?? scope;
}

const decisionTypes: DecisionType[] = ["approve", "edit", "reject"];

/** Reads both spellings: JavaScript servers write actionRequests, Python ones action_requests. */
export function readApprovalRequest(value: unknown): ApprovalRequest | null {
  if (!isObject(value)) return null;
  const requests = value.actionRequests ?? value.action_requests;
  const configs = value.reviewConfigs ?? value.review_configs;
  if (!Array.isArray(requests) || requests.length === 0) return null;
  const actions: ApprovalRequest["actions"] = [];
  for (const request of requests) {
    if (!isObject(request)) return null;
    const name = request.name ?? request.action_name;
    const args = request.args ?? request.arguments;
    if (!isText(name) || !isObject(args)) return null;
    const config = (Array.isArray(configs) ? configs : [])
      .filter(isObject)
      .find((config) => (config.actionName ?? config.action_name) === name);
    const named = config?.allowedDecisions ?? config?.allowed_decisions;
    const allowed = Array.isArray(named) ? decisionTypes.filter((type) => named.includes(type)) : decisionTypes;
    const description = isText(request.description) ? request.description : undefined;
    actions.push({ request: { name, args, description }, allowed });
  }
  return { actions };
}

/** The question of any other interrupt, and whether it had the form of a question at all. */
export function readQuestion(value: unknown): { text: string; details?: string } {
  if (isText(value)) return { text: value };
  if (isObject(value)) {
    for (const key of ["question", "message", "prompt", "ask"]) {
      if (isText(value[key])) {
        const rest = Object.keys(value).length > 1 ? JSON.stringify(value, null, 2) : undefined;
        return { text: value[key], details: rest };
      }
    }
  }
  return { text: "The assistant needs an answer to go on.", details: JSON.stringify(value, null, 2) };
}
