import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import {
  authorization,
  bearer,
  Browser,
  CALLBACK,
  claimsOf,
  cloud,
  control,
  get,
  logIn,
  redeem,
  token,
  useCloud,
  web,
} from "./world.mjs";

useCloud();

// As a client library does it: from discovery to the key set, by the kid of the token.
const verified = async (jwt) => {
  const { json: document } = await get(`${cloud.auth0}/.well-known/openid-configuration`);
  const { json: set } = await get(document.jwks_uri);
  const [header, payload, signature] = jwt.split(".");
  const { kid, alg } = JSON.parse(Buffer.from(header, "base64url"));
  assert.equal(alg, "RS256");
  const key = createPublicKey({ key: set.keys.find((one) => one.kid === kid), format: "jwk" });
  assert.ok(
    verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url")),
    "the signature holds",
  );
  return claimsOf(jwt);
};

test("discovery names the issuer that was asked, and endpoints that are all there", async () => {
  const { status, json, headers } = await get(`${cloud.auth0}/.well-known/openid-configuration`);
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "application/json");
  assert.equal(json.issuer, `https://${cloud.auth0Domain}/`);
  for (const [name, url] of Object.entries(json).filter(([key]) => /endpoint$|_uri$/.test(key))) {
    assert.notEqual((await get(url)).status, 404, `${name} ${url}`);
  }
});

test("a log-in with PKCE gives an id token with the nonce, an access token for the audience, and a refresh token", async () => {
  const { start, ...tokens } = await logIn("mira", { audience: "https://api.example.test/" });
  assert.equal(tokens.token_type, "Bearer");
  assert.ok(tokens.refresh_token && !tokens.refresh_token.includes("eyJ"), "the refresh token is opaque");
  const who = await verified(tokens.id_token);
  assert.equal(who.nonce, start.query.nonce);
  assert.equal(who.aud, cloud.clients.web.id);
  assert.equal(who.iss, `https://${cloud.auth0Domain}/`);
  assert.equal(who.email, "mira@example.test");
  assert.ok(who.sid && who.exp > who.iat);
  const access = await verified(tokens.access_token);
  assert.deepEqual(access.aud, ["https://api.example.test/", `https://${cloud.auth0Domain}/userinfo`]);
  assert.equal(access.sub, who.sub);
  assert.equal(access.scope, "openid profile email offline_access");
  const { json: profile } = await get(`${cloud.auth0}/userinfo`, bearer(tokens.access_token));
  assert.equal(profile.sub, who.sub);
  assert.equal(profile.name, "Mira Solberg");
});

test("state comes back, and a code works once, with its own verifier and redirect_uri only", async () => {
  const browser = new Browser();
  const start = authorization();
  await browser.open(start.url);
  assert.match(browser.html, /Who are you today/);
  await browser.submit({ user: "tomas" });
  assert.equal(browser.callback.origin + browser.callback.pathname, CALLBACK);
  assert.equal(browser.callback.searchParams.get("state"), start.query.state);
  assert.equal((await redeem({ verifier: "wrong" }, browser)).json.error, "invalid_grant");

  await browser.open(authorization().url);
  const code = browser.callback.searchParams.get("code");
  const elsewhere = await token({
    grant_type: "authorization_code",
    ...web(),
    code,
    redirect_uri: "http://localhost:1/",
    code_verifier: start.verifier,
  });
  assert.equal(elsewhere.status, 403);

  const third = authorization();
  await browser.open(third.url);
  assert.equal((await redeem(third, browser)).status, 200);
  const again = await redeem(third, browser);
  assert.equal(again.status, 403);
  assert.equal(again.json.error, "invalid_grant");
});

