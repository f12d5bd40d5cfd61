// crash.mjs [--points N] [--minutes M] [--seed S] [--log FILE]: kills the server N times, or for M minutes. With a log a
// campaign that was ended goes on where it was.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Campaign } from "./campaign.mjs";

const { values } = parseArgs({
  options: {
    points: { type: "string", default: "200" },
    minutes: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    log: { type: "string" },
  },
});
const wanted = Number(values.points);
const untilMs = values.minutes === undefined ? Infinity : Date.now() + Number(values.minutes) * 60_000;
const lines = values.log && existsSync(values.log) ? readFileSync(values.log, "utf8").trim().split("\n").filter(Boolean) : [];
const before = lines.map((line) => JSON.parse(line).kills).reduce((sum, kills) => sum + kills, 0);

const began = Date.now();
const print = (text) => console.log(`crash: ${text} (${((Date.now() - began) / 1000).toFixed(0)} s)`);
const told = ({ kills, jobs, calls, repeated, cronRuns }) =>
  `${before + kills} of ${wanted} kills survived; ${jobs} jobs, ${calls} calls of tools, ${repeated} of them made again, ${cronRuns} runs of crons`;

print(`seed ${values.seed}`);
let logged = 0;
const say = (count) => {
  print(told(count));
  if (!values.log) return;
  appendFileSync(values.log, `${JSON.stringify({ seed: Number(values.seed), kills: count.kills - logged, at: new Date().toISOString() })}\n`);
  logged = count.kills;
};
await new Campaign({ seed: Number(values.seed), points: wanted - before, untilMs, say }).run();
