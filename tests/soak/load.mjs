// What clients of every kind do all day, one errand after the other: finished runs, runs that are left in the middle,
// cancelled, interrupted, queued; written states, items, crons, and requests that are wrong.
import assert from "node:assert/strict";

const headers = { "content-type": "application/json" };
const patienceMs = 60_000; // for any answer, on a busy machine

export class Load {
  /** `errands`: how many of each kind have been run to their end. */
  errands = {};

  constructor(base, random) {
    Object.assign(this, { base, random });
  }

  async ask(method, path, body, expected = 200) {
    const answer = await fetch(this.base + path, {
      method,
      headers,
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await answer.text();
    assert.equal(answer.status, expected, `${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
  }

  /** Reads events until `count` have come, or all of them; then hangs up. Gives the id of the last one and the run. */
  async read(path, body, { method = "POST", count = Infinity, more = {} } = {}) {
    const hangUp = new AbortController();
    const late = setTimeout(() => hangUp.abort(new Error(`${path} does not end`)), patienceMs);
    try {
      const answer = await fetch(this.base + path, {
        method,
        headers: { ...headers, ...more },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: hangUp.signal,
      });
      assert.equal(answer.status, 200, `${path}: ${answer.status}`);
      const run = /\/runs\/([^/]+)/.exec(answer.headers.get("content-location") ?? "")?.[1];
      let events = 0;
      let last;
      for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
        for (const [, id] of part.matchAll(/^id: (\d+)$/gm)) {
          events += 1;
          last = id;
        }
        if (events >= count) break; // which closes the connection
      }
      return { run, last, events };
    } finally {
      clearTimeout(late);
    }
  }

  async withThread(body) {
    const { thread_id: thread } = await this.ask("POST", "/threads", {});
    await body(`/threads/${thread}`);
    await this.ask("DELETE", `/threads/${thread}`, undefined, 204);
  }

  /** One errand, chosen by chance. */
  run() {
    const names = Object.keys(Load.kinds);
    return this.runOne(names[Math.floor(this.random() * names.length)]);
  }

  async runOne(name) {
    await Load.kinds[name](this);
    this.errands[name] = (this.errands[name] ?? 0) + 1;
  }

  static kinds = {
    stateless: (load) => load.ask("POST", "/runs/wait", { assistant_id: "linear", input: { text: "a" } }),

    conversation: (load) =>
      load.withThread(async (thread) => {
        for (let turn = 0; turn < 3; turn += 1) {
          const messages = [{ type: "human", content: "some words that come back one by one ".repeat(4) }];
          const seen = await load.read(`${thread}/runs/stream`, {
            assistant_id: "chat",
            input: { messages },
            stream_mode: ["messages-tuple", "values", "updates"],
          });
          assert.ok(seen.events > 30, `${seen.events} events`);
        }
        const history = await load.ask("POST", `${thread}/history`, { limit: 100 });
        assert.equal(history.length, 9);
      }),

    leftAlone: (load) =>
      load.withThread(async (thread) => {
        const input = { tag: "x", ms: 30, naps: 3 };
        const request = { assistant_id: "delay", input, on_disconnect: "continue", stream_mode: ["updates"] };
        const seen = await load.read(`${thread}/runs/stream`, request, { count: 2 });
        await load.read(`${thread}/runs/${seen.run}/stream`, undefined, { method: "GET", more: { "last-event-id": seen.last } });
        await load.ask("GET", `${thread}/runs/${seen.run}/join`);
      }),

    cancelledByLeaving: (load) =>
      load.withThread(async (thread) => {
        const input = { tag: "x", ms: 20_000 };
        const request = { assistant_id: "delay", input, on_disconnect: "cancel", stream_mode: ["updates"] };
        const { run } = await load.read(`${thread}/runs/stream`, request, { count: 2 });
        await load.ask("GET", `${thread}/runs/${run}/join`);
      }),

    cancelled: (load) =>
      load.withThread(async (thread) => {
        const { run_id: run } = await load.ask("POST", `${thread}/runs`, { assistant_id: "delay", input: { tag: "x", ms: 20_000 } });
        await load.ask("POST", `${thread}/runs/${run}/cancel?wait=true&action=${load.random() < 0.5 ? "interrupt" : "rollback"}`, undefined, 204);
      }),

    asked: (load) =>
      load.withThread(async (thread) => {
        const request = { assistant_id: "approval" };
        await load.ask("POST", `${thread}/runs/wait`, { ...request, input: { request: "a holiday" } });
        const values = await load.ask("POST", `${thread}/runs/wait`, { ...request, command: { resume: "yes" } });
        assert.equal(values.decision, "yes");
      }),

    queued: (load) =>
      load.withThread(async (thread) => {
        const request = { assistant_id: "linear", input: { text: "a" }, multitask_strategy: "enqueue" };
        const runs = await Promise.all([1, 2, 3].map(() => load.ask("POST", `${thread}/runs`, request)));
        for (const { run_id: run } of runs) await load.ask("GET", `${thread}/runs/${run}/join`);
      }),

    failed: (load) =>
      load.withThread(async (thread) => {
        await load.read(`${thread}/runs/stream`, { assistant_id: "faulty", input: { mode: "throw" } });
        await load.ask("POST", `${thread}/state`, { values: { value: "v" }, as_node: "start" });
      }),

    remembered: async (load) => {
      const item = { namespace: ["soak", String(Math.floor(load.random() * 1e9))], key: "k" };
      await load.ask("PUT", "/store/items", { ...item, value: { n: 1, text: "x".repeat(500) } }, 204);
      await load.ask("POST", "/store/items/search", { namespace_prefix: item.namespace });
      await load.ask("DELETE", "/store/items", item, 204);
    },

    planned: async (load) => {
      const cron = await load.ask("POST", "/runs/crons", { assistant_id: "linear", schedule: "0 0 1 1 *", input: {} });
      await load.ask("DELETE", `/runs/crons/${cron.cron_id}`, undefined, 204);
    },

    wrong: async (load) => {
      await load.ask("POST", "/threads", '{"metadata":', 400);
      await load.ask("POST", "/runs/wait", { assistant_id: 7 }, 400);
      await load.ask("GET", `/threads/${crypto.randomUUID()}`, undefined, 404);
    },
  };
}
