// The official MCP client against the real binary: assistants are tools.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client as LangGraph } from "sdk-1";
import { Server } from "./server.mjs";

describe("@modelcontextprotocol/sdk 1.32.2", () => {
  let server;
  let client;
  before(async () => {
    server = await Server.start();
    client = new Client({ name: "test", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${server.base}/mcp`)));
  });
  after(async () => {
    await client.close();
    assert.equal(await server.stop(), 0);
  });

  test("connects, learns who answers and what it can do", async () => {
    assert.equal(client.getServerVersion().name, "heddle");
    assert.deepEqual(client.getServerCapabilities(), { tools: { listChanged: false } });
    assert.deepEqual(await client.ping(), {});
  });

  test("finds each assistant as a tool with the input schema of its graph", async () => {
    const { tools } = await client.listTools();
    const linear = tools.find((tool) => tool.name === "linear");
    assert.equal(linear.inputSchema.type, "object");
    assert.equal(linear.inputSchema.properties.text.type, "string");
    assert.equal(new Set(tools.map((tool) => tool.name)).size, tools.length);
  });

  test("calls a tool and gets the state at the end as text", async () => {
    const result = await client.callTool({ name: "linear", arguments: { text: "a" } });
    assert.equal(result.isError, false);
    assert.equal(JSON.parse(result.content[0].text).text, "a|first|second");
  });

  test("finds an assistant that was made meanwhile, under a name that models take", async () => {
    const api = new LangGraph({ apiUrl: server.base });
    await api.assistants.create({ graphId: "chat", name: "Übersicht & more", description: "Echoes." });
    const tool = (await client.listTools()).tools.find((one) => one.description === "Echoes.");
    assert.match(tool.name, /^[A-Za-z0-9_-]{1,64}$/);
    const result = await client.callTool({ name: tool.name, arguments: { messages: "hello" } });
    assert.match(JSON.parse(result.content[0].text).messages.at(-1).content, /hello/);
  });

  test("is told of errors of graph, tool and method in the way of each", async () => {
    const failed = await client.callTool({ name: "faulty", arguments: { mode: "conflict" } });
    assert.equal(failed.isError, true);
    assert.match(failed.content[0].text, /InvalidUpdateError/);
    const asked = await client.callTool({ name: "approval", arguments: { request: "r" } });
    assert.equal(asked.isError, true);
    assert.match(asked.content[0].text, /question/);
    await assert.rejects(client.callTool({ name: "none", arguments: {} }), (error) => error.code === -32602);
    await assert.rejects(client.listResources(), /.*/);
  });

  test("waits longer than a line break takes for a slow tool", async () => {
    const result = await client.callTool({ name: "delay", arguments: { tag: "a", ms: 2500 } });
    assert.match(result.content[0].text, /a:after/);
  });
});
