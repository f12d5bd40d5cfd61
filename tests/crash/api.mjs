// The server as tests ask it that see it end in between.
import assert from "node:assert/strict";

const patienceMs = 30_000; // for any answer, also after a restart

export class Api {
  /** `more`: headers of every request. `look`: is shown the text of every answer and every event. */
  constructor(base, { more = {}, look = () => {} } = {}) {
    Object.assign(this, { base, look });
    this.headers = { "content-type": "application/json", ...more };
  }

  /** {status, body}; throws when the connection breaks. */
  async ask(method, path, body) {
    const answer = await fetch(this.base + path, {
      method,
      headers: this.headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await answer.text();
    this.look(text);
    return { status: answer.status, body: text ? JSON.parse(text) : undefined };
  }

  /** The body of an answer that must be a success. */
  async get(method, path, body) {
    const answer = await this.ask(method, path, body);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /**
   * Calls `seen` with {id, event, data} of each event, all of them texts. Throws when the connection breaks or `signal` comes, and
   * an AssertionError with the status as `actual` when the server refuses.
   */
  async stream(method, path, body, seen, more = {}, signal = undefined) {
    const answer = await fetch(this.base + path, {
      method,
      headers: { ...this.headers, ...more },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
    assert.equal(answer.status, 200, `${method} ${path}: ${answer.status}`);
    let rest = "";
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
      rest += part;
      const frames = rest.split("\n\n");
      rest = frames.pop();
      for (const frame of frames) {
        this.look(frame);
        const field = (name) => new RegExp(`^${name}: ?(.*)$`, "m").exec(frame)?.[1];
        if (field("event")) seen({ id: field("id"), event: field("event"), data: field("data") });
      }
    }
  }
}
