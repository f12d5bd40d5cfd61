// Every method that a client of the npm SDKs has, old and new: none may be left without an answer that it can read.
// What the methods do is tested where they belong; here none is forgotten.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Client as Client0 } from "sdk-0";
import { Client as Client1 } from "sdk-1";
import { Server } from "./server.mjs";

const collect = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
};
const methodsOf = (part) =>
  Object.getOwnPropertyNames(Object.getPrototypeOf(part)).filter((name) => name !== "constructor");

for (const [version, Client] of [["0.0.109", Client0], ["1.15.0", Client1]]) {
  describe(`every method of @langchain/langgraph-sdk ${version}`, { concurrency: false }, () => {
    let server, client, used;
    before(async () => {
      server = await Server.start();
      used = new Set();
      const counted = (part, name) =>
        new Proxy(part, {
          get(target, method) {
            if (typeof target[method] !== "function") return target[method];
            used.add(`${name}.${String(method)}`);
            return target[method].bind(target);
          },
        });
      const whole = new Client({ apiUrl: server.base });
      client = Object.fromEntries(["assistants", "threads", "runs", "crons", "store"].map((name) => [name, counted(whole[name], name)]));
      client.whole = whole;
    });
    after(async () => {
      assert.equal(await server.stop(), 0);
    });
    const has = (name, method) => methodsOf(client.whole[name]).includes(method);

    test("assistants", async () => {
      const { assistants } = client;
      const made = await assistants.create({ graphId: "nested", name: "Mine", metadata: { mark: "a" }, config: { tags: ["t"] } });
      assert.equal(made.version, 1);
      const again = await assistants.create({ graphId: "nested", assistantId: made.assistant_id, ifExists: "do_nothing" });
      assert.deepEqual(again, made);
      const changed = await assistants.update(made.assistant_id, { name: "Yours", metadata: { more: 1 } });
      assert.deepEqual([changed.version, changed.name, changed.metadata], [2, "Yours", { mark: "a", more: 1 }]);
      assert.deepEqual((await assistants.getVersions(made.assistant_id)).map((one) => one.version), [2, 1]);
      assert.equal((await assistants.setLatest(made.assistant_id, 1)).name, "Mine");
      assert.equal((await assistants.get(made.assistant_id)).version, 1);
      assert.deepEqual((await assistants.search({ metadata: { mark: "a" } })).map((one) => one.name), ["Mine"]);
      if (has("assistants", "count")) assert.equal(await assistants.count({ metadata: { mark: "a" } }), 1);
      assert.ok((await assistants.getGraph(made.assistant_id, { xray: true })).nodes.some((node) => node.id === "middle:inner:think"));
      assert.equal((await assistants.getSchemas(made.assistant_id)).graph_id, "nested");
      const below = await assistants.getSubgraphs(made.assistant_id, { recurse: true });
      assert.deepEqual(Object.keys(below).sort(), ["middle", "middle|inner"]);
      assert.deepEqual(Object.keys(await assistants.getSubgraphs(made.assistant_id, { namespace: "middle|inner" })), ["middle|inner"]);
      await assistants.delete(made.assistant_id);
      await assert.rejects(assistants.get(made.assistant_id), /404/);
    });

    test("threads", async () => {
      const { threads, runs } = client;
      const mark = randomUUID();
      const { thread_id } = await threads.create({ metadata: { mark }, threadId: randomUUID(), ifExists: "raise" });
      await runs.wait(thread_id, "nested", { input: { topic: "t", ask: true } });
      assert.equal((await threads.update(thread_id, { metadata: { seen: true } })).metadata.seen, true);
      assert.equal((await threads.get(thread_id)).status, "interrupted");
      assert.equal((await threads.search({ metadata: { mark } })).length, 1);
      if (has("threads", "count")) assert.equal(await threads.count({ metadata: { mark } }), 1);
      const head = await threads.getState(thread_id, undefined, { subgraphs: true });
      assert.equal(head.tasks[0].state.next[0], "inner");
      assert.deepEqual((await threads.getState(thread_id, head.checkpoint.checkpoint_id)).checkpoint, head.checkpoint);
      assert.deepEqual((await threads.getState(thread_id, head.checkpoint)).checkpoint, head.checkpoint);
      assert.ok((await threads.getHistory(thread_id, { limit: 2, metadata: { source: "loop" } })).every((one) => one.metadata.source === "loop"));
      const written = await threads.updateState(thread_id, { values: { topic: "u" }, asNode: "enter" });
      assert.equal(written.checkpoint.thread_id, thread_id);
      const copied = await threads.copy(thread_id);
      assert.equal((await threads.getState(copied.thread_id)).values.topic, "u");
      // No server has this route (http-api.md 7.5): the method is told so.
      await assert.rejects(threads.patchState(thread_id, { more: 1 }), /404/);
      if (has("threads", "prune")) assert.deepEqual(await threads.prune([copied.thread_id]), { pruned_count: 1 });
      await threads.delete(thread_id);
      await assert.rejects(threads.get(thread_id), /404/);
      if (has("threads", "joinStream")) {
        const joined = await threads.create();
        const leave = new AbortController();
        const events = [];
        const reading = (async () => {
          for await (const part of threads.joinStream(joined.thread_id, { signal: leave.signal, lastEventId: "-", streamMode: ["lifecycle"] })) {
            events.push(part.event);
            if (part.event === "run_done") leave.abort();
          }
        })().catch((error) => assert.match(String(error), /abort/i));
        await runs.wait(joined.thread_id, "linear", { input: { text: "x" } });
        await reading;
        assert.deepEqual(events, ["metadata", "run_done"]);
      }
      if (has("threads", "stream")) {
        // The newer protocol is refused with a text that says what to use instead.
        const opened = threads.stream((await threads.create()).thread_id, { assistantId: "linear" });
        await assert.rejects(opened.run.start({ input: { text: "x" } }), /501|not offered/);
        await opened.close();
      }
    });

    test("runs", async () => {
      const { threads, runs } = client;
      const { thread_id } = await threads.create();
      const started = await runs.create(thread_id, "linear", { input: { text: "x" }, streamResumable: true, streamMode: ["updates"] });
      assert.deepEqual((await runs.join(thread_id, started.run_id)).log, ["first", "second"]);
      assert.equal((await runs.get(thread_id, started.run_id)).status, "success");
      assert.deepEqual((await runs.list(thread_id)).map((one) => one.run_id), [started.run_id]);
      const joined = await collect(runs.joinStream(thread_id, started.run_id, { lastEventId: "-1" }));
      assert.deepEqual(joined.map((part) => part.event), ["metadata", "updates", "updates"]);
      const streamed = await collect(runs.stream(thread_id, "linear", { input: { text: "y" }, streamMode: "values" }));
      assert.equal(streamed.at(-1).data.text, "y|first|second");
      const slow = await runs.create(thread_id, "delay", { input: { tag: "a", ms: 60_000 } });
      await runs.cancel(thread_id, slow.run_id, true);
      assert.equal((await runs.get(thread_id, slow.run_id)).status, "interrupted");
      if (has("runs", "cancelMany")) {
        const other = await runs.create(thread_id, "delay", { input: { tag: "b", ms: 60_000 } });
        await runs.cancelMany({ threadId: thread_id, runIds: [other.run_id] });
        await runs.join(thread_id, other.run_id);
        assert.equal((await runs.get(thread_id, other.run_id)).status, "interrupted");
      }
      await runs.delete(thread_id, started.run_id);
      await assert.rejects(runs.get(thread_id, started.run_id), /404/);
      assert.equal((await runs.wait(null, "linear", { input: { text: "z" } })).text, "z|first|second");
      const batch = await runs.createBatch([
        { assistantId: "linear", input: { text: "a" } },
        { assistantId: "linear", input: { text: "b" } },
      ]);
      assert.deepEqual(batch.map((run) => run.kwargs.input.text), ["a", "b"]);
    });

    test("crons", async () => {
      const { threads, crons } = client;
      const metadata = { mark: randomUUID() };
      const yearly = "0 0 1 1 *";
      const alone = await crons.create("linear", { schedule: yearly, input: {}, metadata });
      const { thread_id } = await threads.create();
      const bound = await crons.createForThread(thread_id, "linear", { schedule: yearly, input: {}, metadata });
      assert.equal(bound.thread_id, thread_id);
      assert.equal((await crons.search({ threadId: thread_id })).length, 1);
      if (has("crons", "count")) assert.equal(await crons.count({ metadata }), 2);
      if (has("crons", "update")) assert.equal((await crons.update(alone.cron_id, { enabled: false })).enabled, false);
      for (const one of [alone, bound]) await crons.delete(one.cron_id);
      await assert.rejects(crons.delete(alone.cron_id), /404/);
    });

    test("store", async () => {
      const { store } = client;
      await store.putItem(["docs", "one"], "k", { text: "hello", n: 3 });
      assert.deepEqual((await store.getItem(["docs", "one"], "k")).value, { text: "hello", n: 3 });
      assert.equal(await store.getItem(["docs", "one"], "nothing"), null);
      const found = await store.searchItems(["docs"], { filter: { n: { $gte: 3 } }, limit: 5 });
      assert.ok(found.items[0].createdAt, "the SDK gives the times names of its own");
      assert.deepEqual(await store.listNamespaces({ prefix: ["docs"], maxDepth: 1 }), { namespaces: [["docs"]] });
      await store.deleteItem(["docs", "one"], "k");
      assert.equal(await store.getItem(["docs", "one"], "k"), null);
    });

    test("none was forgotten", () => {
      const all = ["assistants", "threads", "runs", "crons", "store"].flatMap((name) => methodsOf(client.whole[name]).map((method) => `${name}.${method}`));
      assert.deepEqual(all.filter((method) => !used.has(method)), []);
    });
  });
}
