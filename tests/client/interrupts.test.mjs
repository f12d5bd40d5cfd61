// What builtin:assistant0 asks for, told apart by the code of the Auth0 sample's page: isInterrupt of @auth0/ai.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { human, openPage } from "./page.mjs";
import { sdks } from "./sdks.mjs";
import { Server } from "./server.mjs";

// The packages' ES modules name files without their endings, which only bundlers find.
const require = createRequire(import.meta.url);
const old = require("auth0-ai-3/interrupts");
const current = require("auth0-ai-5/interrupts");

// A user who is not logged in has nothing to exchange, so nobody asks this tenant anything.
const kTenant = {
  AUTH0_DOMAIN: "tenant.invalid",
  AUTH0_CLIENT_ID: "made-up",
  AUTH0_CLIENT_SECRET: "made-up",
  AUTH0_CUSTOM_API_CLIENT_ID: "made-up",
  AUTH0_CUSTOM_API_CLIENT_SECRET: "made-up",
};
const kGmail = "https://www.googleapis.com/auth/gmail.readonly";
const generations = [
  {
    generation: "federated",
    isInterrupt: (value) => old.FederatedConnectionInterrupt.isInterrupt(value),
    isOther: (value) => current.TokenVaultInterrupt.isInterrupt(value),
    isAny: (value) => old.Auth0Interrupt.isInterrupt(value),
    made: () =>
      new old.FederatedConnectionInterrupt("Authorization required to access the Federated Connection: google-oauth2", "google-oauth2", [kGmail], [kGmail]),
  },
  {
    generation: "token_vault",
    isInterrupt: (value) => current.TokenVaultInterrupt.isInterrupt(value),
    isOther: (value) => old.FederatedConnectionInterrupt.isInterrupt(value),
    isAny: (value) => current.Auth0Interrupt.isInterrupt(value),
    made: () =>
      new current.TokenVaultInterrupt("Authorization required to access the Token Vault: google-oauth2", {
        connection: "google-oauth2",
        scopes: ["openid", kGmail],
        requiredScopes: ["openid", kGmail],
        authorizationParams: {},
      }),
  },
];

for (const { generation, isInterrupt, isOther, isAny, made } of generations) {
  describe(`the consent that ${generation} asks for`, () => {
    let server;
    before(async () => {
      server = await Server.start(process.env.HEDDLE, {
        config: { graphs: { agent: "builtin:assistant0" } },
        env: { HEDDLE_MODEL: "offline", AUTH0_TOKEN_VAULT_GENERATION: generation, ...kTenant },
      });
    });
    after(async () => {
      assert.equal(await server.stop(), 0);
    });

    for (const sdk of sdks)
      test(`is the interrupt that the page of SDK ${sdk.version} looks for, and has what @auth0/ai itself puts in`, async () => {
        const page = await openPage({ ...sdk, apiUrl: server.base, assistantId: "agent" });
        await page.ask({ messages: [human("any news in my mail?")] });
        const { interrupt } = page.view;
        assert.ok(isInterrupt(interrupt?.value), JSON.stringify(interrupt));
        assert.ok(isAny(interrupt.value));
        assert.equal(isOther(interrupt.value), false);
        assert.ok(interrupt.ns === undefined || interrupt.ns === null || Array.isArray(interrupt.ns));
        assert.deepEqual(interrupt.value, JSON.parse(JSON.stringify(made().toJSON?.() ?? made())));
        // No consent: submit(null) leads to the same question.
        await page.ask(null);
        assert.ok(isInterrupt(page.view.interrupt?.value));
        page.close();
      });

    test("is what streams, state, history and thread show", async () => {
      const { Client } = sdks.at(-1);
      const client = new Client({ apiUrl: server.base });
      const { thread_id } = await client.threads.create();
      const parts = [];
      for await (const part of client.runs.stream(thread_id, "agent", { input: { messages: [human("read my mail")] }, streamMode: ["messages-tuple", "values"] })) parts.push(part);
      const shown = parts.at(-1);
      assert.equal(shown.event, "values");
      assert.deepEqual(Object.keys(shown.data), ["__interrupt__"]);
      const state = await client.threads.getState(thread_id);
      const [head] = await client.threads.getHistory(thread_id, { limit: 1000 });
      const thread = await client.threads.get(thread_id);
      assert.deepEqual(state.next, ["tools"]);
      for (const asked of [shown.data.__interrupt__, state.tasks.at(-1).interrupts, head.tasks.at(-1).interrupts, ...Object.values(thread.interrupts)])
        assert.ok(isInterrupt(asked.at(-1).value), JSON.stringify(asked));
    });
  });
}
