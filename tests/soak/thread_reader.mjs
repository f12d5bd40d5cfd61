// Reads the stream of a thread from its beginning for as long as it is there, also over restarts of the server.
import assert from "node:assert/strict";

const pauseMs = 50; // before it comes back

const ordered = (id) => id.split("-").map(Number);

export class ThreadReader {
  /** How often the end of each run was told. */
  ends = new Map();
  last = "-"; // the id of the last event

  constructor(api, thread) {
    Object.assign(this, { api, thread });
    this.stopping = new AbortController();
    this.ended = this.#read();
    this.ended.catch(() => {}); // told by stop(), and not before its time
  }

  async #read() {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.api.stream("GET", `${this.thread}/stream`, undefined, (event) => this.#take(event), { "last-event-id": this.last }, signal);
      } catch (error) {
        if (error instanceof assert.AssertionError && error.actual === 404) return; // the thread is deleted
        if (error instanceof assert.AssertionError) throw error;
      }
      await new Promise((done) => setTimeout(done, pauseMs));
    }
  }

  #take({ id, event, data }) {
    if (this.last !== "-") {
      const [before, now] = [ordered(this.last), ordered(id)];
      const grows = now[0] > before[0] || (now[0] === before[0] && now[1] > before[1]);
      assert.ok(grows, `${this.thread}: ${id} comes behind ${this.last}`);
    }
    this.last = id;
    if (event !== "run_done") return;
    const { run_id: run } = JSON.parse(data);
    this.ends.set(run, (this.ends.get(run) ?? 0) + 1);
  }

  /** Returns when it has been told of the end of each of these runs. */
  async sees(runs, patienceMs) {
    const end = Date.now() + patienceMs;
    const missing = () => runs.filter((run) => !this.ends.has(run));
    while (missing().length > 0 && Date.now() < end) await new Promise((done) => setTimeout(done, pauseMs));
    assert.deepEqual(missing(), [], `${this.thread}: ends of runs that its stream does not tell`);
    for (const run of runs) assert.equal(this.ends.get(run), 1, `${this.thread}: the end of ${run} is told more than once`);
  }

  async stop() {
    this.stopping.abort();
    await this.ended;
  }
}
