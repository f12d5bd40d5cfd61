// A cloud for the tests of one file, and the moves of a browser and of an application against it, with plain fetch.
import { createHash, randomBytes } from "node:crypto";
import { after, before, beforeEach } from "node:test";
import { startCloud } from "../cloud.mjs";

export const GMAIL_READ = "https://www.googleapis.com/auth/gmail.readonly";
export const GMAIL_SEND = "https://www.googleapis.com/auth/gmail.send";
export const CALENDAR_READ = "https://www.googleapis.com/auth/calendar.readonly";
export const CALENDAR_EVENTS = "https://www.googleapis.com/auth/calendar.events";
export const CALLBACK = "http://localhost:3999/auth/callback";
export const EXCHANGE = "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token";
export const FEDERATED = "http://auth0.com/oauth/token-type/federated-connection-access-token";

/** The cloud's `ready`, filled in before the tests of the file; reset before each of them. */
export const cloud = {};

export const useCloud = () => {
  let running;
  before(async () => {
    if (!process.env.LOCAL_CLOUD_STATE)
      throw new Error("start the tests with npm test: Node must know the certificate authority");
    running = await startCloud({ stateFolder: process.env.LOCAL_CLOUD_STATE });
    Object.assign(cloud, running.ready);
  });
  beforeEach(() => control("/reset", {}));
  after(() => running.close());
};

const read = async (response) => {
  const text = await response.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    // not JSON
  }
  return { status: response.status, headers: response.headers, text, json };
};

export const get = async (url, headers = {}) => read(await fetch(url, { headers, redirect: "manual" }));
export const postJson = async (url, json, headers = {}) =>
  read(
    await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(json),
      redirect: "manual",
    }),
  );
export const postForm = async (url, form, headers = {}) =>
  read(await fetch(url, { method: "POST", headers, body: new URLSearchParams(form), redirect: "manual" }));

/** POST to the control port, or GET without a body. */
export const control = async (path, body) => {
  const { status, json } = await (body === undefined
    ? get(cloud.control + path)
    : postJson(cloud.control + path, body));
  if (status !== 200) throw new Error(`control ${path}: ${status} ${JSON.stringify(json)}`);
  return json;
};

export const web = () => ({ client_id: cloud.clients.web.id, client_secret: cloud.clients.web.secret });
export const customApi = () => ({
  client_id: cloud.clients.custom_api.id,
  client_secret: cloud.clients.custom_api.secret,
});
export const token = (fields) => postForm(`${cloud.auth0}/oauth/token`, fields);
export const exchange = (fields) =>
  postJson(`${cloud.auth0}/oauth/token`, {
    grant_type: EXCHANGE,
    connection: "google-oauth2",
    requested_token_type: FEDERATED,
    ...fields,
  });
export const exchangeRefresh = (refresh_token, more = {}) =>
  exchange({
    ...web(),
    subject_token_type: "urn:ietf:params:oauth:token-type:refresh_token",
    subject_token: refresh_token,
    ...more,
  });

/** The claims of a token, not verified. */
export const claimsOf = (jwt) => JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));

/** A browser that keeps the tenant's cookie and fills in its forms. */
export class Browser {
  cookie = "";

  async #request(url, options = {}) {
    const response = await fetch(url, {
      ...options,
      headers: { ...options.headers, ...(this.cookie ? { cookie: this.cookie } : {}) },
      redirect: "manual",
    });
    const set = response.headers.getSetCookie()[0];
    if (set) this.cookie = set.split(";")[0];
    this.url = url;
    this.html = await response.text();
    this.status = response.status;
    const location = response.headers.get("location");
    if (!location) return this;
    const next = new URL(location, url).href;
    if (next.startsWith(cloud.auth0)) return this.#request(next);
    this.callback = new URL(next); // the application, which is not there
    return this;
  }

  open(url) {
    this.callback = undefined;
    return this.#request(url);
  }

  /** Sends the last form of the page with its hidden fields. */
  submit(fields) {
    const form = this.html.slice(this.html.lastIndexOf("<form"));
    const hidden = [...form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    const action = /action="([^"]+)"/.exec(form)[1];
    return this.#request(new URL(action, this.url).href, {
      method: "POST",
      body: new URLSearchParams([...hidden, ...Object.entries(fields)]),
    });
  }
}

/** What an application makes up before it sends somebody to /authorize. */
export const authorization = (more = {}) => {
  const verifier = randomBytes(32).toString("base64url");
  const query = {
    client_id: cloud.clients.web.id,
    redirect_uri: CALLBACK,
    response_type: "code",
    scope: "openid profile email offline_access",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    state: randomBytes(8).toString("hex"),
    nonce: randomBytes(8).toString("hex"),
    ...more,
  };
  return { query, verifier, url: `${cloud.auth0}/authorize?${new URLSearchParams(query)}` };
};

/** Redeems the code that the browser came back with. */
export const redeem = ({ verifier }, browser) =>
  token({
    grant_type: "authorization_code",
    ...web(),
    code: browser.callback.searchParams.get("code"),
    redirect_uri: CALLBACK,
    code_verifier: verifier,
  });

/** The tokens of somebody who logs in in a browser. */
export const logIn = async (user = "mira", more = {}, browser = new Browser()) => {
  const start = authorization(more);
  await browser.open(start.url);
  if (browser.html.includes("Who are you")) await browser.submit({ user });
  if (!browser.callback) await browser.submit({ decision: "allow" });
  return { ...(await redeem(start, browser)).json, browser, start };
};

/** A third party's token for somebody who has consented to `scopes`. */
export const googleToken = async (user, scopes) => {
  await control("/grants", { user, scopes });
  const { refresh_token } = await control("/tokens", { user });
  return (await exchangeRefresh(refresh_token)).json.access_token;
};

export const bearer = (one) => ({ authorization: `Bearer ${one}` });
