// soak.mjs [--minutes M] [--seed S]: mixed load for M minutes, then quiet. Memory must stay flat, no descriptor and no thread
// be left, nothing be busy, and a server that nobody asks do nothing.
import assert from "node:assert/strict";
import { readFile, readdir, readlink } from "node:fs/promises";
import { Load } from "./load.mjs";
import { runPart } from "./part.mjs";

const atOnce = 16; // clients
const samples = 20;
const warmUp = 0.4; // of the time: caches and pools are full after that
const growthBytesMax = 12 * 1024 * 1024; // beyond the warm part's highest; pages that the allocator keeps come and go
const idleMs = 5_000;
const idleCpuMsMax = 50; // of those: one in a hundred
const ticksPerSecond = 100; // of /proc, on every Linux

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const megabytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

async function openDescriptors(server) {
  const folder = `/proc/${server.process.pid}/fd`;
  const kinds = await Promise.all((await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => "closed")));
  const sockets = kinds.filter((kind) => kind.startsWith("socket:")).length;
  return { sockets, descriptors: kinds.filter((kind) => kind !== "closed").length - sockets };
}

async function look(server) {
  const of = (file) => readFile(`/proc/${server.process.pid}/${file}`, "utf8");
  const fields = (await of("stat")).split(") ")[1].split(" ");
  return {
    residentBytes: await server.residentBytes(),
    ...(await openDescriptors(server)),
    threads: Number(/^Threads:\s+(\d+)/m.exec(await of("status"))[1]),
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond,
  };
}

await runPart("soak", async ({ server, durationMs, random, print }) => {
  const load = new Load(server.base, random);
  const atStart = await look(server);
  // What a thread opens when it first has to wait for a timer, or reads, it keeps.
  for (const kind of Object.keys(Load.kinds)) await load.runOne(kind);
  await pause(500);
  const before = await look(server);
  const end = Date.now() + durationMs;
  const client = async () => {
    while (Date.now() < end) await load.run();
  };
  const clients = Promise.all(Array.from({ length: atOnce }, client));
  clients.catch(() => {}); // told below, and not before its time
  const seen = [];
  for (let i = 0; i < samples; i += 1) {
    await Promise.race([pause(durationMs / samples), clients]);
    seen.push(await look(server));
    if (i % 5 === 4) print(`${megabytes(seen.at(-1).residentBytes)}, ${seen.at(-1).sockets} sockets, ${seen.at(-1).descriptors} other descriptors`);
  }
  await clients;

  const busy = Number(await load.ask("POST", "/threads/count", { status: "busy" }));
  // The connections that fetch keeps open for a while; there is no other name for what holds them.
  await globalThis[Symbol.for("undici.globalDispatcher.1")].close();
  await pause(500);
  const restBegan = await look(server);
  await pause(idleMs);
  const rest = await look(server);

  const total = Object.values(load.errands).reduce((sum, count) => sum + count, 0);
  const warm = Math.max(...seen.slice(0, samples * warmUp).map(({ residentBytes }) => residentBytes));
  const late = Math.max(...seen.slice(samples * warmUp).map(({ residentBytes }) => residentBytes));
  const idleCpuMs = rest.cpuMs - restBegan.cpuMs;
  print(`${total} errands; resident ${megabytes(before.residentBytes)} before, at most ${megabytes(warm)} while it warmed up, ${megabytes(late)} later, ${megabytes(rest.residentBytes)} at rest`);
  print(`sockets ${atStart.sockets} at the start, ${rest.sockets} at rest; other descriptors ${before.descriptors} before, ${rest.descriptors} at rest; threads ${before.threads} and ${rest.threads}; ${idleCpuMs} ms of the processor in ${idleMs} ms at rest`);
  print(`errands: ${JSON.stringify(load.errands)}`);
  assert.equal(busy, 0, "a thread is still busy");
  assert.ok(late < warm + growthBytesMax, "memory grows");
  assert.equal(rest.threads, before.threads, "a thread of the process is left");
  assert.ok(rest.sockets <= atStart.sockets, "connections are left");
  assert.ok(rest.descriptors <= before.descriptors, "descriptors are left");
  assert.ok(idleCpuMs <= idleCpuMsMax, "a server that nobody asks is busy");
  for (const kind of Object.keys(Load.kinds)) assert.ok(load.errands[kind] > 0, `no errand of the kind ${kind} was run`);
});
