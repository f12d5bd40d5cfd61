import assert from "node:assert/strict";
import { test } from "node:test";
import { bearer, Browser, claimsOf, cloud, control, postForm, postJson, token, useCloud, web } from "./world.mjs";

useCloud();

const SUB = "auth0|local-mira";
const CIBA = "urn:openid:params:grant-type:ciba";
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const hint = (sub = SUB) => JSON.stringify({ format: "iss_sub", iss: `https://${cloud.auth0Domain}/`, sub });
const ask = (more = {}) =>
  postForm(`${cloud.auth0}/bc-authorize`, {
    ...web(),
    scope: "openid shop:buy",
    audience: "https://shop.example.test/",
    requested_expiry: "300",
    binding_message: "Buy 3 gears?",
    login_hint: hint(),
    ...more,
  });
const poll = (auth_req_id) => token({ grant_type: CIBA, auth_req_id, ...web() });
const short = ({ status, json }) => [status, json.error];
const eager = () => control("/settings", { ciba_interval_seconds: 0, device_interval_seconds: 0 });

test("a person approves on the phone's page, and the poll gives tokens once", async () => {
  await eager();
  const { json } = await ask();
  assert.deepEqual(Object.keys(json).sort(), ["auth_req_id", "expires_in", "interval"]);
  assert.deepEqual(short(await poll(json.auth_req_id)), [400, "authorization_pending"]);
  const [waiting] = await control("/ciba");
  assert.deepEqual([waiting.user, waiting.message], ["mira", "Buy 3 gears?"]);
  const phone = await new Browser().open(`${cloud.auth0}/u/phone`);
  assert.match(phone.html, /Buy 3 gears\?/);
  await phone.submit({ decision: "approve" });
  const done = await poll(json.auth_req_id);
  assert.equal(done.status, 200);
  assert.equal(claimsOf(done.json.access_token).sub, SUB);
  assert.ok(claimsOf(done.json.access_token).aud.includes("https://shop.example.test/"));
  assert.deepEqual(short(await poll(json.auth_req_id)), [400, "invalid_grant"]);
});

test("denied, decided by the control port, decided by itself, and polled too soon", async () => {
  await eager();
  const first = (await ask()).json.auth_req_id;
  await control("/ciba", { decision: "deny" });
  assert.deepEqual(short(await poll(first)), [400, "access_denied"]);
  await control("/settings", { ciba_decision: "approve" });
  assert.equal((await poll((await ask()).json.auth_req_id)).status, 200);
  await control("/settings", { ciba_decision: "ask", ciba_interval_seconds: 5 });
  const slow = (await ask()).json.auth_req_id;
  assert.deepEqual(short(await poll(slow)), [400, "authorization_pending"]);
  const hurried = await poll(slow);
  assert.deepEqual([...short(hurried), hurried.headers.get("retry-after")], [429, "slow_down", "5"]);
});

test("a request that cannot be asked is refused at once", async () => {
  assert.deepEqual(short(await ask({ scope: "shop:buy" })), [400, "invalid_scope"]);
  assert.deepEqual(short(await ask({ binding_message: "" })), [400, "invalid_request"]);
  assert.deepEqual(short(await ask({ login_hint: hint("auth0|nobody") })), [400, "unknown_user_id"]);
  assert.deepEqual(short(await ask({ client_secret: "guess" })), [401, "access_denied"]);
  await control("/settings", { ciba_decision: "no_push" });
  const { status, json } = await ask();
  assert.deepEqual([status, json.error], [400, "invalid_request"]);
  assert.match(json.error_description, /push notifications/);
});

test("a device gets a code, the person types it, and the device gets tokens", async () => {
  await eager();
  const start = await postForm(`${cloud.auth0}/oauth/device/code`, {
    client_id: cloud.clients.native.id,
    scope: "openid offline_access",
    audience: "https://api.example.test/",
  });
  const { device_code, user_code, verification_uri_complete } = start.json;
  const pollDevice = () => token({ grant_type: DEVICE, device_code, client_id: cloud.clients.native.id });
  assert.deepEqual(short(await pollDevice()), [403, "authorization_pending"]);
  const page = await new Browser().open(verification_uri_complete);
  assert.ok(page.html.includes(user_code));
  await page.submit({ user_code: user_code.toLowerCase(), user: "junko", decision: "approve" });
  const { status, json } = await pollDevice();
  assert.equal(status, 200);
  assert.equal(claimsOf(json.access_token).sub, "auth0|local-junko");
  assert.ok(json.refresh_token);
  assert.deepEqual(short(await pollDevice()), [403, "invalid_grant"]);
});

test("a device may be denied, hurry, or come too late", async () => {
  const start = () =>
    postForm(`${cloud.auth0}/oauth/device/code`, { client_id: cloud.clients.native.id, scope: "openid" });
  const pollDevice = (device_code) => token({ grant_type: DEVICE, device_code, client_id: cloud.clients.native.id });
  const hurried = (await start()).json.device_code;
  await pollDevice(hurried);
  assert.deepEqual(short(await pollDevice(hurried)), [429, "slow_down"]);
  await eager();
  const denied = await start();
  await control("/device", { user: "mira", user_code: denied.json.user_code, decision: "deny" });
  assert.deepEqual(short(await pollDevice(denied.json.device_code)), [403, "access_denied"]);
  await control("/settings", { device_seconds: 0.02 });
  const late = (await start()).json.device_code;
  await new Promise((done) => setTimeout(done, 25));
  assert.deepEqual(short(await pollDevice(late)), [403, "expired_token"]);
});

test("FGA answers single and batched checks by owner, viewer and everybody, for its own tokens only", async () => {
  const { apiUrl, storeId, audience } = cloud.fga;
  const { id, secret } = cloud.clients.machine;
  const { json: machine } = await token({
    grant_type: "client_credentials",
    client_id: id,
    client_secret: secret,
    audience,
  });
  const call = (path, body, one = machine.access_token) =>
    postJson(`${apiUrl}/stores/${storeId}/${path}`, body, bearer(one));
  const tuple = (user, relation, object) => ({ user: `user:${user}`, relation, object: `doc:${object}` });
  assert.equal(
    (
      await call("write", {
        writes: { tuple_keys: [tuple("mira@example.test", "owner", "plans"), tuple("*", "viewer", "menu")] },
      })
    ).status,
    200,
  );
  await control("/tuples", [tuple("tomas@example.test", "viewer", "plans")]);
  const allowed = async (user, object) =>
    (await call("check", { tuple_key: tuple(user, "can_view", object), consistency: "HIGHER_CONSISTENCY" })).json
      .allowed;
  assert.deepEqual(
    await Promise.all([
      allowed("mira@example.test", "plans"),
      allowed("tomas@example.test", "plans"),
      allowed("junko@example.test", "plans"),
      allowed("junko@example.test", "menu"),
    ]),
    [true, true, false, true],
  );
  const checks = ["plans", "menu"].map((object, at) => ({
    tuple_key: tuple("junko@example.test", "can_view", object),
    correlation_id: `check-${at}`,
  }));
  assert.deepEqual((await call("batch-check", { checks })).json.result, {
    "check-0": { allowed: false },
    "check-1": { allowed: true },
  });
  assert.equal(
    (
      await call("batch-check", {
        checks: Array.from({ length: 51 }, (_, at) => ({ ...checks[0], correlation_id: `c${at}` })),
      })
    ).status,
    400,
  );
  const { access_token } = await control("/tokens", { user: "mira", audience });
  assert.equal(
    (await call("check", { tuple_key: tuple("a", "can_view", "b") }, access_token)).status,
    401,
    "a person's token is no machine's",
  );
});
