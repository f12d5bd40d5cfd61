// Work that the server is given while it is killed. Each job remembers what was acknowledged to it, can be taken up
// again after a restart, and says what must be true in the end.
import assert from "node:assert/strict";
import { answerOf } from "./counter.mjs";

const threadOf = async (api) => (await api.get("POST", "/threads", {})).thread_id;

/** The messages that an agent of crash_agent.cpp has written in the end, as texts. */
const expectedMessages = (job, rounds, asks) => {
  const all = [];
  for (let round = 1; round <= rounds; round += 1) {
    const asking = asks && round === 2;
    all.push(`ai ${["count", "count", ...(asking ? ["ask"] : [])].join(" ")}`);
    for (const call of ["a", "b"]) all.push(`tool ${answerOf(job, round, call)}`);
    if (asking) all.push('tool "yes"');
  }
  return [...all, "ai done"];
};

const told = ({ type, content, tool_calls: calls }) =>
  type === "ai" && calls?.length ? `ai ${calls.map(({ name }) => name).join(" ")}` : `${type} ${content}`;

/** An agent at work, in one of three ways: a reader follows it, nobody does, or it asks in between. */
export class AgentJob {
  ids = []; // of events that the reader saw
  questions = 0;

  constructor(name, random) {
    this.name = name;
    this.rounds = 1 + Math.floor(random() * 4);
    this.durability = ["sync", "async", "exit"][Math.floor(random() * 3)];
    this.way = ["followed", "alone", "asking"][Math.floor(random() * 3)];
    // Without a checkpoint of its question a run has asked nothing yet, and asks again: that is what exit means.
    if (this.way === "asking") this.rounds = 2 + (this.rounds % 3);
  }

