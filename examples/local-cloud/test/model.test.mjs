import assert from "node:assert/strict";
import { test } from "node:test";
import { expressionIn } from "../model/rules.mjs";
import { bearer, cloud, control, get, postJson, useCloud } from "./world.mjs";

useCloud();

const tool = (name, properties, required = []) => ({
  type: "function",
  function: { name, description: "", parameters: { type: "object", properties, required } },
});
const TOOLS = [
  tool("calculator", { input: { type: "string" } }),
  tool(
    "search_gmail",
    {
      query: { type: "string" },
      maxResults: { type: "number" },
      resource: { type: "string", enum: ["messages", "threads"] },
    },
    ["query"],
  ),
  tool(
    "send_mail",
    { to: { type: "array", items: { type: "string" } }, subject: { type: "string" }, body: { type: "string" } },
    ["to", "subject", "body"],
  ),
  tool("list_calendar_events", { timeMin: { type: "string" }, days: { type: "integer" } }, ["timeMin", "days"]),
  tool("current_time", {}),
  tool("ask_human", { question: { type: "string" } }, ["question"]),
  tool("odd_one", { a: { type: "number" } }, ["a"]),
];
const KEY = bearer("sk-local");
const user = (content) => ({ role: "user", content });

const complete = (messages, more = {}) =>
  postJson(`${cloud.openai}/chat/completions`, { model: "gpt-4o", messages, tools: TOOLS, ...more }, KEY);
const message = async (messages, more) => (await complete(messages, more)).json.choices[0].message;
const calls = async (text, more) =>
  ((await message([user(text)], more)).tool_calls ?? []).map(({ function: { name, arguments: args } }) => [
    name,
    JSON.parse(args),
  ]);

// All events of a streamed answer, parsed; the last line is [DONE].
const events = async (messages, more = {}) => {
  const { text, status, headers } = await complete(messages, { stream: true, ...more });
  assert.equal(status, 200);
  assert.match(headers.get("content-type"), /^text\/event-stream/);
  const lines = text.trim().split("\n\n");
  assert.equal(lines.pop(), "data: [DONE]");
  return lines.map((line) => JSON.parse(line.replace(/^data: /, "")));
};

const SEARCH = { query: "in:inbox is:unread", maxResults: 5, resource: "messages" };

test("words choose tools, their arguments fit the schema on offer", async () => {
  assert.deepEqual(await calls("What is in my mail?"), [["search_gmail", SEARCH]]);
  assert.deepEqual(await calls("Anything in my inbox?"), [["search_gmail", SEARCH]]);
  assert.deepEqual(await calls("Please calc six times seven"), [["calculator", { input: "6*7" }]]);
  assert.deepEqual(await calls("What is 17 * (23 + 4)?"), [["calculator", { input: "17*(23+4)" }]]);
  assert.deepEqual(await calls("Look at my mail and calc, both please"), [
    ["calculator", { input: "6*7" }],
    ["search_gmail", SEARCH],
  ]);
  assert.deepEqual(await calls('Send a mail to tomas@example.test about "Coffee" saying "At three?"'), [
    ["send_mail", { to: ["tomas@example.test"], subject: "Coffee", body: "At three?" }],
  ]);
  assert.deepEqual(await calls("What time is it?"), [["current_time", {}]]);
  assert.deepEqual(
    (await calls("What is in my calendar?")).map(([name, args]) => [name, Object.keys(args).sort()]),
    [["list_calendar_events", ["days", "timeMin"]]],
  );
  assert.deepEqual(await calls('Please call odd_one {"a": 7}'), [["odd_one", { a: 7 }]]);
  assert.deepEqual(await calls("ask me for my name"), [["ask_human", { question: "Please tell me your name." }]]);
  assert.deepEqual(await calls("Good morning!"), []);
});

test("a tool that is not on offer is never called", async () => {
  assert.deepEqual(await calls("What is in my mail?", { tools: [TOOLS[0]] }), []);
  assert.deepEqual(await calls("What is in my mail?", { tools: undefined }), []);
});

test("arithmetic is found in digits and words, and not in addresses or plain numbers", () => {
  assert.equal(expressionIn("six times seven"), "6*7");
  assert.equal(expressionIn("(1 + 2) * 3.5"), "(1+2)*3.5");
  assert.equal(expressionIn("ten divided by four, please"), "10/4");
  assert.equal(expressionIn("write to a-1+2@example.com"), undefined);
  assert.equal(expressionIn("berth 12"), undefined);
});

