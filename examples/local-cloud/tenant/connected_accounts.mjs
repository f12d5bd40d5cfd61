// My Account: connecting an account for a logged-in person, without logging in anew.
import { createHash } from "node:crypto";
import { Refusal } from "../service.mjs";
import { isLoopback, withQuery } from "./authorize.mjs";
import { consentPage, messagePage } from "./pages.mjs";
import { BASIC_SCOPES, secret, unique, words } from "./state.mjs";
import { subjectOf } from "./issue.mjs";

const MINUTES_5 = 300_000;

const problem = (status, title, detail) =>
  new Refusal(status, { type: `https://auth0.com/api-errors/A0E-${status}-0001`, title, detail, status });

export const connectedAccountRoutes = (tenant) => {
  const { state } = tenant;

  // The person of the request's token, which must be for My Account and have `scope`.
  const personOf = ({ headers }, scope) => {
    const subject = subjectOf(tenant, /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1]);
    const ours = subject && [subject.claims.aud].flat().includes(`${tenant.issuer}me/`);
    if (!ours) throw problem(401, "Unauthorized", "Invalid Token");
    if (!words(subject.claims.scope).includes(scope))
      throw problem(403, "Forbidden", `Insufficient scope: ${scope} is needed`);
    return { person: subject.person, client: state.client(subject.claims.azp) };
  };

  const connect = (request) => {
    const who = personOf(request, "create:me:connected_accounts");
    const body = request.body ?? {};
    if (!body.connection) throw problem(400, "Bad Request", "connection is required");
    if (!isLoopback(body.redirect_uri))
      throw problem(400, "Bad Request", "redirect_uri is required and must be on this machine");
    if (body.code_challenge && body.code_challenge_method !== "S256")
      throw problem(400, "Bad Request", "code_challenge_method must be S256");
    const scopes = unique([...BASIC_SCOPES, ...(Array.isArray(body.scopes) ? body.scopes : words(body.scopes))]);
    const expires = Date.now() + MINUTES_5;
    const authSession = secret("session_");
    state.connectSessions.put(authSession, { ...who, ...body, scopes, expires });
    const ticket = state.tickets.put(secret("ticket_"), { authSession, expires });
    return {
      status: 201,
      json: {
        auth_session: authSession,
        connect_uri: `${tenant.issuer}u/connect`,
        connect_params: { ticket },
        expires_in: MINUTES_5 / 1000,
      },
    };
  };

  const sessionOf = (ticket) => state.connectSessions.get(state.tickets.get(ticket)?.authSession);
  const expired = {
    status: 400,
    html: messagePage("This cannot be done", "This page has expired. Go back to the application and try again."),
  };

  const showConsent = ({ query }) => {
    const ticket = query.get("ticket");
    const session = sessionOf(ticket);
    return session ? { html: consentPage({ action: "/u/connect", hidden: { ticket }, ...session }) } : expired;
  };

  const consent = ({ body }) => {
    const session = sessionOf(body?.ticket);
    if (!session) return expired;
    const { authSession } = state.tickets.take(body.ticket);
    const back = (query) => ({
      status: 303,
      redirect: withQuery(session.redirect_uri, { ...query, state: session.state }),
    });
    if (body.decision !== "allow")
      return back({ error: "access_denied", error_description: "The user did not consent" });
    return back({
      connect_code: state.connectCodes.put(secret("connect_"), { authSession, expires: Date.now() + MINUTES_5 }),
    });
  };

  const complete = (request) => {
    const { person } = personOf(request, "create:me:connected_accounts");
    const body = request.body ?? {};
    const code = state.connectCodes.take(body.connect_code);
    const session =
      code && code.authSession === body.auth_session ? state.connectSessions.take(code.authSession) : undefined;
    if (!session || session.person !== person)
      throw problem(400, "Bad Request", "connect_code or auth_session is not valid");
    if (session.redirect_uri !== body.redirect_uri)
      throw problem(400, "Bad Request", "redirect_uri is not the one of the start");
    const challenge = createHash("sha256")
      .update(String(body.code_verifier ?? ""))
      .digest("base64url");
    if (session.code_challenge && challenge !== session.code_challenge)
      throw problem(400, "Bad Request", "code_verifier does not fit");
    return { status: 201, json: shown(state.setGrant(person, session.connection, session.scopes)) };
  };

  const shown = ({ id, connection, scopes, createdAt }) => ({
    id,
    connection,
    access_type: "offline",
    scopes,
    created_at: createdAt,
  });

  const list = (request) => {
    const { person } = personOf(request, "read:me:connected_accounts");
    return {
      json: { accounts: [...state.grants.values()].filter((grant) => grant.person === person.name).map(shown) },
    };
  };

  const remove = (request) => {
    const { person } = personOf(request, "delete:me:connected_accounts");
    const grant = [...state.grants.values()].find((one) => one.person === person.name && one.id === request.params.id);
    if (!grant) throw problem(404, "Not Found", "There is no such account");
    state.removeGrant(person, grant.connection);
    return { status: 204 };
  };

  return [
    ["POST", "/me/v1/connected-accounts/connect", connect],
    ["POST", "/me/v1/connected-accounts/complete", complete],
    ["GET", "/me/v1/connected-accounts/accounts", list],
    ["DELETE", "/me/v1/connected-accounts/accounts/:id", remove],
    ["GET", "/u/connect", showConsent],
    ["POST", "/u/connect", consent],
  ];
};
