// RemoteGraph of @langchain/langgraph: a graph that heddle runs, as a node of a graph in another process.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Annotation, Command, END, GraphInterrupt, interrupt, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { RemoteGraph } from "@langchain/langgraph/remote";
import { Server } from "./server.mjs";

const collect = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
};
const newest = () => Annotation({ reducer: (_, value) => value, default: () => [] });
const nodeOf = (segment) => segment.split(":")[0];

describe("RemoteGraph of @langchain/langgraph 1.7.3", () => {
  let server;
  before(async () => {
    server = await Server.start();
  });
  after(async () => {
    assert.equal(await server.stop(), 0);
  });
  const remote = (graphId) => new RemoteGraph({ graphId, url: server.base });
  // A graph with nothing in it but the remote one.
  const around = (state, graph) => new StateGraph(Annotation.Root(state)).addNode("remote", graph).addEdge(START, "remote").addEdge("remote", END);
  const newThread = () => ({ configurable: { thread_id: randomUUID() } });
  // A state that is read in a run may lack what the run has not stored.
  const settled = async (config) => {
    const end = Date.now() + 20_000;
    for (;;) {
      const thread = await (await fetch(`${server.base}/threads/${config.configurable.thread_id}`)).json();
      if (thread.status !== "busy") return;
      assert.ok(Date.now() < end, "the thread stays busy");
      await new Promise((done) => setTimeout(done, 20));
    }
  };

  test("runs by itself, and between two nodes of another graph", async () => {
    assert.deepEqual(await remote("linear").invoke({ text: "x" }), { text: "x|first|second", log: ["first", "second"], count: 11 });
    const parent = new StateGraph(Annotation.Root({ text: Annotation(), log: newest(), count: Annotation() }))
      .addNode("before", (state) => ({ text: `${state.text}|before` }))
      .addNode("remote", remote("linear"))
      .addNode("after", (state) => ({ text: `${state.text}|after` }))
      .addEdge(START, "before")
      .addEdge("before", "remote")
      .addEdge("remote", "after")
      .addEdge("after", END)
      .compile();
    assert.equal((await parent.invoke({ text: "x" })).text, "x|before|first|second|after");
  });

  test("shows the steps of its subgraphs below its own node", async () => {
    const parent = around({ topic: Annotation(), ask: Annotation(), trail: newest() }, remote("nested")).compile();
    const parts = await collect(await parent.stream({ topic: "t", ask: false }, { streamMode: ["updates", "values"], subgraphs: true }));
    const steps = parts.filter(([, mode]) => mode === "updates").map(([namespace, , data]) => [...namespace.map(nodeOf), Object.keys(data)[0]].join("/"));
    assert.deepEqual(steps, [
      "remote/enter",
      "remote/middle/open",
      "remote/middle/inner/think",
      "remote/middle/inner/decide",
      "remote/middle/inner",
      "remote/middle/close",
      "remote/middle",
      "remote/leave",
      "remote",
    ]);
    assert.deepEqual(parts.at(-1)[2].trail, ["enter", "open", "think", "decide:unasked", "close", "leave"]);
  });

  test("streams the words of a model, and what a node writes by itself", async () => {
    const words = await collect(await remote("chat").stream({ messages: [{ role: "user", content: "hi there" }] }, { streamMode: "messages" }));
    assert.equal(words.map(([chunk]) => chunk.content).join(""), "Echo: hi there");
    const parent = around({ n: Annotation(), heard: Annotation() }, remote("writer")).compile();
    const custom = await collect(await parent.stream({ n: 1 }, { streamMode: "custom", subgraphs: true }));
    assert.deepEqual(custom.map(([, data]) => data).slice(0, 2), [{ progress: 1, of: 1 }, "plain text"]);
  });

  test("stops at a question and goes on with the answer", async () => {
    const config = newThread();
    const graph = remote("approval");
    await assert.rejects(graph.invoke({ request: "r" }, config), (error) => {
      assert.ok(error instanceof GraphInterrupt);
      assert.equal(error.interrupts[0].value.question, "Approve r?");
      return true;
    });
    await settled(config);
    const state = await graph.getState(config);
    assert.deepEqual(state.next, ["review"]);
    assert.equal(state.tasks[0].interrupts[0].value.question, "Approve r?");
    const result = await graph.invoke(new Command({ resume: "yes" }), config);
    assert.deepEqual(result.log, ["prepare:r", 'review:"yes"', "accepted"]);
  });

  // RemoteGraph stops reading at the question, a few commits before the end of the run.
  test("takes the answer at once, however soon it comes", async () => {
    const graph = remote("approval");
    for (let turn = 1; turn <= 10; ++turn) {
      const config = newThread();
      await assert.rejects(graph.invoke({ request: "r" }, config), GraphInterrupt);
      if (turn % 2 === 0) await graph.updateState(config, { log: ["by hand"] }, "prepare");
      const result = await graph.invoke(new Command({ resume: "yes" }), config);
      assert.equal(result.log.at(-1), "accepted");
    }
  });

  test("asks through the graph around it, and a node hands the answer on", async () => {
    const graph = remote("nested");
    const node = async (state, { configurable }) => {
      const config = { configurable: { thread_id: configurable.thread_id } };
      const asked = await graph.getState(config).catch(() => undefined);
      if (!asked?.next.length) return graph.invoke(state, config);
      return graph.invoke(new Command({ resume: interrupt("go on?") }), config);
    };
    const parent = around({ topic: Annotation(), ask: Annotation(), trail: newest() }, node).compile({ checkpointer: new MemorySaver() });
    const config = newThread();
    const asked = await parent.invoke({ topic: "t", ask: true }, config);
    assert.deepEqual(asked.__interrupt__.map((one) => one.value), [{ question: "go on?", scratch: "seen 2" }]);
    assert.deepEqual((await parent.getState(config)).next, ["remote"]);

    await settled(config);
    const inside = await graph.getState(config, { subgraphs: true });
    assert.deepEqual([inside.next, inside.tasks[0].state.next, inside.tasks[0].state.tasks[0].state.next], [["middle"], ["inner"], ["decide"]]);
    const result = await parent.invoke(new Command({ resume: "yes" }), config);
    assert.deepEqual(result.trail, ["enter", "open", "think", "decide:yes", "close", "leave"]);
  });

  test("passes a question straight through when it is the node itself", async () => {
    const parent = around({ request: Annotation(), log: newest() }, remote("approval")).compile({ checkpointer: new MemorySaver() });
    const config = newThread();
    const asked = await parent.invoke({ request: "r" }, config);
    assert.equal(asked.__interrupt__[0].value.question, "Approve r?");
    assert.equal((await parent.getState(config)).tasks[0].interrupts[0].value.question, "Approve r?");
  });

  test("reads the state and its history, and changes the state by hand", async () => {
    const config = newThread();
    const graph = remote("linear");
    await graph.invoke({ text: "x" }, config);
    const history = await collect(graph.getStateHistory(config));
    assert.deepEqual(history.map((state) => state.metadata.step), [2, 1, 0, -1]);
    const before = history.find((state) => state.next[0] === "second");
    const changed = await graph.updateState(before.config, { text: "edited" });
    assert.equal(changed.configurable.thread_id, config.configurable.thread_id);
    const state = await graph.getState(changed);
    assert.equal(state.values.text, "edited");
    assert.deepEqual(state.next, ["second"]);
    assert.equal((await graph.invoke(null, config)).text, "edited|second");
  });

  test("draws itself, names its subgraphs, and tells errors", async () => {
    const drawing = await remote("linear").getGraphAsync();
    assert.deepEqual(Object.keys(drawing.nodes).sort(), ["__end__", "__start__", "first", "second"]);
    const inside = await collect(remote("nested").getSubgraphsAsync(undefined, true));
    assert.deepEqual(inside.map(([namespace]) => namespace).sort(), ["middle", "middle|inner"]);
    await assert.rejects(remote("faulty").invoke({ mode: "throw" }), (error) => {
      assert.equal(error.name, "RemoteException");
      return /kaboom/.test(error.message);
    });
  });
});
