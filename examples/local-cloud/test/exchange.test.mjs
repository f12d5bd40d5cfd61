import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  authorization,
  bearer,
  CALENDAR_READ,
  CALLBACK,
  cloud,
  control,
  customApi,
  exchange,
  exchangeRefresh,
  EXCHANGE,
  FEDERATED,
  get,
  GMAIL_READ,
  logIn,
  postForm,
  postJson,
  token,
  useCloud,
  web,
} from "./world.mjs";

useCloud();

const REFRESH_TYPE = "urn:ietf:params:oauth:token-type:refresh_token";
const ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token";
const consent = {
  connection: "google-oauth2",
  access_type: "offline",
  prompt: "consent",
  connection_scope: GMAIL_READ,
};
const short = ({ status, json }) => [status, json.error];

test("before consent nothing is there to exchange; after it the answer has the scopes and the whole shape", async () => {
  const { refresh_token, browser } = await logIn();
  const before = await exchangeRefresh(refresh_token);
  assert.deepEqual(short(before), [401, "federated_connection_refresh_token_not_found"]);

  const after = await logIn("mira", consent, browser);
  assert.notEqual(after.refresh_token, refresh_token, "a new log-in brings a new refresh token");
  const { status, json } = await exchangeRefresh(after.refresh_token);
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(json).sort(), [
    "access_token",
    "expires_in",
    "issued_token_type",
    "scope",
    "token_type",
  ]);
  assert.equal(json.issued_token_type, FEDERATED);
  assert.equal(json.token_type, "Bearer");
  assert.ok(json.scope.split(" ").includes(GMAIL_READ));
  assert.equal((await exchangeRefresh(refresh_token)).status, 200, "the older refresh token is the same person's");
});

test("the consent page says who asks for what, and Deny goes back with access_denied and grants nothing", async () => {
  const { browser, refresh_token } = await logIn();
  const start = authorization(consent);
  await browser.open(start.url);
  assert.match(browser.html, /The chat application wants to use your Google account/);
  assert.match(browser.html, /Read your mail/);
  await browser.submit({ decision: "deny" });
  assert.equal(browser.callback.searchParams.get("error"), "access_denied");
  assert.equal(browser.callback.searchParams.get("state"), start.query.state);
  assert.deepEqual(short(await exchangeRefresh(refresh_token)), [401, "federated_connection_refresh_token_not_found"]);
});

test("a log-in with the connection alone holds the basic scopes, so that a wanted one is missing", async () => {
  const { refresh_token } = await logIn("mira", { connection: "google-oauth2" });
  const { status, json } = await exchangeRefresh(refresh_token);
  assert.equal(status, 200);
  assert.ok(!json.scope.includes("gmail"));
  assert.ok(json.scope.split(" ").includes("openid"));
});

test("one person's consent is not another's", async () => {
  await logIn("mira", consent);
  const { refresh_token } = await logIn("tomas");
  assert.deepEqual(short(await exchangeRefresh(refresh_token)), [401, "federated_connection_refresh_token_not_found"]);
});

test("the exchange refuses a wrong client, subject, type or connection, each with its own error", async () => {
  const { refresh_token } = await logIn("mira", consent);
  const cases = [
    [{ client_secret: "guess" }, [401, "access_denied"]],
    [{ client_id: "nobody" }, [401, "access_denied"]],
    [{ subject_token: "v1.nonsense" }, [403, "invalid_grant"]],
    [{ subject_token: "" }, [400, "invalid_request"]],
    [{ subject_token_type: "urn:ietf:params:oauth:token-type:jwt" }, [400, "invalid_request"]],
    [{ subject_token_type: ACCESS_TYPE }, [400, "unauthorized_client"]],
    [
      { requested_token_type: "https://auth0.com/oauth/token-type/federated-connection-access-token" },
      [400, "invalid_request"],
    ],
    [{ connection: "" }, [400, "invalid_request"]],
    [{ connection: "github" }, [401, "federated_connection_refresh_token_not_found"]],
    [{ login_hint: "tomas@example.test" }, [401, "federated_connection_refresh_token_not_found"]],
    [{ login_hint: "mira@example.test" }, [200, undefined]],
  ];
  for (const [wrong, expected] of cases)
    assert.deepEqual(short(await exchangeRefresh(refresh_token, wrong)), expected, JSON.stringify(wrong));
  const machine = await exchange({
    client_id: cloud.clients.machine.id,
    client_secret: cloud.clients.machine.secret,
    subject_token_type: REFRESH_TYPE,
    subject_token: refresh_token,
  });
  assert.deepEqual(short(machine), [400, "unauthorized_client"]);
});

test("the exchange takes a form as well", async () => {
  const { refresh_token } = await logIn("mira", consent);
  const { status } = await postForm(`${cloud.auth0}/oauth/token`, {
    grant_type: EXCHANGE,
    ...web(),
    subject_token_type: REFRESH_TYPE,
    subject_token: refresh_token,
    connection: "google-oauth2",
    requested_token_type: FEDERATED,
  });
  assert.equal(status, 200);
});

test("the custom API client exchanges access tokens of its API, and no others", async () => {
  await control("/grants", { user: "mira", scopes: [GMAIL_READ] });
  const subject = async (audience) => (await control("/tokens", { user: "mira", audience })).access_token;
  const tried = (subject_token, more) =>
    exchange({ ...customApi(), subject_token_type: ACCESS_TYPE, subject_token, ...more });
  const good = await subject(cloud.audience);
  assert.equal((await tried(good)).status, 200);
  assert.deepEqual(short(await tried(await subject(`https://${cloud.auth0Domain}/me/`))), [401, "invalid_token"]);
  assert.deepEqual(short(await tried(`${good.slice(0, -8)}AAAAAAAA`)), [401, "invalid_token"]);
  assert.deepEqual(short(await tried("v1.nonsense", { subject_token_type: REFRESH_TYPE })), [
    400,
    "unauthorized_client",
  ]);
  await control("/settings", { access_token_seconds: -1 });
  assert.deepEqual(short(await tried(await subject(cloud.audience))), [401, "invalid_token"]);
});

