// What a person does with the page, and what they see.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { artefacts } from "./world.mjs";

export const patienceMs = 30_000; // for anything on the page, on a busy machine
const limitMs = 120_000; // for one test

/** Makes tests with a page of their own, and a picture of it when they fail. `world`: the browser and the page's url. */
export const chatTests = (world) => (name, body, options) =>
  test(name, { timeout: limitMs }, async () => {
    const { browser, url } = world();
    const chat = await Chat.open(browser, url, options);
    try {
      await body(chat);
    } catch (error) {
      await chat.shoot(`failed-${name.replaceAll(/\W+/g, "-")}`).catch(() => {});
      await chat.context.close();
      throw error;
    }
    await chat.close();
  });

export class Chat {
  /** A new browser profile, thus a new local identity, with its first page. `person`: who logs in, if there is a login. `landing`: what
   * is on that page. */
  static async open(browser, url, { width = 1280, height = 800, colorScheme = "light", path = "/", person, landing = "composer" } = {}) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme });
    context.setDefaultTimeout(patienceMs);
    const chat = new Chat();
    chat.context = context;
    chat.page = await context.newPage();
    chat.url = url;
    chat.problems = [];
    chat.page.on("pageerror", (error) => chat.problems.push(String(error)));
    await chat.page.goto(url + path);
    if (person) await chat.logIn(person);
    else await chat.part(landing).waitFor();
    return chat;
  }

  /** At the tenant's stand-in, which knows no passwords. */
  async logIn(person) {
    await this.part("log-in").click();
    await this.part("login-name").fill(person);
    await this.part("login-go").click();
    await this.part("composer").waitFor();
  }

  async logOut() {
    await this.part("log-out").click();
    await this.part("sign-in").waitFor();
  }

  /** Opens the window for consent, decides there ("allow" or "deny"), and waits until it has closed itself. */
  async consent(decision, look) {
    const opened = this.page.waitForEvent("popup");
    await this.part("consent-continue").click();
    const popup = await opened;
    const button = popup.getByTestId(`consent-${decision}`);
    await button.waitFor();
    await look?.(popup);
    const closed = popup.waitForEvent("close");
    await button.click();
    await closed;
  }

  part(name) {
    return this.page.getByTestId(name);
  }

  async send(text) {
    await this.part("composer").fill(text);
    await this.part("composer").press("Enter");
  }

  /** Waits until nothing is being answered. */
  async settled() {
    await this.part("send").waitFor();
  }

  async ask(text) {
    await this.send(text);
    await this.part("human-message").filter({ hasText: text }).last().waitFor();
    await this.settled();
  }

  lastAnswer() {
    return this.part("answer").last();
  }

  /** Waits until the last answer has this text. */
  async sees(text, part = "answer") {
    await this.part(part).last().filter({ hasText: text }).waitFor();
  }

  /** Waits until the last answer has this text, and no more. */
  async shows(text) {
    const whole = new RegExp(`^\\s*${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`);
    await this.lastAnswer().locator(".markdown").filter({ hasText: whole }).waitFor();
  }

  threadId() {
    return new URL(this.page.url()).searchParams.get("threadId");
  }

  async shoot(name) {
    await mkdir(artefacts, { recursive: true });
    await this.page.screenshot({ path: this.pictureOf(name) });
  }

  pictureOf(name) {
    return join(artefacts, `${name}.png`);
  }

  async close() {
    await this.context.close();
    assert.deepEqual(this.problems, [], "the page must not throw");
  }
}
