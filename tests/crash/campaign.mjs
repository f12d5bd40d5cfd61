// Kills the server at random instants while it works, starts it again, and checks that nothing was lost, done twice or
// left undone.
import assert from "node:assert/strict";
import { Server } from "../client/server.mjs";
import { Counter } from "./counter.mjs";
import { Api } from "./api.mjs";
import { AgentJob, ItemsJob, UpdatesJob } from "./jobs.mjs";

const jobsAtOnce = 8;
const pointsPerDatabase = 50; // then a new one, so that both young and grown databases are killed
const killAfterMsMax = 220; // from the first request of a round
const killAgainShare = 0.3; // of the kills are followed by one during the recovery

/** Numbers in [0, 1) that a seed repeats. */
export const randomOf = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Campaign {
  /** `points`: how often to kill. `untilMs`: when to stop all the same, as Date.now() counts. `say`: is told how far it is, after
   * each database: {kills, jobs, calls, repeated, cronRuns}. */
  constructor({ seed, points, untilMs = Infinity, say = () => {} }) {
    Object.assign(this, { seed, points, untilMs, say });
    this.random = randomOf(seed);
    this.killed = 0;
    this.jobs = 0;
    this.calls = 0;
    this.repeated = 0; // calls that were under way when the server was killed
    this.cronRuns = 0;
  }

  async run() {
    while (this.killed < this.points && Date.now() < this.untilMs) {
      await this.#database(Math.min(this.points, this.killed + pointsPerDatabase));
      const { killed: kills, jobs, calls, repeated, cronRuns } = this;
      this.say({ kills, jobs, calls, repeated, cronRuns });
    }
  }

  async #database(goal) {
    const counter = await Counter.start(this.random);
    const args = ["--log-level", "warning", "--heartbeat-ms", "1000"];
    const server = await Server.start(process.env.HEDDLE_CRASH_AGENT, { args, env: { COUNTER_URL: counter.url(this.killed) } });
    const api = new Api(server.base);
    const jobs = [];
    const cron = await this.#startCron(api);
    try {
      while (this.killed < goal && Date.now() < this.untilMs) {
        const round = this.#newJobs();
        jobs.push(...round);
        await this.#killDuring(server, counter, round, api);
        for (const job of round) await job.recover(api);
        for (const job of round) await job.check(api);
        this.#checkCalls(counter, round);
      }
      // What was right after its own crash is still right after all the others.
      for (const job of jobs) await job.check(api);
      await this.#checkCron(api, cron);
      this.jobs += jobs.length;
      this.calls += counter.calls.length;
    } catch (error) {
      error.message = `seed ${this.seed}, after ${this.killed} kills: ${error.message}\nlast output of the server:\n${server.output.slice(-3000)}`;
      throw error;
    } finally {
      await server.stop();
      await counter.stop();
    }
  }

  #newJobs() {
    const name = (kind, place) => `${kind}-${this.seed}-${this.killed}-${place}`;
    const agents = Array.from({ length: jobsAtOnce - 2 }, (_, place) => new AgentJob(name("agent", place), this.random));
    return [...agents, new UpdatesJob(name("updates", 0)), new ItemsJob(name("items", 0))];
  }

  async #killDuring(server, counter, round, api) {
    const started = round.map((job) =>
      job.start(api).catch((error) => {
        // A broken connection is what this is about; a wrong answer is not.
        if (error.code === "ERR_ASSERTION") throw error;
      }),
    );
    await pause(this.random() * killAfterMsMax);
    await this.#kill(server, counter);
    await Promise.all(started);
    await server.restart();
    if (this.random() < killAgainShare) {
      await pause(this.random() * 40);
      await this.#kill(server, counter);
      await server.restart();
    }
  }

  async #kill(server, counter) {
    await server.kill();
    this.killed += 1;
    server.env.COUNTER_URL = counter.url(this.killed);
  }

  #checkCalls(counter, round) {
    for (const job of round) {
      if (!(job instanceof AgentJob)) continue;
      const calls = counter.calls.filter((call) => call.job === job.name);
      let latest = 0;
      const seen = new Map();
      for (const { round: at, call, key, generation } of calls) {
        const name = `${job.name}: call ${call} of round ${at}`;
        const before = seen.get(`${at}${call}`);
        if (before) {
          this.repeated += 1;
          assert.notEqual(before.generation, generation, `${name} was made twice without a kill`);
          assert.ok(!job.undisturbed, `${name} was made again after its run had ended`);
          // With exit nothing is recorded before the end, also not which step a call belongs to.
          if (job.durability !== "exit") assert.equal(key, before.key, `${name} was made again with another key`);
        }
        // A round is recorded before a call of the next one is made.
        if (job.durability !== "exit") assert.ok(at >= latest, `${name} was made again after round ${latest} had begun`);
        latest = Math.max(latest, at);
        seen.set(`${at}${call}`, { key, generation });
      }
      assert.equal(seen.size, 2 * job.rounds, `${job.name}: ${seen.size} different calls`);
    }
  }

  async #startCron(api) {
    const { thread_id: thread } = await api.get("POST", "/threads", {});
    const input = { job: "cron", rounds: 0 };
    const began = Date.now();
    const { cron_id: id } = await api.get("POST", `/threads/${thread}/runs/crons`, {
      assistant_id: "worker",
      schedule: "* * * * * *",
      input,
      multitask_strategy: "enqueue",
    });
    return { thread, id, began };
  }

  // A cron outlives every crash, and never runs twice for one time.
  async #checkCron(api, { thread, id, began }) {
    const crons = await api.get("POST", "/runs/crons/search", {});
    assert.ok(crons.some(({ cron_id: one }) => one === id), "the cron is there");
    await api.get("DELETE", `/runs/crons/${id}`);
    const runs = await api.get("GET", `/threads/${thread}/runs?limit=1000`);
    for (const { run_id: run } of runs) await api.ask("GET", `/threads/${thread}/runs/${run}/join`);
    const ended = await api.get("GET", `/threads/${thread}/runs?limit=1000`);
    for (const { status } of ended) assert.equal(status, "success", "every run of the cron ends");
    const seconds = (Date.now() - began) / 1000;
    assert.ok(ended.length <= seconds + 1, `${ended.length} runs in ${seconds} s`);
    this.cronRuns += ended.length;
  }
}
