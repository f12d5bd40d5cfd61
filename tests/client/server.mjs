// Starts the real binary on a free loopback port and ends it by its own pid.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const freePort = () =>
  new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

/** A server with a database of its own. restart() keeps the database, kill() is SIGKILL. */
export class Server {
  // `binary`: the path of heddle-fixtures.
  static async start(binary = process.env.HEDDLE_FIXTURES) {
    if (!binary) throw new Error("set HEDDLE_FIXTURES to the path of the heddle-fixtures binary");
    const server = new Server();
    server.binary = binary;
    server.folder = await mkdtemp(join(tmpdir(), "heddle-client-"));
    server.port = await freePort();
    server.base = `http://127.0.0.1:${server.port}`;
    await server.#spawn();
    return server;
  }

  async #spawn() {
    this.output = "";
    this.process = spawn(
      this.binary,
      ["serve", "--host", "127.0.0.1", "--port", String(this.port), "--db", join(this.folder, "heddle.db")],
      { stdio: ["ignore", "pipe", "pipe"], cwd: this.folder },
    );
    this.process.stdout.on("data", (part) => (this.output += part));
    this.process.stderr.on("data", (part) => (this.output += part));
    this.ended = new Promise((done) => this.process.on("exit", done));
    const end = Date.now() + 15_000;
    for (;;) {
      if (this.process.exitCode !== null) throw new Error(`the server ended: ${this.output}`);
      const answer = await fetch(`${this.base}/ok`).catch(() => undefined);
      if (answer?.ok) return;
      if (Date.now() > end) throw new Error(`the server does not answer: ${this.output}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  async kill() {
    this.process.kill("SIGKILL");
    await this.ended;
  }

  async restart() {
    await this.#spawn();
  }

  async stop() {
    this.process.kill("SIGTERM");
    const code = await this.ended;
    await rm(this.folder, { recursive: true, force: true });
    return code;
  }
}