test("a grant that the third party has revoked says so", async () => {
  const { refresh_token } = await logIn("mira", consent);
  await control("/grants", { user: "mira", broken: true });
  assert.deepEqual(short(await exchangeRefresh(refresh_token)), [
    401,
    "federated_connection_refresh_token_flow_failed",
  ]);
  const again = await logIn("mira", consent);
  assert.equal((await exchangeRefresh(again.refresh_token)).status, 200);
});

test("faults come first: status, error, headers, nonsense, a cut line; then all is well again", async () => {
  const { refresh_token } = await logIn("mira", consent);
  await control("/faults", {
    tenant: [
      { status: 429, headers: { "retry-after": "1" }, path: "/oauth/token" },
      { status: 403, error: "invalid_grant", grant_type: "federated-connection" },
      { status: 200, raw: "<html>not JSON</html>", path: "/oauth/token" },
      { cut: true, path: "/oauth/token" },
    ],
  });
  const limited = await exchangeRefresh(refresh_token);
  assert.deepEqual(short(limited), [429, "too_many_requests"]);
  assert.equal(limited.headers.get("retry-after"), "1");
  assert.deepEqual(short(await exchangeRefresh(refresh_token)), [403, "invalid_grant"]);
  assert.match((await exchangeRefresh(refresh_token)).text, /not JSON/);
  await assert.rejects(exchangeRefresh(refresh_token), /fetch failed/);
  assert.equal((await exchangeRefresh(refresh_token)).status, 200);
});

test("an account is connected within the session: ticket, consent, code, complete", async () => {
  const { refresh_token, browser } = await logIn();
  const { json: mine } = await token({
    grant_type: "refresh_token",
    ...web(),
    refresh_token,
    audience: `https://${cloud.auth0Domain}/me/`,
    scope: "openid profile offline_access create:me:connected_accounts",
  });
  const verifier = "a-verifier-of-the-application-that-is-long-enough";
  const start = {
    connection: "google-oauth2",
    redirect_uri: CALLBACK,
    state: "st4te",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    scopes: ["openid", GMAIL_READ, CALENDAR_READ],
    authorization_params: {},
  };
  const base = `${cloud.auth0}/me/v1/connected-accounts`;
  const ticket = await postJson(`${base}/connect`, start, bearer(mine.access_token));
  assert.equal(ticket.status, 201);
  await browser.open(`${ticket.json.connect_uri}?ticket=${ticket.json.connect_params.ticket}`);
  assert.match(browser.html, /See your calendar/);
  await browser.submit({ decision: "allow" });
  assert.equal(browser.callback.searchParams.get("state"), "st4te");
  const body = {
    auth_session: ticket.json.auth_session,
    connect_code: browser.callback.searchParams.get("connect_code"),
    redirect_uri: CALLBACK,
    code_verifier: verifier,
  };
  const { json: wrong, status: wrongStatus } = await postJson(
    `${base}/complete`,
    { ...body, connect_code: "x" },
    bearer(mine.access_token),
  );
  assert.deepEqual([wrongStatus, wrong.status, typeof wrong.title], [400, 400, "string"]);
  const done = await postJson(`${base}/complete`, body, bearer(mine.access_token));
  assert.equal(done.status, 201);
  assert.equal(done.json.connection, "google-oauth2");
  assert.ok(done.json.scopes.includes(CALENDAR_READ));
  assert.ok(
    (await exchangeRefresh(refresh_token)).json.scope.includes(GMAIL_READ),
    "the session's refresh token is the same as before",
  );

  const { json: lister } = await token({
    grant_type: "refresh_token",
    ...web(),
    refresh_token,
    audience: `https://${cloud.auth0Domain}/me/`,
    scope: "read:me:connected_accounts delete:me:connected_accounts",
  });
  const { json: list } = await get(`${base}/accounts`, bearer(lister.access_token));
  assert.equal(list.accounts[0].id, done.json.id);
});

test("connecting needs a token for My Account with the scope, and Deny connects nothing", async () => {
  const { refresh_token, access_token, browser } = await logIn();
  const connect = (one) =>
    postJson(
      `${cloud.auth0}/me/v1/connected-accounts/connect`,
      { connection: "google-oauth2", redirect_uri: CALLBACK, state: "s", scopes: [GMAIL_READ] },
      bearer(one),
    );
  assert.equal((await connect(access_token)).status, 401);
  const { json: weak } = await token({
    grant_type: "refresh_token",
    ...web(),
    refresh_token,
    audience: `https://${cloud.auth0Domain}/me/`,
    scope: "openid",
  });
  assert.equal((await connect(weak.access_token)).status, 403);
  const { json: mine } = await token({
    grant_type: "refresh_token",
    ...web(),
    refresh_token,
    audience: `https://${cloud.auth0Domain}/me/`,
    scope: "create:me:connected_accounts",
  });
  const { json: ticket } = await connect(mine.access_token);
  await browser.open(`${ticket.connect_uri}?ticket=${ticket.connect_params.ticket}`);
  await browser.submit({ decision: "deny" });
  assert.equal(browser.callback.searchParams.get("error"), "access_denied");
  assert.deepEqual(short(await exchangeRefresh(refresh_token)), [401, "federated_connection_refresh_token_not_found"]);
  assert.equal(
    (await browser.open(`${ticket.connect_uri}?ticket=${ticket.connect_params.ticket}`)).status,
    400,
    "a ticket is good once",
  );
});
