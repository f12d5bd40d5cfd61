// What the sample's page says to a LangGraph server, through its route, and how the answers are read.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

const limitMs = 30_000; // for one answer

/** The headers that the sample's route sends: Next.js hands it the renewed session cookie, and it hands that on. */
export class Page {
  constructor(url) {
    this.url = url;
    this.cookie = randomBytes(96).toString("base64url");
    this.credentials = undefined;
  }

  get #headers() {
    return {
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "localhost:3000",
      "x-forwarded-port": "3000",
      "x-forwarded-proto": "http",
      "x-middleware-set-cookie": `__session=${this.cookie}; Path=/; Max-Age=86400; HttpOnly; SameSite=lax,appSession=; Path=/`,
      "x-api-key": "",
      "content-type": "text/plain;charset=UTF-8",
    };
  }

  async post(path, body, signal = AbortSignal.timeout(limitMs)) {
    return fetch(this.url + path, { method: "POST", headers: this.#headers, body: JSON.stringify(body), signal });
  }

  async json(path, body) {
    const answer = await this.post(path, body);
    assert.equal(answer.status, 200, path);
    assert.match(answer.headers.get("content-type"), /^application\/json/);
    return answer.json();
  }

  async get(path) {
    const answer = await fetch(this.url + path, { signal: AbortSignal.timeout(limitMs) });
    assert.equal(answer.status, 200, path);
    return answer.json();
  }

  newThread() {
    return this.json("/threads", { metadata: {} });
  }

  /** As the page asks: newest first. */
  history(thread) {
    return this.json(`/threads/${thread}/history`, { limit: 1000 });
  }

  #run(input, { checkpoint, ...more } = {}) {
    const { thread_id: _, ...place } = checkpoint ?? {};
    return {
      input: typeof input === "string" ? { messages: [{ type: "human", content: input }] } : input,
      stream_mode: ["messages-tuple", "values"],
      stream_resumable: false,
      assistant_id: "agent",
      ...(checkpoint ? { checkpoint: place } : {}),
      on_disconnect: "cancel",
      config: { configurable: { _credentials: { refreshToken: this.credentials } } },
      ...more,
    };
  }

  /** A run to its end: {id, frames}. `input`: the human's words, or null. */
  async stream(thread, input, options) {
    const answer = await this.post(`/threads/${thread}/runs/stream`, this.#run(input, options));
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type"), /^text\/event-stream/);
    const place = new RegExp(`^/threads/${thread}/runs/([0-9a-f-]{36})$`).exec(answer.headers.get("content-location"));
    assert.ok(place, "content-location names the run");
    return { id: place[1], frames: framesOf(await answer.text()) };
  }

  /** A run whose stream the page leaves when `text` has come. */
  async leave(thread, input, text) {
    const gone = new AbortController();
    const answer = await this.post(`/threads/${thread}/runs/stream`, this.#run(input), gone.signal);
    let seen = "";
    const decoder = new TextDecoder();
    for await (const part of answer.body) {
      seen += decoder.decode(part, { stream: true });
      if (seen.includes(text)) break;
    }
    gone.abort();
    return answer.headers.get("content-location").split("/").at(-1);
  }
}

function framesOf(text) {
  const blocks = text.split("\n\n").filter((block) => block && !block.startsWith(":"));
  return blocks.map((block) => {
    const fields = block.split("\n").map((line) => /^(\w+): ?(.*)$/.exec(line));
    const all = (name) => fields.filter((field) => field?.[1] === name).map((field) => field[2]);
    return { event: all("event")[0], id: Number(all("id")[0]), data: JSON.parse(all("data").join("\n")) };
  });
}

/** Messages in the words of the account: "human, ai(calls calculator), tool[calculator], ai". */
export const shapeOf = ({ messages }) =>
  messages
    .map(({ type, name, tool_calls: calls = [] }) => {
      if (type === "tool") return `tool[${name}]`;
      return calls.length > 0 ? `${type}(calls ${calls.map((call) => call.name).join(", ")})` : type;
    })
    .join(", ");

/** A state in the words of the account: "step 0 loop next=agent tasks=agent(result)". */
export const lineOf = ({ metadata, next, tasks }) => {
  const told = tasks.map(({ name, interrupts, error, result }) => {
    const marks = [interrupts.length > 0 && "(interrupted)", error && "(error)", result && "(result)"];
    return name + marks.filter(Boolean).join("");
  });
  return `step ${metadata.step} ${metadata.source} next=${next.join(" ")} tasks=${told.join(" ")}`;
};

/** What every stream of a run has: metadata first, ids from 0, one values frame before all else. Gives the frames between. */
export function checkFrames({ id, frames }) {
  assert.deepEqual(frames.map((frame) => frame.id), frames.map((_, place) => place), "ids count from 0");
  assert.equal(frames[0].event, "metadata");
  assert.equal(frames[0].data.run_id, id);
  assert.equal(frames[0].data.attempt, 1);
  assert.equal(frames[1].event, "values", "the state with the input comes first");
  const { messages } = frames.findLast(({ event, data }) => event === "values" && data.messages).data;
  for (const { event, data } of frames) {
    if (event !== "messages") continue;
    const [message, metadata] = data;
    assert.ok(["ai", "tool"].includes(message.type), `type ${message.type} is not a chunk class`);
    assert.equal(typeof message.content, "string");
    assert.ok(messages.some((kept) => kept.id === message.id), `${message.id} is the id of a message of the state`);
    for (const key of ["thread_id", "run_id", "langgraph_step", "langgraph_node", "langgraph_triggers", "langgraph_path",
      "langgraph_checkpoint_ns", "graph_id", "assistant_id", "run_attempt", "created_by"]) {
      assert.ok(key in metadata, `${key} is in the metadata of a messages frame`);
    }
    const hidden = Object.keys(metadata).filter((key) => key.startsWith("_") || key.startsWith("x-middleware"));
    assert.deepEqual(hidden, []);
  }
  return frames.slice(2);
}

/** The frames of a stream in short: "values human, ai", "messages ai agent 1" once for all pieces of one message. */
export function outline({ frames }) {
  const lines = [];
  for (const { event, data } of frames) {
    let line = event;
    if (event === "values") line = data.__interrupt__ ? `interrupt ${Object.keys(data)}` : `values ${shapeOf(data)}`;
    if (event === "messages") line = `messages ${data[0].type} ${data[1].langgraph_node} ${data[1].langgraph_step} ${data[0].id}`;
    if (lines.at(-1) !== line) lines.push(line);
  }
  return lines.map((line) => (line.startsWith("messages") ? line.split(" ").slice(0, 4).join(" ") : line));
}

/** The text of the pieces of a message, put together. */
export const textOf = ({ frames }, messageId) =>
  frames
    .filter(({ event, data }) => event === "messages" && data[0].id === messageId)
    .map(({ data }) => data[0].content)
    .join("");

/** Each state's parent is the next one, and all have the four keys. */
export function checkChain(history, thread) {
  history.forEach(({ checkpoint, parent_checkpoint: parent }, place) => {
    assert.deepEqual(Object.keys(checkpoint).sort(), ["checkpoint_id", "checkpoint_map", "checkpoint_ns", "thread_id"]);
    assert.equal(checkpoint.thread_id, thread);
    assert.equal(checkpoint.checkpoint_ns, "");
    assert.equal(checkpoint.checkpoint_map, null);
    assert.deepEqual(parent, history[place + 1]?.checkpoint ?? null);
  });
}
