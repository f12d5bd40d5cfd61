// The conversation that was recorded between the sample's page and a JavaScript LangGraph server, again, in the same order,
// with heddle in its place. It needs no browser: these are the page's requests, and what it needs in the answers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { Cloud, exampleOf } from "./cloud.mjs";
import { leaks, readEverything } from "./leaks.mjs";
import { Secrets } from "./secrets.mjs";
import { checkChain, checkFrames, lineOf, outline, Page, shapeOf, textOf } from "./trace.mjs";
import { Wire } from "./wire.mjs";
import { Heddle } from "./world.mjs";

const person = "ada";
const mailScope = "https://www.googleapis.com/auth/gmail.readonly";
// Google gives these with any consent.
const basicScopes = ["openid", ...["email", "profile"].map((name) => `https://www.googleapis.com/auth/userinfo.${name}`)];
const greeting = "Hello Ada, I am Assistant0. This greeting arrives a few words at a time.";
const mailCall = { name: "search_gmail", arguments: { query: "in:inbox is:unread", maxResults: 5, resource: "messages" } };
const sum = { name: "calculator", arguments: { input: "6*7" } };

const consent = (required, missing) => ({
  name: "AUTH0_AI_INTERRUPT",
  code: "FEDERATED_CONNECTION_ERROR",
  behavior: "resume",
  connection: "google-oauth2",
  scopes: [mailScope],
  requiredScopes: required,
  message: `Authorization required to access the Federated Connection: google-oauth2${missing}`,
});

