// One user among several: what its clients do with its threads, by chance and without regard for one another.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Api } from "../crash/api.mjs";
import { ThreadReader } from "./thread_reader.mjs";

const threadsAtOnce = 3;
const patienceMs = 60_000; // for a stream

// Thrown into a stream by whoever has seen enough.
class HungUp extends Error {}

export class User {
  counts = {}; // of answers, by kind of request and status
  threads = [];
  assistants = []; // of the graph delay, besides its own
  crons = [];
  readers = new Map(); // of the streams of threads
  others = []; // users whose things are none of its business

  /** `isStopping` tells whether the server was asked to stop, and may refuse what it is asked. */
  constructor(base, { name, key }, random, isStopping) {
    Object.assign(this, { name, random, isStopping });
    this.mark = `owned by ${name}`; // in all that it writes
    this.secret = `secret of ${name}`; // in the credentials of its runs
    this.api = new Api(base, { more: { "x-api-key": key }, look: (text) => this.isNoneOfOthers(text) });
  }

  // Nobody is shown what others wrote, and nobody a secret, the own one included.
  isNoneOfOthers(text) {
    for (const { mark } of this.others) assert.ok(!text.includes(mark), `${this.name} is shown what is ${mark}: ${text.slice(0, 2000)}`);
    for (const { secret } of [this, ...this.others]) assert.ok(!text.includes(secret), `${this.name} is shown a ${secret}: ${text.slice(0, 2000)}`);
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  count(what) {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  async ask(kind, method, path, body) {
    const answer = await this.api.ask(method, path, body);
    this.count(`${kind} ${answer.status}`);
    const told = `${method} ${path} ${JSON.stringify(body)}: ${JSON.stringify(answer).slice(0, 300)}`;
    // A client is told that it came at the wrong time, and never that the server does not know what to do.
    assert.ok(this.isGoodRefusal(answer.status), told);
    // How a run failed is in the answer of those who wait for it.
    const failure = answer.body?.__error__;
    if (failure) this.count(failure.error);
    assert.notEqual(failure?.error, "StorageError", told);
    return answer;
  }

  isGoodRefusal(status) {
    return Number.isInteger(status) && (status < 500 || (status === 503 && this.isStopping()));
  }

  // The same of a stream, which `seen` may leave.
  async stream(kind, method, path, body, seen, more) {
    let status = 200;
    try {
      await this.api.stream(method, path, body, seen, more, AbortSignal.timeout(patienceMs));
    } catch (error) {
      const isRefused = error instanceof assert.AssertionError && this.isGoodRefusal(error.actual);
      if (!isRefused && !(error instanceof HungUp)) throw error;
      if (isRefused) status = error.actual;
    }
    this.count(`${kind} ${status}`);
  }

  async renew() {
    this.threads = await Promise.all(
      Array.from({ length: threadsAtOnce }, async () => `/threads/${(await this.ask("create", "POST", "/threads", {})).body.thread_id}`),
    );
    for (const thread of this.threads) this.readers.set(thread, new ThreadReader(this.api, thread));
  }

  // Long texts and lists stand apart from the checkpoints that name them, and are what another request may take away.
  input() {
    const text = this.mark + this.pick(["a", "b", "c"]).repeat(this.pick([3, 700, 3_000]));
    return this.pick([
      { assistant_id: "delay", input: { tag: text, ms: this.pick([0, 5, 60]), naps: this.pick([1, 3]) } },
      { assistant_id: "delay", input: { ms: this.pick([0, 30]) } },
      { assistant_id: this.pick(["delay", ...this.assistants]), input: { tag: text, ms: this.pick([0, 30]) } },
      { assistant_id: "linear", input: { text } },
      { assistant_id: "approval", input: { request: text } },
      { assistant_id: "nested", input: { topic: text, ask: true } },
      { assistant_id: "ask_parallel", input: {} },
      { assistant_id: "chat", input: { messages: [{ type: "human", content: text }] } },
      { assistant_id: "faulty", input: { mode: this.pick(["throw", "fine"]) } },
    ]);
  }

  options() {
    const credentials = { config: { configurable: { _credentials: { refreshToken: this.secret } } } };
    return {
      ...(this.random() < 0.3 ? credentials : {}),
      durability: this.pick(["async", "async", "sync", "exit"]),
      multitask_strategy: this.pick(["enqueue", "enqueue", "reject", "interrupt", "rollback"]),
    };
  }

  async someRun(thread) {
    const { body } = await this.ask("list", "GET", `${thread}/runs?limit=5`);
    return Array.isArray(body) && body.length > 0 ? this.pick(body).run_id : undefined;
  }

  async someCheckpoint(thread) {
    const { body } = await this.ask("history", "POST", `${thread}/history`, { limit: 12 });
    return Array.isArray(body) && body.length > 0 ? this.pick(body).checkpoint : undefined;
  }

  changes = {
    wait: (thread) => this.ask("wait", "POST", `${thread}/runs/wait`, { ...this.input(), ...this.options() }),
    start: (thread) => this.ask("start", "POST", `${thread}/runs`, { ...this.input(), ...this.options() }),
    answer: (thread) =>
      this.ask("answer", "POST", `${thread}/runs/wait`, {
        assistant_id: this.pick(["approval", "nested", "ask_parallel"]),
        command: { resume: this.pick(["yes", "no", { long: this.mark.repeat(100) }]) },
        ...this.options(),
      }),
    goBack: async (thread) => {
      const checkpoint = await this.someCheckpoint(thread);
      if (!checkpoint) return;
      const run = { ...this.input(), ...this.options(), checkpoint_id: checkpoint.checkpoint_id };
      if (this.random() < 0.3) run.input = null;
      await this.ask("go back", "POST", `${thread}/runs/wait`, run);
    },
    update: async (thread) => {
      const checkpoint = this.random() < 0.3 ? await this.someCheckpoint(thread) : undefined;
      const values = this.pick([{ tag: this.mark + "u".repeat(2_000) }, { text: this.mark }, { log: [this.mark] }]);
      await this.ask("update", "POST", `${thread}/state`, { values, ...(checkpoint ? { checkpoint } : {}) });
    },
    cancel: async (thread) => {
      const run = await this.someRun(thread);
      const how = `action=${this.pick(["interrupt", "rollback"])}&wait=${this.pick(["true", "false"])}`;
      if (run) await this.ask("cancel", "POST", `${thread}/runs/${run}/cancel?${how}`);
    },
    deleteRun: async (thread) => {
      const run = await this.someRun(thread);
      if (run) await this.ask("delete run", "DELETE", `${thread}/runs/${run}`);
    },
    prune: (thread) =>
      this.ask("prune", "POST", "/threads/prune", { thread_ids: [thread.slice("/threads/".length)], strategy: "keep_latest" }),
    copy: async (thread) => {
      const { status, body } = await this.ask("copy", "POST", `${thread}/copy`);
      if (status === 200) this.threads[Math.floor(this.random() * this.threads.length)] = `/threads/${body.thread_id}`;
    },
    deleteThread: async (thread) => {
      if (this.random() < 0.8) return;
      await this.ask("delete thread", "DELETE", thread);
    },
    hire: async () => {
      if (this.assistants.length >= 4) return;
      const { body } = await this.ask("hire", "POST", "/assistants", { graph_id: "delay", metadata: { made: "here" } });
      this.assistants.push(body.assistant_id);
    },
    dismiss: async () => {
      const assistant = this.assistants.shift();
      const threads = this.pick(["true", "false", "false"]);
      if (assistant) await this.ask("dismiss", "DELETE", `/assistants/${assistant}?delete_threads=${threads}`);
    },
    plan: async (thread) => {
      if (this.crons.length >= 4) return;
      const cron = { ...this.input(), schedule: "* * * * * *", multitask_strategy: this.pick(["enqueue", "rollback"]) };
      const { status, body } = await this.ask("plan", "POST", `${thread}/runs/crons`, cron);
      if (status === 200) this.crons.push(body.cron_id);
    },
    unplan: async () => {
      const cron = this.crons.shift();
      if (cron) await this.ask("unplan", "DELETE", `/runs/crons/${cron}`);
    },
    look: async (thread) => {
      await this.ask("state", "GET", `${thread}/state?subgraphs=true`);
      await this.ask("thread", "GET", thread);
    },
    leave: (thread) => {
      const run = { ...this.input(), ...this.options(), on_disconnect: this.pick(["cancel", "continue"]), stream_mode: ["values", "updates"] };
      const seen = () => {
        if (this.random() < 0.5) throw new HungUp();
      };
      return this.stream("leave", "POST", `${thread}/runs/stream`, run, seen);
    },
    replay: async (thread) => {
      const run = await this.someRun(thread);
      if (!run) return;
      const path = `${thread}/runs/${run}/stream`;
      const seen = ({ data }) => assert.doesNotMatch(data, /StorageError/, path);
      await this.stream("replay", "GET", path, undefined, seen, { "last-event-id": "-1" });
    },
    alone: () => {
      const run = { ...this.input(), on_completion: this.pick(["delete", "keep"]) };
      return this.random() < 0.5 ? this.ask("alone", "POST", "/runs/wait", run) : this.ask("batch", "POST", "/runs/batch", [run, run]);
    },
    rename: (thread) => this.ask("rename", "PATCH", thread, { metadata: { name: this.mark } }),
    lookBack: async (thread) => {
      const checkpoint = await this.someCheckpoint(thread);
      if (checkpoint) await this.ask("look back", "GET", `${thread}/state/${checkpoint.checkpoint_id}`);
    },
    search: () => this.ask("search", "POST", "/threads/search", { limit: 20, values: this.random() < 0.5 ? {} : { text: this.mark } }),
    keep: () => {
      const item = { namespace: this.pick([["notes"], ["notes", "old"]]), key: this.pick(["a", "b"]), value: { text: this.mark } };
      return this.ask("keep", "PUT", "/store/items", item);
    },
    forget: () => this.ask("forget", "DELETE", "/store/items", { namespace: ["notes"], key: this.pick(["a", "b"]) }),
    recall: () => this.ask("recall", "POST", "/store/items/search", { namespace_prefix: ["notes"], limit: 10 }),
    // Whatever others own is to a user as if it were not there.
    trespass: async () => {
      const other = this.pick(this.others);
      const [thread, nowhere] = [this.pick(other.threads), `/threads/${randomUUID()}`];
      const kind = this.pick(Object.keys(this.trespasses));
      const run = await other.someRun(thread);
      const { status } = await this.trespasses[kind](thread, run ?? randomUUID());
      const { status: expected } = await this.trespasses[kind](nowhere, randomUUID());
      assert.equal(status, expected, `${this.name} and what is ${other.mark}: ${kind} ${thread}`);
    },
    join: async (thread) => {
      const run = await this.someRun(thread);
      if (run) await this.ask("join", "GET", `${thread}/runs/${run}/join`);
    },
  };

  changeSomething() {
    return this.changes[this.pick(Object.keys(this.changes))](this.pick(this.threads));
  }

  trespasses = {
    thread: (thread) => this.ask("trespass", "GET", thread),
    patch: (thread) => this.ask("trespass", "PATCH", thread, { metadata: { found: this.mark } }),
    state: (thread) => this.ask("trespass", "GET", `${thread}/state`),
    history: (thread) => this.ask("trespass", "POST", `${thread}/history`, {}),
    update: (thread) => this.ask("trespass", "POST", `${thread}/state`, { values: { text: this.mark } }),
    runs: (thread) => this.ask("trespass", "GET", `${thread}/runs`),
    run: (thread, run) => this.ask("trespass", "GET", `${thread}/runs/${run}`),
    start: (thread) => this.ask("trespass", "POST", `${thread}/runs`, this.input()),
    join: (thread, run) => this.ask("trespass", "GET", `${thread}/runs/${run}/join`),
    replay: (thread, run) => this.ask("trespass", "GET", `${thread}/runs/${run}/stream`),
    follow: (thread) => this.ask("trespass", "GET", `${thread}/stream`),
    cancel: (thread, run) => this.ask("trespass", "POST", `${thread}/runs/${run}/cancel`),
    deleteRun: (thread, run) => this.ask("trespass", "DELETE", `${thread}/runs/${run}`),
    copy: (thread) => this.ask("trespass", "POST", `${thread}/copy`),
    plan: (thread) => this.ask("trespass", "POST", `${thread}/runs/crons`, { ...this.input(), schedule: "* * * * * *" }),
    delete: (thread) => this.ask("trespass", "DELETE", thread),
  };

  // What each thread that is left holds, when nothing is under way.
  async holds() {
    const { body: crons } = await this.ask("crons", "POST", "/runs/crons/search", { limit: 1000 });
    for (const cron of crons) await this.ask("unplan", "DELETE", `/runs/crons/${cron.cron_id}`);
    this.crons = [];
    const all = { items: (await this.ask("recall", "POST", "/store/items/search", { namespace_prefix: ["notes"], limit: 100 })).body.items };
    for (const thread of this.threads) {
      const found = await this.ask("thread", "GET", thread);
      if (found.status === 404) continue;
      const runs = (await this.ask("list", "GET", `${thread}/runs?limit=1000`)).body;
      for (const run of runs) await this.ask("join", "GET", `${thread}/runs/${run.run_id}/join`);
      const state = await this.ask("state", "GET", `${thread}/state?subgraphs=true`);
      const history = await this.ask("history", "POST", `${thread}/history`, { limit: 1000 });
      assert.equal(state.status, 200);
      assert.equal(history.status, 200);
      const { status, values: shown } = (await this.ask("thread", "GET", thread)).body;
      assert.notEqual(status, "busy", `${thread} is busy, and nothing is under way`);
      all[thread] = { state: state.body, history: history.body, status, shown };
    }
    return all;
  }

  // Whoever has read the stream of a thread all the time knows how each run ended that is left.
  async endsAreTold() {
    for (const [thread, reader] of this.readers) {
      const { status, body } = await this.ask("list", "GET", `${thread}/runs?limit=1000`);
      if (status === 200) await reader.sees(body.map((run) => run.run_id), patienceMs);
      await reader.stop();
    }
    this.readers.clear();
  }

  // Each thread that is left takes one more run.
  async goOn() {
    for (const thread of this.threads) {
      const run = { assistant_id: "delay", input: { tag: "end", ms: 0, naps: 1 }, multitask_strategy: "enqueue" };
      const { status, body } = await this.ask("last", "POST", `${thread}/runs/wait`, run);
      if (status === 404) continue;
      assert.equal(status, 200);
      assert.equal(body.tag, "end", `${thread}: ${JSON.stringify(body).slice(0, 300)}`);
    }
  }
}