test("after tools the answer cites what they gave, in the order of the calls", async () => {
  const mails = [
    {
      sender: { name: "From", value: "Ines Varga <ines@example.com>" },
      subject: { name: "Subject", value: "Moths" },
      body: "HELIOTROPE-7741",
    },
  ];
  const call = (id, name) => ({ id, type: "function", function: { name, arguments: "{}" } });
  const { content } = await message([
    user("Look at my mail and calc"),
    { role: "assistant", content: "", tool_calls: [call("c1", "calculator"), call("c2", "search_gmail")] },
    { role: "tool", tool_call_id: "c1", content: "42", name: "calculator" },
    { role: "tool", tool_call_id: "c2", content: `Result for the query in:inbox:\n${JSON.stringify(mails)}` },
  ]);
  assert.equal(
    content,
    'The calculator says 42.\n\nMail from Ines Varga <ines@example.com> with subject "Moths": HELIOTROPE-7741',
  );
});

test("a streamed text comes in pieces of one id with the role first, the finish, then the usage", async () => {
  await control("/script", { text: "Schöne Grüße, ein paar Wörter 🌌 at a time.\n\nDone." });
  const all = await events([user("hello")], { stream_options: { include_usage: true } });
  assert.equal(new Set(all.map(({ id }) => id)).size, 1);
  assert.match(all[0].id, /^chatcmpl-/);
  assert.deepEqual([all[0].choices[0].delta.role, all[0].choices[0].delta.content], ["assistant", ""]);
  const text = all
    .flatMap(({ choices }) => choices)
    .map(({ delta }) => delta.content ?? "")
    .join("");
  assert.equal(text, "Schöne Grüße, ein paar Wörter 🌌 at a time.\n\nDone.");
  assert.ok(all.length > 6);
  assert.deepEqual(all.at(-2).choices[0].finish_reason, "stop");
  assert.deepEqual(all.at(-1).choices, []);
  assert.ok(all.at(-1).usage.total_tokens > 0);
  const other = await events([user("hello")]);
  assert.ok(
    other.every((event) => event.usage === undefined),
    "no usage unless asked",
  );
  assert.notEqual(other[0].id, all[0].id);
});

test("streamed tool calls begin with id and name, their arguments follow in pieces by index", async () => {
  const all = await events([user("Look at my mail and calc, both please")]);
  const deltas = all.map(({ choices }) => choices[0].delta);
  assert.deepEqual([deltas[0].role, deltas[0].content], ["assistant", null]);
  const parts = deltas.flatMap(({ tool_calls: one }) => one ?? []);
  const found = [];
  for (const {
    index,
    id,
    type,
    function: { name, arguments: args },
  } of parts) {
    if (id) {
      assert.deepEqual([type, args, found.length], ["function", "", index]);
      found.push({ id, name, args });
    } else {
      found[index].args += args;
    }
  }
  assert.deepEqual(
    found.map(({ name, args }) => [name, JSON.parse(args)]),
    [
      ["calculator", { input: "6*7" }],
      ["search_gmail", SEARCH],
    ],
  );
  assert.ok(parts.length >= 8);
  assert.notEqual(found[0].id, found[1].id);
  assert.equal(all.at(-1).choices[0].finish_reason, "tool_calls");
});

test("a transcript with a call that nobody answered is refused, as is an answer to no call", async () => {
  const open = await complete([
    user("a"),
    {
      role: "assistant",
      content: "",
      tool_calls: [{ id: "c1", type: "function", function: { name: "calculator", arguments: "{}" } }],
    },
    user("b"),
  ]);
  assert.deepEqual([open.status, open.json.error.type], [400, "invalid_request_error"]);
  assert.match(open.json.error.message, /did not have response messages: c1/);
  const stray = await complete([user("a"), { role: "tool", tool_call_id: "c9", content: "1" }]);
  assert.equal(stray.status, 400);
  assert.equal((await complete([])).status, 400);
});

