// The stand-in for an OpenAI-compatible server: chat completions, whole or streamed, embeddings, the list of models.
import { randomBytes } from "node:crypto";
import { pause, Refusal } from "../service.mjs";
import { embeddingsAnswer } from "./embeddings.mjs";
import { answerTo, textOf } from "./rules.mjs";

const WORDS_IN_A_PIECE = 2;
const PIECES_OF_ARGUMENTS = 3;
const MODELS = ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small", "text-embedding-3-large"];

const TYPES = {
  400: "invalid_request_error",
  401: "invalid_request_error",
  404: "invalid_request_error",
  405: "invalid_request_error",
  429: "rate_limit_exceeded",
};
const TEXTS = {
  401: "You didn't provide an API key. Any will do here.",
  404: "There is no such path here.",
  405: "The method is not allowed here.",
  429: "Rate limit reached. Please try again later.",
  500: "The server had an error while processing your request.",
  503: "The engine is currently overloaded.",
};

/** How the model's server says a status. */
export const modelRefusal = (status, message = TEXTS[status] ?? TEXTS[500], param = null) => ({
  error: { message, type: TYPES[status] ?? "server_error", param, code: status === 429 ? "rate_limit_exceeded" : null },
});

const bad = (message, param) => new Refusal(400, modelRefusal(400, message, param));
const id = (prefix) => prefix + randomBytes(15).toString("base64url").replace(/[-_]/g, "x");

// What the real one refuses, too: calls without an answer, answers without a call.
const checkMessages = (messages) => {
  let open = new Set();
  messages.forEach((message, at) => {
    const where = `messages.[${at}]`;
    if (!["system", "developer", "user", "assistant", "tool"].includes(message?.role))
      throw bad(`Invalid value for '${where}.role'`, `${where}.role`);
    if (message.role === "tool") {
      if (!open.delete(message.tool_call_id))
        throw bad(
          "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'.",
          `${where}.role`,
        );
      return;
    }
    if (open.size > 0)
      throw bad(
        `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. These did not have response messages: ${[...open].join(", ")}`,
        where,
      );
    const calls = message.role === "assistant" ? (message.tool_calls ?? []) : [];
    if (
      message.role === "assistant" &&
      (message.content === null || message.content === undefined) &&
      calls.length === 0
    )
      throw bad(`Invalid value for '${where}.content': null without tool_calls`, `${where}.content`);
    open = new Set(calls.map((call) => call.id));
  });
  if (open.size > 0)
    throw bad(
      `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. These did not have response messages: ${[...open].join(", ")}`,
      `messages.[${messages.length}]`,
    );
};

const pieces = (text) => {
  const found = text.match(/\s*\S+/g) ?? [];
  const trailing = /\s+$/.exec(text)?.[0] ?? "";
  const all = [];
  for (let at = 0; at < found.length; at += WORDS_IN_A_PIECE) all.push(found.slice(at, at + WORDS_IN_A_PIECE).join(""));
  return trailing ? [...all, trailing] : all;
};

const sliced = (text) => {
  const size = Math.max(Math.ceil(text.length / PIECES_OF_ARGUMENTS), 1);
  return Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));
};

// The deltas of an answer, split as the real ones are: the name first, then the arguments in pieces.
const deltas = ({ text, calls }) => {
  const all = [{ role: "assistant", content: calls.length > 0 && !text ? null : "", refusal: null }];
  for (const piece of pieces(text)) all.push({ content: piece });
  calls.forEach((call, index) => {
    all.push({ tool_calls: [{ index, id: call.id, type: "function", function: { name: call.name, arguments: "" } }] });
    for (const piece of sliced(call.arguments)) all.push({ tool_calls: [{ index, function: { arguments: piece } }] });
  });
  // Role and first call come in one delta.
  if (calls.length > 0 && !text) all.splice(0, 2, { ...all[0], ...all[1] });
  return all;
};

const tokens = (text) => Math.ceil(text.length / 4);

const usageOf = (messages, { text, calls }) => {
  const prompt_tokens = messages.reduce((sum, { content }) => sum + 4 + tokens(textOf(content)), 0);
  const completion_tokens = Math.max(
    tokens(text) + calls.reduce((sum, call) => sum + tokens(call.name + call.arguments), 0),
    1,
  );
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
};

