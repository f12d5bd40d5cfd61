// The ways by which a secret reaches the server: endpoints, modes and failures.
import { ask, jsonOf } from "./wire.mjs";

const credentials = (secret) => ({ configurable: { _credentials: { refreshToken: secret, more: [secret, { deep: secret }] } } });
const modes = ["values", "updates", "messages-tuple", "custom", "debug", "tasks", "checkpoints", "events"];
const slow = { assistant_id: "delay", input: { tag: "a", ms: 150, naps: 2 } };

/** A client that keeps every answer. `headers`: of all its requests. */
export class Client {
  constructor(port, headers = {}) {
    this.port = port;
    this.headers = headers;
    this.answers = [];
  }
  async ask(request) {
    const answer = await ask(this.port, { ...request, headers: { ...this.headers, ...request.headers } });
    this.answers.push(answer);
    return answer;
  }
  async post(path, body, headers = {}) {
    return this.ask({ method: "POST", path, body: typeof body === "string" ? body : JSON.stringify(body), headers });
  }
  async get(path, headers = {}) {
    return this.ask({ path, headers });
  }
  async thread() {
    return jsonOf(await this.post("/threads", {})).thread_id;
  }
  async runs() {
    return `/threads/${await this.thread()}/runs`;
  }
}

/** [how, what does it]; `secret` is new for each. */
export const bodies = [
  ...modes.map((mode) => [`a streamed run, mode ${mode}`, async (client, secret) =>
    client.post(`${await client.runs()}/stream`, { assistant_id: "creds", input: { ask: "x" }, stream_mode: [mode], stream_subgraphs: true, config: credentials(secret) })]),
  ["a run in the background that is joined", async (client, secret) => {
    const runs = await client.runs();
    const { run_id } = jsonOf(await client.post(runs, { assistant_id: "creds", input: { ask: "x" }, config: credentials(secret) }));
    await client.get(`${runs}/${run_id}/join`);
    await client.get(`${runs}/${run_id}/stream`);
  }],
  ["a run that is waited for", async (client, secret) => client.post(`${await client.runs()}/wait`, { assistant_id: "creds", input: { ask: "x" }, config: credentials(secret) })],
  ["a stateless stream", (client, secret) => client.post("/runs/stream", { assistant_id: "creds", input: { ask: "x" }, config: credentials(secret) })],
  ["a stateless wait", (client, secret) => client.post("/runs/wait", { assistant_id: "creds", input: { ask: "x" }, config: credentials(secret) })],
  ["a stateless run in the background", (client, secret) => client.post("/runs", { assistant_id: "creds", input: { ask: "x" }, config: credentials(secret) })],
  ["a batch", (client, secret) => client.post("/runs/batch", [1, 2].map(() => ({ assistant_id: "creds", input: { ask: "x" }, config: credentials(secret) })))],
  ["a delayed run", async (client, secret) => client.post(await client.runs(), { assistant_id: "creds", input: { ask: "x" }, after_seconds: 0.3, config: credentials(secret) })],
  ...["enqueue", "interrupt", "rollback", "reject"].map((multitask_strategy) => [`a second run, ${multitask_strategy}`, async (client, secret) => {
    const runs = await client.runs();
    await client.post(runs, { ...slow, config: credentials(secret) });
    await client.post(runs, { assistant_id: "creds", input: { ask: "x" }, multitask_strategy, config: credentials(secret) });
  }]),
  ["a key of the context", async (client, secret) => client.post(`${await client.runs()}/wait`, { assistant_id: "creds", input: { ask: "x" }, context: { _more: secret } })],
  ["a key that the operator named", async (client, secret) => client.post(`${await client.runs()}/wait`, { assistant_id: "creds", input: { ask: "x" }, config: { configurable: { pin: secret } } })],
  ["another hidden key, written with escapes", async (client, secret) => {
    const written = [...secret].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
    await client.post(`${await client.runs()}/wait`, `{"assistant_id":"creds","input":{"ask":"x"},"config":{"configurable":{"__token":"${written}"}}}`);
  }],
  ["a run that fails", async (client, secret) => client.post(`${await client.runs()}/wait`, { assistant_id: "faulty", input: { mode: "throw" }, config: credentials(secret) })],
  ["a run that is cancelled", async (client, secret) => {
    const runs = await client.runs();
    const { run_id } = jsonOf(await client.post(runs, { ...slow, config: credentials(secret) }));
    await client.post(`${runs}/${run_id}/cancel?wait=1`, "");
  }],
  ["a run that is rolled back", async (client, secret) => {
    const runs = await client.runs();
    const { run_id } = jsonOf(await client.post(runs, { ...slow, config: credentials(secret) }));
    await client.post(`${runs}/${run_id}/cancel?wait=1&action=rollback`, "");
  }],
  ...["cancel", "continue"].map((on_disconnect) => [`a stream whose reader leaves, ${on_disconnect}`, async (client, secret) =>
    client.ask({ method: "POST", path: `${await client.runs()}/stream`, leaveAt: "event: metadata", body: JSON.stringify({ ...slow, on_disconnect, config: credentials(secret) }) })]),
  ["a run that asks, and its answer", async (client, secret) => {
    const runs = await client.runs();
    await client.post(`${runs}/wait`, { assistant_id: "vault", input: { messages: "mail x" } });
    await client.post(`${runs}/wait`, { assistant_id: "vault", command: { resume: "yes" }, config: credentials(secret) });
  }],
  ["a run that keeps its state until its end", async (client, secret) => client.post(`${await client.runs()}/wait`, { assistant_id: "creds", input: { ask: "x" }, durability: "exit", config: credentials(secret) })],
  ["a run that is deleted", async (client, secret) => {
    const runs = await client.runs();
    const { run_id } = jsonOf(await client.post(runs, { ...slow, config: credentials(secret) }));
    await client.ask({ method: "DELETE", path: `${runs}/${run_id}` });
  }],
  ["a run that calls a webhook", async (client, secret, { webhook }) => client.post(`${await client.runs()}/wait`, { assistant_id: "creds", input: { ask: "x" }, webhook, config: credentials(secret) })],
  ["an assistant that is unknown", (client, secret) => client.post("/runs/wait", { assistant_id: "nobody", config: credentials(secret) })],
  ["a thread that is unknown", (client, secret) => client.post("/threads/00000000-0000-4000-8000-000000000000/runs/wait", { assistant_id: "creds", config: credentials(secret) })],
  ["a field that is wrong", (client, secret) => client.post("/runs/wait", { assistant_id: "creds", stream_mode: 7, config: credentials(secret) })],
  ["credentials that are no object", (client, secret) => client.post("/runs/wait", { assistant_id: "creds", input: {}, config: { configurable: { _credentials: secret } } })],
  ["a body that breaks off behind it", (client, secret) => client.post("/runs/wait", `{"assistant_id":"creds","config":{"configurable":{"_credentials":{"refreshToken":"${secret}"`)],
  ["a connection that breaks off behind it", (client, secret) => {
    const body = JSON.stringify({ assistant_id: "creds", config: credentials(secret), padding: "x".repeat(5000) });
    return client.ask({ method: "POST", path: "/runs/wait", body, cut: 2000 });
  }],
  ["a body that is too large", (client, secret) => client.post("/runs/wait", { assistant_id: "creds", config: credentials(secret), padding: "x".repeat(2 << 20) })],
  ["a body that comes in chunks", (client, secret) => {
    const body = JSON.stringify({ assistant_id: "creds", input: { ask: "x" }, config: credentials(secret) });
    const middle = body.indexOf(secret) + 11;
    const chunks = [body.slice(0, middle), body.slice(middle), ""].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
    return client.ask({ raw: `POST /runs/wait HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${Object.entries(client.headers).map(([n, v]) => `${n}: ${v}\r\n`).join("")}transfer-encoding: chunked\r\n\r\n${chunks}` });
  }],
  ["a cron, which may have none", (client, secret) => client.post("/runs/crons", { assistant_id: "creds", schedule: "0 0 1 1 *", config: credentials(secret) })],
  ["an assistant, which may have none", (client, secret) => client.post("/assistants", { graph_id: "creds", config: credentials(secret) })],
  ["a path that does not exist", (client, secret) => client.post("/nowhere", { config: credentials(secret) })],
];

