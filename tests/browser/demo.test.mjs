// `make demo` as somebody meets it who has just cloned the project: one command, one address, and the whole flow, up to a
// mail that is sent only after it was allowed.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { chatTests } from "./chat.mjs";
import { startBrowser, startProcess } from "./world.mjs";

const program = fileURLToPath(new URL("../../scripts/demo.sh", import.meta.url));

describe("the demo", { concurrency: false }, () => {
  let folder, demo, url, browser;
  const control = async (path) => (await fetch(demo.found(/What was asked.*?(http\S+)/) + path)).json();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "heddle-demo-"));
    const args = ["--folder", folder, "--heddle", process.env.HEDDLE, "--free-ports"];
    demo = await startProcess("demo", program, args, { ready: /Ctrl-C ends everything/ });
    url = demo.found(/Open\s+(http\S+)/);
    browser = await startBrowser([`--ignore-certificate-errors-spki-list=${demo.found(/spki-list=(\S+)/)}`]);
  });

  after(async () => {
    await browser?.close();
    await demo?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const chatTest = chatTests(() => ({ browser, url }));
  const sent = async () => (await control("/sent")).map(({ to, subject }) => ({ to, subject }));

  const askForMail = async (chat, subject) => {
    await chat.ask(`Send a mail to ines@example.test about "${subject}" saying "It sits on the window."`);
    await chat.part("approval-panel").or(chat.part("consent-panel")).first().waitFor();
  };

  chatTest(
    "leads from the log-in to an answer out of the mailbox",
    async (chat) => {
      await chat.ask("What is 17 * 23?");
      await chat.sees("The calculator says 391.");
      await chat.ask("What is in my mail?");
      await chat.part("consent-panel").waitFor();
      await chat.consent("allow");
      await chat.sees(/Mail from /);
    },
    { person: "mira" },
  );

  chatTest(
    "sends a mail when there is consent to it and the mail itself was approved, and then once",
    async (chat) => {
      await askForMail(chat, "A moth");
      assert.match(await chat.part("consent-scopes").innerText(), /send mail/);
      await chat.shoot("demo-consent-to-send");
      await chat.consent("allow");
      await chat.part("approval-panel").waitFor();
      const action = await chat.part("approval-action").innerText();
      for (const shown of ["ines@example.test", "A moth", "It sits on the window."]) assert.ok(action.includes(shown), shown);
      assert.ok(!action.includes("["), "a list of addresses is shown without brackets");
      assert.deepEqual(await sent(), [], "nothing is sent before it is approved");
      await chat.shoot("demo-approval");
      await chat.part("approval-send").click();
      await chat.part("approval-panel").waitFor({ state: "detached" });
      await chat.settled();
      assert.deepEqual((await sent()).map(({ subject }) => subject), ["A moth"]);
      assert.equal(await chat.part("tool-call").getAttribute("data-state"), "done");
      await chat.shoot("demo-sent");

      // What was consented to once is not asked again; what was rejected or edited is respected.
      await askForMail(chat, "A second moth");
      await chat.part("decide-reject").check({ force: true });
      await chat.part("approval-send").click();
      await chat.part("approval-panel").waitFor({ state: "detached" });
      await chat.settled();
      assert.equal((await sent()).length, 1, "what was rejected is not sent");

      await askForMail(chat, "A third moth");
      await chat.part("decide-edit").check({ force: true });
      const args = JSON.parse(await chat.part("approval-args").inputValue());
      await chat.part("approval-args").fill(JSON.stringify({ ...args, subject: "No moth" }));
      await chat.part("approval-send").click();
      await chat.part("approval-panel").waitFor({ state: "detached" });
      await chat.settled();
      assert.deepEqual((await sent()).map(({ subject }) => subject), ["A moth", "No moth"]);
      assert.equal(await chat.part("error").count(), 0);
    },
    { person: "jonas" },
  );

  test("ends as a whole", async () => {
    const port = new URL(url).port;
    await demo.stop();
    await assert.rejects(fetch(`http://localhost:${port}`), "nothing answers any more");
    assert.match(await readFile(join(folder, "heddle.log"), "utf8"), /"message"/);
    demo = undefined;
  });
});
