// The device flow: /oauth/device/code, the polls, and the page where the code is typed.
import { randomInt } from "node:crypto";
import { devicePage, messagePage } from "./pages.mjs";
import { secret } from "./state.mjs";
import { clientOf, issue, refuse } from "./issue.mjs";

const HOUR = 3_600_000;
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ"; // no vowels: a code is never a word
const letters = (count) => Array.from({ length: count }, () => LETTERS[randomInt(LETTERS.length)]).join("");

/** One poll of the token endpoint. */
export const pollDevice = (tenant, client, body) => {
  const { state } = tenant;
  const known = state.devices.get(body.device_code);
  if (!known || known.client !== client) throw refuse(403, "invalid_grant", "Invalid or expired device code.");
  if (known.endsAt <= Date.now()) throw refuse(403, "expired_token", "The device code has expired.");
  const early = known.interval > 0 && Date.now() < known.polledAt + known.interval * 1000 - 500;
  known.polledAt = Date.now();
  if (early)
    throw refuse(429, "slow_down", `You are polling faster than the specified interval of ${known.interval} seconds.`);
  if (known.decision === undefined)
    throw refuse(403, "authorization_pending", "User has yet to authorize device code.");
  state.devices.take(body.device_code);
  if (known.decision === "deny") throw refuse(403, "access_denied", "User cancelled the confirmation prompt.");
  return issue(tenant, {
    client,
    person: known.person,
    scope: known.scope,
    audience: known.audience,
    sid: secret("sid_"),
    offline: true,
  });
};

/** Decides about a code, or about the newest device that waits. False: there is none. */
export const decideDevice = ({ state }, { userCode, person, decision }) => {
  const waiting = state.devices.values().filter((one) => one.decision === undefined && one.endsAt > Date.now());
  const device = userCode ? waiting.find((one) => one.userCode === userCode) : waiting.at(-1);
  if (device) Object.assign(device, { person, decision });
  return device !== undefined;
};

export const deviceRoutes = (tenant) => {
  const { state } = tenant;

  const start = (request) => {
    const { scope = "", audience } = request.body ?? {};
    const client = clientOf(tenant, request);
    const deviceCode = secret("device_");
    const userCode = `${letters(4)}-${letters(4)}`;
    const { device_seconds: seconds, device_interval_seconds: interval } = state.settings;
    // Kept longer than it is good for, so that a late poll hears that it has expired.
    state.devices.put(deviceCode, {
      client,
      userCode,
      scope,
      audience,
      interval,
      polledAt: 0,
      endsAt: Date.now() + seconds * 1000,
      expires: Date.now() + seconds * 1000 + HOUR,
    });
    const verification_uri = `${tenant.issuer}activate`;
    return {
      json: {
        device_code: deviceCode,
        user_code: userCode,
        verification_uri,
        verification_uri_complete: `${verification_uri}?user_code=${userCode}`,
        expires_in: seconds,
        interval,
      },
    };
  };

  const people = () => [...state.people.values()];
  const answer = ({ body }) => {
    const person = state.person(body?.user);
    const userCode = String(body?.user_code ?? "")
      .trim()
      .toUpperCase();
    const decision = body?.decision === "approve" ? "approve" : "deny";
    const done = person && userCode && decideDevice(tenant, { userCode, person, decision });
    if (!done)
      return {
        status: 400,
        html: devicePage({ userCode, people: people(), error: "No device waits with this code." }),
      };
    return { html: messagePage(decision === "approve" ? "Connected" : "Denied", "You may go back to the device.") };
  };

  return [
    ["POST", "/oauth/device/code", start],
    [
      "GET",
      "/activate",
      ({ query }) => ({ html: devicePage({ userCode: query.get("user_code") ?? "", people: people() }) }),
    ],
    ["POST", "/activate", answer],
  ];
};