test("who is logged in is not asked again, unless the application wants it; prompt=none asks nobody", async () => {
  const browser = new Browser();
  const nobody = await browser.open(authorization({ prompt: "none" }).url);
  assert.equal(nobody.callback.searchParams.get("error"), "login_required");
  await logIn("junko", {}, browser);
  const silent = await logIn("mira", { prompt: "none" }, browser);
  assert.equal(claimsOf(silent.id_token).email, "junko@example.test");
  await browser.open(authorization({ prompt: "login" }).url);
  assert.match(browser.html, /Who are you today/);
  await browser.submit({ user: "mira" });
  await browser.open(`${cloud.auth0}/v2/logout?returnTo=${encodeURIComponent("http://localhost:3999/")}&client_id=x`);
  assert.equal(browser.callback.href, "http://localhost:3999/");
  assert.match((await browser.open(authorization().url)).html, /Who are you today/);
});

test("any name may log in, and what is no name is refused on the page", async () => {
  const browser = new Browser();
  await browser.open(authorization().url);
  await browser.submit({ user: "<script>" });
  assert.equal(browser.status, 400);
  assert.ok(!browser.html.includes("<script>"));
  const start = authorization();
  await browser.open(start.url);
  await browser.submit({ user: "Petra" });
  assert.equal(claimsOf((await redeem(start, browser)).json.id_token).email, "petra@example.test");
});

test("an unknown application and a redirect to another machine get a page, never a redirect", async () => {
  for (const wrong of [{ client_id: "somebody" }, { redirect_uri: "https://attacker.example/" }]) {
    const browser = await new Browser().open(authorization(wrong).url);
    assert.equal(browser.status, 400);
    assert.equal(browser.callback, undefined);
  }
});

test("the refresh token gives access tokens for other audiences, stays valid, and belongs to its client", async () => {
  const { refresh_token } = await logIn();
  for (let time = 0; time < 2; ++time) {
    const { status, json } = await token({
      grant_type: "refresh_token",
      ...web(),
      refresh_token,
      audience: `https://${cloud.auth0Domain}/me/`,
      scope: "openid create:me:connected_accounts",
    });
    assert.equal(status, 200);
    assert.ok(claimsOf(json.access_token).aud.includes(`https://${cloud.auth0Domain}/me/`));
    assert.equal(json.refresh_token, undefined);
  }
  const unknown = await token({ grant_type: "refresh_token", ...web(), refresh_token: "v1.nonsense" });
  assert.deepEqual([unknown.status, unknown.json.error], [403, "invalid_grant"]);
  const stranger = await token({ grant_type: "refresh_token", client_id: cloud.clients.native.id, refresh_token });
  assert.deepEqual([stranger.status, stranger.json.error], [403, "invalid_grant"]);
});

test("the client proves itself in the body or with Basic; a wrong secret is access_denied", async () => {
  const { refresh_token } = await logIn();
  const { id, secret } = cloud.clients.web;
  const basic = await fetch(`${cloud.auth0}/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token }),
  });
  assert.equal(basic.status, 200);
  const wrong = await token({ grant_type: "refresh_token", client_id: id, client_secret: "guess", refresh_token });
  assert.deepEqual([wrong.status, wrong.json.error], [401, "access_denied"]);
  const grant = await token({ grant_type: "password", ...web() });
  assert.deepEqual([grant.status, grant.json.error], [400, "unsupported_grant_type"]);
});

test("after a rotation new tokens have a new key, and old ones still verify until the old key is forgotten", async () => {
  const { access_token: old } = await control("/tokens", { user: "mira", audience: "https://api.example.test/" });
  await control("/keys", {});
  const { access_token: fresh } = await control("/tokens", { user: "mira", audience: "https://api.example.test/" });
  assert.notEqual(fresh.split(".")[0], old.split(".")[0]);
  await verified(old);
  await verified(fresh);
  await control("/keys", { forget: true });
  await assert.rejects(verified(old));
});

test("a token's lifetime is what the control port says", async () => {
  await control("/settings", { access_token_seconds: 7 });
  const { access_token, expires_in } = await logIn();
  assert.equal(expires_in, 7);
  const { iat, exp } = claimsOf(access_token);
  assert.equal(exp - iat, 7);
});
