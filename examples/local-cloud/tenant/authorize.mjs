// Logging in and consenting in the browser: /authorize, the pages under /u/, and logging out.
import { consentPage, loginPage, messagePage, picture } from "./pages.mjs";
import { BASIC_SCOPES, nowSeconds, secret, unique, words } from "./state.mjs";

const MINUTES_10 = 600_000; // how long a page may stay open
const HOURS_8 = 8 * 3_600_000;

/** Codes go to this machine only. */
export const isLoopback = (text) => {
  try {
    const url = new URL(text);
    return /^https?:$/.test(url.protocol) && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  } catch {
    return false;
  }
};

export const withQuery = (address, query) => {
  const url = new URL(address);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null) url.searchParams.set(name, value);
  return url.href;
};

const refused = (text) => ({ status: 400, html: messagePage("This cannot be done", text) });

export const authorizeRoutes = (tenant) => {
  const { state } = tenant;
  // localhost's cookies are shared by all its ports: the name has the port in it.
  const cookieName = () => `tenant_session_${tenant.port}`;

  const session = ({ headers }) => {
    const cookies = String(headers.cookie ?? "")
      .split(/;\s*/)
      .map((pair) => pair.split("="));
    const id = cookies.find(([name]) => name === cookieName())?.[1];
    return id && state.sessions.get(id);
  };
  const cookie = (value, seconds) => ({
    "set-cookie": `${cookieName()}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Lax`,
  });

  const back = (transaction, query) => ({
    status: 303,
    redirect: withQuery(transaction.redirect_uri, { ...query, state: transaction.state }),
  });

  const finish = (transaction, { person, sid, authTime }) => {
    const code = state.codes.put(secret("code_"), {
      transaction,
      person,
      sid,
      authTime,
      expires: Date.now() + state.settings.code_seconds * 1000,
    });
    return back(transaction, { code });
  };

  // A log-in "with" a connection also asks for that account; with `connection_scope` it asks what may be done there.
  const asked = ({ connection, connection_scope: scopes }) =>
    connection && scopes ? unique([...BASIC_SCOPES, ...words(scopes)]) : undefined;

  const needsConsent = (transaction, person) => {
    const scopes = asked(transaction);
    if (!scopes) return false;
    const held = state.grant(person, transaction.connection);
    return (
      words(transaction.prompt).includes("consent") ||
      !held ||
      held.broken ||
      !scopes.every((scope) => held.scopes.includes(scope))
    );
  };

  const afterLogin = (id, transaction, who) => {
    if (needsConsent(transaction, who.person)) return { status: 303, redirect: `/u/consent?state=${id}` };
    if (transaction.connection && !state.grant(who.person, transaction.connection))
      state.setGrant(who.person, transaction.connection, []);
    return finish(transaction, who);
  };

  const authorize = (request) => {
    const wanted = Object.fromEntries(request.method === "POST" ? Object.entries(request.body ?? {}) : request.query);
    const client = state.client(wanted.client_id);
    if (!client?.grants.includes("authorization_code"))
      return refused(`No application has the client_id "${wanted.client_id ?? ""}".`);
    if (!isLoopback(wanted.redirect_uri)) return refused("The redirect_uri is not on this machine.");
    const fail = (error, text) => back(wanted, { error, error_description: text });
    if (wanted.response_type !== "code")
      return fail("unsupported_response_type", "only response_type=code is supported");
    if (wanted.code_challenge && wanted.code_challenge_method !== "S256")
      return fail("invalid_request", "code_challenge_method must be S256");

    const transaction = { ...wanted, client, expires: Date.now() + MINUTES_10 };
    const prompt = words(wanted.prompt);
    const who = session(request);
    const old = who && wanted.max_age && nowSeconds() - who.authTime > Number(wanted.max_age);
    const loggedIn = who && !old && !prompt.includes("login") && !prompt.includes("select_account");
    if (prompt.includes("none")) {
      if (!loggedIn) return fail("login_required", "Login required");
      if (needsConsent(transaction, who.person)) return fail("consent_required", "Consent required");
      return finish(transaction, who);
    }
    const id = state.transactions.put(secret("txn_"), transaction);
    return loggedIn ? afterLogin(id, transaction, who) : { redirect: `/u/login?state=${id}` };
  };

  const transactionOf = (id) => state.transactions.get(id);
  const EXPIRED = "This page has expired. Go back to the application and try again.";

  const showLogin = ({ query }) => {
    const transaction = transactionOf(query.get("state"));
    if (!transaction) return refused(EXPIRED);
    const people = [...state.people.values()].slice(0, 6);
    return {
      html: loginPage({ state: query.get("state"), people, client: transaction.client, hint: transaction.login_hint }),
    };
  };

  const login = ({ body }) => {
    const transaction = transactionOf(body?.state);
    if (!transaction) return refused(EXPIRED);
    const person = state.person(body.user);
    if (!person) {
      const people = [...state.people.values()].slice(0, 6);
      const error = "A name has letters, digits, dots and dashes, 32 at most.";
      return { status: 400, html: loginPage({ state: body.state, people, client: transaction.client, error }) };
    }
    const who = { person, sid: secret("sid_"), authTime: nowSeconds(), expires: Date.now() + HOURS_8 };
    const id = state.sessions.put(secret(), who);
    const answer = afterLogin(body.state, transaction, who);
    return { ...answer, headers: cookie(id, HOURS_8 / 1000) };
  };

  const showConsent = (request) => {
    const id = request.query.get("state");
    const transaction = transactionOf(id);
    const who = session(request);
    if (!transaction || !who) return refused(EXPIRED);
    const { client, connection } = transaction;
    return {
      html: consentPage({
        action: "/u/consent",
        hidden: { state: id },
        person: who.person,
        client,
        connection,
        scopes: asked(transaction),
      }),
    };
  };

  const consent = (request) => {
    const who = session(request);
    const transaction = who && state.transactions.take(request.body?.state);
    if (!transaction) return refused(EXPIRED);
    if (request.body.decision !== "allow")
      return back(transaction, { error: "access_denied", error_description: "The user did not consent" });
    state.setGrant(who.person, transaction.connection, asked(transaction));
    return finish(transaction, who);
  };

  const logout =
    (name) =>
    ({ query }) => {
      const target = query.get(name);
      if (target && !isLoopback(target)) return refused(`The address in ${name} is not on this machine.`);
      const headers = cookie("", 0);
      if (!target) return { headers, html: messagePage("Logged out", "You may close this window.") };
      return { headers, redirect: withQuery(target, { state: query.get("state") }) };
    };

  return [
    ["GET", "/authorize", authorize],
    ["POST", "/authorize", authorize],
    ["GET", "/u/login", showLogin],
    ["POST", "/u/login", login],
    ["GET", "/u/consent", showConsent],
    ["POST", "/u/consent", consent],
    ["GET", "/v2/logout", logout("returnTo")],
    ["GET", "/oidc/logout", logout("post_logout_redirect_uri")],
    [
      "GET",
      "/u/picture/:name.svg",
      ({ params }) => ({ headers: { "content-type": "image/svg+xml" }, text: picture(params.name) }),
    ],
  ];
};
