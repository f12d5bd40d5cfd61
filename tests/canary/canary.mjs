// Sends secrets by every way, and when all runs have ended and all connections are closed looks for them where none may
// be left: every answer, the log, the database with its write-ahead log, webhooks, and the memory of the process.
import assert from "node:assert/strict";
import { createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { spawn } from "node:child_process";
import { Server } from "../client/server.mjs";
import { until } from "../client/until.mjs";
import { eachPiece } from "./memory.mjs";
import { Canaries } from "./secrets.mjs";
import { bodies, Client, headers, readEverything } from "./ways.mjs";
import { ask, jsonOf } from "./wire.mjs";

const { HEDDLE_FIXTURES, HEDDLE } = process.env;
const args = ["--log-level", "debug", "--body-bytes-max", "1048576", "--secret-configurable-keys", "pin"];
const quietMs = 20_000; // for runs and connections to end
let sent = 0;
after(() => console.log(`canary: ${sent} secrets were sent and looked for`));

async function webhooks() {
  const calls = [];
  const server = createServer((request, response) => {
    let text = JSON.stringify(request.headers);
    request.on("data", (part) => (text += part));
    request.on("end", () => {
      calls.push(text);
      response.end();
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}/called`, calls, close: () => server.close() };
}

/** A server that is waited for without a connection that would stay open, as those of fetch do. */
const startServer = (binary, options) =>
  Server.start(binary, { ...options, isReady: async (port) => (await ask(port, { path: "/ok" })).startsWith("HTTP/1.1 200") });

/** How many connections of clients the server has open. */
async function connectionsOf({ port, process: { pid } }) {
  const links = await Promise.all((await readdir(`/proc/${pid}/fd`)).map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")));
  const held = new Set(links);
  const rows = (await readFile(`/proc/${pid}/net/tcp`, "utf8")).trim().split("\n").slice(1);
  const isOpen = ([, local, , state, , , , , , inode]) => {
    const listens = state === "0A";
    return held.has(`socket:[${inode}]`) && Number.parseInt(local.split(":")[1], 16) === port && !listens;
  };
  return rows.map((row) => row.trim().split(/\s+/)).filter(isOpen).length;
}

/** Returns when no run is in flight and no connection is open. */
async function quiet(server, client) {
  const limits = { limitMs: quietMs, everyMs: 50 };
  await until("no run is in flight", async () => {
    const metrics = jsonOf(await client.get("/metrics?format=json"));
    return metrics.heddle_runs_running === 0 && metrics.heddle_runs_pending === 0;
  }, limits);
  await until("no connection is open", async () => (await connectionsOf(server)) === 0, limits);
  await new Promise((done) => setTimeout(done, 100)); // what belonged to them goes right behind their sockets
}

const shown = (found, where, bytes) =>
  found.map(({ at, form, way }) => {
    const around = bytes.subarray(Math.max(0, at - 32), at + 96).toString("latin1").replace(/[^ -~]/g, ".");
    return `${where}: ${way}, ${form} (… ${around} …)`;
  });

/** Everything but memory. */
async function leftBehind(canaries, { server, client, webhook }) {
  const found = [];
  const size = { answers: 0, log: 0, files: 0 };
  const look = (where, content) => {
    const bytes = Buffer.from(content);
    found.push(...shown(canaries.findIn(bytes), where, bytes));
    return bytes.length;
  };
  for (const answer of client.answers) size.answers += look("an answer", answer);
  for (const call of webhook?.calls ?? []) size.answers += look("a webhook", call);
  size.log = look("the log", server.output);
  for (const name of await readdir(server.folder)) size.files += look(name, await readFile(join(server.folder, name)));
  return { found, size };
}

function inMemory(canaries, pid) {
  const found = [];
  const size = eachPiece(pid, (bytes, where) => {
    if (found.length < 20) found.push(...shown(canaries.findIn(bytes), where, bytes));
  });
  return { found, size };
}

async function search(t, canaries, parts) {
  const memory = inMemory(canaries, parts.server.process.pid);
  const { found, size } = await leftBehind(canaries, parts);
  sent += canaries.count;
  const MiB = (bytes) => `${(bytes / 1048576).toFixed(1)} MiB`;
  console.log(
    `canary: ${canaries.count} secrets in ${canaries.forms} forms; ${parts.client.answers.length} answers (${MiB(size.answers)}), log ${MiB(size.log)}, ` +
      `files ${MiB(size.files)}, memory ${MiB(memory.size.bytes)} in ${memory.size.mappings} mappings: ${found.length + memory.found.length} hits`,
  );
  assert.ok(memory.size.bytes > 1 << 20, "hardly any memory was searched");
  assert.ok(size.files > 1 << 14, "hardly any file was searched");
  assert.deepEqual([...found, ...memory.found], []);
}

test("The search finds a secret in the memory of another process, as it is, in hex and in base64", async () => {
  const canaries = new Canaries();
  const secrets = [canaries.make("held")];
  const program = "const s = process.env.SECRET; globalThis.kept = [Buffer.from(s), Buffer.from(Buffer.from(s).toString('hex')), " +
    "Buffer.from(Buffer.from('x' + s).toString('base64'))]; console.log('ready'); setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, ["-e", program], { env: { SECRET: secrets[0] }, stdio: ["ignore", "pipe", "ignore"] });
  try {
    await new Promise((done) => child.stdout.once("data", done));
    const forms = new Set(inMemory(canaries, child.pid).found.map((hit) => hit.split(" (… ")[0].split(", ").at(-1)));
    assert.deepEqual([...forms].sort(), ["as it is", "in base64", "in hex"]);
  } finally {
    child.kill("SIGKILL");
  }
});

for (const [how, env] of [["sealed", { HEDDLE_SECRETS_KEY: randomBytes(32).toString("base64") }], ["not sealed", {}]])
  test(`Secrets of clients that are ${how} are left nowhere, after every way to send them`, async (t) => {
    const canaries = new Canaries();
    const webhook = await webhooks();
    const server = await startServer(HEDDLE_FIXTURES, { args, env });
    t.after(async () => {
      await server.stop();
      webhook.close();
    });
    const client = new Client(server.port);
    for (const [way, send] of [...bodies, ...headers]) await send(client, canaries.make(way), { webhook: webhook.url });
    await quiet(server, client);
    assert.deepEqual(inMemory(canaries, server.process.pid).found, []); // before other requests overwrite what is left
    await readEverything(client);
    await quiet(server, client);
    assert.ok(webhook.calls.length > 0, "no webhook was called");
    await search(t, canaries, { server, client, webhook });
  });

test("Secrets of runs that outlive a SIGKILL are left nowhere once they have ended", async (t) => {
  const canaries = new Canaries();
  const server = await startServer(HEDDLE_FIXTURES, { args, env: { HEDDLE_SECRETS_KEY: randomBytes(32).toString("hex") } });
  t.after(() => server.stop());
  const client = new Client(server.port);
  for (let i = 0; i < 8; ++i) {
    const body = { assistant_id: i % 2 ? "creds" : "delay", input: { ask: "x", tag: "a", ms: 300, naps: 4 }, after_seconds: i % 2 ? 0.8 : 0 };
    const secret = canaries.make(`a run that is killed, ${i % 2 ? "delayed" : "at work"}`);
    await client.post(await client.runs(), { ...body, config: { configurable: { _credentials: { refreshToken: secret } } } }, { "x-secret": secret });
  }
  await server.kill();
  assert.deepEqual((await leftBehind(canaries, { server, client })).found, []);
  await server.restart();
  await quiet(server, client);
  const seen = await readEverything(client);
  assert.equal(seen, 8);
  const reports = client.answers.filter((answer) => answer.includes('"has_credentials":true'));
  assert.ok(reports.length > 0, "no run had its credentials again");
  await search(t, canaries, { server, client });
});

const inBase64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("Tokens and claims of callers are left nowhere, let in or not", async (t) => {
  const canaries = new Canaries();
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keys = createServer((_, response) => response.end(JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", alg: "RS256", use: "sig" }] })));
  await new Promise((done) => keys.listen(0, "127.0.0.1", done));
  const issuer = "https://issuer.example/";
  const config = {
    graphs: { creds: "builtin:creds", chat: "builtin:chat", delay: "builtin:delay", vault: "builtin:vault", faulty: "builtin:faulty" },
    auth: { type: "jwt", issuer, audience: "api", jwks_url: `http://127.0.0.1:${keys.address().port}/` },
  };
  const server = await startServer(HEDDLE_FIXTURES, { args, config });
  t.after(async () => {
    await server.stop();
    keys.close();
  });
  const tokenWith = (claims, way) => {
    const now = Math.floor(Date.now() / 1000);
    const secret = canaries.make(way);
    const payload = { iss: issuer, aud: "api", sub: "ann", iat: now, exp: now + 600, secret, ...claims };
    const head = `${inBase64url({ alg: "RS256", kid: "k", typ: "JWT" })}.${inBase64url(payload)}`;
    const token = `${head}.${createSign("RSA-SHA256").update(head).sign(privateKey).toString("base64url")}`;
    canaries.add(`the signature of ${way}`, token);
    return token;
  };
  const answers = [];
  for (const [way, send] of bodies.slice(0, 20)) {
    const client = new Client(server.port, { authorization: `Bearer ${tokenWith({}, `a token, and ${way}`)}` });
    await send(client, canaries.make(way), { webhook: "http://127.0.0.1:9/nobody" });
    answers.push(...client.answers);
  }
  for (const [way, claims] of [["a token that has expired", { exp: 1 }], ["a token for another", { aud: "other" }], ["a token of another", { iss: "https://x/" }]]) {
    const client = new Client(server.port, { "x-api-key": tokenWith(claims, way) });
    await client.post("/threads", {});
    answers.push(...client.answers);
    assert.match(client.answers[0], /^HTTP\/1.1 401/);
  }
  const broken = new Client(server.port, { authorization: `Bearer ${tokenWith({}, "a token with a bad signature").slice(0, -4)}AAAA` });
  await broken.post("/threads", {});
  assert.match(broken.answers[0], /^HTTP\/1.1 401/);
  const client = new Client(server.port, { authorization: `Bearer ${tokenWith({}, "the token of a reader")}` });
  await readEverything(client);
  await quiet(server, client);
  client.answers.push(...answers, ...broken.answers);
  await search(t, canaries, { server, client });
});

async function startCloud(folder) {
  const program = fileURLToPath(new URL("../../examples/local-cloud/main.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, "--state", folder], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  const ready = await new Promise((done, fail) => {
    child.on("exit", () => fail(new Error(`the stand-ins ended: ${output}`)));
    child.stdout.on("data", (part) => {
      output += part;
      const line = output.split("\n").find((text) => text.startsWith('{"auth0"'));
      if (line) done(JSON.parse(line));
    });
  });
  return { ready, stop: () => child.kill("SIGTERM") };
}

test("What goes on to a third party over TLS is left nowhere; what the operator configured is in memory alone", async (t) => {
  const callers = new Canaries();
  const operators = new Canaries();
  const folder = await mkdtemp(join(tmpdir(), "heddle-canary-"));
  let cloud, server, webhook;
  t.after(async () => {
    await server?.stop();
    cloud?.stop();
    webhook?.close();
    await rm(folder, { recursive: true, force: true });
  });
  cloud = await startCloud(folder);
  const { auth0Domain, clients, openai, gmail, calendar, ca } = cloud.ready;
  const config = {
    graphs: { agent: "builtin:assistant0" },
    env: ".env",
    webhooks: { headers: { authorization: "Bearer ${{ env.LG_WEBHOOK_TOKEN }}" }, url: { disable_loopback: false } },
  };
  webhook = await webhooks();
  await writeFile(join(folder, "langgraph.json"), JSON.stringify(config));
  await writeFile(join(folder, ".env"), `OPENAI_API_KEY=${operators.make("the key of the model")}\n`);
  server = await startServer(HEDDLE, {
    args: ["--log-level", "debug", "--config", join(folder, "langgraph.json")],
    env: { LG_WEBHOOK_TOKEN: operators.make("a header of webhooks"), SSL_CERT_FILE: ca, NO_PROXY: "localhost,127.0.0.1", no_proxy: "localhost,127.0.0.1",
      AUTH0_DOMAIN: auth0Domain, AUTH0_CLIENT_ID: clients.web.id, AUTH0_CLIENT_SECRET: operators.make("the client's secret"), AUTH0_TOKEN_VAULT_GENERATION: "federated",
      OPENAI_BASE_URL: openai, GMAIL_BASE_URL: gmail, GOOGLE_CALENDAR_BASE_URL: calendar },
  });
  const client = new Client(server.port);
  for (let i = 0; i < 6; ++i) {
    const runs = await client.runs();
    const secret = callers.make("a refresh token that goes to the tenant");
    const body = { assistant_id: "agent", input: { messages: [{ role: "user", content: "Is there new mail?" }] }, webhook: webhook.url, stream_mode: ["values", "debug"] };
    await client.post(`${runs}/${i % 2 ? "stream" : "wait"}`, { ...body, config: { configurable: { _credentials: { refreshToken: secret } } } });
  }
  await readEverything(client);
  await quiet(server, client);
  const requests = await (await fetch(`${cloud.ready.control}/requests?service=tenant`)).text();
  assert.ok(requests.includes("subject_token"), "nothing went to the tenant");
  assert.ok(webhook.calls.length > 0, "no webhook was called");
  const { found } = await leftBehind(operators, { server, client });
  assert.deepEqual(found, []);
  assert.ok(inMemory(operators, server.process.pid).found.length > 0, "the search does not find what is there");
  await search(t, callers, { server, client, webhook });
});
