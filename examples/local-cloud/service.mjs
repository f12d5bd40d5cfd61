// What every stand-in shares: listeners on loopback, a table of routes, bodies, answers, the record of what
// was asked, and faults that come before the real answer.
import { createServer as createPlainServer } from "node:http";
import { createServer as createTlsServer } from "node:https";

const BODY_BYTES_MAX = 8 * 1024 * 1024; // the largest real request, a mail with attachments, is far below
const HEADER_BYTES_MAX = 64 * 1024; // cookies know no port: the application's session comes along
const RECORDED_MAX = 2000; // requests kept; the oldest go
const RECORDED_CHARACTERS_MAX = 64 * 1024 * 1024; // of their bodies together: a model is sent whole mailboxes again and again
const HANG_MS_MAX = 120_000; // a fault that hangs lets go in the end
const LOOPBACK = ["127.0.0.1", "::1"];

/** An answer that a handler throws: new Refusal(401, {error: "..."}, {"www-authenticate": "Bearer"}). */
export class Refusal extends Error {
  constructor(status, json, headers = {}) {
    super(`refused with ${status}`);
    this.answer = { status, json, headers };
  }
}

/** What was asked, oldest first, secrets included. */
export class Recorder {
  #entries = [];
  #sizes = []; // of the bodies, in characters
  #size = 0;
  #count = 0;

  /** `size`: characters of the body. */
  add(entry, size = 0) {
    const numbered = { n: ++this.#count, at: new Date().toISOString(), ...entry };
    this.#entries.push(numbered);
    this.#sizes.push(size);
    this.#size += size;
    while (this.#entries.length > 1 && (this.#entries.length > RECORDED_MAX || this.#size > RECORDED_CHARACTERS_MAX)) {
      this.#entries.shift();
      this.#size -= this.#sizes.shift();
    }
    return numbered;
  }

  /** `after`: only entries with a greater number. */
  list({ service, after = 0 } = {}) {
    return this.#entries.filter((entry) => entry.n > after && (!service || entry.service === service));
  }

  clear() {
    this.#entries = [];
    this.#sizes = [];
    this.#size = 0;
  }
}

/** The faults that are still to come, by service. */
export class Faults {
  #waiting = {};

