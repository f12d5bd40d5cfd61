// Bad days of the disk: a file that cannot grow, a log whose end is missing, a folder that may not be written. What was
// acknowledged stays, what cannot be stored is refused in words, and when the cause is gone the server goes on.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Server } from "../client/server.mjs";
import { until } from "../client/until.mjs";
import { randomOf } from "./campaign.mjs";
import { Counter } from "./counter.mjs";
import { Api } from "./api.mjs";
import { AgentJob, ItemsJob, UpdatesJob } from "./jobs.mjs";

const limitMs = 60_000; // for one test

const withServer = async (body) => {
  const counter = await Counter.start(randomOf(1));
  const server = await Server.start(process.env.HEDDLE_CRASH_AGENT, { env: { COUNTER_URL: counter.url(0) } });
  try {
    await body(server, new Api(server.base), counter);
  } finally {
    await server.stop();
    await counter.stop();
  }
};

const sizeOf = async (server, part) => (await stat(join(server.folder, `heddle.db${part}`))).size;

// The kernel refuses to make files of the process longer than this, as a full disk would.
const limitFiles = (server, bytes) => execFileSync("prlimit", ["--pid", String(server.process.pid), `--fsize=${bytes}:unlimited`]);

const big = (n) => ({ namespace: ["disk"], key: `k${n}`, value: { text: "x".repeat(20_000), n } });

test("a full disk refuses what it cannot take, keeps what it has, and is served again when there is room", { timeout: limitMs }, () =>
  withServer(async (server, api) => {
    await api.get("PUT", "/store/items", big(0));
    limitFiles(server, (await sizeOf(server, "-wal")) + 100_000);
    let stored = 0;
    let refused;
    for (let n = 1; n < 60 && !refused; n += 1) {
      const answer = await api.ask("PUT", "/store/items", big(n));
      if (answer.status < 300) stored = n;
      else refused = answer;
    }
    assert.ok(stored > 0, "there was room for some");
    assert.equal(refused?.status, 503);
    assert.match(refused.body.detail, /disk is full or cannot be written/);
    assert.doesNotMatch(JSON.stringify(refused.body), /heddle\.db/, "the path is nobody's business");
    assert.match(server.output, /heddle\.db/, "but it is in the log");

    // A run on a thread cannot be taken in; reading goes on, and nothing is half there.
    assert.equal((await api.ask("POST", "/threads", { metadata: { text: "x".repeat(20_000) } })).status, 503);
    assert.equal((await api.ask("GET", `/store/items?namespace=disk&key=k${stored}`)).body.value.n, stored);
    const missing = await api.ask("GET", `/store/items?namespace=disk&key=k${stored + 1}`);
    assert.equal(missing.body, null, JSON.stringify(missing.body));
    assert.equal((await api.ask("GET", "/ok")).status, 200);
    limitFiles(server, 4096); // no room for a page
    const ready = await api.ask("GET", "/ready");
    assert.equal(ready.status, 503);
    assert.deepEqual(ready.body, { ready: false, stuck: ["database"] });

    limitFiles(server, "unlimited");
    await until("it is ready again", async () => (await api.ask("GET", "/ready")).status === 200);
    await api.get("PUT", "/store/items", big(stored + 1));
    const job = new AgentJob("after", randomOf(5));
    await job.start(api);
    await job.recover(api);
    await job.check(api);

    await server.kill();
    await server.restart();
    for (let n = 0; n <= stored + 1; n += 1) {
      assert.equal((await api.get("GET", `/store/items?namespace=disk&key=k${n}`)).value.n, n);
    }
  }));

