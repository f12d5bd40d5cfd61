// Asking a person through another device (CIBA): /bc-authorize, the polls, and the page that plays the phone.
import { messagePage, phonePage } from "./pages.mjs";
import { secret, words } from "./state.mjs";
import { clientOf, issue, refuse } from "./issue.mjs";

const SECONDS_MAX = 259_200; // what the real one allows, three days

const decide = (request, decision) => {
  if (request.decision === undefined) request.decision = decision;
};

/** The decision so far: approve, deny or undefined. */
const decisionOf = (request) => {
  if (request.plan && Date.now() >= request.planAt) decide(request, request.plan);
  return request.decision;
};

/** One poll of the token endpoint. */
export const pollBackchannel = (tenant, client, body) => {
  const { state } = tenant;
  const known = state.backchannel.get(body.auth_req_id);
  if (!known || known.client !== client) throw refuse(400, "invalid_grant", "Invalid or expired auth_req_id");
  const early = known.interval > 0 && Date.now() < known.polledAt + known.interval * 1000 - 500;
  known.polledAt = Date.now();
  if (early)
    throw refuse(429, "slow_down", `You are polling faster than allowed. Try again in ${known.interval} seconds.`, {
      "retry-after": String(known.interval),
    });
  const decision = decisionOf(known);
  if (!decision) throw refuse(400, "authorization_pending", "The end-user authorization is pending");
  state.backchannel.take(body.auth_req_id);
  if (decision === "deny")
    throw refuse(400, "access_denied", "The end-user denied the authorization request or it has been expired");
  return issue(tenant, {
    client,
    person: known.person,
    scope: known.scopes.join(" "),
    audience: known.audience,
    sid: secret("sid_"),
    offline: true,
  });
};

const hinted = ({ state, issuer }, text) => {
  try {
    const { format, iss, sub } = JSON.parse(text);
    return format === "iss_sub" && iss === issuer ? state.personBySub(sub) : undefined;
  } catch {
    return undefined;
  }
};

/** Decides what waits: the request with that id, or the oldest one. False: nothing waits. */
export const decideBackchannel = ({ state }, { id, decision }) => {
  const waiting = state.backchannel.values().filter((one) => !decisionOf(one));
  const request = id ? waiting.find((one) => one.id === id) : waiting[0];
  if (request) decide(request, decision);
  return request !== undefined;
};

export const waitingBackchannel = ({ state }) => state.backchannel.values().filter((one) => !decisionOf(one));

export const backchannelRoutes = (tenant) => {
  const { state } = tenant;

  const start = (request) => {
    const body = request.body ?? {};
    const client = clientOf(tenant, request);
    const scopes = words(body.scope);
    if (!scopes.includes("openid")) throw refuse(400, "invalid_scope", "scope must contain openid");
    if (!body.binding_message) throw refuse(400, "invalid_request", "binding_message is required");
    const person = hinted(tenant, body.login_hint);
    if (!person) throw refuse(400, "unknown_user_id", "login_hint does not name a user of this tenant");
    const { ciba_decision: plan, ciba_decide_after_ms: after, ciba_interval_seconds: interval } = state.settings;
    if (plan === "no_push") throw refuse(400, "invalid_request", "User does not have push notifications enabled");
    const seconds = Math.min(Math.max(Number(body.requested_expiry || body.request_expiry) || 300, 1), SECONDS_MAX);
    const id = secret("ciba_");
    state.backchannel.put(id, {
      id,
      client,
      person,
      scopes,
      audience: body.audience,
      message: body.binding_message,
      details: body.authorization_details,
      interval,
      polledAt: 0,
      expires: Date.now() + seconds * 1000,
      ...(plan === "ask" ? {} : { plan, planAt: Date.now() + after }),
    });
    return { json: { auth_req_id: id, expires_in: seconds, interval } };
  };

  const answer = ({ body }) => {
    const done = ["approve", "deny"].includes(body?.decision) && body.id && decideBackchannel(tenant, body);
    return done
      ? { status: 303, redirect: "/u/phone" }
      : { status: 400, html: messagePage("Too late", "This request has expired or has been answered.") };
  };

  return [
    ["POST", "/bc-authorize", start],
    ["GET", "/u/phone", () => ({ html: phonePage(waitingBackchannel(tenant)) })],
    ["POST", "/u/phone", answer],
  ];
};
