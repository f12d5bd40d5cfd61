// SIGTERM in the middle of long runs: each stops behind a superstep, and goes on there after the next start.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Server } from "../client/server.mjs";
import { until } from "../client/until.mjs";
import { randomOf } from "./campaign.mjs";
import { answerOf, Counter } from "./counter.mjs";
import { Api } from "./api.mjs";

const limitMs = 120_000;
const rounds = 40; // some seconds of work

describe("a server that is told to stop", { concurrency: false }, () => {
  let counter, server, api;
  before(async () => {
    counter = await Counter.start(randomOf(5));
    server = await Server.start(process.env.HEDDLE_CRASH_AGENT, { env: { COUNTER_URL: counter.url(0) } });
    api = new Api(server.base);
  });
  after(async () => {
    await server?.stop();
    await counter?.stop();
  });
  const request = (job, more) => ({ assistant_id: "worker", input: { job, rounds }, config: { recursion_limit: 200 }, ...more });
  const terminate = async () => {
    const began = Date.now();
    assert.equal(await server.end(), 0);
    return Date.now() - began;
  };

  test("hands runs on between two supersteps, and no call is made twice", { timeout: limitMs }, async () => {
    const runs = [];
    for (let job = 0; job < 6; job += 1) {
      const { thread_id: thread } = await api.get("POST", "/threads", {});
      const body = request(`drain-${job}`, { stream_mode: "updates" });
      runs.push({ job: `drain-${job}`, thread, id: (await api.get("POST", `/threads/${thread}/runs`, body)).run_id });
    }
    for (let times = 0; times < 3; times += 1) {
      const before = counter.calls.length;
      await until("thirty more calls of tools are made", () => counter.calls.length >= before + 30, { everyMs: 5 });
      const took = await terminate();
      // The default patience is 10 s; what can stop behind a superstep does not use it up.
      assert.ok(took < 5_000, `${took} ms`);
      const atEnd = counter.calls.length;
      await new Promise((done) => setTimeout(done, 50));
      assert.equal(counter.calls.length, atEnd, "a call was made after the end of the process");
      await server.restart();
      for (const { thread, id } of runs) {
        const { status } = await api.get("GET", `/threads/${thread}/runs/${id}`);
        assert.ok(["pending", "running", "success"].includes(status), status);
      }
    }
    for (const { job, thread, id } of runs) {
      const { messages } = await api.get("GET", `/threads/${thread}/runs/${id}/join`);
      assert.equal(messages.at(-1).content, "done");
      const answers = messages.filter(({ type }) => type === "tool").map(({ content }) => content);
      const expected = [];
      for (let round = 1; round <= rounds; round += 1) expected.push(answerOf(job, round, "a"), answerOf(job, round, "b"));
      assert.deepEqual(answers, expected);
      assert.equal((await api.get("GET", `/threads/${thread}/runs/${id}`)).status, "success");
      // Nobody was interrupted, and nobody is told so.
      const events = await (await fetch(`${server.base}/threads/${thread}/runs/${id}/stream`)).text();
      assert.ok(!events.includes("__interrupt__"));
    }
    const made = new Map();
    for (const { job, round, call } of counter.calls) made.set(`${job} ${round} ${call}`, (made.get(`${job} ${round} ${call}`) ?? 0) + 1);
    assert.equal(made.size, runs.length * rounds * 2);
    assert.deepEqual([...made].filter(([, times]) => times > 1), [], "calls that were made twice");
    console.log(`drain: ${runs.length} runs over 3 stops, ${counter.calls.length} calls of tools, none twice`);
  });

  test("takes no more work meanwhile", { timeout: limitMs }, async () => {
    const stream = await fetch(`${server.base}/runs/stream`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request("last")),
    });
    assert.ok(stream.ok);
    server.process.kill("SIGTERM");
    let refused = false;
    for (let tries = 0; tries < 100 && !refused; tries += 1) refused = await fetch(`${server.base}/ok`).then(() => false, () => true);
    assert.ok(refused, "it still accepts connections");
    // A run that is stored nowhere cannot be handed on, so it has its patience.
    assert.match(await stream.text(), /"content":"done"/);
    assert.equal(await server.ended, 0);
    await server.restart();
  });
});