test("runs that cannot be stored end with an error when there is room again, and their threads can go on", { timeout: limitMs }, () =>
  withServer(async (server, api, counter) => {
    const jobs = Array.from({ length: 8 }, (_, place) => new AgentJob(`full-${place}`, randomOf(place)));
    for (const job of jobs) job.thread = (await api.get("POST", "/threads", {})).thread_id;
    counter.hold();
    const started = jobs.map((job) => {
      const input = { job: job.name, rounds: job.rounds };
      return api.ask("POST", `/threads/${job.thread}/runs/wait`, { assistant_id: "worker", input });
    });
    // The disk is full while all of them wait for a tool, so that each has been accepted and none can be stored any more.
    await until("every run calls its tool", () => new Set(counter.calls.map(({ job }) => job)).size === jobs.length);
    limitFiles(server, 4096); // no room for a page
    counter.release();
    await until("the server says that it cannot store them", () => /cannot be stored/.test(server.output));
    limitFiles(server, "unlimited");
    // How a run ended that could say so nowhere is told when there is room again.
    const ended = await Promise.all(started);
    const failed = ended.filter(({ status, body }) => status >= 500 || body.__error__);
    assert.ok(failed.length > 0, "the disk was full");
    for (const job of jobs) {
      const base = `/threads/${job.thread}`;
      const again = { assistant_id: "worker", input: { job: `${job.name}-again`, rounds: 0 }, multitask_strategy: "interrupt" };
      const answer = await api.get("POST", `${base}/runs/wait`, again);
      assert.equal(answer.__error__, undefined, JSON.stringify(answer));
      assert.equal((await api.get("GET", base)).status, "idle");
    }
    await server.kill();
    await server.restart();
    for (const { thread } of jobs) {
      for (const { status } of await api.get("GET", `/threads/${thread}/runs?limit=100`)) assert.ok(!["pending", "running"].includes(status));
    }
  }));

test("a log that lost its end is read to where it is whole", { timeout: 2 * limitMs }, () =>
  withServer(async (server, api, counter) => {
    const random = randomOf(11);
    for (let round = 0; round < 12; round += 1) {
      const jobs = [new UpdatesJob(`updates-${round}`), new ItemsJob(`items-${round}`), new AgentJob(`agent-${round}`, random)];
      await Promise.all(jobs.map((job) => job.start(api)));
      await server.kill();
      const log = join(server.folder, "heddle.db-wal");
      const { size } = await stat(log);
      if (round % 2 === 0) {
        await truncate(log, Math.floor(size * random()));
      } else {
        // Or its last part is of something else, as after a power cut.
        const bytes = await readFile(log);
        bytes.fill(0xa5, Math.floor(size * (0.5 + random() / 2)));
        await writeFile(log, bytes);
      }
      server.env.COUNTER_URL = counter.url(round + 1);
      await server.restart();
      // Everything that is there can be read, in one piece: updates without a gap from the first one on.
      const threads = await api.get("POST", "/threads/search", { limit: 1000 });
      for (const { thread_id: thread } of threads) {
        const { values } = await api.get("GET", `/threads/${thread}/state`);
        const updates = (values.messages ?? []).map(({ id }) => /^m(\d+)$/.exec(id)?.[1]).filter(Boolean).map(Number);
        assert.deepEqual(updates, updates.map((_, place) => place + 1));
        for (const { run_id: run } of await api.get("GET", `/threads/${thread}/runs?limit=100`)) {
          await api.ask("GET", `/threads/${thread}/runs/${run}/join`);
        }
        assert.notEqual((await api.get("GET", `/threads/${thread}`)).status, "busy");
      }
    }
  }));

test("a database that may not be written stops the start with its name and what to do", { timeout: limitMs }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "heddle-disk-"));
  try {
    const path = join(folder, "heddle.db");
    // Root may write everything, so the server is started as nobody.
    const drop = process.getuid() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
    const start = () => {
      const command = [...drop, process.env.HEDDLE_CRASH_AGENT, "serve", "--host", "127.0.0.1", "--port", "0", "--db", path];
      const env = { ...process.env, COUNTER_URL: "http://127.0.0.1:1" };
      return spawnSync(command[0], command.slice(1), { encoding: "utf8", timeout: 5_000, env });
    };
    await chmod(folder, 0o555);
    const inFolder = start();
    assert.equal(inFolder.status, 1, inFolder.stderr);
    assert.match(inFolder.stderr, /heddle\.db.*must exist and be writable/);

    await chmod(folder, 0o777);
    await writeFile(path, "");
    await writeFile(`${path}-lock`, "");
    await chmod(path, 0o444);
    await chmod(`${path}-lock`, 0o666);
    const onFile = start();
    assert.equal(onFile.status, 1, onFile.stderr);
    assert.match(onFile.stderr, /heddle\.db" cannot be (opened|written).*writable/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