const stream = async ({ body, res, fault }, answer, head, { delay, usage, finish, releases }) => {
  const cutAfter = fault?.cut_after ?? answer.cut_after;
  let held = answer.hold_after;
  const wantsUsage = body.stream_options?.include_usage === true;
  let written = 0;
  res.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-request-id": id("req_"),
  });
  const write = (choices, rest = wantsUsage ? { usage: null } : {}) => {
    if (res.destroyed) return;
    if (cutAfter !== undefined && written++ >= cutAfter) return void res.destroy();
    res.write(`data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices, ...rest })}\n\n`);
  };
  for (const delta of deltas(answer)) {
    // The first delta has no words yet.
    if (held === 0) {
      await releases.take(res);
      held = answer.hold_after;
    }
    if (held !== undefined && (delta.content || delta.tool_calls)) held -= 1;
    if (res.destroyed) return;
    write([{ index: 0, delta, logprobs: null, finish_reason: null }]);
    if (delay > 0) await pause(delay, res);
  }
  write([{ index: 0, delta: {}, logprobs: null, finish_reason: finish }]);
  if (wantsUsage) write([], { usage });
  if (!res.destroyed) res.end("data: [DONE]\n\n");
};

/** `state`: its settings count. `script`: a queue of scripted answers ({text, tool_calls, status, error, match, delay_ms, hold_after, cut_after}).
 * `releases`: of answers that are held. */
export const modelRoutes = (state, script, releases) => {
  const authorized = ({ headers }) => {
    if (!/^Bearer \S+/i.test(headers.authorization ?? "") && !headers["api-key"])
      throw new Refusal(401, modelRefusal(401));
  };

  const scripted = (messages) => {
    const text = textOf(messages.findLast(({ role }) => role === "user")?.content);
    const at = script.findIndex(({ match }) => !match || text.includes(match));
    return at < 0 ? undefined : script.splice(at, 1)[0];
  };

  const answerFor = (messages, tools) => {
    const order = scripted(messages);
    if (!order) return answerTo(messages, tools);
    const calls = (order.tool_calls ?? []).map(({ name, arguments: args = {} }) => ({
      name,
      arguments: typeof args === "string" ? args : JSON.stringify(args),
    }));
    return { ...order, text: order.text ?? "", calls };
  };

  const complete = async (request) => {
    authorized(request);
    const { body, res } = request;
    if (typeof body !== "object" || body === null) throw bad("We could not parse the JSON body of your request.");
    if (!body.model) throw bad("you must provide a model parameter", "model");
    if (!Array.isArray(body.messages) || body.messages.length === 0)
      throw bad("Missing required parameter: 'messages'.", "messages");
    checkMessages(body.messages);
    const tools = (body.tools ?? []).map((tool) => tool.function ?? tool);

    const answer = answerFor(body.messages, tools);
    if (answer.status) throw new Refusal(answer.status, answer.error ?? modelRefusal(answer.status));
    answer.calls.forEach((call) => (call.id ??= id("call_")));
    const head = {
      id: id("chatcmpl-"),
      created: Math.floor(Date.now() / 1000),
      model: body.model,
      service_tier: "default",
      system_fingerprint: "fp_local",
    };
    const usage = usageOf(body.messages, answer);
    const finish = answer.finish_reason ?? (answer.calls.length > 0 ? "tool_calls" : "stop");
    const delay =
      answer.delay_ms ?? (answer.slowly ? state.settings.model_slow_delay_ms : state.settings.model_delay_ms);
    if (body.stream) return stream(request, answer, head, { delay, usage, finish, releases });

    if (answer.slowly) await pause(delay * pieces(answer.text).length, res);
    const message = {
      role: "assistant",
      content: answer.text || (answer.calls.length > 0 ? null : ""),
      refusal: null,
      annotations: [],
    };
    if (answer.calls.length > 0)
      message.tool_calls = answer.calls.map((call) => ({
        id: call.id,
        type: "function",
        function: { name: call.name, arguments: call.arguments },
      }));
    return {
      json: {
        ...head,
        object: "chat.completion",
        choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
        usage,
      },
    };
  };

  const embeddings = (request) => {
    authorized(request);
    const answer = embeddingsAnswer(request.body ?? {});
    if (!answer) throw bad("'input' must be a text or a list of texts, none of them empty", "input");
    return { json: answer };
  };

  const models = (request) => {
    authorized(request);
    return {
      json: {
        object: "list",
        data: MODELS.map((name) => ({ id: name, object: "model", created: 1715367049, owned_by: "local" })),
      },
    };
  };

  return [
    ["POST", "/v1/chat/completions", complete],
    ["POST", "/v1/embeddings", embeddings],
    ["GET", "/v1/models", models],
  ];
};
