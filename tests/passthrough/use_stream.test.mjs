// useStream as on the sample's page: behind the passthrough, in the runtimes of Node and of the edge.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { sdks } from "../client/sdks.mjs";
import { Server } from "../client/server.mjs";
import { useStreamTests } from "../client/use_stream_suite.mjs";
import { Application } from "./application.mjs";

describe("useStream behind the passthrough", () => {
  let agent;
  let fixtures;
  let application;
  before(async () => {
    [agent, fixtures] = await Promise.all([Server.start(process.env.HEDDLE), Server.start()]);
    application = await Application.start("production", { server: fixtures.base, agent: agent.base });
  });
  after(async () => {
    await application?.stop();
    assert.deepEqual(await Promise.all([agent.stop(), fixtures.stop()]), [0, 0]);
  });

  for (const sdk of sdks) {
    // The two old ones send the same requests.
    const runtimes = { "0.0.109": ["node"], "0.0.112": ["edge"], "1.15.0": ["edge", "node"] }[sdk.version];
    for (const runtime of runtimes) {
      describe(`@langchain/langgraph-sdk ${sdk.version}, runtime ${runtime}`, () => {
        useStreamTests(sdk, () => ({
          agent: `${application.base}/api/agent-${runtime}`,
          fixtures: `${application.base}/api/${runtime}`,
        }));
      });
    }
  }
});