  get #asks() {
    return this.way === "asking";
  }

  #request(more) {
    return {
      assistant_id: this.#asks ? "asker" : "worker",
      durability: this.durability,
      stream_mode: ["updates", "values"],
      ...more,
    };
  }

  async start(api) {
    this.thread = await threadOf(api);
    const input = { job: this.name, rounds: this.rounds };
    if (this.way === "alone") {
      this.run = (await api.get("POST", `/threads/${this.thread}/runs`, this.#request({ input }))).run_id;
      return;
    }
    await this.#follow(api, this.#request({ input, on_disconnect: "continue" }));
    if (this.#asks) await this.#answer(api);
    this.undisturbed = true; // its reader has seen the end
  }

  async #answer(api) {
    await this.#follow(api, this.#request({ command: { resume: "yes" }, on_disconnect: "continue" }));
  }

  async #follow(api, request) {
    this.ids = [];
    await api.stream("POST", `/threads/${this.thread}/runs/stream`, request, ({ id, event, data }) => {
      if (event === "metadata") this.run = JSON.parse(data).run_id;
      this.ids.push(Number(id));
    });
  }

  /** After a restart: waits until the server has done what it accepted, and does what it has not. */
  async recover(api) {
    if (this.undisturbed) return;
    if (!this.thread) await this.start(api); // nothing was acknowledged
    const base = `/threads/${this.thread}`;
    await api.get("GET", base); // it was acknowledged
    if (this.run) {
      await api.get("GET", `${base}/runs/${this.run}`);
      await this.#readOn(api);
    }
    for (const { run_id } of await api.get("GET", `${base}/runs?limit=100`)) await api.ask("GET", `${base}/runs/${run_id}/join`);
    const { status } = await api.get("GET", base);
    const runs = await api.get("GET", `${base}/runs?limit=100`);
    for (const { status: ended, run_id } of runs) {
      assert.ok(["success", "interrupted"].includes(ended), `${this.name}: run ${run_id} is ${ended}`);
    }
    if (this.#asks && status === "interrupted") await this.#answer(api);
    else if (runs.length === 0) await this.#again(api);
  }

  // Nothing was acknowledged: the client asks again.
  async #again(api) {
    await this.#follow(api, this.#request({ input: { job: this.name, rounds: this.rounds }, on_disconnect: "continue" }));
    if (this.#asks) await this.#answer(api);
  }

  // Whoever read to the last event that it saw reads on strictly behind it; whoever reads all gets no id twice.
  async #readOn(api) {
    const path = `/threads/${this.thread}/runs/${this.run}/stream`;
    const ids = [];
    const last = this.ids.at(-1);
    if (last !== undefined) {
      await api.stream("GET", path, undefined, ({ id }) => ids.push(Number(id)), { "last-event-id": String(last) });
      for (const id of ids) assert.ok(!(id <= last), `${this.name}: event ${id} after ${last}`);
    }
    const all = [];
    await api.stream("GET", path, undefined, ({ id }) => all.push(Number(id)), { "last-event-id": "-1" });
    const counted = all.filter((id) => !Number.isNaN(id));
    counted.reduce((before, id) => {
      assert.ok(id > before, `${this.name}: event ${id} comes after ${before}`);
      return id;
    }, -1);
  }

  toString() {
    return `${this.name} (${this.way}, ${this.durability}, ${this.rounds} rounds)`;
  }

  async #history(api) {
    const runs = await api.get("GET", `/threads/${this.thread}/runs?limit=100`);
    return `its runs: ${runs.map(({ status, created_at: at, updated_at: until }) => `${status} ${at} ${until}`).join("; ")}`;
  }

  async check(api) {
    const { status } = await api.get("GET", `/threads/${this.thread}`);
    assert.equal(status, "idle", `${this}: the thread is ${status}; ${await this.#history(api)}`);
    const { values, next } = await api.get("GET", `/threads/${this.thread}/state`);
    assert.deepEqual(next, []);
    assert.deepEqual(values.messages.map(told), expectedMessages(this.name, this.rounds, this.#asks), this.name);
  }
}

/** States that a person writes, one after the other; what was acknowledged must be there. */
export class UpdatesJob {
  acknowledged = 0;
  tried = 0;

  constructor(name) {
    this.name = name;
  }

  async start(api) {
    this.thread ??= await threadOf(api);
    await api.get("PATCH", `/threads/${this.thread}`, { metadata: { graph_id: "worker" } });
    while (this.tried < 40) await this.#write(api);
  }

  async #write(api) {
    const id = `m${++this.tried}`;
    const values = { messages: [{ type: "human", id, content: `${this.name} ${id}` }] };
    await api.get("POST", `/threads/${this.thread}/state`, { values, as_node: "__start__" });
    this.acknowledged = this.tried;
  }

  async recover() {}

  async check(api) {
    if (!this.thread) return;
    const { values } = await api.get("GET", `/threads/${this.thread}/state`);
    const ids = (values.messages ?? []).map(({ id }) => Number(id.slice(1)));
    assert.deepEqual(ids, ids.map((_, place) => place + 1), `${this.name}: in order and without a gap`);
    assert.ok(ids.length >= this.acknowledged, `${this.name}: ${ids.length} of ${this.acknowledged} acknowledged updates`);
    assert.ok(ids.length <= this.tried, `${this.name}: more updates than were sent`);
    assert.equal((await api.get("GET", `/threads/${this.thread}`)).status, "idle");
  }
}

/** Items of the store. */
export class ItemsJob {
  acknowledged = new Map();

  constructor(name) {
    this.name = name;
  }

  async start(api) {
    for (let n = 0; n < 40; n += 1) {
      const item = { namespace: ["crash", this.name], key: `k${n % 7}`, value: { n } };
      this.sent = { key: item.key, n };
      await api.get("PUT", "/store/items", item);
      this.acknowledged.set(item.key, n);
    }
  }

  async recover() {}

  async check(api) {
    for (const [key, n] of this.acknowledged) {
      const { value } = await api.get("GET", `/store/items?namespace=crash&namespace=${this.name}&key=${key}`);
      const maybe = this.sent.key === key ? this.sent.n : n;
      assert.ok(value.n === n || value.n === maybe, `${this.name}: ${key} is ${value.n}, ${n} was acknowledged`);
    }
  }
}
