// The whole way in both generations: log in, ask, consent, answer from the mailbox; and what may go wrong on it. Client and
// heddle are the real ones; tenant, model and Gmail are the stand-ins of examples/local-cloud.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chatTests, patienceMs } from "./chat.mjs";
import { Cloud, exampleOf } from "./cloud.mjs";
import { leaks, readEverything } from "./leaks.mjs";
import { Secrets } from "./secrets.mjs";
import { Wire } from "./wire.mjs";
import { Heddle, startBrowser, startClient } from "./world.mjs";

const mailScope = "https://www.googleapis.com/auth/gmail.readonly";
const slowPieceMs = 80; // of an answer "slowly", which has about 100: long enough to do something in the middle
const longAnswerEnd = /sentence 14 of a long answer/;

const generations = {
  federated: { proof: "a refresh token", secretKinds: ["subject token", "credential of a run"] },
  token_vault: { proof: "an access token", secretKinds: ["subject token", "access token"] },
};

for (const [generation, { proof, secretKinds }] of Object.entries(generations)) {
  describe(`an assistant that acts with ${proof}`, { concurrency: false }, () => {
    let cloud, heddle, wire, client, browser;
    const secrets = new Secrets();

    before(async () => {
      cloud = await Cloud.start();
      await cloud.control("/settings", { model_slow_delay_ms: slowPieceMs });
      heddle = await Heddle.start({ config: await exampleOf(generation), env: cloud.heddle(generation) });
      wire = await Wire.start(heddle.url);
      client = await startClient({ LANGGRAPH_API_URL: wire.url, ...cloud.client(generation) });
      browser = await startBrowser(cloud.browser());
    });

    after(async () => {
      await browser?.close();
      await client?.stop();
      await wire?.stop();
      await heddle?.stop();
      await cloud?.stop();
    });

    const makeTest = chatTests(() => ({ browser, url: client.url }));
    // Everybody has an own account, thus an own consent.
    let people = 0;
    const chatTest = (name, body, options) => {
      const person = `person-${++people}`;
      makeTest(
        name,
        async (chat) => {
          const shoot = (picture) => chat.shoot(`${generation}-${picture}`);
          await body(chat, { person, shoot });
          for (const { name: cookie, value } of await chat.context.cookies()) {
            if (/session/i.test(cookie)) secrets.add("session cookie", value);
          }
        },
        { person, ...options },
      );
    };

    /** A mail that nobody else has got; its words. */
    const sendMail = async (person) => {
      const word = `HELIOTROPE-${crypto.randomUUID().slice(0, 8)}`;
      const mail = { user: person, from: "Grace Hopper <grace@example.test>", subject: `About ${word}`, text: `The word is ${word}.` };
      await cloud.control("/mail", mail);
      return word;
    };

    const runRequests = () =>
      wire.exchanges.filter(({ path }) => path.endsWith("/runs/stream")).map(({ body }) => JSON.parse(body));

    makeTest(
      "asks who is there, and shows an answer growing to who has logged in",
      async (chat) => {
        await chat.shoot(`${generation}-sign-in`);
        await chat.part("log-in").click();
        await chat.part("login-go").waitFor();
        await chat.shoot(`${generation}-tenant-login`);
        await chat.part("login-mira").click();
        await chat.part("composer").waitFor();
        assert.equal(await chat.part("identity").getAttribute("data-kind"), "auth0");
        assert.match(await chat.part("identity").innerText(), /Mira Solberg/);
        // The model goes on when the page has shown what there is: however slow the machine, every step is seen.
        const steps = ["Good morning to you,", "too. What shall we", "do today?"];
        await cloud.control("/script", [{ match: "Good morning", text: steps.join(" "), hold_after: 2 }]);
        await chat.send("Good morning");
        for (const place of steps.keys()) {
          if (place > 0) await cloud.control("/release", {});
          await chat.shows(steps.slice(0, place + 1).join(" "));
        }
        await chat.settled();
        await chat.shoot(`${generation}-answer`);
      },
      { landing: "sign-in" },
    );

    chatTest("asks for consent in a window, and tells the mail once it is given", async (chat, { person, shoot }) => {
      const word = await sendMail(person);
      await chat.ask("What is in my mail?");
      await chat.part("consent-panel").waitFor();
      assert.equal(await chat.part("consent-service").innerText(), "Google");
      assert.match(await chat.part("consent-scopes").innerText(), /read your mail/);
      await shoot("consent-panel");
      const before = runRequests().length;
      await chat.consent("allow", (popup) => popup.screenshot({ path: chat.pictureOf(`${generation}-consent-window`) }));
      await chat.sees(new RegExp(`Mail from Grace Hopper.*The word is ${word}`, "s"));
      await chat.settled();
      await shoot("mail");
      assert.equal(await chat.part("consent-panel").count(), 0);
      assert.equal(await chat.part("human-message").count(), 1);
      assert.equal(await chat.part("tool-call").getAttribute("data-state"), "done");
      const resumed = runRequests().slice(before);
      assert.deepEqual(resumed.map(({ input }) => input ?? null), [null]);

      // Consent is kept: the next question needs no window. Nor does it after a reload.
      await chat.page.reload();
      await chat.sees(new RegExp(word));
      await chat.ask("And my mail once more, and calc 6 * 7?");
      await chat.sees(/The calculator says 42\..*Mail from Grace Hopper/s);
      assert.equal(await chat.part("consent-panel").count(), 0);
      assert.equal(await chat.part("answer").count(), 2);
    });

    chatTest("asks again when consent is refused, and talks on without", async (chat, { shoot }) => {
      await chat.ask("What is in my mail?");
      await chat.part("consent-panel").waitFor();
      await chat.consent("deny");
      await chat.part("consent-refused").waitFor();
      await chat.settled();
      await shoot("consent-refused");
      assert.equal(await chat.part("error").count(), 0);
      await chat.ask("Never mind. What is 17 * 23?");
      await chat.sees("The calculator says 391.");
      assert.equal(await chat.part("consent-panel").count(), 0);
      assert.equal(await chat.part("error").count(), 0);
      await shoot("after-refusal");

      await chat.ask("What is in my mail?");
      await chat.part("consent-panel").waitFor();
      await chat.consent("allow");
      await chat.sees(/Mail from /);
    });

    chatTest("asks again when the consent given is taken back", async (chat, { person }) => {
      await cloud.control("/grants", { user: person, scopes: ["openid", mailScope] });
      await chat.ask("What is in my mail?");
      await chat.sees(/Mail from /);
      await cloud.control("/grants", { user: person, scopes: null });
      await cloud.control("/expire", {});
      await chat.ask("What is in my mail now?");
      await chat.part("consent-panel").waitFor();
      await chat.consent("allow");
      await chat.sees(/Mail from /);
      assert.equal(await chat.part("human-message").count(), 2);
    });

    chatTest("stops in the middle of an answer and goes on from there", async (chat) => {
      await chat.send("Tell me a story, slowly");
      await chat.sees(/sentence 2 of a long answer/);
      await chat.part("stop").click();
      await chat.part("paused").waitFor();
      assert.doesNotMatch(await chat.lastAnswer().innerText(), longAnswerEnd);
      await chat.ask("and 2 + 3?");
      await chat.sees("The calculator says 5.");
      assert.equal(await chat.part("error").count(), 0);
    });

    chatTest("joins a running answer again after a reload", async (chat) => {
      await chat.send("Tell me a story, slowly");
      await chat.sees(/sentence 2 of a long answer/);
      const runs = runRequests().length;
      await chat.page.reload();
      await chat.part("stop").waitFor();
      await chat.sees(longAnswerEnd);
      await chat.settled();
      const text = await chat.lastAnswer().innerText();
      assert.equal(text.match(/sentence 2 /g).length, 1, "nothing is shown twice");
      assert.equal(runRequests().length, runs, "no other run was started");
    });

    chatTest("keeps the conversation when the server is killed in mid-answer", async (chat, { shoot }) => {
      await chat.ask("What is 6 * 7?");
      await chat.send("Tell me a story, slowly");
      await chat.sees(/sentence 2 of a long answer/);
      await heddle.kill();
      await heddle.restart();
      if (generation === "federated") {
        // The refresh token was kept nowhere, so the run cannot be taken up; the page has it, and may ask to go on.
        await chat.part("continue-run").or(chat.part("retry")).first().waitFor({ timeout: 2 * patienceMs });
        await shoot("after-crash");
        await chat.part("continue-run").or(chat.part("retry")).first().click();
      }
      await chat.lastAnswer().filter({ hasText: longAnswerEnd }).waitFor({ timeout: 2 * patienceMs });
      await chat.settled();
      assert.equal(await chat.part("human-message").count(), 2);
      assert.match(await chat.part("answer").first().innerText(), /The calculator says 42\./);
      assert.equal((await chat.lastAnswer().innerText()).match(/sentence 2 /g).length, 1, "nothing is shown twice");
      await chat.page.reload();
      await chat.sees(longAnswerEnd);
      assert.equal(await chat.part("human-message").count(), 2);
    });

    chatTest("tells a failure of the model in words, and answers the next message", async (chat, { shoot }) => {
      const error = { error: { message: "The scripted model was told to explode.", type: "invalid_request_error" } };
      await cloud.control("/script", [{ match: "explode", status: 400, error }]);
      await chat.send("Now explode");
      await chat.part("error").waitFor();
      assert.equal(await chat.part("error-title").innerText(), "The assistant could not answer");
      await shoot("model-error");
      assert.match(await chat.part("human-message").innerText(), /Now explode/);
      await chat.ask("What is 2 + 2?");
      await chat.sees("The calculator says 4.");
      assert.equal(await chat.part("error").count(), 0);
    });

    chatTest("tells a failure of Gmail, and does not ask for a consent that would not help", async (chat, { person }) => {
      await cloud.control("/grants", { user: person, scopes: ["openid", mailScope] });
      await cloud.control("/faults", { gmail: { status: 400 } });
      await chat.ask("What is in my mail?");
      await chat.sees(/The mail search says/);
      assert.equal(await chat.part("consent-panel").count(), 0);
      await chat.ask("What is in my mail now?");
      await chat.sees(/Mail from /);
    });

    chatTest("shows two people at one browser only their own conversations", async (chat, { person, shoot }) => {
      await chat.ask("a secret of the first");
      await chat.part("open-thread").filter({ hasText: "a secret of the first" }).waitFor();
      const theirs = chat.threadId();
      await chat.logOut();
      await shoot("logged-out");
      await chat.logIn(`${person}-too`);
      await chat.ask("something of the second");
      await chat.part("open-thread").filter({ hasText: "something of the second" }).waitFor();
      assert.deepEqual(await chat.part("open-thread").allInnerTexts(), ["something of the second"]);
      if (generation === "token_vault") {
        // heddle itself tells them apart: the address alone opens nothing.
        const path = `/api/chat/threads/${theirs}/state`;
        assert.equal(await chat.page.evaluate(async (path) => (await fetch(path)).status, path), 404);
      }
      await chat.logOut();
      await chat.logIn(person);
      await chat.part("open-thread").filter({ hasText: "a secret of the first" }).waitFor();
      assert.equal(await chat.part("open-thread").count(), 1);
    });

    chatTest(
      "asks for consent on a phone in the dark as well",
      async (chat, { shoot }) => {
        await chat.ask("What is in my mail?");
        await chat.part("consent-panel").waitFor();
        const fits = await chat.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
        assert.ok(fits, "nothing sticks out sideways");
        await shoot("consent-phone-dark");
      },
      { width: 390, height: 844, colorScheme: "dark" },
    );

    test("keeps and shows no secret of all this anywhere", async () => {
      const callers = new Set(wire.exchanges.map(({ headers }) => headers.authorization));
      let threads = 0;
      for (const authorization of callers) threads += await readEverything(wire.url, authorization ? { authorization } : {});
      assert.ok(threads >= people, `${threads} threads were read`);
      secrets.addFromCloud(await cloud.control("/requests"));
      secrets.addFromWire(wire.exchanges);
      for (const kind of [...secretKinds, "Google token", "client secret", "key of the model", "session cookie"]) {
        assert.ok(secrets.kinds.has(kind), `the test knows no ${kind}`);
      }
      const { found, bytes } = await leaks(secrets, { folder: heddle.folder, wire });
      assert.deepEqual(found, []);
      assert.ok(bytes > 100_000, `${bytes} bytes were searched`);
    });
  });
}
