// The whole flow on this machine, without an account: the stand-ins, heddle and the Next.js client, started in this
// order, told about each other, and ended together. `make demo` builds heddle first.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, relative, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, "../..");
const CLIENT = join(ROOT, "examples/nextjs-client");
const START_MS_MAX = 90_000; // one process, from its start to its first answer; the slowest takes a few seconds
const STOP_MS_MAX = 15_000; // one process; then it is killed
// A browser remembers for which port an unknown certificate was accepted, so these stay the same when they are free.
const PORTS = { auth0: 4443, client: 3000, heddle: 2024 };

const USAGE = `usage: node demo.mjs [--heddle FILE] [--folder DIR] [--generation federated|token_vault] [--free-ports]

  --heddle FILE      the program; default build/release/bin/heddle
  --folder DIR       database, keys and logs; default .demo
  --generation NAME  federated: the refresh token goes with each run; token_vault: the access token with each request
  --free-ports       takes whatever ports are free, and not those that a browser may remember`;

const say = (text) => console.log(`demo: ${text}`);

const options = () => {
  const { values } = parseArgs({
    options: {
      heddle: { type: "string", default: join(ROOT, "build/release/bin/heddle") },
      folder: { type: "string", default: join(ROOT, ".demo") },
      generation: { type: "string", default: "federated" },
      "free-ports": { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  if (!["federated", "token_vault"].includes(values.generation))
    throw new Error(`--generation is "${values.generation}"; allowed are federated and token_vault`);
  return values;
};

const isFree = (port) =>
  new Promise((done) => {
    const probe = createServer();
    probe.on("error", () => done(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => done(true)));
  });

const freePort = () =>
  new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

const portFor = async (name, anyPort) => (!anyPort && (await isFree(PORTS[name])) ? PORTS[name] : freePort());

// The processes of the demo, in the order of their start.
class Processes {
  #running = [];
  #stopping = false;

  constructor(folder) {
    this.folder = folder;
  }

  /** Starts a program; what it prints goes to NAME.log, or with `stdout: "pipe"` only its complaints. Each one has a
   * process group of its own, so that it ends as a whole. */
  start(name, program, args, { env, cwd = ROOT, stdout }) {
    const log = join(this.folder, `${name}.log`);
    const file = openSync(log, "w");
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", stdout ?? file, file], detached: true });
    closeSync(file);
    const one = { name, child, log, ended: new Promise((done) => child.on("exit", done).on("error", done)) };
    this.#running.push(one);
    one.ended.then(() => {
      one.over = true;
      if (!this.#stopping) this.fail(one, "has ended");
    });
    return one;
  }

  fail({ name, log }, what) {
    const last = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-12).join("\n  ") : "";
    console.error(`demo: ${name} ${what}; the last lines of ${relative(process.cwd(), log)}:\n  ${last}`);
    return this.stop(1);
  }

  /** Waits until `url` answers with less than 500. */
  async answers(one, url) {
    const end = Date.now() + START_MS_MAX;
    while (!one.over) {
      const status = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(10_000) }).then(
        (answer) => answer.status,
        () => 599,
      );
      if (status < 500) return;
      if (Date.now() > end) await this.fail(one, `does not answer at ${url}`);
      await new Promise((done) => setTimeout(done, 150));
    }
    await new Promise(() => {}); // it has ended: stop() ends this process
  }

  async stop(code) {
    if (this.#stopping) return;
    this.#stopping = true;
    const signal = ({ child, over }, name) => {
      if (over || !child.pid) return;
      try {
        process.kill(-child.pid, name);
      } catch {
        // ended in this moment
      }
    };
    for (const one of [...this.#running].reverse()) {
      signal(one, "SIGTERM");
      const late = setTimeout(() => signal(one, "SIGKILL"), STOP_MS_MAX);
      await one.ended;
      clearTimeout(late);
    }
    process.exit(code);
  }
}

// Runs a program to its end. What it prints is shown only if it fails.
const finish = (what, program, args, options) => {
  say(what);
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    ...options,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${what} failed:\n${stdout}${stderr}`);
};

const firstLine = async ({ child, ended }) => {
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([new Promise((done) => lines.once("line", done)), ended]);
  lines.close();
  child.stdout.resume(); // nothing more is expected
  return typeof line === "string" ? JSON.parse(line) : new Promise(() => {});
};

// What heddle and the client both read.
const tenantSettings = (cloud, generation) => ({
  AUTH0_DOMAIN: cloud.auth0Domain,
  AUTH0_CLIENT_ID: cloud.clients.web.id,
  AUTH0_CLIENT_SECRET: cloud.clients.web.secret,
  AUTH0_AUDIENCE: cloud.audience,
  AUTH0_TOKEN_VAULT_GENERATION: generation,
  ...(generation === "token_vault"
    ? {
        AUTH0_CUSTOM_API_CLIENT_ID: cloud.clients.custom_api.id,
        AUTH0_CUSTOM_API_CLIENT_SECRET: cloud.clients.custom_api.secret,
      }
    : {}),
});

const heddleSettings = (cloud) => ({
  ASSISTANT0_TOOLS: "calculator,search_gmail,send_mail,list_calendar_events,current_time",
  HEDDLE_DRAIN_MS: "1000", // Ctrl-C is not kept waiting; what runs goes on after the next start
  OPENAI_API_KEY: "sk-local",
  OPENAI_BASE_URL: cloud.openai,
  GMAIL_BASE_URL: cloud.gmail,
  GOOGLE_CALENDAR_BASE_URL: cloud.calendar,
  SSL_CERT_FILE: cloud.ca,
  FGA_API_URL: cloud.fga.apiUrl,
  FGA_STORE_ID: cloud.fga.storeId,
  FGA_API_TOKEN_ISSUER: cloud.fga.tokenIssuer,
  FGA_API_AUDIENCE: cloud.fga.audience,
  FGA_CLIENT_ID: cloud.clients.machine.id,
  FGA_CLIENT_SECRET: cloud.clients.machine.secret,
});

// With access tokens heddle itself checks who calls.
const configFor = (generation, folder) => {
  const example = join(ROOT, "examples/langgraph.json");
  if (generation === "federated") return example;
  const file = join(folder, "langgraph.json");
  writeFileSync(
    file,
    JSON.stringify({ ...JSON.parse(readFileSync(example, "utf8")), auth: { path: "builtin:auth0" } }, null, 2),
  );
  return file;
};

const welcome = (cloud, url, folder) => `
  Open  ${url}

  Log in as ${cloud.users.join(", ")}, or with any name; there is no password. Then try:
    "What is 17 * 23?"                 a tool at work
    "What is in my mail?"              asks for your consent, then reads the mailbox that is made up for you
    "Send a mail to ines@example.test" asks for consent to that as well, then whether this mail may be sent
    "Tell me a story, slowly"          stop it, or reload the page in the middle
    "Please fail"                      an error, readable

  Your browser does not know the certificate of the local tenant (${cloud.auth0}) and warns at the log-in: go on
  anyway, or start one that knows it:
    chromium --user-data-dir=${relative(process.cwd(), join(folder, "browser")) || "."} --ignore-certificate-errors-spki-list=${cloud.spkiHash} ${url}

  The phone of everybody, for approvals:  ${cloud.auth0}/u/phone
  What was asked, and faults to order:    ${cloud.control} (examples/local-cloud/README.md)
  Logs and database:                      ${relative(process.cwd(), folder) || "."}/

  Ctrl-C ends everything.
`;

const run = async ({ heddle, folder: wanted, generation, "free-ports": anyPort }) => {
  const folder = resolve(wanted);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(heddle)) throw new Error(`${heddle} is not there; make demo builds it`);
  // A proxy of the machine has no business between these processes.
  const local = { NO_PROXY: [process.env.NO_PROXY, "localhost,127.0.0.1,::1"].filter(Boolean).join(",") };
  const base = { ...process.env, ...local, no_proxy: local.NO_PROXY, NEXT_TELEMETRY_DISABLED: "1" };
  const build = join(ROOT, "scripts/build-client.sh");
  finish("building the client if it has changed, a minute or two", build, [dirname(process.execPath)], { env: base });

  const processes = new Processes(folder);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.once(signal, () => {
      say("stopping");
      processes.stop(0);
    });
  }
  try {
    await startAll(processes, { heddle, folder, generation, anyPort, base });
  } catch (error) {
    console.error(`demo: ${error.message}`);
    await processes.stop(1);
  }
};

const startAll = async (processes, { heddle, folder, generation, anyPort, base }) => {
  say("starting the stand-ins");
  const ports = {};
  for (const name of Object.keys(PORTS)) ports[name] = await portFor(name, anyPort);
  const standIns = processes.start(
    "cloud",
    process.execPath,
    [join(HERE, "main.mjs"), "--state", join(folder, "cloud"), "--auth0-port", String(ports.auth0)],
    { env: base, stdout: "pipe" },
  );
  const cloud = await firstLine(standIns);

  say("starting heddle");
  const shared = { ...base, ...tenantSettings(cloud, generation) };
  const server = processes.start(
    "heddle",
    heddle,
    [
      "serve",
      "--config",
      configFor(generation, folder),
      "--db",
      join(folder, "heddle.db"),
      "--host",
      "127.0.0.1",
      "--port",
      String(ports.heddle),
    ],
    { env: { ...shared, ...heddleSettings(cloud) } },
  );
  await processes.answers(server, `http://127.0.0.1:${ports.heddle}/ok`);

  say("starting the client");
  const url = `http://localhost:${ports.client}`;
  const client = processes.start(
    "client",
    process.execPath,
    [
      join(CLIENT, "node_modules/next/dist/bin/next"),
      "start",
      "--hostname",
      "localhost",
      "--port",
      String(ports.client),
    ],
    {
      cwd: CLIENT,
      env: {
        ...shared,
        LANGGRAPH_API_URL: `http://127.0.0.1:${ports.heddle}`,
        APP_BASE_URL: url,
        AUTH0_SECRET: randomBytes(32).toString("hex"),
        NODE_EXTRA_CA_CERTS: cloud.ca,
      },
    },
  );
  await processes.answers(client, url);
  console.log(welcome(cloud, url, folder));
};

try {
  const wanted = options();
  if (wanted.help) console.log(USAGE);
  else await run(wanted);
} catch (error) {
  console.error(`demo: ${error.message}${error.code?.startsWith?.("ERR_PARSE_ARGS") ? `\n\n${USAGE}` : ""}`);
  process.exit(1);
}
