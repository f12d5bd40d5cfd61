import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { chatTests, Chat, patienceMs } from "./chat.mjs";
import { Model } from "./model.mjs";
import { Heddle, startBrowser, startClient } from "./world.mjs";

describe("the chat", { concurrency: false }, () => {
  let model, heddle, client, browser;

  before(async () => {
    model = await Model.start();
    heddle = await Heddle.start({ env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "not-a-key" } });
    client = await startClient({ LANGGRAPH_API_URL: heddle.url, ASSISTANT_ID: "agent" });
    browser = await startBrowser();
  });

  after(async () => {
    await browser?.close();
    await client?.stop();
    await heddle?.stop();
    await model?.stop();
  });

  const chatTest = chatTests(() => ({ browser, url: client.url }));

  chatTest("begins with suggestions and a local identity that says what it is", async (chat) => {
    await chat.part("empty").waitFor();
    assert.ok((await chat.part("suggestion").count()) >= 3);
    assert.match(await chat.part("identity").innerText(), /local identity/);
    await chat.shoot("empty-light");
  });

  chatTest("shows an answer growing, and the same text when it has ended", async (chat) => {
    const held = model.hold();
    await chat.send("Good morning, please greet me at some length");
    // The model goes on when the page has shown what there is: however slow the machine, every step is seen.
    held.release(3);
    await chat.shows("One two three");
    held.release(2);
    await chat.shows("One two three four five");
    await chat.part("stop").waitFor();
    held.end();
    await chat.settled();
    await chat.shows("One two three four five six");
    assert.equal(await chat.part("answer").count(), 1);
    assert.equal(await chat.part("human-message").count(), 1);
    assert.equal(await chat.part("thread-title").innerText(), "Good morning, please greet me at some length");
  });

  chatTest("goes on in the same conversation, which the address names", async (chat) => {
    await chat.ask("first message");
    const first = chat.threadId();
    assert.ok(first);
    await chat.ask("second message");
    assert.equal(chat.threadId(), first);
    await chat.page.reload();
    await chat.sees(/second message/);
    assert.equal(await chat.part("human-message").count(), 2);
    assert.equal(await chat.part("answer").count(), 2);
  });

  chatTest("shows a tool call with its arguments while it is made, and its result", async (chat) => {
    const sum = Array.from({ length: 20 }, (_, place) => place + 1).join(" + ");
    const held = model.hold();
    await chat.send(`calc ${sum}`);
    held.release(4); // the name, and three pieces of the arguments
    await chat.sees("1 +", "tool-args");
    const begun = await chat.part("tool-args").innerText();
    assert.ok(sum.startsWith(begun) && begun.length < sum.length, `"${begun}" begins "${sum}"`);
    held.end();
    await chat.settled();
    const call = chat.part("tool-call");
    assert.equal(await call.getAttribute("data-tool"), "calculator");
    assert.equal(await call.getAttribute("data-state"), "done");
    assert.equal(await call.getByTestId("tool-args").innerText(), sum);
    assert.equal(await call.getByTestId("tool-result").isVisible(), false);
    await call.locator("summary").click();
    assert.equal(await call.getByTestId("tool-result").innerText(), "210");
    await chat.sees("The tool says 210.");
    await chat.shoot("tool-call");
  });

  chatTest("draws Markdown, and never inserts what a model writes as HTML", async (chat) => {
    await chat.ask("show markdown");
    const answer = chat.lastAnswer();
    assert.equal(await answer.locator("strong").first().innerText(), "bold");
    assert.equal(await answer.locator("ol > li").count(), 2);
    assert.equal(await answer.locator("ol ul > li").innerText(), "nested");
    assert.equal(await answer.locator("tbody tr").count(), 2);
    assert.equal(await answer.locator("pre code").innerText(), 'const loom = "<b>not bold</b>";');
    assert.equal(await answer.locator("a").getAttribute("href"), "https://example.test/page");
    assert.equal(await answer.locator("a").count(), 1, "javascript: is no link");
    assert.equal(await answer.locator("img").count(), 0);
    assert.equal(await chat.page.title(), "heddle chat");
    await chat.shoot("markdown-light");
  });

  chatTest("asks a question of the agent, and goes on with the answer", async (chat) => {
    await chat.ask("ask me What is your favourite colour?");
    await chat.part("question-panel").waitFor();
    assert.equal(await chat.part("question-text").innerText(), "What is your favourite colour?");
    assert.equal(await chat.part("tool-call").getAttribute("data-state"), "waiting");
    await chat.shoot("question");
    await chat.part("question-answer").fill("Heliotrope");
    await chat.part("question-send").click();
    await chat.sees("The tool says Heliotrope.");
    await chat.settled();
    assert.equal(await chat.part("question-panel").count(), 0);
    assert.equal(await chat.part("tool-call").getAttribute("data-state"), "done");
  });

  chatTest("still asks after a reload, and takes another message instead of an answer", async (chat) => {
    await chat.ask("ask me Who are you?");
    await chat.part("question-panel").waitFor();
    await chat.page.reload();
    await chat.part("question-panel").waitFor();
    await chat.ask("never mind, hello");
    await chat.sees(/never mind, hello/);
    assert.equal(await chat.part("question-panel").count(), 0);
    assert.equal(await chat.part("error").count(), 0);
  });

  chatTest("stops in the middle of an answer, keeps what was written, and can go on", async (chat) => {
    await chat.send("count slowly");
    await chat.sees("word5 word6");
    await chat.shoot("streaming");
    await chat.part("stop").click();
    await chat.part("paused").waitFor();
    assert.match(await chat.lastAnswer().innerText(), /word5 word6/);
    assert.doesNotMatch(await chat.lastAnswer().innerText(), /word124/);
    await chat.shoot("stopped");
    await chat.ask("and now shortly");
    await chat.sees(/you said "and now shortly"/);
    assert.equal(await chat.part("paused").count(), 0);
    assert.equal(await chat.part("error").count(), 0);
  });

  chatTest("edits a message into a second version and switches between the two", async (chat) => {
    await chat.ask("red yarn");
    await chat.ask("and then?");
    const human = chat.part("human-message").first();
    await human.getByTestId("edit").click();
    await chat.part("edit-field").fill("blue yarn");
    await chat.shoot("editing");
    await chat.part("edit-save").click();
    await chat.sees(/you said "blue yarn"/);
    await chat.settled();
    assert.equal(await chat.part("human-message").count(), 1);
    await chat.part("branch-place").filter({ hasText: "2 / 2" }).waitFor();
    await chat.shoot("branches");

    await chat.part("branch-earlier").click();
    await chat.sees(/you said "and then\?"/);
    assert.match(await chat.part("human-message").first().innerText(), /red yarn/);
    assert.equal(await chat.part("human-message").count(), 2);

    // A message goes to the version that is shown.
    await chat.ask("more of red");
    assert.equal(await chat.part("human-message").count(), 3);
    assert.match(await chat.part("human-message").first().innerText(), /red yarn/);
  });

  chatTest("answers again beside the first answer", async (chat) => {
    await chat.ask("tell me something");
    const first = await chat.lastAnswer().locator(".markdown").innerText();
    await chat.part("regenerate").click();
    await chat.part("branch-place").filter({ hasText: "2 / 2" }).waitFor();
    const second = await chat.lastAnswer().locator(".markdown").innerText();
    assert.notEqual(second, first);
    assert.equal(await chat.part("human-message").count(), 1);
    await chat.part("branch-earlier").click();
    await chat.sees(first);
  });

  chatTest("joins a running answer again after a reload", async (chat) => {
    await chat.send("count slowly");
    await chat.sees("word5 word6");
    const before = model.requests.length;
    await chat.page.reload();
    await chat.part("stop").waitFor();
    await chat.sees("word20 word21");
    await chat.sees("word124");
    await chat.settled();
    const text = await chat.lastAnswer().innerText();
    assert.equal(text.match(/word5\b/g).length, 1, "nothing is shown twice");
    assert.equal(model.requests.length, before, "the model is not asked again");
    assert.equal(await chat.part("answer").count(), 1);
  });

  chatTest("keeps the conversation when the server is killed in mid-answer and started again", async (chat) => {
    await chat.ask("before the crash");
    await chat.send("count slowly");
    await chat.sees("word3 word4");
    await heddle.kill();
    await heddle.restart();
    // The server takes the run up again, and the page has joined it by itself.
    await chat.part("answer").last().filter({ hasText: "word124" }).waitFor({ timeout: 2 * patienceMs });
    await chat.settled();
    assert.equal(await chat.part("human-message").count(), 2);
    assert.match(await chat.part("answer").first().innerText(), /before the crash/);
    assert.equal((await chat.lastAnswer().innerText()).match(/word5\b/g).length, 1, "nothing is shown twice");
    await chat.ask("after the crash");
    await chat.sees(/you said "after the crash"/);
  });

  chatTest("says so while the server cannot be reached, and sends the message when it can", async (chat) => {
    await chat.ask("hello there");
    await heddle.kill();
    try {
      await chat.send("is anybody there?");
      await chat.part("error").waitFor();
      assert.equal(await chat.part("error-title").innerText(), "The server cannot be reached");
      await chat.shoot("unreachable");
    } finally {
      await heddle.restart();
    }
    await chat.part("retry").click();
    await chat.sees(/you said "is anybody there\?"/);
    await chat.settled();
    assert.equal(await chat.part("human-message").count(), 2);
    assert.equal(await chat.part("error").count(), 0);
  });

  chatTest("explains a failure of the model and stays usable", async (chat) => {
    await chat.send("please fail");
    await chat.part("error").waitFor();
    assert.equal(await chat.part("error-title").innerText(), "The assistant could not answer");
    await chat.shoot("model-error");
    assert.match(await chat.part("human-message").innerText(), /please fail/);

    await chat.page.reload();
    await chat.part("error").waitFor();
    assert.match(await chat.part("human-message").innerText(), /please fail/);
    const asked = model.requests.length;
    await chat.part("retry").click();
    await chat.part("error").waitFor({ state: "detached" });
    await chat.part("error").waitFor();
    assert.ok(model.requests.length > asked, "trying again asks the model again");

    await chat.ask("now something else");
    await chat.sees(/you said "now something else"/);
    assert.equal(await chat.part("error").count(), 0);
  });

  chatTest("lists conversations, newest first, opens them and deletes them", async (chat) => {
    await chat.ask("the older one");
    const older = chat.threadId();
    await chat.part("new-thread").click();
    await chat.part("empty").waitFor();
    assert.equal(chat.threadId(), null);
    await chat.ask("the newer one");
    const names = chat.part("open-thread");
    await names.nth(1).waitFor();
    assert.deepEqual(await names.allInnerTexts(), ["the newer one", "the older one"]);

    await names.filter({ hasText: "the older one" }).click();
    await chat.sees(/you said "the older one"/);
    assert.equal(chat.threadId(), older);
    await chat.page.goBack();
    await chat.sees(/you said "the newer one"/);

    await chat.page.goForward();
    await chat.sees(/you said "the older one"/);
    const row = chat.part("thread-row").filter({ hasText: "the older one" });
    await row.hover();
    await row.getByTestId("delete-thread").click();
    await chat.part("confirm-delete").click();
    await chat.part("empty").waitFor();
    assert.deepEqual(await names.allInnerTexts(), ["the newer one"]);
    assert.equal((await fetch(`${heddle.url}/threads/${older}`)).status, 404);
  });

  chatTest("shows nobody the conversations of another identity", async (chat) => {
    await chat.ask("only for me");
    await chat.part("open-thread").filter({ hasText: "only for me" }).waitFor();
    const other = await Chat.open(browser, client.url);
    await other.ask("somebody else");
    await other.part("open-thread").filter({ hasText: "somebody else" }).waitFor();
    assert.equal(await other.part("open-thread").count(), 1);
    await other.close();
  });

  chatTest("forwards nothing but threads", async (chat) => {
    const statusOf = (path) => chat.page.evaluate(async (path) => (await fetch(path)).status, path);
    assert.equal(await statusOf("/api/chat/assistants/search"), 404);
    assert.equal(await statusOf("/api/chat/store/items"), 404);
    assert.equal(await statusOf("/api/chat/threads/../assistants"), 404);
  });

  chatTest(
    "fits a phone, where the list of conversations is a drawer",
    async (chat) => {
      await chat.ask("show markdown");
      await chat.shoot("phone-dark");
      assert.equal(await chat.part("new-thread").isVisible(), false);
      const fits = await chat.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
      assert.ok(fits, "nothing sticks out sideways");
      await chat.part("open-menu").click();
      await chat.part("open-thread").first().waitFor();
      await chat.page.waitForTimeout(300); // the drawer slides
      await chat.shoot("phone-drawer-dark");
      await chat.page.keyboard.press("Escape");
      await chat.part("new-thread").waitFor({ state: "hidden" });
    },
    { width: 390, height: 844, colorScheme: "dark" },
  );

  chatTest("is used with the keyboard alone, in the theme that was chosen", async (chat) => {
    const focusOn = async (name) => {
      for (let presses = 0; presses < 40; presses += 1) {
        const focused = await chat.page.evaluate(() => document.activeElement?.getAttribute("data-testid"));
        if (focused === name) return;
        await chat.page.keyboard.press("Tab");
      }
      assert.fail(`${name} cannot be reached with the Tab key`);
    };
    const theme = () => chat.page.evaluate(() => document.documentElement.dataset.theme);
    await focusOn("theme");
    await chat.page.keyboard.press("Enter");
    await chat.page.keyboard.press("Enter");
    assert.equal(await theme(), "dark");
    await chat.page.reload();
    assert.equal(await theme(), "dark");

    await focusOn("composer");
    await chat.page.keyboard.type("calc 2 + 3");
    await chat.page.keyboard.press("Enter");
    await chat.sees("The tool says 5.");
    await chat.settled();
    await chat.shoot("tool-call-dark");
    await chat.page.keyboard.type("count slowly");
    await chat.page.keyboard.press("Enter");
    await chat.sees("word2 word3");
    await chat.page.keyboard.press("Escape");
    await chat.part("paused").waitFor();
  });
});
