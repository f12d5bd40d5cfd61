// Runs all tests with one certificate authority, which Node has to know before it starts. Arguments go on to node --test.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificates } from "../certificates.mjs";

const folder = import.meta.dirname;
const state = mkdtempSync(join(tmpdir(), "heddle-local-cloud-"));
const { caFile } = certificates(state);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".test.mjs"))
  .map((name) => join(folder, name));
const env = { ...process.env, NODE_EXTRA_CA_CERTS: caFile, LOCAL_CLOUD_STATE: state };
const tests = spawn(process.execPath, ["--test", "--test-force-exit", "--test-reporter", "spec", ...process.argv.slice(2), ...files], {
  env,
  stdio: "inherit",
});
tests.on("exit", (code) => {
  rmSync(state, { recursive: true, force: true });
  process.exit(code ?? 1);
});
