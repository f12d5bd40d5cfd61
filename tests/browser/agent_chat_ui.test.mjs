// agent-chat-ui, unchanged, in a browser that asks heddle directly: another origin, no server between, and the oldest SDK
// that is still laid out by a generator (0.0.57).
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { artefacts, freePort, Heddle, startBrowser, startProcess } from "./world.mjs";
import { patienceMs } from "./chat.mjs";
import { Model } from "./model.mjs";

const folder = fileURLToPath(new URL("agent_chat_ui/", import.meta.url));
const limitMs = 120_000; // for one test

describe("agent-chat-ui", { concurrency: false }, () => {
  let model, heddle, pages, origin, browser;

  before(async () => {
    model = await Model.start();
    const binary = process.env.HEDDLE_ASKING_AGENT;
    const config = { graphs: { agent: "builtin:agent" } };
    heddle = await Heddle.start({ binary, config, env: { OPENAI_BASE_URL: model.url } });
    const port = await freePort();
    origin = `http://localhost:${port}`;
    const vite = join(folder, "node_modules/vite/bin/vite.js");
    pages = await startProcess("agent-chat-ui", process.execPath, [vite, "preview", "--host", "localhost", "--port", String(port), "--strictPort"], {
      cwd: join(folder, "app/apps/web"),
      env: { NO_COLOR: "1" },
      ready: /Local:/,
    });
    browser = await startBrowser();
  });

  after(async () => {
    await browser?.close();
    await pages?.stop();
    await heddle?.stop();
    await model?.stop();
  });

  class Page {
    static async open(query = `?apiUrl=${encodeURIComponent(heddle.url)}&assistantId=agent`) {
      const opened = new Page();
      opened.context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      opened.context.setDefaultTimeout(patienceMs);
      opened.page = await opened.context.newPage();
      opened.problems = [];
      opened.page.on("pageerror", (error) => opened.problems.push(String(error)));
      await opened.page.goto(`${origin}/${query}`);
      return opened;
    }

    async send(text) {
      const field = this.page.getByPlaceholder("Type your message...");
      await field.fill(text);
      await this.settled();
      // With the key: a notice may lie over the button, and stays for as long as the mouse is on it.
      await field.press("Enter");
    }

    sees(text) {
      return this.page.getByText(text).first().waitFor();
    }

    /** Nothing is being answered. */
    settled() {
      return this.page.getByRole("button", { name: "Send", exact: true }).waitFor();
    }

    button(name) {
      return this.page.getByRole("button", { name });
    }

    threadId() {
      return new URL(this.page.url()).searchParams.get("threadId");
    }

    state() {
      return fetch(`${heddle.url}/threads/${this.threadId()}/state`).then((answer) => answer.json());
    }
  }

  const pageTest = (name, body, query) =>
    test(name, { timeout: limitMs }, async () => {
      const opened = await Page.open(query);
      try {
        await body(opened);
        assert.deepEqual(opened.problems, [], "the page must not throw");
      } catch (error) {
        await opened.page.screenshot({ path: join(artefacts, `failed-${name.replaceAll(/\W+/g, "-")}.png`) }).catch(() => {});
        throw error;
      } finally {
        await opened.context.close();
      }
    });

  pageTest(
    "is told where heddle is, and answers",
    async (chat) => {
      await chat.page.getByLabel("Deployment URL").fill(heddle.url);
      await chat.page.getByLabel("Assistant / Graph ID").fill("agent");
      await chat.button("Continue").click();
      await chat.send("hello from another origin");
      await chat.sees(/you said "hello from another origin"/);
      await chat.settled();
      await chat.page.screenshot({ path: join(artefacts, "agent-chat-ui-answer.png") });
      assert.equal(await chat.page.getByText("Failed to connect").count(), 0, "GET /info answers the page");

      // The conversation is in the list, and is there after a reload.
      await chat.page.reload();
      await chat.sees(/you said "hello from another origin"/);
      await chat.page.goto(chat.page.url() + "&chatHistoryOpen=true");
      await chat.page.getByRole("button", { name: "hello from another origin" }).waitFor();
    },
    "",
  );

  pageTest("takes an answer up again that is stopped in its middle", async (chat) => {
    await chat.send("count slowly");
    await chat.button("Cancel").waitFor();
    await chat.page.waitForURL(/threadId=/);
    await chat.button("Cancel").click();
    await chat.settled();
    await chat.send("and now shortly");
    await chat.sees(/you said "and now shortly"/);
    assert.equal(await chat.page.getByText("An error occurred").count(), 0);
  });

  pageTest("answers an edited message beside the first one, and switches between them", async (chat) => {
    await chat.send("red yarn");
    await chat.sees(/you said "red yarn"/);
    await chat.settled();
    await chat.page.getByText("red yarn", { exact: true }).last().hover(); // the list of conversations may name it, too
    await chat.page.getByRole("button", { name: "Edit" }).first().click();
    await chat.page.locator("textarea").first().fill("blue yarn");
    await chat.page.getByRole("button", { name: "Submit" }).first().click();
    await chat.sees(/you said "blue yarn"/);
    await chat.settled();
    await chat.page.getByText("2 / 2").first().waitFor();
    await chat.page.getByText("2 / 2").first().locator("xpath=preceding-sibling::button").click();
    await chat.sees(/you said "red yarn"/);
    await chat.page.getByText("1 / 2").first().waitFor();
  });

  pageTest("accepts what a tool asks to do", async (chat) => {
    await chat.send("book attic");
    await chat.button("Accept").waitFor();
    await chat.page.screenshot({ path: join(artefacts, "agent-chat-ui-inbox.png") });
    await chat.button("Accept").click();
    await chat.sees(/The tool says booked \{"room":"attic"\}\./);
    await chat.settled();
    assert.deepEqual((await chat.state()).next, []);
  });

  pageTest("does what was edited instead", async (chat) => {
    await chat.send("book attic");
    await chat.button("Accept").waitFor();
    await chat.page.locator("textarea").filter({ hasText: "attic" }).first().fill("cellar");
    await chat.button("Submit").first().click();
    await chat.sees(/The tool says booked \{"room":"cellar"\}\./);
  });

  pageTest("tells the agent why not, and does nothing when it is left alone", async (chat) => {
    await chat.send("book attic");
    await chat.button("Accept").waitFor();
    await chat.page.getByPlaceholder("Your response here...").fill("it is too cold there");
    await chat.button("Send Response").click();
    await chat.sees(/The tool says not booked: it is too cold there\./);
    await chat.settled();

    await chat.send("book attic, please");
    await chat.button("Ignore").press("Enter");
    await chat.sees(/The tool says left alone\./);
  });

  pageTest("is asked again when it only says that all is resolved, as LangGraph does, and can still answer", async (chat) => {
    await chat.send("book attic");
    await chat.button("Mark as Resolved").waitFor();
    const { checkpoint } = await chat.state();
    // goto __end__: it adds no task, and takes none away.
    await chat.button("Mark as Resolved").click();
    await chat.page.getByText("Marked thread as resolved.").waitFor();
    await chat.settled();
    const { next, checkpoint: after } = await chat.state();
    assert.deepEqual(next, ["tools"]);
    assert.notEqual(after.checkpoint_id, checkpoint.checkpoint_id);
    await chat.button("Accept").click();
    await chat.sees(/The tool says booked \{"room":"attic"\}\./);
  });

  pageTest("shows an interrupt that it does not know", async (chat) => {
    await chat.send("what is in my mail?");
    await chat.sees("Human Interrupt");
    await chat.sees("AUTH0_AI_INTERRUPT");
  });

  pageTest("tells a failure of the model, and answers the next message", async (chat) => {
    await chat.send("please fail");
    await chat.sees("An error occurred. Please try again.");
    await chat.send("now something else");
    await chat.sees(/you said "now something else"/);
  });
});
