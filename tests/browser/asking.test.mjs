import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { chatTests } from "./chat.mjs";
import { Model } from "./model.mjs";
import { Heddle, startBrowser, startClient } from "./world.mjs";

describe("an agent that asks before it acts", { concurrency: false }, () => {
  let model, heddle, client, browser;

  before(async () => {
    model = await Model.start();
    const binary = process.env.HEDDLE_ASKING_AGENT;
    heddle = await Heddle.start({ binary, env: { OPENAI_BASE_URL: model.url } });
    client = await startClient({ LANGGRAPH_API_URL: heddle.url });
    browser = await startBrowser();
  });

  after(async () => {
    await browser?.close();
    await client?.stop();
    await heddle?.stop();
    await model?.stop();
  });

  const chatTest = chatTests(() => ({ browser, url: client.url }));

  chatTest("shows what would be sent, and sends it when it is approved", async (chat) => {
    await chat.ask("send a mail to ada@example.test");
    await chat.part("approval-panel").waitFor();
    const action = await chat.part("approval-action").innerText();
    for (const shown of ["ada@example.test", "Yarn", "We need more of it."]) assert.ok(action.includes(shown), shown);
    assert.equal(await chat.part("tool-call").getAttribute("data-state"), "waiting");
    await chat.shoot("approval");
    await chat.part("approval-send").click();
    await chat.sees(/The tool says sent .*ada@example\.test/);
    await chat.settled();
    assert.equal(await chat.part("approval-panel").count(), 0);
  });

  chatTest("sends what was edited, and nothing that cannot be read", async (chat) => {
    await chat.ask("send a mail to ada@example.test");
    await chat.part("decide-edit").check({ force: true });
    await chat.part("approval-args").fill('{"to": ');
    await chat.part("approval-invalid").waitFor();
    assert.equal(await chat.part("approval-send").isDisabled(), true);
    await chat.part("approval-args").fill('{"to": "grace@example.test", "subject": "Moths", "body": "None."}');
    await chat.shoot("approval-edit");
    await chat.part("approval-send").click();
    await chat.sees(/The tool says sent .*grace@example\.test.*Moths/);
  });

  chatTest("sends nothing that was rejected, and tells the reason", async (chat) => {
    await chat.ask("send a mail to ada@example.test");
    await chat.part("decide-reject").check({ force: true });
    await chat.part("approval-reason").fill("it is too early");
    await chat.part("approval-send").click();
    await chat.sees("The tool says rejected, because it is too early.");
  });

  chatTest("says which service is wanted for what, and can do without", async (chat) => {
    await chat.ask("what is in my mail?");
    await chat.part("consent-panel").waitFor();
    assert.equal(await chat.part("consent-service").innerText(), "Google");
    assert.equal(await chat.part("consent-scopes").innerText(), "read your mail");
    await chat.shoot("consent");
    await chat.part("consent-cancel").click();
    await chat.part("consent-cancelled").waitFor();
    await chat.shoot("consent-cancelled");
    await chat.ask("never mind, hello");
    await chat.sees(/never mind, hello/);
    assert.equal(await chat.part("error").count(), 0);
  });

  chatTest("asks for consent in a window, goes on when that is closed, and asks again if it was refused", async (chat) => {
    await chat.ask("what is in my mail?");
    const opened = chat.page.waitForEvent("popup");
    await chat.part("consent-continue").click();
    const popup = await opened;
    await popup.waitForURL(/\/auth\/login/);
    const asked = new URL(popup.url()).searchParams;
    assert.equal(asked.get("returnTo"), "/close");
    assert.equal(asked.get("connection"), "google-oauth2");
    assert.equal(asked.get("connection_scope"), "https://www.googleapis.com/auth/gmail.readonly");
    const resumed = chat.page.waitForRequest(/\/runs\/stream$/);
    await popup.close();
    const body = (await resumed).postDataJSON();
    assert.equal(body.input ?? null, null);
    assert.equal(body.command, undefined);
    await chat.part("consent-refused").waitFor();
    await chat.shoot("consent-refused");
    assert.equal(await chat.part("human-message").count(), 1);
  });

  chatTest(
    "asks on a phone in the dark as well",
    async (chat) => {
      await chat.ask("send a mail to ada@example.test");
      await chat.part("approval-panel").waitFor();
      const fits = await chat.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
      assert.ok(fits, "nothing sticks out sideways");
      await chat.shoot("approval-phone-dark");
    },
    { width: 390, height: 844, colorScheme: "dark" },
  );
});
