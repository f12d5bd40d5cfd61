import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";

const MAIN = join(import.meta.dirname, "..", "main.mjs");

const start = (...args) => {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  child.errors = "";
  child.stderr.on("data", (part) => (child.errors += part));
  return child;
};

const ready = async (child) => JSON.parse((await once(createInterface({ input: child.stdout }), "line"))[0]);
const stop = async (child, signal = "SIGINT") => {
  child.kill(signal);
  const [code] = await once(child, "exit");
  return code;
};

const reachable = (host, port) =>
  new Promise((done) => {
    const socket = connect({ host, port, timeout: 1000 });
    socket
      .on("connect", () => done(true))
      .on("error", () => done(false))
      .on("timeout", () => done(false));
    socket.on("close", () => socket.destroy());
  });

test("one line says where everything is; the authority and the key outlive a restart; Ctrl-C ends cleanly", async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-local-cloud-"));
  try {
    const first = start("--state", folder);
    const one = await ready(first);
    for (const key of ["auth0", "auth0Domain", "openai", "gmail", "calendar", "ca", "spkiHash", "control"])
      assert.equal(typeof one[key], "string", key);
    const authority = readFileSync(one.ca, "utf8");
    assert.ok(new X509Certificate(authority).ca);
    for (const name of ["ca-key.pem", "server-key.pem", "tenant-key.pem"])
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
    const key = readFileSync(join(folder, "tenant-key.pem"), "utf8");
    assert.equal(await stop(first), 0);

    const port = new URL(one.auth0).port;
    const second = start("--state", folder, "--auth0-port", port);
    const two = await ready(second);
    assert.equal(two.auth0, one.auth0);
    assert.equal(two.spkiHash, one.spkiHash);
    assert.equal(readFileSync(two.ca, "utf8"), authority);
    assert.equal(readFileSync(join(folder, "tenant-key.pem"), "utf8"), key);

    const third = start("--state", folder, "--auth0-port", port);
    assert.equal((await once(third, "exit"))[0], 1);
    assert.match(third.errors, /EADDRINUSE.*choose another port/);
    assert.equal(await stop(second, "SIGTERM"), 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("only this machine reaches it, by a loopback name, and the control port answers no browser", async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-local-cloud-"));
  const child = start("--state", folder);
  try {
    const { control, auth0 } = await ready(child);
    const others = Object.values(networkInterfaces())
      .flat()
      .filter(({ internal, family }) => !internal && family === "IPv4");
    for (const { address } of others) assert.equal(await reachable(address, new URL(auth0).port), false, address);
    const status = (headers) =>
      new Promise((done, fail) =>
        request(`${control}/reset`, { method: "POST", headers }, (res) => done(res.resume().statusCode))
          .on("error", fail)
          .end("{}"),
      );
    assert.equal(await status({ "content-type": "application/x-www-form-urlencoded" }), 200, "as curl -d sends it");
    assert.equal(await status({ host: "rebound.example" }), 421);
    assert.equal(await status({ origin: "https://page.example" }), 403);
  } finally {
    await stop(child);
    rmSync(folder, { recursive: true, force: true });
  }
});

test("wrong options are told with the usage", async () => {
  for (const args of [[], ["--state", "x", "--auth0-port", "abc"], ["--sate", "x"]]) {
    const child = start(...args);
    assert.equal((await once(child, "exit"))[0], 1);
    assert.match(child.errors, /usage: node main\.mjs/);
  }
});
