// Next.js with the passthrough, in a process of its own, and an ear at the line between it and the server.
import { spawn } from "node:child_process";
import { createServer, connect } from "node:net";
import { fileURLToPath } from "node:url";
import { freePort } from "../client/server.mjs";

/** Hands every byte on, both ways, as it comes, and keeps the head of each request and of each answer. */
export class Tap {
  heads = []; // {request, answer}, both in lower case

  static async open(port) {
    const tap = new Tap();
    tap.connections = new Set();
    tap.listener = createServer((client) => {
      const server = connect(port, "127.0.0.1");
      for (const [from, to, side] of [[client, server, "request"], [server, client, "answer"]]) {
        tap.connections.add(from);
        from.setNoDelay(true);
        from.on("data", (bytes) => tap.#hear(side, bytes.toString("latin1")));
        from.on("error", () => to.destroy());
        from.on("close", () => (to.destroy(), tap.connections.delete(from)));
        from.pipe(to);
      }
    });
    await new Promise((done) => tap.listener.listen(0, "127.0.0.1", done));
    tap.base = `http://127.0.0.1:${tap.listener.address().port}`;
    return tap;
  }

  #rest = { request: "", answer: "" };
  // Heads are told from bodies by their first line; tests look at one request at a time.
  #hear(side, text) {
    this.#rest[side] += text;
    const begin = side === "request" ? /(?:GET|POST|PUT|PATCH|DELETE|OPTIONS) \S+ HTTP\/1\.1\r\n/ : /HTTP\/1\.1 \d{3} /;
    for (;;) {
      const rest = this.#rest[side];
      const at = rest.search(begin);
      const end = at < 0 ? -1 : rest.indexOf("\r\n\r\n", at);
      if (end < 0) return;
      this.heads.push({ side, ...headOf(rest.slice(at, end)) });
      this.#rest[side] = rest.slice(end + 4);
    }
  }

  /** The heads since the last call, of requests or of answers. */
  take(side) {
    const taken = this.heads.filter((head) => head.side === side);
    this.heads = this.heads.filter((head) => head.side !== side);
    return taken;
  }

  close() {
    for (const connection of this.connections) connection.destroy();
    return new Promise((done) => this.listener.close(done));
  }
}

function headOf(text) {
  const [line, ...fields] = text.split("\r\n");
  const headers = {};
  for (const field of fields) {
    const colon = field.indexOf(":");
    headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 1).trim();
  }
  return { line, headers };
}

/** The application of this folder; production means what install.sh has built. */
export class Application {
  // `server`: the address of heddle-fixtures; `agent`: that of heddle.
  static async start(mode, { server, agent }) {
    const application = new Application();
    const port = await freePort();
    application.base = `http://127.0.0.1:${port}`;
    const next = fileURLToPath(new URL("node_modules/next/dist/bin/next", import.meta.url));
    const production = mode === "production";
    application.process = spawn(process.execPath, [next, production ? "start" : "dev", "--hostname", "127.0.0.1", "--port", String(port)], {
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        NODE_ENV: mode,
        NEXT_TELEMETRY_DISABLED: "1",
        NEXT_DIST_DIR: `.next/${mode}`,
        LANGGRAPH_API_URL: server,
        HEDDLE_AGENT_URL: agent,
        LANGSMITH_API_KEY: "",
      },
    });
    process.on("exit", () => application.process.kill("SIGKILL")); // as in server.mjs
    let output = "";
    application.process.stdout.on("data", (part) => (output += part));
    application.process.stderr.on("data", (part) => (output += part));
    application.ended = new Promise((done) => application.process.on("exit", done));
    const end = Date.now() + 120_000;
    while (!/Ready in/.test(output)) {
      if (application.process.exitCode !== null) throw new Error(`the application ended: ${output}`);
      if (Date.now() > end) throw new Error(`the application does not start: ${output}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    return application;
  }

  async stop() {
    this.process.kill("SIGTERM");
    await this.ended;
  }
}
