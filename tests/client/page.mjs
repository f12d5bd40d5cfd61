// A page with useStream in it: React in a DOM without a browser.
//
// Every state that React shows is kept, so that a test can say what must never have been seen. A reload is close()
// and openPage() again: the connections of the old page are cut, its session storage stays, as in a browser's tab.
import assert from "node:assert/strict";
import { Window } from "happy-dom";

const window = new Window({ url: "http://localhost/" });
// React takes these from the global object. Fetch, streams and timers stay those of Node.
for (const name of ["document", "navigator", "sessionStorage", "HTMLElement", "HTMLIFrameElement", "Node"]) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true });
}
globalThis.window = window;
process.env.NODE_ENV ??= "production"; // the React that a built page has
const { createElement, useEffect } = await import("react");
const { createRoot } = await import("react-dom/client");

// The answer of a model may take a while on a loaded machine; what does not come in this time does not come.
const kPatienceMs = 60_000;

export const textOf = (message) => (typeof message.content === "string" ? message.content : JSON.stringify(message.content));
export const human = (content) => ({ type: "human", content });

function viewOf(stream) {
  const { values, messages, isLoading, isThreadLoading, error, interrupt, branch } = stream;
  const metadata = messages.map((message, index) => stream.getMessagesMetadata(message, index));
  return { values, messages, metadata, isLoading, isThreadLoading, error, interrupt, branch };
}

class Page {
  views = [];
  requests = [];
  #waiting = new Set();
  #gone = new AbortController();

  constructor({ useStream, Client, apiUrl, threadId, ...options }) {
    const fetchOfPage = async (url, init = {}) => {
      const request = { method: init.method ?? "GET", path: new URL(url).pathname, body: init.body && JSON.parse(init.body) };
      this.requests.push(request);
      const signals = [this.#gone.signal, init.signal].filter(Boolean);
      const answer = await fetch(url, { ...init, signal: AbortSignal.any(signals) });
      request.status = answer.status;
      return answer;
    };
    this.client = new Client({ apiUrl, callerOptions: { fetch: fetchOfPage, maxRetries: 0 } });
    this.threadId = threadId;
    const settings = { client: this.client, ...options };
    if (threadId) settings.threadId = threadId;
    settings.onThreadId = (id) => (this.threadId = id);
    settings.onError = () => {};
    const Chat = () => {
      this.stream = useStream(settings);
      const view = viewOf(this.stream);
      useEffect(() => this.#show(view));
      return null;
    };
    this.root = createRoot(document.createElement("div"));
    this.root.render(createElement(Chat));
  }

  #show(view) {
    this.views.push(view);
    for (const check of this.#waiting) check(view);
  }

  get view() {
    return this.views.at(-1);
  }

  /** The first view from now on, the present one included, of which `holds` is true. */
  until(holds, what) {
    return new Promise((done, fail) => {
      const check = (view) => {
        if (!holds(view)) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        done(view);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        fail(new assert.AssertionError({ message: `never shown: ${what}; last shown: ${JSON.stringify(this.view)}` }));
      }, kPatienceMs);
      this.#waiting.add(check);
      if (this.view) check(this.view);
    });
  }

  /** Submits, waits until the page has come to rest, and gives back what was shown from the submit on. */
  async ask(input, options) {
    const first = this.views.length;
    await this.stream.submit(input, options);
    // The view from before the submit is at rest, too.
    const isShown = (view) => this.views.length > first && !view.isLoading && !view.isThreadLoading;
    await this.until(isShown, "the end of the run");
    return this.views.slice(first);
  }

  close() {
    this.#gone.abort();
    this.root.unmount();
  }
}

/** `useStream` and `Client` of one SDK; the other options are those of useStream. */
export async function openPage(options) {
  const page = new Page(options);
  await page.until((view) => !view.isThreadLoading, "the page");
  return page;
}

/** Every view is as a person may see it: no message twice, and the answer grows and never says a word twice. */
export function checkGrowth(views, answer) {
  const shown = [];
  for (const { messages } of views) {
    const ids = messages.map((message) => message.id).filter(Boolean);
    assert.equal(new Set(ids).size, ids.length, `a message is there twice: ${JSON.stringify(messages)}`);
    const growing = messages.find((message) => message.id === answer.id);
    if (growing) shown.push(textOf(growing));
  }
  for (const [index, text] of shown.entries()) {
    assert.ok(textOf(answer).startsWith(text), `shown: ${JSON.stringify(text)}`);
    if (index > 0) assert.ok(text.length >= shown[index - 1].length, `the answer shrank to ${JSON.stringify(text)}`);
  }
  const steps = new Set(shown).size;
  assert.ok(steps >= 4, `the answer was shown in ${steps} steps`);
}
