// Starts the real binary on a free loopback port and ends it by its own pid.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const freePort = () =>
  new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

// A test that runs out of time stops nothing, and a child that is left would outlive everybody.
const alive = new Set();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** A server with a database of its own, which stop() takes away. restart() keeps it, kill() is SIGKILL. */
export class Server {
  // `binary`: the path of heddle-fixtures or heddle. `args`: further arguments. `config`: the langgraph.json.
  // `isReady(port)`: whether it answers, as a promise that may fail; needed where GET /ok in plain HTTP does not tell.
  // `env`: what is added to the environment, from which every key of a provider and of Auth0 is taken.
  static async start(binary = process.env.HEDDLE_FIXTURES, { args = [], config, env = {}, isReady } = {}) {
    if (!binary) throw new Error("set HEDDLE_FIXTURES to the path of the heddle-fixtures binary");
    const server = new Server();
    server.binary = binary;
    server.args = args;
    const kept = Object.entries(process.env).filter(([name]) => !/^(HEDDLE|OPENAI|AZURE|ANTHROPIC|AUTH0|FGA)_/.test(name));
    server.env = { ...Object.fromEntries(kept), ...env };
    server.folder = await mkdtemp(join(tmpdir(), "heddle-client-"));
    server.port = await freePort();
    server.base = `http://127.0.0.1:${server.port}`;
    server.isReady = isReady ?? (async () => (await fetch(`${server.base}/ok`)).ok);
    if (config) await writeFile(join(server.folder, "langgraph.json"), JSON.stringify(config));
    await server.#spawn();
    return server;
  }

  async #spawn() {
    this.output = "";
    this.process = spawn(
      this.binary,
      ["serve", "--host", "127.0.0.1", "--port", String(this.port), "--db", join(this.folder, "heddle.db"), ...this.args],
      { stdio: ["ignore", "pipe", "pipe"], cwd: this.folder, env: this.env },
    );
    this.process.stdout.on("data", (part) => (this.output += part));
    this.process.stderr.on("data", (part) => (this.output += part));
    const child = this.process;
    alive.add(child);
    this.ended = new Promise((done) =>
      child.on("exit", (code) => {
        alive.delete(child);
        done(code);
      }),
    );
    const end = Date.now() + 15_000;
    for (;;) {
      if (this.process.exitCode !== null) throw new Error(`the server ended: ${this.output}`);
      if (await this.isReady(this.port).catch(() => false)) return;
      if (Date.now() > end) throw new Error(`the server does not answer: ${this.output}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** What the process has in memory at this moment, in bytes. */
  async residentBytes() {
    const status = await readFile(`/proc/${this.process.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
  }

  async kill() {
    this.process.kill("SIGKILL");
    await this.ended;
  }

  async restart() {
    await this.#spawn();
  }

  /** SIGTERM; restart() starts it again. Gives the exit status. */
  async end() {
    this.process.kill("SIGTERM");
    return this.ended;
  }

  async stop() {
    const code = await this.end();
    await rm(this.folder, { recursive: true, force: true });
    return code;
  }
}
