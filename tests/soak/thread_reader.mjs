// Reads the stream of a thread from its beginning for as long as it is there, also over restarts of the server.
import assert from "node:assert/strict";

const pauseMs = 50; // before it comes back

const ordered = (id) => id.split("-").map(Number);

export class ThreadReader {
  /** How often the end of each run was told. */
  ends = new Map();
  last = "-"; // the id of the last event

  constructor(base, thread) {
    Object.assign(this, { base, thread });
    this.stopping = new AbortController();
    this.ended = this.#read();
    this.ended.catch(() => {}); // told by stop(), and not before its time
  }

  async #read() {
    while (!this.stopping.signal.aborted) {
      try {
        const answer = await fetch(`${this.base}${this.thread}/stream`, {
          headers: { "last-event-id": this.last },
          signal: this.stopping.signal,
        });
        if (answer.status === 404) return;
        assert.equal(answer.status, 200);
        await this.#readEvents(answer.body.pipeThrough(new TextDecoderStream()));
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
      }
      await new Promise((done) => setTimeout(done, pauseMs));
    }
  }

  async #readEvents(parts) {
    let unread = "";
    for await (const part of parts) {
      const events = (unread + part).split("\n\n");
      unread = events.pop();
      for (const event of events) this.#take(event);
    }
  }

  #take(event) {
    const field = (name) => new RegExp(`^${name}: (.*)$`, "m").exec(event)?.[1];
    const id = field("id");
    if (!id) return; // a heartbeat
    if (this.last !== "-") {
      const [before, now] = [ordered(this.last), ordered(id)];
      const grows = now[0] > before[0] || (now[0] === before[0] && now[1] > before[1]);
      assert.ok(grows, `${this.thread}: ${id} comes behind ${this.last}`);
    }
    this.last = id;
    if (field("event") !== "run_done") return;
    const { run_id: run } = JSON.parse(field("data"));
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
