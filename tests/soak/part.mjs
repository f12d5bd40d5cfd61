// What the parts of the soak have in common: their options, what they print, and a server that must not complain.
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { Server } from "../client/server.mjs";
import { randomOf } from "../crash/campaign.mjs";

/** Of what the server has said since it was last started. `expected`: messages that are none. */
export function hasNoComplaint(server, expected = []) {
  const complaints = server.output.split("\n").filter((line) => /"level":"(warning|error)"/.test(line));
  assert.deepEqual(complaints.filter((line) => !expected.includes(JSON.parse(line).message)), [], "the server complains");
}

/**
 * Calls `work` with {server, durationMs, random, print}; --minutes M and --seed S say for how long and what chance decides.
 * `expected`: messages that are no complaints. `config`, `env`: of the server.
 */
export async function runPart(name, work, { expected = [], config, env } = {}) {
  const { values } = parseArgs({
    options: { minutes: { type: "string", default: "30" }, seed: { type: "string", default: String(Date.now() % 1_000_000) } },
  });
  const began = Date.now();
  const print = (text) => console.log(`${name}: ${text} (${((Date.now() - began) / 1000).toFixed(0)} s)`);
  print(`seed ${values.seed}`);
  const server = await Server.start(process.env.HEDDLE_FIXTURES, { args: ["--log-level", "warning"], config, env });
  try {
    await work({ server, durationMs: Number(values.minutes) * 60_000, random: randomOf(Number(values.seed)), print });
    hasNoComplaint(server, expected);
  } catch (error) {
    throw new Error(`seed ${values.seed}; last output of the server:\n${server.output.slice(-3000)}`, { cause: error });
  } finally {
    await server.stop();
  }
  print("survived");
}
