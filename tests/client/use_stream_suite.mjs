// What a person does on a page with useStream, and what the page must show. The same for every SDK, and for every way
// to the server: the address of the server itself, or of a passthrough in front of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkGrowth, human, openPage, textOf } from "./page.mjs";

const types = (view) => view.messages.map((message) => message.type);
const texts = (view) => view.messages.map(textOf);
const asList = (interrupt) => (Array.isArray(interrupt) ? interrupt : [interrupt]);

async function idle(client, threadId) {
  const end = Date.now() + 20_000;
  for (;;) {
    const { status } = await client.threads.get(threadId);
    if (status !== "busy") return status;
    assert.ok(Date.now() < end, "the thread stays busy");
    await new Promise((done) => setTimeout(done, 25));
  }
}

/**
 * `sdk`: {useStream, Client}. `places`: a function that gives {agent, fixtures}, the addresses of heddle with the
 * offline model and of heddle-fixtures; called in the tests, when the servers run.
 */
export function useStreamTests(sdk, places) {
  const pages = [];
  const open = async (place, assistantId, options = {}) => {
    const page = await openPage({ ...sdk, apiUrl: places()[place], assistantId, ...options });
    pages.push(page);
    return page;
  };
  const it = (name, run) =>
    test(name, async (context) => {
      try {
        await run(context);
      } finally {
        for (const page of pages.splice(0)) page.close();
      }
    });

  it("an answer grows on the page and no word comes twice, in the first turn and in the next", async () => {
    const page = await open("agent", "agent");
    for (const turn of [1, 2]) {
      const views = await page.ask({ messages: [human(`hello ${turn}`)] });
      assert.equal(page.view.messages.length, 2 * turn);
      assert.deepEqual(types(page.view).slice(-2), ["human", "ai"]);
      assert.match(texts(page.view).at(-1), /^\[offline model\] I am a stand-in .* how my day was$/s);
      checkGrowth(views, page.view.messages.at(-1));
    }
    assert.equal(page.view.interrupt, undefined);
    assert.equal(page.view.error, undefined);
  });

  it("a tool is called and its result is shown", async () => {
    const page = await open("agent", "agent");
    const views = await page.ask({ messages: [human("what is 6 * 7")] });
    assert.deepEqual(types(page.view), ["human", "ai", "tool", "ai"]);
    assert.equal(page.view.messages[1].tool_calls[0].name, "calculator");
    assert.match(texts(page.view).at(-1), /42/);
    for (const { messages } of views) {
      const ids = messages.map((message) => message.id).filter(Boolean);
      assert.equal(new Set(ids).size, ids.length);
      for (const message of messages) assert.equal(typeof message.content, "string");
    }
  });

  it("a question stops the run, is shown, survives a reload, and the answer goes on with it", async () => {
    const page = await open("fixtures", "approval");
    await page.ask({ request: "r" });
    const [asked] = asList(page.view.interrupt);
    assert.equal(asked.value.question, "Approve r?");

    const reloaded = await open("fixtures", "approval", { threadId: page.threadId });
    const view = await reloaded.until(({ interrupt }) => interrupt !== undefined, "the question after a reload");
    assert.equal(asList(view.interrupt)[0].value.question, "Approve r?");
    await reloaded.ask(undefined, { command: { resume: "yes" } });
    assert.deepEqual(reloaded.view.values.log, ["prepare:r", 'review:"yes"', "accepted"]);
    assert.equal(reloaded.view.interrupt, undefined);
  });

  it("a tool that asks a person gets the answer", async () => {
    const page = await open("agent", "agent");
    await page.ask({ messages: [human("ask me how my day was")] });
    assert.notEqual(page.view.interrupt, undefined);
    assert.equal(page.view.messages.at(-1).tool_calls[0].name, "ask_human");
    await page.ask(undefined, { command: { resume: "sunny" } });
    assert.deepEqual(types(page.view), ["human", "ai", "tool", "ai"]);
    assert.match(texts(page.view).at(-1), /sunny/);
  });

  it("consent is asked for; submit(null) asks again without it and goes on with it", async () => {
    const page = await open("fixtures", "vault");
    await page.ask({ messages: [human("mail holidays")] });
    const [asked] = asList(page.view.interrupt);
    assert.equal(asked.value.name, "AUTHORIZATION_REQUIRED");
    await page.ask(null);
    assert.deepEqual(asList(page.view.interrupt)[0].value, asked.value);
    assert.equal(page.view.messages.length, 2);
    await page.ask(null, { config: { configurable: { _credentials: { refreshToken: "made up" } } } });
    assert.equal(page.view.interrupt, undefined);
    assert.deepEqual(texts(page.view), ["mail holidays", "", "3 mails about holidays", "Done: 3 mails about holidays"]);
  });

  it("an edited message makes a branch, the old one can be shown again, and an answer can be made anew", async () => {
    const page = await open("agent", "agent", { fetchStateHistory: true });
    await page.ask({ messages: [human("first")] });
    await page.ask({ messages: [human("second")] });
    const before = page.view;
    assert.deepEqual(types(before), ["human", "ai", "human", "ai"]);

    const place = before.metadata[2].firstSeenState.parent_checkpoint;
    const views = await page.ask({ messages: [human("what is 2 + 3")] }, { checkpoint: place });
    assert.deepEqual(types(page.view), ["human", "ai", "human", "ai", "tool", "ai"]);
    assert.equal(texts(page.view)[2], "what is 2 + 3");
    assert.equal(page.view.messages[0].id, before.messages[0].id);
    for (const { messages } of views.filter((view) => view.isLoading).slice(3)) {
      assert.ok(!messages.slice(2).some((message) => textOf(message) === "second"), "the old branch shines through");
    }
    const options = page.view.metadata[2].branchOptions;
    assert.equal(options.length, 2);
    page.stream.setBranch(options[0]);
    const old = await page.until((view) => texts(view)[2] === "second", "the old branch");
    assert.deepEqual(old.messages.map((message) => message.id), before.messages.map((message) => message.id));

    const answer = old.messages[3];
    await page.ask(undefined, { checkpoint: old.metadata[3].firstSeenState.parent_checkpoint });
    assert.deepEqual(types(page.view), ["human", "ai", "human", "ai"]);
    assert.equal(texts(page.view)[2], "second");
    assert.notEqual(page.view.messages[3].id, answer.id);
  });

  it("stop ends the run, and the thread takes the next message", async () => {
    const page = await open("agent", "agent");
    const asked = page.stream.submit({ messages: [human("hello")] });
    await page.until((view) => view.messages.at(-1)?.type === "ai" && textOf(view.messages.at(-1)).length > 20, "half an answer");
    await page.stream.stop();
    await asked;
    await page.until((view) => !view.isLoading, "the end of the run");
    assert.notEqual(await idle(page.client, page.threadId), "error");
    const [run] = await page.client.runs.list(page.threadId);
    assert.equal(run.status, "interrupted");

    await page.ask({ messages: [human("what is 1 + 1")] });
    assert.deepEqual(types(page.view), ["human", "human", "ai", "tool", "ai"]);
    assert.deepEqual(texts(page.view).slice(0, 2), ["hello", "what is 1 + 1"]);
  });

  it("a page that is reloaded in mid-answer takes the answer up, and no word comes twice", async () => {
    const page = await open("agent", "agent", { reconnectOnMount: true });
    void page.stream.submit({ messages: [human("hello")] });
    await page.until((view) => view.messages.at(-1)?.type === "ai" && textOf(view.messages.at(-1)).length > 20, "half an answer");
    page.close();

    const reloaded = await open("agent", "agent", { reconnectOnMount: true, threadId: page.threadId });
    const end = (view) => !view.isLoading && !view.isThreadLoading && /how my day was$/.test(texts(view).at(-1) ?? "");
    const last = await reloaded.until(end, "the whole answer");
    const joined = reloaded.requests.filter((request) => /\/runs\/[^/]+\/stream$/.test(request.path));
    assert.deepEqual(joined.map((request) => request.method), ["GET"]);
    assert.deepEqual(types(last), ["human", "ai"]);
    checkGrowth(reloaded.views.slice(reloaded.views.findIndex((view) => view.isLoading)), last.messages[1]);
    assert.equal((await reloaded.client.runs.list(page.threadId)).length, 1);
  });

  it("an error of a node is shown, also after a reload", async (context) => {
    context.mock.method(console, "error", () => {}); // the hooks print what they show
    const page = await open("fixtures", "faulty");
    await page.ask({ mode: "partial" });
    assert.equal(page.view.error?.message, "right failed");
    const reloaded = await open("fixtures", "faulty", { threadId: page.threadId });
    const view = await reloaded.until(({ error }) => error !== undefined, "the error after a reload");
    assert.equal(view.error.message, "right failed");
  });

  it("what a node writes by itself reaches the page", async () => {
    const heard = [];
    const page = await open("fixtures", "writer", { onCustomEvent: (data) => heard.push(data) });
    await page.ask({ n: 2 });
    assert.deepEqual(heard.slice(0, 3), [{ progress: 1, of: 2 }, { progress: 2, of: 2 }, "plain text"]);
    assert.equal(page.view.values.heard, "whisper 2");
  });
}