test("the word fail is a 500, a missing key a 401, a fault whatever was ordered", async () => {
  const failed = await complete([user("please fail now")]);
  assert.deepEqual([failed.status, failed.json.error.type], [500, "server_error"]);
  assert.equal(
    (await postJson(`${cloud.openai}/chat/completions`, { model: "gpt-4o", messages: [user("a")] })).status,
    401,
  );
  await control("/faults", { model: [{ status: 429, headers: { "retry-after": "1" } }, { cut: true }] });
  assert.equal((await complete([user("a")])).json.error.code, "rate_limit_exceeded");
  await assert.rejects(complete([user("a")]), /fetch failed/);
  assert.equal((await complete([user("a")])).status, 200);
});

test("scripts come before rules: texts, calls with broken arguments, failures, a stream that is cut", async () => {
  await control("/script", [
    { match: "special", text: "for the special one" },
    { text: "first" },
    { tool_calls: [{ name: "calculator", arguments: "{broken" }] },
    { status: 503 },
    { text: "one two three four five six seven eight", cut_after: 3 },
  ]);
  assert.equal((await message([user("calc 1+1")])).content, "first");
  assert.equal((await message([user("x")])).tool_calls[0].function.arguments, "{broken");
  assert.equal((await complete([user("x")])).status, 503);
  await assert.rejects(complete([user("x")], { stream: true }), /terminated/);
  assert.equal((await message([user("the special question")])).content, "for the special one");
  assert.deepEqual(await calls("calc 1+1"), [["calculator", { input: "1+1" }]]);
});

test("an answer that is held goes on piece by piece, as it is released", async () => {
  await control("/script", [{ match: "in steps", text: "one two three four five six", hold_after: 1 }]);
  const response = await fetch(`${cloud.openai}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...KEY },
    body: JSON.stringify({ model: "m", stream: true, messages: [user("in steps")] }),
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  const until = async (text) => {
    while (!seen.includes(text)) seen += (await reader.read()).value;
  };
  await until("one two");
  for (const [held, next] of [["three four", "three four"], ["five six", "five six"]]) {
    assert.ok(!seen.includes(held));
    await control("/release", {});
    await until(next);
  }
  await until("[DONE]");
});

test("slowly means a long answer with pauses, and a client that goes away ends it", async () => {
  const { model_slow_delay_ms: delay } = await control("/settings");
  await control("/settings", { model_slow_delay_ms: 0 });
  const all = await events([user("Tell me a story, slowly")]);
  assert.ok(all.length * delay >= 15_000, `${all.length} pieces`);
  await control("/settings", { model_slow_delay_ms: delay });
  const stop = new AbortController();
  const response = await fetch(`${cloud.openai}/chat/completions`, {
    method: "POST",
    signal: stop.signal,
    headers: { "content-type": "application/json", ...KEY },
    body: JSON.stringify({ model: "m", stream: true, messages: [user("slowly")] }),
  });
  await response.body.getReader().read();
  stop.abort();
  let entry;
  for (let tries = 0; tries < 50 && !entry?.aborted; ++tries) {
    entry = (await control("/requests?service=model")).at(-1);
    await new Promise((done) => setTimeout(done, 20));
  }
  assert.equal(entry.aborted, true);
});

test("embeddings have length one, are the same for the same text, and near for texts that share words", async () => {
  const embed = async (input, more = {}) =>
    (await postJson(`${cloud.openai}/embeddings`, { model: "text-embedding-3-small", input, ...more }, KEY)).json;
  const { data, usage } = await embed(["brass gears for the clock", "gears of brass", "the tide is high at noon"]);
  const [a, b, c] = data.map(({ embedding }) => embedding);
  const dot = (x, y) => x.reduce((sum, value, at) => sum + value * y[at], 0);
  assert.equal(a.length, 1536);
  assert.ok(Math.abs(dot(a, a) - 1) < 1e-5);
  assert.ok(dot(a, b) > dot(a, c) + 0.1);
  assert.ok(usage.total_tokens > 0);
  const again = await embed("brass gears for the clock", { encoding_format: "base64" });
  const bytes = Buffer.from(again.data[0].embedding, "base64");
  assert.deepEqual(
    Array.from(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))),
    a,
  );
  assert.equal((await embed("x", { dimensions: 8 })).data[0].embedding.length, 8);
  assert.ok((await embed([])).error);
  assert.ok((await get(`${cloud.openai}/models`, KEY)).json.data.length > 0);
});
