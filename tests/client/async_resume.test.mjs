// A run that waits for the user elsewhere goes on without any client: assistant0's send_mail behind a permission on the
// phone (CIBA) or by a code (device flow). Tenant, model and Gmail are the stand-ins of examples/local-cloud.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Server } from "./server.mjs";
import { until } from "./until.mjs";

const kCloud = fileURLToPath(new URL("../../examples/local-cloud/main.mjs", import.meta.url));
const kGmailSend = "https://www.googleapis.com/auth/gmail.send";
const kUser = "ada";

/** The stand-ins in a process of their own. */
class Cloud {
  static async start() {
    const cloud = new Cloud();
    cloud.folder = await mkdtemp(join(tmpdir(), "heddle-cloud-"));
    cloud.process = spawn(process.execPath, [kCloud, "--state", cloud.folder], { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: cloud.process.stdout })) {
      cloud.ready = JSON.parse(line);
      break;
    }
    assert.ok(cloud.ready, "the stand-ins did not start");
    return cloud;
  }
  async control(path, body) {
    const answer = await fetch(this.ready.control + path, body && { method: "POST", body: JSON.stringify(body) });
    assert.equal(answer.status, 200, `control ${path}`);
    return answer.json();
  }
  /** How often the tenant was asked at this path with such a form. */
  async asked(path, part = "") {
    const requests = await this.control("/requests?service=tenant");
    return requests.filter((one) => one.path === path && JSON.stringify(one).includes(part)).length;
  }
  variables(more) {
    const { auth0Domain, audience, clients, ca, openai, gmail } = this.ready;
    return {
      AUTH0_DOMAIN: auth0Domain,
      AUTH0_AUDIENCE: audience,
      AUTH0_CLIENT_ID: clients.web.id,
      AUTH0_CLIENT_SECRET: clients.web.secret,
      AUTH0_CUSTOM_API_CLIENT_ID: clients.custom_api.id,
      AUTH0_CUSTOM_API_CLIENT_SECRET: clients.custom_api.secret,
      AUTH0_DEVICE_CLIENT_ID: clients.native.id,
      ASSISTANT0_TOOLS: "send_mail",
      OPENAI_BASE_URL: openai,
      OPENAI_API_KEY: "made-up",
      GMAIL_BASE_URL: gmail,
      SSL_CERT_FILE: ca,
      ...more,
    };
  }
  async stop() {
    this.process.kill("SIGTERM");
    await new Promise((done) => (this.process.exitCode === null ? this.process.on("exit", done) : done()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

const suite = (generation, flow) => {
  describe(`${flow} with ${generation}`, () => {
    let cloud, heddle, login;

    const ask = async (method, path, body) => {
      const headers = { authorization: `Bearer ${login.access_token}`, "content-type": "application/json" };
      const answer = await fetch(heddle.base + path, { method, headers, body: body && JSON.stringify(body) });
      assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
      return answer.json();
    };
    const config = () => (generation === "federated" ? { configurable: { _credentials: { refreshToken: login.refresh_token } } } : {});
    const run = (thread, input) =>
      ask("POST", `/threads/${thread}/runs/wait`, { assistant_id: "agent", input, config: config() });
    const say = async () => {
      const { thread_id: thread } = await ask("POST", "/threads", {});
      const text = "please send a mail to tomas@example.test";
      const result = await run(thread, { messages: [{ type: "human", content: text }] });
      return { thread, result };
    };
    const code = (prefix, end) => (flow === "phone" && generation === "federated" ? `CIBA_${end}` : `${prefix}_${end}`);
    const pending = () => (flow === "phone" ? code("ASYNC_AUTHORIZATION", "AUTHORIZATION_PENDING") : "DEVICE_AUTHORIZATION_PENDING");
    const decide = (decision, value) =>
      flow === "phone"
        ? cloud.control("/ciba", { decision })
        : cloud.control("/device", { decision, user: kUser, user_code: value.response.userCode });
    const polls = () => cloud.asked("/oauth/token", flow === "phone" ? "grant-type:ciba" : "grant-type:device_code");
    const settled = (thread) =>
      until("the thread is idle", async () => {
        const found = await ask("GET", `/threads/${thread}`);
        return found.status === "idle" && found;
      });
    const toolText = (thread) => thread.values.messages.filter((one) => one.type === "tool").at(-1)?.content;

    before(async () => {
      cloud = await Cloud.start();
      heddle = await Server.start(process.env.HEDDLE, {
        config: { graphs: { agent: "builtin:assistant0" }, auth: { path: "builtin:auth0" } },
        env: cloud.variables({
          AUTH0_TOKEN_VAULT_GENERATION: generation,
          [flow === "phone" ? "AUTH0_CIBA_SEND_MAIL" : "AUTH0_DEVICE_SEND_MAIL"]: "1",
        }),
      });
    });
    after(async () => {
      await heddle?.stop();
      await cloud?.stop();
    });
    beforeEach(async () => {
      await cloud.control("/reset", {});
      await cloud.control("/settings", { ciba_interval_seconds: 1, device_interval_seconds: 1 });
      await cloud.control("/grants", { user: kUser, scopes: `openid ${kGmailSend}` });
      login = await cloud.control("/tokens", { user: kUser, audience: cloud.ready.audience });
    });

    test("the mail leaves when the user has allowed it, and no client has asked heddle to go on", async () => {
      const { thread, result } = await say();
      const { value } = result.__interrupt__[0];
      assert.equal(value.code, pending());
      assert.equal(JSON.stringify(result).includes("device_"), false, "the device code was shown");
      const before = await polls();
      await until("the server polls", async () => (await polls()) >= before + 2);
      assert.equal((await ask("GET", `/threads/${thread}/runs`)).length, 1, "a run was made for a poll");
      assert.equal((await ask("GET", `/threads/${thread}`)).status, "interrupted");

      await decide("approve", value);
      assert.match(toolText(await settled(thread)), /^The mail was sent to tomas@example\.test/);
      const runs = await ask("GET", `/threads/${thread}/runs`);
      assert.equal(runs.length, 2);
      assert.equal(runs[0].metadata.resumed_run_id, runs[1].run_id);
      assert.equal((await cloud.control("/sent")).length, 1);
    });

    test("the model is told when the user has denied it", async () => {
      const { thread, result } = await say();
      await decide("deny", result.__interrupt__[0].value);
      assert.match(toolText(await settled(thread)), /ACCESS_DENIED/);
      assert.equal((await cloud.control("/sent")).length, 0);
    });

    test("after a restart the server polls on, and asks for what was lost with the process", async () => {
      const { thread, result } = await say();
      await heddle.kill();
      await heddle.restart();
      if (flow === "phone") {
        await decide("approve", result.__interrupt__[0].value);
      } else {
        // The device code was in memory only: the user gets another code.
        const shown = result.__interrupt__[0].value.response.userCode;
        const asked = await until("there is a new code", async () => {
          const { interrupts, status } = await ask("GET", `/threads/${thread}`);
          const value = Object.values(interrupts).flat()[0]?.value;
          return status === "interrupted" && value?.response && value.response.userCode !== shown && value;
        });
        await decide("approve", asked);
      }
      // So was the Google token: consent is asked for as if nobody were logged in, and the page's next run brings it.
      const consent = await until("consent is asked for", async () => {
        const { interrupts, status } = await ask("GET", `/threads/${thread}`);
        const value = Object.values(interrupts).flat()[0]?.value;
        return status === "interrupted" && value?.connection && value;
      });
      assert.equal(consent.connection, "google-oauth2");
      assert.equal((await cloud.control("/sent")).length, 0);
      await run(thread, null);
      assert.match(toolText(await settled(thread)), /^The mail was sent to/);
      assert.equal((await cloud.control("/sent")).length, 1);
    });
  });
};

for (const generation of ["federated", "token_vault"]) suite(generation, "phone");
suite("token_vault", "code");
