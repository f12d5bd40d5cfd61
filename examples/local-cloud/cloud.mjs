// All stand-ins of one machine: wires them, opens their ports, closes them.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { certificates } from "./certificates.mjs";
import { controlRoutes } from "./control.mjs";
import { FGA_AUDIENCE, fgaRefusal, fgaRoutes, STORE_ID, Tuples } from "./fga.mjs";
import { googleError } from "./google/access.mjs";
import { calendarRoutes, Calendars } from "./google/calendar.mjs";
import { gmailRoutes, Mailboxes } from "./google/gmail.mjs";
import { modelRefusal, modelRoutes } from "./model/model.mjs";
import { Releases } from "./model/releases.mjs";
import { Faults, open, Recorder, Service } from "./service.mjs";
import { Keys } from "./tenant/keys.mjs";
import { CLIENTS, State } from "./tenant/state.mjs";
import { tenantRefusal, tenantRoutes } from "./tenant/tenant.mjs";

/** The audience that examples use; the tenant gives tokens for any. */
const AUDIENCE = "https://heddle.local/api";

// Gmail and Calendar are one port and two services, told apart by the path.
const google = (gmail, calendar) => ({
  handle: (req, res) => (req.url.startsWith("/calendar/") ? calendar : gmail).handle(req, res),
});

/** {ready, close()}: `ready` is what main.mjs prints. `ports`: {auth0, google, openai, fga, control}, 0 or absent: a free one. */
export const startCloud = async ({ stateFolder, ports = {} }) => {
  const folder = resolve(stateFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { cert, key, caFile, spkiHash } = certificates(folder);
  const tls = { cert, key };

  const state = new State();
  const tenant = { state, keys: new Keys(folder) };
  const script = [];
  const releases = new Releases();
  const recorder = new Recorder();
  const faults = new Faults();
  const boxes = new Mailboxes(state);
  const calendars = new Calendars();
  const tuples = new Tuples();

  const make = (name, routes, refusal) => new Service(name, routes, { recorder, faults, refusal });
  const gmail = make("gmail", gmailRoutes(state, boxes), googleError);
  const calendar = make("calendar", calendarRoutes(state, calendars), googleError);
  const control = new Service(
    "control",
    controlRoutes({ tenant, script, releases, faults, recorder, boxes, calendars, tuples }),
    { refusal: (status) => ({ error: `status ${status}` }) },
  );

  const opened = {};
  const close = () => Promise.all(Object.values(opened).map((one) => one.close()));
  try {
    opened.auth0 = await open(make("tenant", tenantRoutes(tenant), tenantRefusal), { port: ports.auth0, tls });
    tenant.port = opened.auth0.port;
    tenant.issuer = `https://localhost:${tenant.port}/`;
    opened.google = await open(google(gmail, calendar), { port: ports.google, tls });
    opened.fga = await open(make("fga", fgaRoutes(tenant, tuples), fgaRefusal), { port: ports.fga, tls });
    opened.openai = await open(make("model", modelRoutes(state, script, releases), modelRefusal), { port: ports.openai });
    opened.control = await open(control, { port: ports.control });
  } catch (error) {
    await close();
    throw error;
  }

  const https = (name) => `https://localhost:${opened[name].port}`;
  const http = (name) => `http://127.0.0.1:${opened[name].port}`;
  const ready = {
    auth0: https("auth0"),
    auth0Domain: `localhost:${tenant.port}`,
    openai: `${http("openai")}/v1`,
    gmail: https("google"),
    calendar: https("google"),
    ca: caFile,
    spkiHash,
    control: http("control"),
    audience: AUDIENCE,
    clients: Object.fromEntries(CLIENTS.map(({ kind, id, secret }) => [kind, { id, secret }])),
    fga: { apiUrl: https("fga"), storeId: STORE_ID, tokenIssuer: `localhost:${tenant.port}`, audience: FGA_AUDIENCE },
    users: [...state.people.keys()],
  };
  return { ready, close };
};
