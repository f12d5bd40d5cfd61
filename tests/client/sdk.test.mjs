// The npm SDKs, old and new, against the real binary.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client as Client0 } from "sdk-0";
import { Client as Client1 } from "sdk-1";
import { Server } from "./server.mjs";

const human = (content) => ({ type: "human", content });
const collect = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
};
const names = (parts) => parts.map((part) => part.event);
const last = (parts, event) => parts.filter((part) => part.event === event).at(-1)?.data;

for (const [version, Client] of [["0.0.109", Client0], ["1.15.0", Client1]]) {
  describe(`@langchain/langgraph-sdk ${version}`, () => {
    let server;
    let client;
    before(async () => {
      server = await Server.start();
      client = new Client({ apiUrl: server.base });
    });
    after(async () => {
      assert.equal(await server.stop(), 0, "SIGTERM ends the server with status 0");
    });

    test("finds the default assistants, their drawing and schemas", async () => {
      const found = await client.assistants.search({ limit: 100 });
      assert.ok(found.some((one) => one.graph_id === "linear" && one.name === "linear"));
      const drawing = await client.assistants.getGraph("linear");
      assert.deepEqual(drawing.nodes.map((node) => node.id).sort(), ["__end__", "__start__", "first", "second"]);
      const schemas = await client.assistants.getSchemas("linear");
      assert.equal(schemas.state_schema.properties.text.type, "string");
    });

    test("creates, reads, searches and deletes a thread", async () => {
      const mark = `mark-${version}`;
      const thread = await client.threads.create({ metadata: { mark } });
      assert.equal((await client.threads.get(thread.thread_id)).status, "idle");
      assert.equal((await client.threads.search({ metadata: { mark } })).length, 1);
      await client.threads.delete(thread.thread_id);
      await assert.rejects(client.threads.get(thread.thread_id), /404/);
    });

    test("streams every mode in one run", async () => {
      const thread = await client.threads.create();
      const parts = await collect(
        client.runs.stream(thread.thread_id, "agent", {
          input: { messages: [human("weather Oslo")] },
          streamMode: ["values", "updates", "messages-tuple", "messages", "custom", "tasks", "checkpoints", "debug", "events"],
        }),
      );
      assert.equal(parts[0].event, "metadata");
      for (const event of ["values", "updates", "messages", "messages/partial", "messages/complete", "tasks", "checkpoints", "debug", "events"])
        assert.ok(names(parts).includes(event), `no ${event} event`);
      assert.equal(last(parts, "values").messages.at(-1).content, "Done: Sunny in Oslo");
    });

    for (const mode of ["values", "updates", "messages-tuple", "messages", "tasks", "checkpoints", "debug", "events"])
      test(`streams the mode ${mode} alone`, async () => {
        const thread = await client.threads.create();
        const parts = await collect(client.runs.stream(thread.thread_id, "chat", { input: { messages: [human("hi there")] }, streamMode: mode }));
        const expected = mode === "messages-tuple" ? /^messages$/ : new RegExp(`^${mode}(/\\w+)?$`);
        const others = names(parts).slice(1);
        assert.ok(others.length > 0);
        for (const event of others) assert.match(event, expected);
      });

    test("streams what a node writes by itself", async () => {
      const thread = await client.threads.create();
      const parts = await collect(client.runs.stream(thread.thread_id, "writer", { input: { n: 2 }, streamMode: "custom" }));
      assert.deepEqual(parts.slice(1, 4).map((part) => part.data), [{ progress: 1, of: 2 }, { progress: 2, of: 2 }, "plain text"]);
    });

    test("stops at a question, shows it, and goes on with the answer", async () => {
      const thread = await client.threads.create();
      const asked = await collect(client.runs.stream(thread.thread_id, "approval", { input: { request: "r" }, streamMode: ["values", "updates"] }));
      assert.equal(last(asked, "values").__interrupt__[0].value.question, "Approve r?");
      assert.equal((await client.threads.get(thread.thread_id)).status, "interrupted");
      const state = await client.threads.getState(thread.thread_id);
      assert.deepEqual(state.next, ["review"]);
      assert.equal(state.tasks[0].interrupts.length, 1);
      const answered = await collect(
        client.runs.stream(thread.thread_id, "approval", { command: { resume: "yes" }, checkpoint: state.checkpoint, streamMode: "values" }),
      );
      assert.deepEqual(last(answered, "values").log, ["prepare:r", 'review:"yes"', "accepted"]);
      const history = await client.threads.getHistory(thread.thread_id, { limit: 1000 });
      assert.deepEqual(history.map((one) => one.metadata.step), [3, 2, 1, 0, -1]);
    });

    test("waits for a run, lists, joins and cancels runs", async () => {
      const thread = await client.threads.create();
      const result = await client.runs.wait(thread.thread_id, "linear", { input: { text: "x" } });
      assert.equal(result.text, "x|first|second");
      const run = await client.runs.create(thread.thread_id, "delay", { input: { tag: "a", ms: 30_000 } });
      await client.runs.cancel(thread.thread_id, run.run_id, true);
      assert.equal((await client.runs.get(thread.thread_id, run.run_id)).status, "interrupted");
      const quick = await client.runs.create(thread.thread_id, "delay", { input: { tag: "b", ms: 50 } });
      const joined = await client.runs.join(thread.thread_id, quick.run_id);
      assert.ok(joined.log.includes("b:after"));
      assert.equal((await client.runs.list(thread.thread_id)).length, 3);
    });

    test("joins a stream late and gets everything, and takes it up after any event", async () => {
      const thread = await client.threads.create();
      const run = await client.runs.create(thread.thread_id, "chat", { input: { messages: [human("one two three")] }, streamMode: ["values", "messages-tuple"] });
      await client.runs.join(thread.thread_id, run.run_id);
      const all = await collect(client.runs.joinStream(thread.thread_id, run.run_id));
      assert.equal(all[0].event, "metadata");
      const rest = await collect(client.runs.joinStream(thread.thread_id, run.run_id, { lastEventId: all[2].id }));
      assert.deepEqual(rest.map(({ event, data }) => ({ event, data })), all.slice(3).map(({ event, data }) => ({ event, data })));
    });

    test("changes the state by hand and goes back in time", async () => {
      const thread = await client.threads.create();
      await client.runs.wait(thread.thread_id, "linear", { input: { text: "x" } });
      const history = await client.threads.getHistory(thread.thread_id);
      const before = history.find((one) => one.next[0] === "second");
      await client.threads.updateState(thread.thread_id, { values: { text: "edited" }, checkpoint: before.checkpoint });
      const result = await client.runs.wait(thread.thread_id, "linear", { input: null });
      assert.equal(result.text, "edited|second");
    });

    test("runs without a thread", async () => {
      assert.equal((await client.runs.wait(null, "linear", { input: { text: "y" } })).text, "y|first|second");
      const parts = await collect(client.runs.stream(null, "linear", { input: { text: "z" }, streamMode: "values" }));
      assert.equal(parts.at(-1).data.text, "z|first|second");
    });

    test("keeps items in the store", async () => {
      await client.store.putItem(["notes", version.replaceAll(".", "-")], "one", { text: "hello" });
      assert.deepEqual((await client.store.getItem(["notes", version.replaceAll(".", "-")], "one")).value, { text: "hello" });
    });

    test("keeps crons: creates, finds, changes and deletes them", async () => {
      const thread = await client.threads.create();
      const yearly = { schedule: "0 0 1 1 *", input: { text: "new year" }, metadata: { mark: version } };
      const cron = await client.crons.create("linear", yearly);
      const ofThread = await client.crons.createForThread(thread.thread_id, "linear", yearly);
      assert.equal(cron.thread_id, null);
      assert.match(cron.next_run_date, /^\d{4}-01-01T00:00:00/);
      assert.deepEqual(cron.payload.input, { text: "new year" });
      assert.equal(ofThread.thread_id, thread.thread_id);

      assert.equal((await client.crons.search({ limit: 100 })).length, 2);
      assert.deepEqual((await client.crons.search({ threadId: thread.thread_id })).map((one) => one.cron_id), [ofThread.cron_id]);
      assert.deepEqual(await client.crons.search({ threadId: thread.thread_id, select: ["schedule"] }), [{ schedule: "0 0 1 1 *" }]);
      if (client.crons.update) {
        const changed = await client.crons.update(cron.cron_id, { schedule: "0 12 * * MON", timezone: "Europe/Berlin", metadata: { more: 1 }, enabled: false });
        assert.deepEqual([changed.timezone, changed.enabled, changed.next_run_date], ["Europe/Berlin", false, null]);
        assert.deepEqual(changed.metadata, { mark: version, more: 1 });
        assert.equal(await client.crons.count({ metadata: { more: 1 } }), 1);
        const ending = await client.crons.update(cron.cron_id, { enabled: true, endTime: "2099-01-01T00:00:00Z" });
        assert.ok(ending.end_time.startsWith("2099") && ending.next_run_date);
        assert.equal((await client.crons.update(cron.cron_id, { endTime: null })).end_time, null);
      }
      await assert.rejects(client.crons.create("linear", { schedule: "0 0 30 2 *" }), /422.*never comes true/s);
      await assert.rejects(client.crons.create("nobody", yearly), /404.*No assistant found for/s);

      await client.crons.delete(cron.cron_id);
      await client.threads.delete(thread.thread_id);
      assert.deepEqual(await client.crons.search(), []);
    });

    test("fires a cron every second, on its thread, also after kill -9", async () => {
      const thread = await client.threads.create();
      const begun = Date.now();
      const cron = await client.crons.createForThread(thread.thread_id, "linear", { schedule: "* * * * * *", input: { text: "tick" } });
      const runs = async () => (await client.runs.list(thread.thread_id, { limit: 1000 })).filter((run) => run.metadata.cron_id === cron.cron_id);
      const more = async (count) => {
        for (const end = Date.now() + 15_000; Date.now() < end; await new Promise((done) => setTimeout(done, 100)))
          if ((await runs()).length >= count) return;
        assert.fail(`fewer than ${count} runs in 15 s`);
      };
      await more(2);
      await server.kill();
      await server.restart();
      const before = (await runs()).length;
      await more(before + 2);
      await client.crons.delete(cron.cron_id);
      const made = await runs();
      const seconds = Math.floor((Date.now() - begun) / 1000) + 1;
      assert.ok(made.length <= seconds, `${made.length} runs in ${seconds} seconds`);
      await client.runs.join(thread.thread_id, made[0].run_id);
      assert.equal((await client.threads.getState(thread.thread_id)).values.text, "tick|first|second");
    });

    test("tells errors in the words of the API", async () => {
      await assert.rejects(client.assistants.get("nobody"), /Assistant not found|404|400/);
      await assert.rejects(client.runs.wait(null, "nobody", { input: {} }), /No assistant found for/);
      const thread = await client.threads.create();
      const parts = await collect(client.runs.stream(thread.thread_id, "faulty", { input: { mode: "throw" } }));
      assert.deepEqual(parts.at(-1).data, { error: "Error", message: "kaboom" });
    });

    test("goes on with the conversation after kill -9", async () => {
      const thread = await client.threads.create();
      await client.runs.wait(thread.thread_id, "chat", { input: { messages: [human("remember me")] } });
      const asked = await client.threads.create();
      await client.runs.wait(asked.thread_id, "approval", { input: { request: "later" } });
      await server.kill();
      await server.restart();
      const after = await client.runs.wait(thread.thread_id, "chat", { input: { messages: [human("again")] } });
      assert.deepEqual(after.messages.map((message) => message.content), ["remember me", "Echo: remember me", "again", "Echo: again"]);
      const answered = await client.runs.wait(asked.thread_id, "approval", { command: { resume: "no" } });
      assert.equal(answered.log.at(-1), "rejected");
    });

    test("ends a background run that was killed in the middle", async () => {
      const thread = await client.threads.create();
      const run = await client.runs.create(thread.thread_id, "delay", { input: { tag: "a", ms: 300, naps: 4 } });
      for (;;) {
        const state = await client.threads.getState(thread.thread_id);
        if (state.values.log?.includes("a:nap1")) break;
        await new Promise((done) => setTimeout(done, 20));
      }
      await server.kill();
      await server.restart();
      const result = await client.runs.join(thread.thread_id, run.run_id);
      assert.deepEqual(result.log, ["a:before", "a:nap1", "a:nap2", "a:nap3", "a:nap4", "a:after"]);
      assert.equal((await client.threads.get(thread.thread_id)).status, "idle");
    });
  });
}
