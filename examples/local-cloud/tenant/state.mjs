// What the tenant knows: people, applications, sessions, codes, tokens, and who has consented to what.
// All of it is in memory; a restart or a reset forgets it.
import { randomBytes } from "node:crypto";

const SHELF_MAX = 10_000; // entries of one kind; the oldest go

export const EXCHANGE_GRANT = "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token";
export const CIBA_GRANT = "urn:openid:params:grant-type:ciba";
export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
export const REFRESH_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:refresh_token";
export const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

// Google gives these to every application that somebody logs in to.
export const BASIC_SCOPES = [
  "openid",
  "https://www.googleapis.com/auth/userinfo.email",
  "https://www.googleapis.com/auth/userinfo.profile",
];

export const DEFAULT_SETTINGS = {
  access_token_seconds: 86_400, // the tenant's own tokens
  third_party_token_seconds: 3599, // what a token exchange hands out
  code_seconds: 60,
  ciba_interval_seconds: 5, // sooner polls get slow_down; 0: as often as one likes
  ciba_decision: "ask", // ask (the page /u/phone or the control port), approve, deny, no_push
  ciba_decide_after_ms: 0, // how long approve and deny take
  device_interval_seconds: 5,
  device_seconds: 900,
  model_delay_ms: 15, // between two pieces of an answer
  model_slow_delay_ms: 200, // the same after the word "slowly"
};

export const secret = (prefix = "") => prefix + randomBytes(24).toString("base64url");
export const nowSeconds = () => Math.floor(Date.now() / 1000);
export const words = (text) =>
  String(text ?? "")
    .split(/[\s,]+/)
    .filter(Boolean);
export const unique = (list) => [...new Set(list)];

/** A map that forgets its oldest entry when it is full, and entries whose `expires` (ms) has passed. */
export class Shelf {
  #entries = new Map();

  put(key, value) {
    this.#entries.set(key, value);
    if (this.#entries.size > SHELF_MAX) this.#entries.delete(this.#entries.keys().next().value);
    return key;
  }

  get(key) {
    const value = this.#entries.get(key);
    if (value?.expires === undefined || value.expires > Date.now()) return value;
    this.#entries.delete(key);
    return undefined;
  }

  /** get() and forget. */
  take(key) {
    const value = this.get(key);
    this.#entries.delete(key);
    return value;
  }

  values() {
    return [...this.#entries.keys()].map((key) => this.get(key)).filter(Boolean);
  }
}

// Ids and secrets that everybody may know: they open nothing but these stand-ins.
export const CLIENTS = [
  {
    kind: "web",
    id: "local-web-client",
    secret: "local-web-client-secret",
    name: "The chat application",
    grants: ["authorization_code", "refresh_token", EXCHANGE_GRANT, CIBA_GRANT],
    subjects: [REFRESH_TOKEN_TYPE],
  },
  {
    kind: "custom_api",
    id: "local-custom-api-client",
    secret: "local-custom-api-client-secret",
    name: "The agent server",
    grants: [EXCHANGE_GRANT, CIBA_GRANT],
    subjects: [ACCESS_TOKEN_TYPE],
  },
  {
    kind: "native",
    id: "local-native-client",
    name: "A device",
    grants: [DEVICE_GRANT, "refresh_token"],
    subjects: [],
  },
  {
    kind: "machine",
    id: "local-fga-client",
    secret: "local-fga-client-secret",
    name: "The agent server",
    grants: ["client_credentials"],
    subjects: [],
  },
];

const PEOPLE = { mira: "Mira Solberg", tomas: "Tomas Okafor", junko: "Junko Hale" };

export class State {
  constructor() {
    this.reset();
  }

  reset() {
    this.settings = { ...DEFAULT_SETTINGS };
    this.people = new Map();
    for (const [name, display] of Object.entries(PEOPLE)) this.#addPerson(name, display);
    this.grants = new Map(); // "person connection" -> {id, person, connection, scopes, createdAt, broken}
    for (const kind of [
      "sessions",
      "transactions",
      "codes",
      "refreshTokens",
      "thirdPartyTokens",
      "connectSessions",
      "tickets",
      "connectCodes",
      "backchannel",
      "devices",
    ])
      this[kind] = new Shelf();
  }

  #addPerson(name, display) {
    const person = { name, display, sub: `auth0|local-${name}`, email: `${name}@example.test` };
    this.people.set(name, person);
    return person;
  }

  /** The person of that name, made if there is none; undefined for what cannot be a name. */
  person(name) {
    const key = String(name ?? "")
      .trim()
      .toLowerCase()
      .replace(/@example\.test$/, "");
    if (!/^[a-z0-9][a-z0-9._-]{0,31}$/.test(key)) return undefined;
    return this.people.get(key) ?? this.#addPerson(key, key[0].toUpperCase() + key.slice(1));
  }

  personBySub(sub) {
    return [...this.people.values()].find((person) => person.sub === sub);
  }

  client(id) {
    return CLIENTS.find((client) => client.id === id);
  }

  grant(person, connection) {
    return this.grants.get(`${person.name} ${connection}`);
  }

  /** Consent replaces what was held, as Google's does: an application that wants to keep a scope asks for it again. */
  setGrant(person, connection, scopes) {
    const grant = {
      id: secret("cac_"),
      person: person.name,
      connection,
      scopes: unique([...BASIC_SCOPES, ...scopes]),
      createdAt: new Date().toISOString(),
      broken: false,
    };
    this.grants.set(`${person.name} ${connection}`, grant);
    return grant;
  }

  removeGrant(person, connection) {
    return this.grants.delete(`${person.name} ${connection}`);
  }
}
