// A model with the OpenAI-compatible API that follows simple rules, so that a test knows what it will do.
//
// "fail": HTTP 500. "slowly": an answer of about 15 seconds. "at some length": six words. "markdown": one of each form. "ask me X": ask_human.
// "calc X": calculator. "time": current_time. "book X": book_room. "send … ADDRESS": send_mail. "mail": search_gmail. After a tool it says what the tool said. Else it repeats the message.
import { createServer } from "node:http";

const wordMs = 25; // between two words of an answer
const slowWordMs = 120;
const slowWords = 125;

const slowText = Array.from({ length: slowWords }, (_, place) => `word${place}`).join(" ");

const markdownText = `## A heading

Some **bold**, *slanted* and \`inline\` text with a [link](https://example.test/page) and a [bad one](javascript:alert(1)).

1. first
2. second
   - nested

| fibre | from |
|---|---|
| wool | sheep |
| linen | flax |

> A quotation.

\`\`\`js
const loom = "<b>not bold</b>";
\`\`\`

<img src=x onerror="document.title='broken'"> stays text.`;

const textOf = ({ content }) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");

export class Model {
  #server;
  #answers = 0;
  #held; // {left, wake}: how many pieces may be written, and who waits for more
  /** Bodies of the requests, in order. */
  requests = [];

  static async start() {
    const model = new Model();
    model.#server = createServer((request, response) => model.#serve(request, response));
    await new Promise((done) => model.#server.listen(0, "127.0.0.1", done));
    model.url = `http://127.0.0.1:${model.#server.address().port}/v1`;
    return model;
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** From now on an answer writes a piece only when it is released: release(n) more of them, end() all that are to come. */
  hold() {
    const held = { left: 0, wake: () => {} };
    this.#held = held;
    return {
      release(pieces) {
        held.left += pieces;
        held.wake();
      },
      end: () => {
        this.#held = undefined;
        held.left = Infinity;
        held.wake();
      },
    };
  }

  async #serve(request, response) {
    let text = "";
    for await (const part of request) text += part;
    const body = JSON.parse(text);
    this.requests.push(body);
    const answer = this.#answerTo(body);
    if (answer.fails) {
      // A provider's way to say: again, but at once, so that a test need not wait.
      response.writeHead(500, { "content-type": "application/json", "retry-after-ms": "1" });
      response.end(JSON.stringify({ error: { message: "The model has lost its thread.", type: "server_error" } }));
      return;
    }
    await this.#stream(response, answer);
  }

  #answerTo({ messages, tools = [] }) {
    const lastHuman = messages.findLastIndex(({ role }) => role === "user");
    const said = messages.slice(lastHuman + 1).filter(({ role }) => role === "tool");
    if (said.length > 0) return { text: `The tool says ${said.map(textOf).join(" and ")}.` };

    const asked = textOf(messages[lastHuman]);
    // Arguments in the order of the tool's parameters, whatever their names are.
    const call = (name, ...given) => {
      const tool = tools.find(({ function: offered }) => offered.name === name);
      if (!tool) return undefined;
      const names = Object.keys(tool.function.parameters?.properties ?? {});
      return { call: { name, arguments: Object.fromEntries(given.map((value, place) => [names[place], value])) } };
    };
    if (/\bfail\b/i.test(asked)) return { fails: true };
    if (/\bslowly\b/i.test(asked)) return { text: slowText, pause: slowWordMs };
    if (/\bat some length\b/i.test(asked)) return { text: "One two three four five six" };
    if (/\bmarkdown\b/i.test(asked)) return { text: markdownText, pause: 5 };
    const question = /^ask me (.*)/i.exec(asked);
    const sum = /\bcalc(?:ulate)? (.*)/i.exec(asked);
    const room = /\bbook (\w+)/i.exec(asked);
    const address = /\bsend\b.*?(\S+@\S+)/i.exec(asked);
    const chosen =
      (address && call("send_mail", address[1], "Yarn", "We need more of it.")) ||
      (/\bmail\b/i.test(asked) && call("search_gmail", "is:unread")) ||
      (question && call("ask_human", question[1])) ||
      (room && call("book_room", room[1])) ||
      (sum && call("calculator", sum[1])) ||
      (/\btime\b/i.test(asked) && call("current_time"));
    this.#answers += 1;
    return chosen || { text: `Answer number ${this.#answers}: you said "${asked}".` };
  }

  async #stream(response, { text = "", call, pause = wordMs }) {
    const id = `chatcmpl-${crypto.randomUUID()}`;
    response.writeHead(200, { "content-type": "text/event-stream" });
    const held = this.#held;
    const piece = async (delta, finish_reason = null) => {
      while (held && held.left === 0 && !response.destroyed) {
        await new Promise((done) => {
          held.wake = done;
          response.once("close", done);
        });
      }
      if (held) held.left -= 1;
      const chunk = { id, object: "chat.completion.chunk", model: "rules", choices: [{ index: 0, delta, finish_reason }] };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
      await new Promise((done) => setTimeout(done, pause));
    };
    for (const word of text.match(/\s*\S+/g) ?? []) {
      if (response.destroyed) return;
      await piece({ content: word });
    }
    if (call) {
      const head = { name: call.name, arguments: "" };
      await piece({ tool_calls: [{ index: 0, id: `call_${crypto.randomUUID()}`, type: "function", function: head }] });
      for (const part of JSON.stringify(call.arguments).match(/.{1,6}/g)) {
        await piece({ tool_calls: [{ index: 0, function: { arguments: part } }] });
      }
    }
    await piece({}, call ? "tool_calls" : "stop");
    response.end("data: [DONE]\n\n");
  }
}