describe("the sample's page and heddle", { concurrency: false }, () => {
  let cloud, heddle, wire, page, webhook;
  let thread, head; // of the first conversation; its newest checkpoint
  const called = []; // bodies that the webhook got

  before(async () => {
    cloud = await Cloud.start();
    const env = { ...cloud.heddle("federated"), HEDDLE_WEBHOOKS_DISABLE_LOOPBACK: "false" };
    heddle = await Heddle.start({ config: await exampleOf("federated"), env });
    wire = await Wire.start(heddle.url);
    page = new Page(wire.url);
    page.credentials = (await cloud.control("/tokens", { user: person })).refresh_token;
    webhook = createServer(async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      called.push(body);
      response.end("thanks");
      webhook.emit("called");
    });
    await new Promise((done) => webhook.listen(0, "127.0.0.1", done));
  });

  after(async () => {
    webhook?.closeAllConnections();
    webhook?.close();
    await wire?.stop();
    await heddle?.stop();
    await cloud?.stop();
  });

  const script = (...answers) => cloud.control("/script", answers);

  test("1-3: a greeting on a new thread", async () => {
    const made = await page.newThread();
    assert.deepEqual(Object.keys(made).sort(), ["config", "created_at", "metadata", "status", "thread_id", "updated_at"]);
    assert.deepEqual([made.metadata, made.status, made.config], [{}, "idle", {}]);
    thread = made.thread_id;

    await script({ text: greeting });
    const run = await page.stream(thread, "Good morning!");
    checkFrames(run);
    assert.deepEqual(outline(run), ["metadata", "values human", "messages ai agent 1", "values human, ai"]);
    const [human] = run.frames[1].data.messages;
    assert.match(human.id, /^[0-9a-f-]{36}$/);
    const { id, ...rest } = human;
    assert.deepEqual(rest, { content: "Good morning!", additional_kwargs: {}, response_metadata: {}, type: "human" });
    const { messages } = run.frames.at(-1).data;
    assert.equal(messages[0].id, id, "the page would show the message twice");
    assert.equal(messages[1].content, greeting);
    assert.equal(textOf(run, messages[1].id), greeting);
    const pieces = run.frames.filter(({ event }) => event === "messages");
    assert.ok(pieces.length >= 5, "the answer grows");

    const history = await page.history(thread);
    checkChain(history, thread);
    assert.deepEqual(history.map(lineOf), [
      "step 1 loop next= tasks=",
      "step 0 loop next=agent tasks=agent(result)",
      "step -1 input next=__start__ tasks=__start__(result)",
    ]);
    assert.equal(shapeOf(history[0].values), "human, ai");
    assert.deepEqual(history[0].values.messages.map((message) => message.id), messages.map((message) => message.id));
    const { metadata } = history[0];
    assert.equal(metadata.run_id, run.id);
    assert.equal(metadata.thread_id, thread);
    assert.equal(metadata.graph_id, "agent");
    assert.deepEqual(metadata.parents, {});
    assert.equal("_credentials" in metadata, false);
    assert.equal("x-middleware-set-cookie" in metadata, false);
    head = history[0].checkpoint;
  });

  test("4-5: a calculation goes on from the checkpoint of the last history", async () => {
    await script({ tool_calls: [sum] }, { text: "The calculator says 42." });
    const run = await page.stream(thread, "Please calc six times seven", { checkpoint: head });
    checkFrames(run);
    const before = "human, ai, human";
    assert.deepEqual(outline(run), [
      "metadata",
      `values ${before}`,
      "messages ai agent 4",
      `values ${before}, ai(calls calculator)`,
      "messages tool tools 5",
      `values ${before}, ai(calls calculator), tool[calculator]`,
      "messages ai agent 6",
      `values ${before}, ai(calls calculator), tool[calculator], ai`,
    ]);
    const chunks = run.frames
      .filter(({ event, data }) => event === "messages" && data[0].tool_call_chunks?.length > 0)
      .flatMap(({ data }) => {
        assert.equal(data[0].content, "");
        return data[0].tool_call_chunks;
      });
    const { id, ...named } = chunks[0];
    assert.deepEqual(named, { name: "calculator", args: "", index: 0, type: "tool_call_chunk" });
    const [, , , call, result] = run.frames.at(-1).data.messages;
    assert.equal(id, call.tool_calls[0].id);
    assert.deepEqual(JSON.parse(chunks.map(({ args }) => args).join("")), { input: "6*7" });
    for (const chunk of chunks.slice(1)) assert.equal(chunk.name ?? null, null, "the name comes once");
    assert.deepEqual([result.content, result.tool_call_id, result.name, result.status], ["42", id, "calculator", "success"]);

    const history = await page.history(thread);
    checkChain(history, thread);
    assert.deepEqual(history.slice(0, 6).map(lineOf), [
      "step 6 loop next= tasks=",
      "step 5 loop next=agent tasks=agent(result)",
      "step 4 loop next=tools tasks=tools(result)",
      "step 3 loop next=agent tasks=agent(result)",
      "step 2 input next=__start__ tasks=__start__(result)",
      "step 1 loop next= tasks=",
    ]);
    assert.equal(history.length, 8);
    assert.deepEqual(history[5].checkpoint, head);
    head = history[0].checkpoint;
  });

  const beforeMail = "human, ai, human, ai(calls calculator), tool[calculator], ai, human";
  let waiting; // the state that waits for consent

  test("6-7: a question about the mail interrupts the run, because there is no consent", async () => {
    await script({ tool_calls: [mailCall] });
    const run = await page.stream(thread, "What is in my mail?", { checkpoint: head });
    checkFrames(run);
    const asking = `${beforeMail}, ai(calls search_gmail)`;
    assert.deepEqual(outline(run), [
      "metadata",
      `values ${beforeMail}`,
      "messages ai agent 9",
      `values ${asking}`,
      "interrupt __interrupt__",
    ]);
    assert.deepEqual(run.frames.at(-1).data.__interrupt__.map(({ value }) => value), [consent([mailScope], "")]);

    const history = await page.history(thread);
    checkChain(history, thread);
    assert.equal(history.length, 11);
    assert.deepEqual(history.slice(0, 3).map(lineOf), [
      "step 9 loop next=tools tasks=tools(interrupted)",
      "step 8 loop next=agent tasks=agent(result)",
      "step 7 input next=__start__ tasks=__start__(result)",
    ]);
    [waiting] = history;
    assert.equal(shapeOf(waiting.values), asking);
    const { id, interrupts, ...task } = waiting.tasks[0];
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(interrupts.map(({ value }) => value), [consent([mailScope], "")]);
    assert.deepEqual(task, {
      name: "tools",
      error: null,
      path: ["__pregel_pull", "tools"],
      checkpoint: null,
      state: null,
      result: null,
    });
    assert.equal(waiting.metadata.run_id, run.id);
  });

  test("9-10: without consent the resumed run asks again, with the same task and the same checkpoint", async () => {
    const run = await page.stream(thread, null, { checkpoint: waiting.checkpoint });
    assert.deepEqual(outline(run), [
      "metadata",
      `values ${beforeMail}, ai(calls search_gmail)`,
      "interrupt __interrupt__",
    ]);
    assert.deepEqual(run.frames.at(-1).data.__interrupt__.map(({ value }) => value), [consent([mailScope], "")]);
    const history = await page.history(thread);
    assert.equal(history.length, 11);
    assert.deepEqual(history[0], waiting);
  });

  test("11: with consent and new credentials it goes on, without another input", async () => {
    await cloud.control("/grants", { user: person, scopes: [...basicScopes, mailScope] });
    page.credentials = (await cloud.control("/tokens", { user: person })).refresh_token;
    await script({ text: "You have mail." });
    const run = await page.stream(thread, null, { checkpoint: waiting.checkpoint });
    checkFrames(run);
    const asking = `${beforeMail}, ai(calls search_gmail)`;
    assert.deepEqual(outline(run), [
      "metadata",
      `values ${asking}`,
      "messages tool tools 10",
      `values ${asking}, tool[search_gmail]`,
      "messages ai agent 11",
      `values ${asking}, tool[search_gmail], ai`,
    ]);
    const result = run.frames.at(-1).data.messages.at(-2);
    const [first, rest] = [result.content.split("\n")[0], JSON.parse(result.content.slice(result.content.indexOf("\n") + 1))];
    assert.equal(first, "Result for the query in:inbox is:unread:");
    assert.ok(rest.length > 0);
    for (const mail of rest) assert.deepEqual(Object.keys(mail), ["id", "threadId", "snippet", "body", "subject", "sender"]);

    const history = await page.history(thread);
    checkChain(history, thread);
    assert.deepEqual(history.slice(0, 4).map(lineOf), [
      "step 11 loop next= tasks=",
      "step 10 loop next=agent tasks=agent(result)",
      "step 9 loop next=tools tasks=tools(interrupted)(result)",
      "step 8 loop next=agent tasks=agent(result)",
    ]);
    head = history[0].checkpoint;
  });

  test("13: two tools in one answer, both answered in one step", async () => {
    await script({ tool_calls: [sum, mailCall] }, { text: "42, and mail." });
    const run = await page.stream(thread, "Look at my mail and calc, both please", { checkpoint: head });
    checkFrames(run);
    const lines = outline(run);
    assert.deepEqual(lines.slice(2).map((line) => line.replace(/^values .*human, /, "values … ")), [
      "messages ai agent 14",
      "values … ai(calls calculator, search_gmail)",
      "messages tool tools 15",
      "values … ai(calls calculator, search_gmail), tool[calculator], tool[search_gmail]",
      "messages ai agent 16",
      "values … ai(calls calculator, search_gmail), tool[calculator], tool[search_gmail], ai",
    ].flatMap((line) => (line === "messages tool tools 15" ? [line, line] : [line])));
    [{ checkpoint: head }] = await page.history(thread);
  });

  test("15-17: a failing run ends with an error that the history has at once", async () => {
    const error = { error: { message: "The scripted model was told to explode.", type: "invalid_request_error" } };
    await script({ status: 400, error });
    const run = await page.stream(thread, "Now explode", { checkpoint: head });
    const last = run.frames.at(-1);
    assert.equal(last.event, "error");
    assert.match(last.data.message, /The scripted model was told to explode\./);
    assert.equal(typeof last.data.error, "string");
    const [state] = await page.history(thread);
    assert.equal(lineOf(state), "step 18 loop next=agent tasks=agent(error)");
    assert.match(shapeOf(state.values), /ai, human$/);
    const told = JSON.parse(state.tasks[0].error);
    // In heddle's own words, which also say who has answered; the recorded server said "400 The scripted …".
    assert.match(told.message, /400.*The scripted model was told to explode\./);
    assert.equal(typeof told.name, "string");
    assert.equal(state.tasks[0].result, null);
  });

  test("22-24: a consent to something else names the scopes that are missing, and both tools run when it is there", async () => {
    await cloud.control("/grants", { user: person, scopes: basicScopes });
    page.credentials = (await cloud.control("/tokens", { user: person })).refresh_token;
    const { thread_id: other } = await page.newThread();
    await script({ tool_calls: [sum, mailCall] });
    const run = await page.stream(other, "Look at my mail and calc, both please");
    const wanted = consent([...basicScopes, mailScope], `. Missing scopes: ${mailScope}`);
    const lines = outline(run);
    assert.deepEqual([lines[1], ...lines.slice(3).filter((line) => !line.startsWith("messages tool"))], [
      "values human",
      "values human, ai(calls calculator, search_gmail)",
      "interrupt __interrupt__",
    ]);
    assert.deepEqual(run.frames.at(-1).data.__interrupt__.map(({ value }) => value), [wanted]);
    const [state, ...older] = await page.history(other);
    assert.deepEqual([state, ...older].map(lineOf), [
      "step 1 loop next=tools tasks=tools(interrupted)",
      "step 0 loop next=agent tasks=agent(result)",
      "step -1 input next=__start__ tasks=__start__(result)",
    ]);
    assert.deepEqual(state.tasks[0].interrupts.map(({ value }) => value), [wanted]);

    await cloud.control("/grants", { user: person, scopes: [...basicScopes, mailScope] });
    page.credentials = (await cloud.control("/tokens", { user: person })).refresh_token;
    await script({ text: "42, and mail." });
    const resumed = await page.stream(other, null, { checkpoint: state.checkpoint });
    checkFrames(resumed);
    assert.deepEqual(outline(resumed), [
      "metadata",
      "values human, ai(calls calculator, search_gmail)",
      "messages tool tools 2",
      "messages tool tools 2",
      "values human, ai(calls calculator, search_gmail), tool[calculator], tool[search_gmail]",
      "messages ai agent 3",
      "values human, ai(calls calculator, search_gmail), tool[calculator], tool[search_gmail], ai",
    ]);
    assert.equal(resumed.frames[2].data[0].content, "42");
  });

  test("29-31: leaving in mid-answer cancels the run, and the next message is answered", async () => {
    const { thread_id: left } = await page.newThread();
    const story = Array.from({ length: 400 }, (_, place) => `word${place}`).join(" ");
    await script({ text: story, delay_ms: 20 });
    const id = await page.leave(left, "Tell me a long story", "word29");
    await page.get(`/threads/${left}/runs/${id}/join`);
    const run = await page.get(`/threads/${left}/runs/${id}`);
    assert.equal(run.status, "interrupted");
    const history = await page.history(left);
    checkChain(history, left);
    assert.deepEqual(history.map(lineOf), [
      "step 0 loop next=agent tasks=agent",
      "step -1 input next=__start__ tasks=__start__(result)",
    ]);
    assert.equal(shapeOf(history[0].values), "human");
    assert.deepEqual({ ...history[0].tasks[0], id: "" }, {
      id: "",
      name: "agent",
      error: null,
      interrupts: [],
      path: ["__pregel_pull", "agent"],
      checkpoint: null,
      state: null,
      result: null,
    });
    await script({ text: greeting });
    const next = await page.stream(left, "Good morning again", { checkpoint: history[0].checkpoint });
    assert.equal(outline(next).at(-1), "values human, human, ai");
    const roles = (await cloud.requests("model")).at(-1).body.messages.map(({ role }) => role);
    assert.deepEqual(roles, ["system", "user", "user"]);
  });

  test("the tenant, the model and Gmail are asked as the sample asks them", async () => {
    const { clients } = cloud.ready;
    const exchanges = (await cloud.requests("tenant")).filter(({ path }) => path === "/oauth/token");
    assert.ok(exchanges.length >= 4);
    for (const { headers, body } of exchanges) {
      assert.match(headers["content-type"], /^application\/json/);
      const { subject_token: _, ...rest } = body;
      assert.deepEqual(rest, {
        grant_type: "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
        client_id: clients.web.id,
        client_secret: clients.web.secret,
        subject_token_type: "urn:ietf:params:oauth:token-type:refresh_token",
        connection: "google-oauth2",
        requested_token_type: "http://auth0.com/oauth/token-type/federated-connection-access-token",
      });
    }
    assert.deepEqual(exchanges.slice(0, 2).map(({ status }) => status), [401, 401]);

    const [first] = await cloud.requests("model");
    const { messages, tools, ...settings } = first.body;
    assert.deepEqual(settings, { model: "gpt-4o", temperature: 0, stream: true, stream_options: { include_usage: true } });
    assert.deepEqual(messages.map(({ role }) => role), ["system", "user"]);
    assert.deepEqual(tools.map(({ function: { name } }) => name), ["calculator", "search_gmail"]);
    const [, { function: gmail }] = tools;
    assert.deepEqual(gmail.parameters.properties, {
      query: { type: "string" },
      maxResults: { type: "number" },
      resource: { type: "string", enum: ["messages", "threads"] },
    });
    assert.deepEqual(gmail.parameters.required, ["query"]);

    const [list, letter] = await cloud.requests("gmail");
    assert.deepEqual([list.path, list.query], ["/gmail/v1/users/me/messages", { q: "in:inbox is:unread", maxResults: "5" }]);
    assert.deepEqual(letter.query, { format: "full" });
  });

  test("no secret of all this is kept or shown, in no stream mode and in no webhook", async () => {
    const { thread_id: noisy } = await page.newThread();
    const modes = ["values", "updates", "messages", "messages-tuple", "debug", "tasks", "checkpoints", "events", "custom"];
    const address = `http://127.0.0.1:${webhook.address().port}/ended`;
    const rung = once(webhook, "called");
    await script({ tool_calls: [mailCall] }, { text: "All was read." });
    const run = await page.stream(noisy, "Read my mail, in every way", { stream_mode: modes, webhook: address });
    const events = new Set(run.frames.map(({ event }) => event));
    for (const event of ["debug", "tasks", "checkpoints", "updates", "values", "events"]) assert.ok(events.has(event), event);
    await rung;
    assert.ok(called[0].includes(noisy), "the webhook tells about the run");

    assert.ok((await readEverything(wire.url)) >= 4);
    const secrets = new Secrets();
    secrets.addFromCloud(await cloud.control("/requests"));
    secrets.addFromWire(wire.exchanges);
    for (const kind of ["subject token", "Google token", "client secret", "key of the model", "session cookie", "credential of a run"]) {
      assert.ok(secrets.kinds.has(kind), `the test knows no ${kind}`);
    }
    const { found, bytes } = await leaks(secrets, { folder: heddle.folder, wire });
    assert.deepEqual(found, []);
    for (const body of called) assert.deepEqual(secrets.foundIn(Buffer.from(body)), []);
    assert.ok(bytes > 100_000, `${bytes} bytes were searched`);
  });
});