const everywhere = ["/ok", "/ready", "/info", "/metrics", "/threads", "/assistants/search", "/store/items", "/mcp", "/nowhere"];

export const headers = [
  ["authorization, where nobody asks", async (client, secret) => {
    for (const path of everywhere) await client.get(path, { authorization: `Bearer ${secret}` });
    await client.post("/runs/wait", { assistant_id: "creds", input: { ask: "x" } }, { authorization: `Bearer ${secret}` });
  }],
  ["authorization, as name and password", (client, secret) => client.post("/threads/search", {}, { authorization: `Basic ${Buffer.from(`ann:${secret}`).toString("base64")}` })],
  ["x-api-key", (client, secret) => client.post("/runs/wait", { assistant_id: "creds", input: { ask: "x" } }, { "x-api-key": secret })],
  ["cookie", (client, secret) => client.post("/runs/wait", { assistant_id: "creds", input: { ask: "x" } }, { cookie: `session=${secret}` })],
  ["the session cookie of Next.js", (client, secret) => client.post("/runs/wait", { assistant_id: "creds", input: { ask: "x" } }, { "x-middleware-set-cookie": `__session=${secret}` })],
  ["a header that becomes a setting", async (client, secret) => client.post(`${await client.runs()}/wait`, { assistant_id: "creds", input: { ask: "x" } }, { "x-secret": secret })],
  ["a header that becomes a setting of a delayed run", async (client, secret) => client.post(await client.runs(), { assistant_id: "creds", input: { ask: "x" }, after_seconds: 0.2 }, { "x-secret": secret })],
  ["a tool of MCP", (client, secret) => client.post("/mcp", { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "creds", arguments: { ask: "x" } } }, { authorization: `Bearer ${secret}`, "x-secret": secret, accept: "application/json, text/event-stream" })],
  ["a message of A2A", async (client, secret) => {
    const assistant = jsonOf(await client.post("/assistants/search", { graph_id: "chat" }))[0].assistant_id;
    await client.post(`/a2a/${assistant}`, { jsonrpc: "2.0", id: 1, method: "message/send", params: { message: { role: "user", messageId: "m", parts: [{ kind: "text", text: "hello" }] } } }, { authorization: `Bearer ${secret}`, "x-secret": secret });
  }],
  ["headers that are too large", (client, secret) => client.get("/ok", { authorization: `Bearer ${secret}`, "x-padding": "x".repeat(70_000) })],
  ["a request that is no HTTP", (client, secret) => client.ask({ raw: `GET /ok HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\nbroken header\r\n\r\n` })],
  ["headers that break off", (client, secret) => client.ask({ raw: `GET /ok HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\n`, cut: 90 })],
  ["a second request on one connection", (client, secret) => {
    const first = "GET /ok HTTP/1.1\r\nhost: x\r\n\r\n";
    return client.ask({ raw: `${first}GET /info HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${secret}\r\n\r\n` });
  }],
  ["a query", async (client, secret) => {
    for (const path of [...everywhere, "/threads/x/runs", "/runs/x/stream"]) await client.get(`${path}?token=${secret}&limit=${secret}`);
    await client.post(`${await client.runs()}/stream?token=${secret}`, { assistant_id: "creds", input: { ask: "x" } });
  }],
];

/** Whatever a plain client can ask about what there is. */
export async function readEverything(client) {
  for (const path of ["/info", "/metrics", "/openapi.json", "/ok?check_db=1", "/ready"]) await client.get(path);
  for (const path of ["/assistants/search", "/store/items/search", "/store/namespaces", "/runs/crons/search"]) await client.post(path, {});
  const threads = jsonOf(await client.post("/threads/search", { limit: 1000 })) ?? [];
  for (const { thread_id: id } of threads) {
    await client.get(`/threads/${id}`);
    await client.get(`/threads/${id}/state?subgraphs=true`);
    await client.post(`/threads/${id}/history`, { limit: 1000 });
    for (const { run_id } of jsonOf(await client.get(`/threads/${id}/runs?limit=1000`)) ?? []) {
      for (const path of ["", "/join", "/stream"]) await client.get(`/threads/${id}/runs/${run_id}${path}`);
    }
  }
  return threads.length;
}
