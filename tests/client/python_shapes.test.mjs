// Requests in the shapes of the Python SDK (0.4.3), which is not run here: snake case, its headers, its lists in
// queries, and how it comes back after a broken connection. And what the Studio page asks before it asks anything.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Server } from "./server.mjs";

const kHeartbeatMs = 100;

describe("the Python SDK's requests", () => {
  let server;
  before(async () => {
    const heartbeats = ["--heartbeat-ms", String(kHeartbeatMs), "--wait-heartbeat-ms", String(kHeartbeatMs)];
    server = await Server.start(undefined, { args: heartbeats });
  });
  after(async () => {
    assert.equal(await server.stop(), 0);
  });

  const kAgent = "langgraph-sdk-py/0.4.3";
  const ask = (method, path, body, headers = {}) =>
    fetch(server.base + path, {
      method,
      headers: {
        accept: "*/*",
        "user-agent": kAgent,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  const json = async (method, path, body, headers) => {
    const answer = await ask(method, path, body, headers);
    assert.equal(answer.status, 200, `${method} ${path}: ${answer.status}`);
    return answer.json();
  };
  const stream = (method, path, body, headers = {}) =>
    ask(method, path, body, { accept: "text/event-stream", "cache-control": "no-store", ...headers });
  const newThread = async () => (await json("POST", "/threads", { metadata: {} })).thread_id;

  // The frames of a stream as they came, and the comments apart. An event begins where the one before it has ended.
  const read = (text) => {
    const comments = text.match(/^:.*$/gm) ?? [];
    const frames = text.replace(/^:.*\n/gm, "").split("\n\n").filter(Boolean);
    return { comments, frames };
  };
  const field = (frame, name) => new RegExp(`^${name}: (.*)$`, "m").exec(frame)?.[1];

  test("a run with every field that the SDK can send is streamed", async () => {
    const thread = randomUUID();
    const answer = await stream("POST", `/threads/${thread}/runs/stream`, {
      input: { messages: [{ role: "user", content: "hi" }] },
      config: { tags: ["a"], recursion_limit: 20, configurable: { app_color: "red" } },
      metadata: { note: 1 },
      stream_mode: ["values", "messages-tuple"],
      stream_subgraphs: false,
      stream_resumable: true,
      assistant_id: "chat",
      feedback_keys: ["quality"],
      if_not_exists: "create",
      on_disconnect: "continue",
      on_completion: "keep",
      multitask_strategy: "enqueue",
      durability: "async",
      after_seconds: 0,
    });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type"), /text\/event-stream/);
    const run = new RegExp(`^/threads/${thread}/runs/([0-9a-f-]{36})$`).exec(answer.headers.get("content-location"));
    assert.ok(run, "content-location ends with the id of the run");
    assert.match(answer.headers.get("location"), new RegExp(`^/threads/${thread}/runs/${run[1]}/stream(\\?|$)`));
    const { frames } = read(await answer.text());
    assert.equal(field(frames[0], "event"), "metadata");
    assert.deepEqual(new Set(frames.slice(1).map((frame) => field(frame, "event"))), new Set(["values", "messages"]));
    assert.equal(JSON.parse(field(frames.at(-1), "data")).messages.at(-1).content, "Echo: hi");
  });

  test("heartbeats are comments without a blank line, and go on while nothing happens", async () => {
    const answer = await stream("POST", `/threads/${await newThread()}/runs/stream`, {
      assistant_id: "delay",
      input: { tag: "a", ms: 8 * kHeartbeatMs },
      stream_mode: "values",
    });
    const text = await answer.text();
    const { comments, frames } = read(text);
    assert.ok(comments.length >= 3, `${comments.length} heartbeats`);
    for (const comment of comments) assert.equal(comment, ": heartbeat");
    assert.doesNotMatch(text, /: heartbeat\n\n/);
    for (const frame of frames) assert.match(frame, /^event: .+\ndata: .+\nid: \d+$/);
  });

  test("a broken stream is taken up at Location with Last-Event-ID and without the query, and nothing is lost", async () => {
    const thread = await newThread();
    const request = { assistant_id: "delay", input: { tag: "a", ms: 100, naps: 5 }, stream_mode: ["updates"], stream_resumable: true };
    const cut = new AbortController();
    const answer = await fetch(`${server.base}/threads/${thread}/runs/stream`, {
      method: "POST",
      headers: { accept: "text/event-stream", "content-type": "application/json" },
      body: JSON.stringify(request),
      signal: cut.signal,
    });
    let seen = "";
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
      seen += part;
      if (read(seen).frames.length >= 3) break; // the fetch ends with the loop: the connection is cut
    }
    cut.abort();
    const whole = seen.slice(0, seen.lastIndexOf("\n\n") + 2);
    const first = read(whole).frames;
    const rest = await stream("GET", answer.headers.get("location"), undefined, { "last-event-id": field(first.at(-1), "id") });
    const { frames } = read(await rest.text());
    const all = [...first, ...frames];
    assert.deepEqual(all.map((frame) => field(frame, "id")), all.map((_, index) => String(index)));
    assert.deepEqual(all.slice(1).map((frame) => field(frame, "event")), Array(7).fill("updates"));

    const again = await stream("GET", answer.headers.get("location"), undefined, { "last-event-id": "-1" });
    assert.deepEqual(read(await again.text()).frames, all);
  });

  test("wait answers at once, keeps the line alive, and its Location leads to the same result", async () => {
    const thread = await newThread();
    const answer = await ask("POST", `/threads/${thread}/runs/wait`, { assistant_id: "delay", input: { tag: "a", ms: 6 * kHeartbeatMs } });
    const location = answer.headers.get("location");
    assert.match(location, new RegExp(`^/threads/${thread}/runs/[0-9a-f-]{36}/join$`));
    const status = (await json("GET", location.replace(/\/join$/, ""))).status;
    assert.ok(status === "running" || status === "pending", "the headers came after the end of the run");
    assert.match(answer.headers.get("content-type"), /application\/json/);
    const text = await answer.text();
    assert.match(text, /^\n+\{/);
    assert.deepEqual(JSON.parse(text).log, ["a:before", "a:nap1", "a:after"]);
    assert.deepEqual(await json("GET", location), JSON.parse(text));
  });

  test("lists in queries are repeated names; empty ones count as absent; truth values have words", async () => {
    const thread = await newThread();
    const run = await json("POST", `/threads/${thread}/runs`, { assistant_id: "linear", input: { text: "x" }, stream_mode: ["values", "updates"], stream_resumable: true });
    await json("GET", `/threads/${thread}/runs/${run.run_id}/join`);
    const [listed] = await json("GET", `/threads/${thread}/runs?limit=10&offset=0&select=run_id&select=status`);
    assert.deepEqual(listed, { run_id: run.run_id, status: "success" });

    const path = `/threads/${thread}/runs/${run.run_id}/stream`;
    const names = async (query) => {
      const answer = await stream("GET", `${path}?${query}`);
      return new Set(read(await answer.text()).frames.map((frame) => field(frame, "event")));
    };
    assert.deepEqual(await names("cancel_on_disconnect=false&stream_mode=updates"), new Set(["metadata", "updates"]));
    assert.deepEqual(await names("cancel_on_disconnect=False&stream_mode=updates&stream_mode=values"), new Set(["metadata", "updates", "values"]));
    assert.deepEqual(await names("cancel_on_disconnect=false&stream_mode="), new Set(["metadata", "updates", "values"]));

    const cancelled = await ask("POST", `/threads/${thread}/runs/${run.run_id}/cancel?wait=false&action=interrupt`);
    assert.equal(cancelled.status, 202);
  });

  test("threads are searched, counted, changed and read as the SDK does", async () => {
    const mark = randomUUID();
    const ids = [];
    for (const n of [1, 2, 3]) ids.push((await json("POST", "/threads", { thread_id: randomUUID(), metadata: { mark, n }, if_exists: "do_nothing" })).thread_id);
    const search = { metadata: { mark }, limit: 2, offset: 0, sort_by: "created_at", sort_order: "asc", select: ["thread_id", "metadata"], ids };
    const answer = await ask("POST", "/threads/search", search);
    assert.equal(answer.headers.get("x-pagination-total"), "3");
    assert.equal(answer.headers.get("x-pagination-next"), "2");
    assert.deepEqual(await answer.json(), ids.slice(0, 2).map((thread_id, index) => ({ thread_id, metadata: { mark, n: index + 1 } })));
    assert.equal(await json("POST", "/threads/count", { metadata: { mark } }), 3);

    const changed = await ask("PATCH", `/threads/${ids[0]}`, { metadata: { seen: true } }, { prefer: "return=minimal" });
    assert.equal(changed.status, 204);
    assert.deepEqual((await json("GET", `/threads/${ids[0]}`)).metadata, { mark, n: 1, seen: true });

    await json("POST", `/threads/${ids[0]}/runs/wait`, { assistant_id: "linear", input: { text: "x" } });
    const head = await json("GET", `/threads/${ids[0]}/state?subgraphs=false`);
    const at = await json("POST", `/threads/${ids[0]}/state/checkpoint`, { checkpoint: head.checkpoint, subgraphs: true });
    assert.deepEqual(at.checkpoint, head.checkpoint);
    const history = await json("POST", `/threads/${ids[0]}/history`, { limit: 2, before: head.checkpoint });
    assert.deepEqual(history.map((state) => state.metadata.step), [1, 0]);
    const written = await json("POST", `/threads/${ids[0]}/state`, { values: { text: "by hand" }, as_node: "first" });
    assert.equal(written.checkpoint.thread_id, ids[0]);
    assert.deepEqual((await json("GET", `/threads/${ids[0]}/state`)).next, ["second"]);
    const found = await json("POST", "/threads/search", { metadata: { mark }, extract: { text: "values.text" }, select: ["thread_id"], status: "idle", ids: [ids[0]] });
    assert.deepEqual(found, [{ thread_id: ids[0], extracted: { text: "by hand" } }]);
  });

  test("the store and the assistants answer as the SDK expects", async () => {
    const put = await ask("PUT", "/store/items", { namespace: ["docs", "py"], key: "one", value: { text: "hello" }, index: null, ttl: null });
    assert.equal(put.status, 204);
    const item = await json("GET", "/store/items?key=one&namespace=docs.py");
    assert.deepEqual([item.namespace, item.value], [["docs", "py"], { text: "hello" }]);
    const found = await json("POST", "/store/items/search", { namespace_prefix: ["docs"], filter: { text: "hello" }, limit: 10, offset: 0, query: null });
    assert.equal(found.items.length, 1);
    assert.deepEqual(await json("POST", "/store/namespaces", { prefix: ["docs"], max_depth: 2, limit: 10, offset: 0 }), { namespaces: [["docs", "py"]] });
    assert.equal((await ask("DELETE", "/store/items", { key: "one", namespace: ["docs", "py"] })).status, 204);
    assert.equal(await json("GET", "/store/items?key=one&namespace=docs.py"), null);

    const answer = await ask("POST", "/assistants/search", { graph_id: "linear", limit: 1, offset: 0, sort_by: "name", sort_order: "asc" });
    assert.equal((await answer.json())[0].graph_id, "linear");
    const drawing = await json("GET", "/assistants/nested/graph?xray=true");
    assert.ok(drawing.nodes.some((node) => node.id === "middle:inner:think"));
    const batch = await json("POST", "/runs/batch", [
      { assistant_id: "linear", input: { text: "a" } },
      { assistant_id: "linear", input: { text: "b" } },
    ]);
    assert.equal(batch.length, 2);
  });

  test("errors have a status, a detail, and the id of the request", async () => {
    const answer = await ask("GET", `/threads/${randomUUID()}`, undefined, { "x-request-id": "my-request" });
    assert.equal(answer.status, 404);
    assert.equal(answer.headers.get("x-request-id"), "my-request");
    assert.match((await answer.json()).detail, /^Thread with ID .* not found$/);
    const failed = await json("POST", "/runs/wait", { assistant_id: "faulty", input: { mode: "throw" } });
    assert.deepEqual(failed.__error__, { error: "Error", message: "kaboom" });
    assert.equal((await ask("POST", "/runs/stream", { assistant_id: "nobody", input: {} })).status, 404);
  });

  test("the Studio page may ask, from its own origin into the private network", async () => {
    const preflight = (headers) =>
      fetch(`${server.base}/assistants/search`, {
        method: "OPTIONS",
        headers: {
          origin: "https://smith.langchain.com",
          "access-control-request-method": "POST",
          "access-control-request-headers": "content-type,x-auth-scheme",
          ...headers,
        },
      });
    const allowed = await preflight({ "access-control-request-private-network": "true" });
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers.get("access-control-allow-private-network"), "true");
    assert.equal(allowed.headers.get("access-control-allow-origin"), "*");
    assert.match(allowed.headers.get("access-control-allow-methods"), /POST/);
    assert.equal(allowed.headers.get("access-control-allow-headers"), "content-type,x-auth-scheme");
    assert.equal((await preflight({})).headers.get("access-control-allow-private-network"), null);

    const info = await fetch(`${server.base}/info`, { headers: { origin: "https://smith.langchain.com", "x-auth-scheme": "langsmith" } });
    assert.equal(info.headers.get("access-control-allow-origin"), "*");
    assert.match(info.headers.get("access-control-expose-headers"), /content-location/);
    assert.equal(typeof (await info.json()).version, "string");
  });
});
