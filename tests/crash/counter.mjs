// The world outside: a server that counts the calls of a tool, so that a call made twice is seen.
import { createServer } from "node:http";

const delayMsMax = 12; // before an answer; long enough for a kill to come between call and answer

export class Counter {
  #server;
  #random;
  #held = Promise.resolve(); // no call is answered before it
  #release = () => {};
  /** Calls in the order in which they came: {job, round, call, key, generation}. `generation`: of the process that made it. */
  calls = [];

  static async start(random) {
    const counter = new Counter();
    counter.#random = random;
    counter.#server = createServer((request, response) => counter.#serve(request, response));
    await new Promise((done) => counter.#server.listen(0, "127.0.0.1", done));
    return counter;
  }

  url(generation) {
    return `http://127.0.0.1:${this.#server.address().port}/count?generation=${generation}`;
  }

  async #serve(request, response) {
    let text = "";
    for await (const part of request) text += part;
    const { job, round, call } = JSON.parse(text);
    const generation = new URL(request.url, "http://counter").searchParams.get("generation");
    this.calls.push({ job, round, call, key: request.headers["idempotency-key"], generation: Number(generation) });
    await this.#held;
    await new Promise((done) => setTimeout(done, this.#random() * delayMsMax));
    response.end(answerOf(job, round, call));
  }

  /** Calls are taken, but not answered until release(). */
  hold() {
    this.#held = new Promise((done) => (this.#release = done));
  }

  release() {
    this.#release();
  }

  async stop() {
    this.release();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

/** What a call of a job is answered, whenever it is made. */
export const answerOf = (job, round, call) => `counted ${job} ${round} ${call}`;
