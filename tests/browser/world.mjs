// Starts what a test needs, waits until each part is ready, and ends each by its own pid.
//
// A test that needs more (a login, a mail service) starts it with startProcess() and gives the client and heddle their
// variables.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const artefacts = fileURLToPath(new URL("artefacts/", import.meta.url));
const clientFolder = fileURLToPath(new URL("../../examples/nextjs-client/", import.meta.url));
const readyMs = 60_000; // for a process to say that it is ready, on a busy machine
const endMs = 15_000; // after SIGTERM, before SIGKILL

export const freePort = () =>
  new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

/**
 * A process whose output goes to artefacts/NAME.log. `ready`: the line of its output that says so, a RegExp; the promise
 * fails if the process ends first. The result has the matching `line`, found(RegExp), which gives the first group in all
 * that was printed until then, kill() (SIGKILL) and stop() (SIGTERM).
 */
export async function startProcess(name, command, args, { env = {}, cwd, ready }) {
  await mkdir(artefacts, { recursive: true });
  const log = createWriteStream(join(artefacts, `${name}.log`), { flags: "a" });
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((done) => child.on("exit", done));
  let output = "";
  const line = await new Promise((done, fail) => {
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      fail(new Error(`${name} is not ready after ${readyMs} ms:\n${output}`));
    }, readyMs);
    const read = (part) => {
      log.write(part);
      if (output.length > 100_000) return; // bytes; it is ready long since
      output += part;
      const found = output.split("\n").find((text) => ready.test(text));
      if (found === undefined) return;
      clearTimeout(late);
      done(found);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", fail);
    ended.then((code) => {
      clearTimeout(late);
      fail(new Error(`${name} ended with ${code}:\n${output}`));
    });
  });
  return {
    line,
    found(pattern) {
      const match = pattern.exec(output);
      if (!match) throw new Error(`${name} does not print ${pattern}:\n${output}`);
      return match[1];
    },
    pid: child.pid,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async stop() {
      child.kill("SIGTERM");
      const forced = setTimeout(() => child.kill("SIGKILL"), endMs);
      await ended;
      clearTimeout(forced);
      log.end();
    },
  };
}

/** The server, with a database of its own. kill() is SIGKILL; restart() keeps database and port. */
export class Heddle {
  // `config`: the object of langgraph.json. `env`: of the graphs.
  static async start({ binary = process.env.HEDDLE, config = { graphs: { agent: "builtin:agent" } }, env = {} } = {}) {
    if (!binary) throw new Error("set HEDDLE to the path of the heddle binary");
    const heddle = new Heddle();
    heddle.folder = await mkdtemp(join(tmpdir(), "heddle-browser-"));
    await writeFile(join(heddle.folder, "langgraph.json"), JSON.stringify(config));
    const port = await freePort();
    heddle.url = `http://127.0.0.1:${port}`;
    heddle.start = () =>
      startProcess("heddle", binary, ["serve", "--config", "langgraph.json", "--host", "127.0.0.1", "--port", String(port)], {
        cwd: heddle.folder,
        env,
        ready: /listening on/,
      });
    heddle.process = await heddle.start();
    return heddle;
  }

  async kill() {
    await this.process.kill();
  }

  async restart() {
    this.process = await this.start();
  }

  async stop() {
    await this.process.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The production build of the client. `env`: LANGGRAPH_API_URL, ASSISTANT_ID, AUTH0_… */
export async function startClient(env) {
  const port = await freePort();
  // By this name, because Next.js calls the machine so in its redirects, and cookies are by name.
  const url = `http://localhost:${port}`;
  const program = join(clientFolder, "node_modules/next/dist/bin/next");
  const args = [program, "start", "--hostname", "localhost", "--port", String(port)];
  const client = await startProcess("client", process.execPath, args, {
    cwd: clientFolder,
    env: { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production", APP_BASE_URL: url, ...env },
    ready: /Ready in/,
  });
  return { ...client, url };
}

/** Debian's Chromium. `flags`: more of its command line. */
export function startBrowser(flags = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...flags,
    ],
  });
}
