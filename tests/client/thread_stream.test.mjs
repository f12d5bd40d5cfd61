// threads.joinStream of the newer SDK, and what else only it asks for, against the real binary.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client } from "sdk-1";
import { Server } from "./server.mjs";
import { until } from "./until.mjs";

describe("threads of @langchain/langgraph-sdk 1.15.0", () => {
  let server;
  let client;
  before(async () => {
    server = await Server.start();
    client = new Client({ apiUrl: server.base });
  });
  after(async () => {
    assert.equal(await server.stop(), 0);
  });

  test("joinStream gives run after run, and goes on after any event", async () => {
    const { thread_id: thread } = await client.threads.create();
    for (const text of ["a", "b"]) await client.runs.wait(thread, "linear", { input: { text } });
    const read = async (lastEventId, ends, streamMode) => {
      const parts = [];
      const stop = new AbortController();
      for await (const part of client.threads.joinStream(thread, { lastEventId, streamMode, signal: stop.signal })) {
        parts.push(part);
        if (part.event === "run_done") ends -= 1;
        if (ends === 0) break;
      }
      stop.abort();
      return parts;
    };
    const all = await read("-", 2);
    assert.deepEqual(
      all.map((part) => part.event),
      [1, 2].flatMap(() => ["metadata", "values", "values", "values", "run_done"]),
    );
    assert.deepEqual(await read(all[2].id, 2), all.slice(3));
    assert.deepEqual(await read(all[4].id, 1), all.slice(5));
    const ends = await read("-", 2, ["lifecycle"]);
    assert.deepEqual(ends.map((part) => part.event), ["metadata", "run_done", "metadata", "run_done"]);
  });

  test("joinStream ends when the thread is deleted", { timeout: 60_000 }, async () => {
    const { thread_id: thread } = await client.threads.create();
    const seen = [];
    const reading = (async () => {
      for await (const part of client.threads.joinStream(thread, { lastEventId: "-" })) seen.push(part.event);
    })();
    await client.runs.wait(thread, "linear", { input: { text: "a" } });
    await until("the stream tells of the end of the run", () => seen.includes("run_done"));
    await client.threads.delete(thread);
    await reading;
    assert.equal(seen.at(-1), "run_done");
  });

  test("a run that was taken over shows it", async () => {
    const { thread_id: thread } = await client.threads.create();
    const { run_id: run } = await client.runs.create(thread, "delay", { input: { tag: "a", ms: 60_000 } });
    await client.runs.cancel(thread, run, true, "interrupt", { reason: "taken" });
    const record = await client.runs.get(thread, run);
    assert.equal(record.status, "interrupted");
    assert.match(record.cancel_reason, /^taken:/);
  });
});