  add(service, fault) {
    (this.#waiting[service] ??= []).push({ times: 1, ...fault });
  }

  /** The first fault that fits the request, used up by one. */
  take(service, { method, path, body }) {
    const waiting = this.#waiting[service] ?? [];
    const fits = ({ path: start, method: only, grant_type: grant }) =>
      (!start || path.startsWith(start)) && (!only || only === method) && (!grant || body?.grant_type?.includes(grant));
    const fault = waiting.find(fits);
    if (fault && --fault.times <= 0) waiting.splice(waiting.indexOf(fault), 1);
    return fault;
  }

  list() {
    return this.#waiting;
  }

  clear() {
    this.#waiting = {};
  }
}

const readBody = async (req) => {
  const parts = [];
  let bytes = 0;
  for await (const part of req) {
    bytes += part.length;
    if (bytes > BODY_BYTES_MAX) throw new Refusal(413, { error: "payload_too_large" });
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
};

// JSON and forms become objects, whatever else stays undefined.
const parseBody = (text, type = "") => {
  if (!text) return {};
  if (type.startsWith("application/x-www-form-urlencoded")) return Object.fromEntries(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const compile = (pattern) => new RegExp(`^${pattern.replace(/[.]/g, "\\.").replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`);

/** One stand-in: `routes` is a list of [method, "/path/:name", async (request) => answer].
 *
 * A request has method, path, query (URLSearchParams), params, headers, text, body, fault, entry and res.
 * An answer has status, headers and one of json, html, text, redirect; none at all: the handler wrote to `res`.
 * `refusal(status)`: the body with which the real service says this status.
 */
export class Service {
  #routes;

  constructor(name, routes, { recorder, faults, refusal }) {
    this.name = name;
    this.#routes = routes.map(([method, pattern, handle]) => ({ method, pattern: compile(pattern), handle }));
    this.recorder = recorder;
    this.faults = faults;
    this.refusal = refusal;
  }

  async handle(req, res) {
    try {
      const answer = await this.#answer(req, res);
      if (answer) send(res, answer);
    } catch (error) {
      if (error instanceof Refusal && !res.headersSent) return send(res, error.answer);
      if (res.destroyed || req.destroyed) return;
      console.error(`local-cloud: ${this.name}: ${error.stack}`);
      if (res.headersSent) res.destroy();
      else send(res, { status: 500, json: this.refusal(500) });
    }
  }

  async #answer(req, res) {
    const url = new URL(req.url, "http://localhost");
    // A page elsewhere that has made its own name point here gets nothing.
    if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(req.headers.host ?? ""))
      throw new Refusal(421, { error: "wrong_host" });
    const text = await readBody(req);
    const body = parseBody(text, req.headers["content-type"]);
    const entry = this.recorder?.add(
      {
        service: this.name,
        method: req.method,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: req.headers,
        body: body ?? text,
      },
      text.length,
    );
    if (entry) {
      res.on("finish", () => (entry.status = res.statusCode));
      res.on("close", () => {
        if (!res.writableFinished) entry.aborted = true;
      });
    }
    const request = {
      method: req.method,
      path: url.pathname,
      query: url.searchParams,
      params: {},
      headers: req.headers,
      text,
      body,
      entry,
      res,
    };
    const fault = this.faults?.take(this.name, request);
    if (fault) {
      if (entry) entry.fault = fault;
      const answer = await this.#fail(fault, res);
      if (answer !== "go on") return answer;
      request.fault = fault;
    }
    const samePath = this.#routes.filter((route) => route.pattern.test(url.pathname));
    const route = samePath.find(({ method }) => method === req.method);
    if (!route) throw new Refusal(samePath.length ? 405 : 404, this.refusal(samePath.length ? 405 : 404));
    request.params = Object.fromEntries(
      Object.entries(route.pattern.exec(url.pathname).groups ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ]),
    );
    return route.handle(request);
  }

  // delay_ms first; then cut, hang, or an answer with status. A fault with none of them goes on to the real answer.
  async #fail(fault, res) {
    if (fault.delay_ms) await pause(fault.delay_ms, res);
    if (fault.hang) await pause(HANG_MS_MAX, res);
    if (fault.hang || fault.cut) return void res.destroy();
    if (!fault.status && fault.raw === undefined) return "go on";
    const answer = { status: fault.status ?? 200, headers: fault.headers };
    if (fault.raw !== undefined) return { ...answer, text: fault.raw };
    return {
      ...answer,
      json:
        fault.body ??
        (fault.error
          ? { error: fault.error, error_description: "by order of the control port" }
          : this.refusal(answer.status)),
    };
  }
}

/** Waits `ms`, or until the client has gone. */
export const pause = (ms, res) =>
  new Promise((done) => {
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      res?.off("close", end);
      done();
    }
    res?.on("close", end);
  });

const send = (res, { status = 200, headers = {}, json, html, text, redirect }) => {
  if (res.destroyed) return;
  const all = { "cache-control": "no-store", ...headers };
  if (redirect !== undefined)
    return void res.writeHead(status === 200 ? 302 : status, { ...all, location: redirect }).end();
  if (html !== undefined) {
    const policy =
      "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";
    return void res
      .writeHead(status, { "content-type": "text/html; charset=utf-8", "content-security-policy": policy, ...all })
      .end(html);
  }
  if (json !== undefined)
    return void res.writeHead(status, { "content-type": "application/json", ...all }).end(JSON.stringify(json));
  res
    .writeHead(status, { ...(text === undefined ? {} : { "content-type": "text/plain; charset=utf-8" }), ...all })
    .end(text);
};

const listen = (service, port, host, tls) =>
  new Promise((done, fail) => {
    const options = { maxHeaderSize: HEADER_BYTES_MAX, ...tls };
    const server = (tls ? createTlsServer : createPlainServer)(options, (req, res) => service.handle(req, res));
    server.once("error", fail);
    server.listen({ port, host }, () => {
      server.off("error", fail);
      done(server);
    });
  });

/** {port, close()}. Listens on both loopback addresses, since `localhost` may mean either. `port` 0: a free one. */
export const open = async (service, { port = 0, tls } = {}) => {
  for (let tries = 1; ; ++tries) {
    const servers = [await listen(service, port, LOOPBACK[0], tls)];
    const taken = servers[0].address().port;
    try {
      servers.push(await listen(service, taken, LOOPBACK[1], tls));
    } catch (error) {
      if (error.code === "EADDRINUSE") {
        servers[0].close();
        if (port !== 0 || tries >= 20) throw error;
        continue;
      }
      // This machine has no IPv6: one address is enough.
    }
    const close = () =>
      Promise.all(
        servers.map(
          (server) =>
            new Promise((done) => {
              server.close(done);
              server.closeAllConnections();
            }),
        ),
      );
    return { port: taken, close };
  }
};
