// A first look at what heddle costs: start, memory, latency, events. Run by `make bench`; every figure is taken from the real
// binary over loopback in this one run, together with a bare Node server as a yardstick for the machine.
import { spawn } from "node:child_process";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { createServer, Agent, request } from "node:http";
import { createServer as probe } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

const binary = process.argv[2] ?? "build/release/bin/heddle-fixtures";
const freePort = () => new Promise((done) => { const p = probe(); p.listen(0, "127.0.0.1", () => { const { port } = p.address(); p.close(() => done(port)); }); });
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const call = (port, method, path, body) =>
  new Promise((done, fail) => {
    const text = body === undefined ? "" : JSON.stringify(body);
    const began = performance.now();
    const out = request({ host: "127.0.0.1", port, method, path, agent, headers: { "content-type": "application/json", "content-length": Buffer.byteLength(text) } }, (answer) => {
      const parts = [];
      let first;
      answer.on("data", (part) => { first ??= performance.now() - began; parts.push(part); });
      answer.on("end", () => done({ text: Buffer.concat(parts).toString(), first, all: performance.now() - began }));
    });
    out.on("error", fail);
    out.end(text);
  });
const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))];
const ms = (x) => `${x.toFixed(2)} ms`;
const rss = async (pid) => /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf-8"))[1] / 1024;
const anon = async (pid) => /RssAnon:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf-8"))[1] / 1024;
const rate = async (count, lanes, work) => {
  const began = performance.now();
  let left = count;
  await Promise.all(Array.from({ length: lanes }, async () => { while (left-- > 0) await work(); }));
  return count / ((performance.now() - began) / 1000);
};

const folder = await mkdtemp(join(tmpdir(), "heddle-bench-"));
const rows = [];
const yard = createServer((req, res) => { req.resume(); req.on("end", () => res.end('{"ok":true}')); });
await new Promise((done) => yard.listen(0, "127.0.0.1", done));
try {
  const port = await freePort();
  const began = performance.now();
  const server = spawn(binary, ["serve", "--host", "127.0.0.1", "--port", String(port), "--db", join(folder, "heddle.db"), "--log-level", "warning"], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((done) => server.on("exit", done));
  while (!(await call(port, "GET", "/ok").catch(() => undefined))) await new Promise((done) => setTimeout(done, 1));
  rows.push(["start to the first 200, empty database", ms(performance.now() - began)]);
  rows.push(["resident memory, idle", `${(await rss(server.pid)).toFixed(1)} MB (${(await anon(server.pid)).toFixed(1)} MB anonymous)`]);

  const linear = { assistant_id: "linear", input: { text: "x" } };
  const thread = async () => JSON.parse((await call(port, "POST", "/threads", {})).text).thread_id;
  for (let i = 0; i < 200; i++) await call(port, "POST", "/runs/wait", linear);
  let times = [];
  for (let i = 0; i < 500; i++) times.push((await call(port, "POST", "/runs/wait", linear)).all);
  rows.push(["stateless runs/wait on linear, one at a time", `p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}`]);
  times = [];
  for (let i = 0; i < 300; i++) { const id = await thread(); times.push((await call(port, "POST", `/threads/${id}/runs/wait`, linear)).all); }
  rows.push(["runs/wait on a fresh thread (durable, FULL), one at a time", `p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}`]);
  times = [];
  for (let i = 0; i < 300; i++) { const id = await thread(); times.push((await call(port, "POST", `/threads/${id}/runs/stream`, linear)).first); }
  rows.push(["POST to first byte of a stream (durable)", `p50 ${ms(quantile(times, 0.5))}, p99 ${ms(quantile(times, 0.99))}`]);

  const bare = await rate(6000, 64, () => call(yard.address().port, "POST", "/", linear));
  const stateless = await rate(6000, 64, () => call(port, "POST", "/runs/wait", linear));
  rows.push(["stateless runs/wait, 64 clients", `${stateless.toFixed(0)} runs/s; a bare Node server answers ${bare.toFixed(0)} requests/s to the same client (ratio ${(stateless / bare).toFixed(2)})`]);
  const ids = await Promise.all(Array.from({ length: 64 }, thread));
  let turn = 0;
  const durable = await rate(3000, 64, () => { const id = ids[turn++ % ids.length]; return call(port, "POST", `/threads/${id}/runs/wait`, { ...linear, multitask_strategy: "enqueue" }); });
  rows.push(["runs on threads (durable, FULL), 64 clients", `${durable.toFixed(0)} runs/s`]);

  const words = Array.from({ length: 20_000 }, (_, i) => `w${i}`).join(" ");
  const long = { assistant_id: "chat", input: { messages: [{ type: "human", content: words }] }, stream_mode: "messages-tuple" };
  for (const [name, path] of [["stateless", "/runs/stream"], ["durable", `/threads/${await thread()}/runs/stream`]]) {
    const answer = await call(port, "POST", path, long);
    const events = answer.text.split("\n\n").length - 1;
    rows.push([`events of one stream of tokens (${name})`, `${((events / answer.all) * 1000).toFixed(0)} events/s (${events} events)`]);
  }
  rows.push(["resident memory after that", `${(await rss(server.pid)).toFixed(1)} MB`]);
  server.kill("SIGTERM");
  await ended;
} finally {
  yard.close();
  agent.destroy();
  await rm(folder, { recursive: true, force: true });
}
for (const [what, figure] of rows) console.log(`| ${what} | ${figure} |`);
