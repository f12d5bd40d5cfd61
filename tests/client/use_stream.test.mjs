// useStream of the SDKs that the Auth0 sample has had, and of the newest, in front of the real program.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { human, openPage } from "./page.mjs";
import { sdks } from "./sdks.mjs";
import { Server } from "./server.mjs";
import { useStreamTests } from "./use_stream_suite.mjs";

for (const sdk of sdks) {
  describe(`useStream of @langchain/langgraph-sdk ${sdk.version}`, () => {
    let agent;
    let fixtures;
    before(async () => {
      [agent, fixtures] = await Promise.all([Server.start(process.env.HEDDLE), Server.start()]);
    });
    after(async () => {
      assert.deepEqual(await Promise.all([agent.stop(), fixtures.stop()]), [0, 0]);
    });

    useStreamTests(sdk, () => ({ agent: agent.base, fixtures: fixtures.base }));

    // The hooks of 0.0.x ask for a history of 1000 states after each run: megabytes of an answer, again and again.
    // 0.0.109 asks for the same; once is enough.
    if (sdk.version === "0.0.112")
      test("a thread of 100 turns leaves the server's memory as it was", async () => {
        const page = await openPage({ ...sdk, apiUrl: fixtures.base, assistantId: "chat" });
        for (let turn = 1; turn <= 5; ++turn) await page.ask({ messages: [human(`turn ${turn}`)] });
        const before = await fixtures.residentBytes();
        for (let turn = 6; turn <= 100; ++turn) await page.ask({ messages: [human(`turn ${turn}`)] });
        // In a lull, which is noticed after two turns of two seconds at most, the server gives back what its allocator
        // holds in reserve.
        await new Promise((done) => setTimeout(done, 6_000));
        const grown = ((await fixtures.residentBytes()) - before) / 1024 / 1024;
        await page.until((view) => view.messages.length === 200, "all messages of 100 turns");
        const history = await page.client.threads.getHistory(page.threadId, { limit: 1000 });
        assert.equal(history.length, 300);
        page.close();
        console.log(`resident memory: ${(before / 1024 / 1024).toFixed(1)} MiB, then ${grown.toFixed(1)} MiB more`);
        assert.ok(grown < 8, `the server has ${grown.toFixed(1)} MiB more than before`);
      });
  });
}
