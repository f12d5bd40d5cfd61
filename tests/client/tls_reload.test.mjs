// The certificate of a server that runs is changed with SIGHUP, as a renewal does it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "node:tls";
import { Server } from "./server.mjs";
import { until } from "./until.mjs";

const patience = { limitMs: 10_000 };

/** A certificate of its own for `name`, and its key, in the two files. */
function certify(name, certificate, key) {
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("openssl", [...made, "-subj", `/CN=${name}`, "-out", certificate, "-keyout", key], { stdio: "pipe" });
}

/** A connection that was just made, as it is used: ask() resolves to the status line. */
async function connected(port) {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await new Promise((done, fail) => socket.once("secureConnect", done).once("error", fail));
  socket.setEncoding("latin1");
  return {
    name: socket.getPeerCertificate().subject.CN,
    async ask() {
      socket.write("GET /ok HTTP/1.1\r\nHost: here\r\n\r\n");
      const [text] = await new Promise((done) => socket.once("data", (...parts) => done(parts)));
      return text.slice(0, text.indexOf("\r\n"));
    },
    close: () => socket.destroy(),
  };
}

/** Whether a connection can be made. */
async function answers(port) {
  const { close } = await connected(port);
  close();
  return true;
}

test("SIGHUP changes the certificate for connections that come, and keeps it where the new files cannot be used", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "heddle-tls-"));
  const [certificate, key] = ["certificate.pem", "key.pem"].map((name) => join(folder, name));
  certify("first", certificate, key);
  const secured = ["--tls-certificate", certificate, "--tls-key", key];
  const server = await Server.start(process.env.HEDDLE_FIXTURES, { args: secured, isReady: answers });
  const open = [];
  t.after(async () => {
    for (const connection of open) connection.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const next = async () => {
    open.push(await connected(server.port));
    return open.at(-1);
  };
  const old = await next();
  assert.equal(old.name, "first");

  certify("second", certificate, key);
  assert.equal((await next()).name, "first", "files alone change nothing");
  server.process.kill("SIGHUP");
  await until("the log tells of it", () => /read again/.test(server.output), patience);
  const renewed = await next();
  assert.equal(renewed.name, "second");
  assert.match(await renewed.ask(), /200 OK/);
  assert.match(await old.ask(), /200 OK/, "a connection that was there goes on");

  await writeFile(key, "no key");
  server.process.kill("SIGHUP");
  await until("the log tells of the failure", () => /stays as it was/.test(server.output), patience);
  assert.match(server.output, /key\.pem/);
  const kept = await next();
  assert.equal(kept.name, "second");
  assert.match(await kept.ask(), /200 OK/);
});

test("Without TLS, SIGHUP ends the server", async () => {
  const server = await Server.start();
  server.process.kill("SIGHUP");
  await server.ended;
  assert.equal(server.process.signalCode, "SIGHUP");
  await rm(server.folder, { recursive: true, force: true });
});
