// The control port: scripts, faults, settings, decisions without a browser, and the record of all requests.
// Plain HTTP for tests and curl. It answers no browser: a request with an Origin is refused.
import { Refusal } from "./service.mjs";
import { decideBackchannel, waitingBackchannel } from "./tenant/backchannel.mjs";
import { decideDevice } from "./tenant/device.mjs";
import { issue } from "./tenant/issue.mjs";
import { DEFAULT_SETTINGS, secret, words } from "./tenant/state.mjs";

const bad = (text) => new Refusal(400, { error: text });
const SERVICES = ["tenant", "gmail", "calendar", "model", "fga"];

export const controlRoutes = ({ tenant, script, releases, faults, recorder, boxes, calendars, tuples }) => {
  const { state } = tenant;

  // No page of the web may steer this.
  const local = (handle) => (request) => {
    if (request.headers.origin) throw new Refusal(403, { error: "the control port does not answer browsers" });
    return { json: handle({ ...request, body: bodyOf(request) }) ?? { ok: true } };
  };

  // JSON whatever the content type says: curl -d calls everything a form.
  const bodyOf = ({ text }) => {
    try {
      const body = JSON.parse(text || "{}");
      if (typeof body === "object" && body !== null) return body;
    } catch {
      // told below
    }
    throw bad("the body is no JSON object or list");
  };

  const person = ({ user }) => {
    const found = state.person(user);
    if (!found) throw bad(`user "${user}" is no name`);
    return found;
  };

  // A list, or one answer, or {answers: [...]}.
  const addScript = ({ body }) => {
    const list = Array.isArray(body) ? body : (body.answers ?? [body]);
    script.push(...list);
    return { waiting: script.length };
  };

  // {"gmail": {status: 429}} or {"gmail": [{...}, {...}]}; tenant, gmail, calendar, model, fga.
  const addFaults = ({ body }) => {
    for (const [service, list] of Object.entries(body)) {
      if (!SERVICES.includes(service)) throw bad(`there is no service "${service}", only ${SERVICES.join(", ")}`);
      for (const fault of [list].flat()) faults.add(service, typeof fault === "number" ? { status: fault } : fault);
    }
    return faults.list();
  };

  const settings = ({ body }) => {
    for (const [name, value] of Object.entries(body)) {
      if (!(name in DEFAULT_SETTINGS))
        throw bad(`there is no setting "${name}", only ${Object.keys(DEFAULT_SETTINGS).join(", ")}`);
      if (typeof value !== typeof DEFAULT_SETTINGS[name])
        throw bad(`${name} must be a ${typeof DEFAULT_SETTINGS[name]}`);
    }
    return Object.assign(state.settings, body);
  };

  // Consent without a browser: scopes given, taken away (null), or refused by Google from now on (broken).
  const grants = ({ body }) => {
    const who = person(body);
    const connection = body.connection ?? "google-oauth2";
    if (body.scopes === null) return { removed: state.removeGrant(who, connection) };
    if (body.broken !== undefined) {
      const held = state.grant(who, connection);
      if (!held) throw bad("there is no such grant");
      held.broken = body.broken;
      return held;
    }
    return state.setGrant(who, connection, Array.isArray(body.scopes) ? body.scopes : words(body.scopes));
  };

  // A log-in without a browser.
  const tokens = ({ body }) => {
    const client = state.client(body.client_id ?? "local-web-client");
    if (!client) throw bad("there is no such client");
    const { scope = "openid profile email offline_access", audience } = body;
    return issue(tenant, { client, person: person(body), scope, audience, sid: secret("sid_"), offline: true });
  };

  const reset = () => {
    state.reset();
    script.length = 0;
    releases.reset();
    faults.clear();
    recorder.clear();
    boxes.reset();
    calendars.reset();
    tuples.clear();
  };

  const decision = (text) => {
    if (!["approve", "deny"].includes(text)) throw bad("decision must be approve or deny");
    return text;
  };

  // {user, from, subject, text}: a mail arrives.
  const mail = ({ body }) => {
    const { shown } = boxes.put(person(body), {
      from: "Somebody <somebody@example.com>",
      subject: "",
      text: "",
      hours: 0,
      ...body,
      to: person(body).email,
    });
    return { id: shown.id };
  };

  const routes = [
    ["POST", "/script", addScript],
    ["POST", "/release", () => releases.give()],
    ["POST", "/faults", addFaults],
    ["GET", "/faults", () => faults.list()],
    [
      "GET",
      "/requests",
      ({ query }) =>
        recorder.list({ service: query.get("service") ?? undefined, after: Number(query.get("after") ?? 0) }),
    ],
    ["POST", "/reset", reset],
    ["GET", "/settings", () => state.settings],
    ["POST", "/settings", settings],
    ["POST", "/grants", grants],
    ["GET", "/grants", () => [...state.grants.values()]],
    ["POST", "/tokens", tokens],
    [
      "POST",
      "/expire",
      () => {
        for (const token of state.thirdPartyTokens.values()) token.expires = 0;
      },
    ],
    ["POST", "/keys", ({ body }) => ({ kid: tenant.keys.rotate(body) })],
    [
      "GET",
      "/ciba",
      () =>
        waitingBackchannel(tenant).map(({ id, person: who, message, scopes, audience, details }) => ({
          id,
          user: who.name,
          message,
          scopes,
          audience,
          details,
        })),
    ],
    [
      "POST",
      "/ciba",
      ({ body }) => ({ decided: decideBackchannel(tenant, { id: body.id, decision: decision(body.decision) }) }),
    ],
    [
      "POST",
      "/device",
      ({ body }) => ({
        decided: decideDevice(tenant, {
          userCode: body.user_code,
          person: person(body),
          decision: decision(body.decision),
        }),
      }),
    ],
    ["GET", "/sent", () => boxes.sent],
    ["POST", "/mail", mail],
    ["GET", "/tuples", () => tuples.list()],
    [
      "POST",
      "/tuples",
      ({ body }) => {
        for (const tuple of [body].flat()) tuples.write(tuple);
      },
    ],
  ];
  return routes.map(([method, path, handle]) => [method, path, local(handle)]);
};
