// Starts heddle-fixtures, runs the suite, and fails when a scenario of passing.txt does not pass any more. New passes are
// printed; `--raise` writes them into passing.txt, which can only grow.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Server } from "../client/server.mjs";

const [binary, suite, ...options] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));
const list = join(here, "passing.txt");
const lines = async (file) => (await readFile(file, "utf-8").catch(() => "")).split("\n").filter((line) => line && !line.startsWith("#"));

const folder = await mkdtemp(join(tmpdir(), "heddle-conformance-"));
const server = await Server.start(binary);
let status = 1;
try {
  const out = join(folder, "result.json");
  const suiteArguments = ["--base", server.base, "--compare", join(suite, "golden"), "--json", out, "--limit", process.env.DIFF_LINES ?? "0"];
  // Not spawnSync: the output of the server has to be read meanwhile.
  await new Promise((done) =>
    spawn(process.execPath, [join(suite, "run.mjs"), ...suiteArguments], { stdio: process.env.CONFORMANCE_VERBOSE ? "inherit" : "ignore" }).on("exit", done),
  );
  const text = await readFile(out, "utf-8").catch(() => {
    throw new Error(`the suite at ${suite} gave no result; set CONFORMANCE_VERBOSE=1 to see what it says`);
  });
  const result = JSON.parse(text);
  const passed = new Set(result.results.filter((one) => one.pass).map((one) => one.name));
  const must = await lines(list);
  const differs = await lines(join(here, "differs.txt"));
  const lost = must.filter((name) => !passed.has(name));
  const gained = [...passed].filter((name) => !must.includes(name)).sort();
  for (const [area, sum] of Object.entries(result.areas)) console.log(`${area.padEnd(14)} ${sum.passed}/${sum.scenarios}`);
  for (const { name, error } of result.results.filter((one) => !one.pass)) {
    const reason = differs.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
    console.log(`does not pass: ${name}${reason ? `, on purpose: ${reason}` : ""}${error ? ` (${error})` : ""}`);
  }
  if (gained.length > 0) console.log(`new passes (raise the ratchet with --raise): ${gained.join(" ")}`);
  if (lost.length > 0) console.log(`LOST: ${lost.join(" ")}`);
  if (options.includes("--raise") && lost.length === 0) await writeFile(list, `${[...passed].sort().join("\n")}\n`);
  console.log(`conformance: ${result.passed} of ${result.scenarios} scenarios, fields ${(100 * result.fields.ratio).toFixed(2)} %`);
  console.log(`${must.length - lost.length} passed, ${lost.length} failed`);
  status = lost.length === 0 && result.passed > 0 ? 0 : 1;
} finally {
  const code = await server.stop();
  if (code !== 0 || /"level":"error"|Sanitizer|runtime error/.test(server.output)) {
    console.log(`the server ended with status ${code} and said:\n${server.output}`);
    status = 1;
  }
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = status;
