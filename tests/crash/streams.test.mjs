// A stream that is cut after each of its events, and one whose server is killed after each of them: whoever reads on behind
// the last event they saw has in the end read what they would have read at once.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Server } from "../client/server.mjs";
import { randomOf } from "./campaign.mjs";
import { Counter } from "./counter.mjs";

const limitMs = 240_000;
const rounds = 2;
const cachedMark = ',"__metadata__":{"cached":true}'; // of a step that an earlier attempt had finished
const allModes = ["values", "updates", "messages-tuple", "debug", "tasks", "checkpoints", "custom", "events"];

describe("a stream", { concurrency: false }, () => {
  let counter, server;
  before(async () => {
    counter = await Counter.start(randomOf(3));
    server = await Server.start(process.env.HEDDLE_CRASH_AGENT, { env: { COUNTER_URL: counter.url(0) } });
  });
  after(async () => {
    await server?.stop();
    await counter?.stop();
  });

  const post = async (path, body) => {
    const answer = await fetch(server.base + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer;
  };
  const newThread = async () => (await (await post("/threads", {})).json()).thread_id;
  const start = (thread, job, modes) => {
    const request = { assistant_id: "worker", input: { job, rounds }, stream_mode: modes, on_disconnect: "continue" };
    return post(`/threads/${thread}/runs/stream`, request);
  };
  const join = (thread, run, last) =>
    fetch(`${server.base}/threads/${thread}/runs/${run}/stream`, { headers: { "last-event-id": String(last) } });

  /** The frames of an answer as they came, heartbeats left out; `most` of them, then the connection is cut. */
  const frames = async (answer, most = Infinity) => {
    assert.equal(answer.status, 200);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const found = [];
    let rest = "";
    try {
      while (found.length < most) {
        const { done, value } = await reader.read();
        if (done) break;
        rest += value;
        const parts = rest.split("\n\n");
        rest = parts.pop();
        found.push(...parts.filter((part) => /^event:/m.test(part)));
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
    return found.slice(0, most);
  };
  const field = (frame, name) => new RegExp(`^${name}: ?(.*)$`, "m").exec(frame)?.[1];
  const idOf = (frame) => Number(field(frame, "id"));
  const runOf = (found) => JSON.parse(field(found[0], "data")).run_id;
  const increasing = (found) => {
    const ids = found.map((frame) => field(frame, "id")).filter(Boolean).map(Number);
    ids.reduce((before, id) => (assert.ok(id > before, `${id} after ${before}`), id), -1);
    return ids.length;
  };

  test("that is cut after any event goes on behind it, to the byte", { timeout: limitMs }, async () => {
    let events = Infinity;
    for (let cut = 1; cut < events; cut += 1) {
      const thread = await newThread();
      const first = await frames(await start(thread, `cut-${cut}`, allModes), cut);
      const run = runOf(first);
      const rest = await frames(await join(thread, run, idOf(first.at(-1))));
      const whole = await frames(await join(thread, run, -1));
      assert.deepEqual([...first, ...rest], whole, `cut after ${cut} events`);
      increasing(whole);
      events = whole.length;
    }
    console.log(`streams: cut after each of ${events} events`);
  });

  test("whose server is killed after any event loses none and repeats none", { timeout: limitMs }, async () => {
    const modes = ["updates", "values", "messages-tuple"];
    const undisturbed = await frames(await start(await newThread(), "same", modes));
    const updates = (found) => found.filter((frame) => field(frame, "event") === "updates").map((frame) => field(frame, "data").replace(cachedMark, ""));
    const wanted = updates(undisturbed);
    assert.equal(wanted.length, 2 * rounds + 1);

    for (let cut = 1; cut <= undisturbed.length; cut += 1) {
      const thread = await newThread();
      const first = await frames(await start(thread, "same", modes), cut);
      await server.kill();
      server.env.COUNTER_URL = counter.url(cut);
      await server.restart();
      const run = runOf(first);
      const last = idOf(first.at(-1));
      const rest = await frames(await join(thread, run, last));
      for (const frame of rest) assert.ok(!(idOf(frame) <= last), `event ${idOf(frame)} was read before`);
      increasing([...first, ...rest]);

      // What the killed attempt did after its last step that was kept is told again; all else once, and in order.
      const again = rest.findIndex((frame) => field(frame, "event") === "metadata");
      const [old, taken] = again < 0 ? [[...first, ...rest], []] : [[...first, ...rest.slice(0, again)], rest.slice(again)];
      const [done, more] = [updates(old), updates(taken)];
      const kept = wanted.length - more.length;
      assert.ok(kept >= 0 && kept <= done.length, `${done.length} updates, then ${more.length} of ${wanted.length}`);
      assert.deepEqual([...done.slice(0, kept), ...more], wanted, `killed after ${cut} events`);

      const whole = await frames(await join(thread, run, -1));
      assert.deepEqual(whole.slice(whole.length - rest.length), rest, "who reads all from the start reads the same end");
      increasing(whole);
    }
    console.log(`streams: killed after each of ${undisturbed.length} events`);
  });
});
