// contention.mjs [--minutes M] [--seed S]: users with many clients each, that change few threads at the same time, without
// regard for one another; in every other round the server is killed or told to stop among them. Whatever they do, each thread must
// stay readable, with its whole history, now and after a restart, and go on; and nobody is shown what another one owns.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { hasNoComplaint, runPart } from "./part.mjs";
import { User } from "./user.mjs";

const clientsOfEach = 6;
const roundMs = 3_000; // of changes, between two looks at everything
const keys = ["ann", "bob"].map((name) => ({ name, key: randomBytes(32).toString("hex") }));
const graphs = ["delay", "linear", "approval", "nested", "ask_parallel", "chat", "faulty"];
const options = {
  // The server says why a cron made no run: its thread, or the cron itself, was deleted when its time had come.
  expected: ["a cron made no run"],
  config: {
    graphs: Object.fromEntries(graphs.map((graph) => [graph, `builtin:${graph}`])),
    auth: {
      type: "api_keys",
      keys: keys.map(({ name, key }) => ({ id: name, identity: name, sha256: createHash("sha256").update(key).digest("hex") })),
    },
  },
  // With it runs that have credentials go on when the server is there again.
  env: { HEDDLE_SECRETS_KEY: randomBytes(32).toString("hex") },
};

// `isStopped` tells clients that soon nobody will answer any more.
async function changeAll(users, isStopped) {
  const end = Date.now() + roundMs;
  const client = async (user) => {
    while (Date.now() < end && !isStopped()) {
      try {
        await user.changeSomething();
      } catch (error) {
        if (error instanceof assert.AssertionError || !isStopped()) throw error;
      }
    }
  };
  await Promise.all(users.flatMap((user) => Array.from({ length: clientsOfEach }, () => client(user))));
}

await runPart("contention", async ({ server, durationMs, random, print }) => {
  let isStopped = false;
  const users = keys.map((key) => new User(server.base, key, random, () => isStopped));
  for (const user of users) user.others = users.filter((other) => other !== user);
  const ofAll = (work) => Promise.all(users.map(work));
  // What it has said is gone with it.
  const restart = async () => {
    hasNoComplaint(server, options.expected);
    await server.restart();
  };
  const end = Date.now() + durationMs;
  let rounds = 0;
  do {
    await ofAll((user) => user.renew());
    const changed = changeAll(users, () => isStopped);
    if (rounds % 2 === 1) {
      await Promise.race([changed, new Promise((done) => setTimeout(done, random() * roundMs))]);
      isStopped = true;
      if (random() < 0.5) {
        await server.kill();
      } else {
        assert.equal(await server.end(), 0, "the server could not end");
      }
    }
    await changed;
    if (isStopped) await restart();
    isStopped = false;
    const before = await ofAll((user) => user.holds());
    await ofAll((user) => user.endsAreTold());
    await server.kill();
    await restart();
    assert.deepEqual(await ofAll((user) => user.holds()), before, "after a restart a thread holds something else");
    await ofAll((user) => user.goOn());
    rounds += 1;
  } while (Date.now() < end);
  const database = join(server.folder, "heddle.db");
  const { stdout } = await promisify(execFile)(process.env.HEDDLE_FIXTURES, ["doctor", "--db", database]);
  print(stdout.trim().split("\n").at(-1));
  for (const file of [database, `${database}-wal`]) {
    const bytes = await readFile(file);
    for (const { secret } of users) assert.ok(!bytes.includes(secret), `${file} holds a secret`);
  }
  print(`${rounds} rounds; ${users.map((user) => `${user.name}: ${JSON.stringify(user.counts)}`).join("; ")}`);
}, options);
