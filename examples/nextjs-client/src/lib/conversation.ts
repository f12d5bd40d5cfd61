// From the server's list of messages to what is drawn: turns, and the tool calls in them.
import type { AIMessage, Message, ToolMessage } from "@langchain/langgraph-sdk";

export type ToolCallState = "running" | "waiting" | "done" | "error" | "open";

export interface ToolCallView {
  id: string;
  name: string;
  args: Record<string, unknown>;
  state: ToolCallState;
  result?: string;
}

export interface AnswerPart {
  key: string;
  text: string;
  calls: ToolCallView[];
}

export type Turn =
  | { kind: "human"; key: string; message: Message; index: number; text: string }
  // `messages`: with their places in the server's list. `afterHuman`: place of the message that it answers, or -1.
  | { kind: "answer"; key: string; parts: AnswerPart[]; messages: [Message, number][]; afterHuman: number };

/** The text of a message, whether it came as one string or in parts. */
export function messageText(message: Message): string {
  const { content } = message;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function callsOf(
  message: AIMessage,
  results: Map<string, ToolMessage>,
  unfinished: ToolCallState,
): ToolCallView[] {
  return (message.tool_calls ?? []).map((call, place) => {
    const id = call.id ?? `${message.id}-${place}`;
    const answer = results.get(id);
    const args = (call.args ?? {}) as Record<string, unknown>;
    if (!answer) return { id, name: call.name, args, state: unfinished };
    const state = answer.status === "error" ? "error" : "done";
    return { id, name: call.name, args, state, result: messageText(answer) };
  });
}

/**
 * `unfinished`: what a call of the last answer is that has no result yet: running, or waiting for a human. A call of an
 * earlier answer without a result will never get one; it is "open".
 */
export function turnsOf(messages: Message[], unfinished: ToolCallState): Turn[] {
  const results = new Map<string, ToolMessage>();
  for (const message of messages) if (message.type === "tool") results.set(message.tool_call_id, message);
  const lastHuman = messages.findLastIndex((message) => message.type === "human");

  const turns: Turn[] = [];
  let human = -1;
  messages.forEach((message, index) => {
    const key = message.id ?? String(index);
    if (message.type === "human") {
      human = index;
      turns.push({ kind: "human", key, message, index, text: messageText(message) });
      return;
    }
    if (message.type !== "ai" && message.type !== "tool") return;
    let answer = turns.at(-1);
    if (answer?.kind !== "answer") {
      answer = { kind: "answer", key: `after-${human}-${key}`, parts: [], messages: [], afterHuman: human };
      turns.push(answer);
    }
    answer.messages.push([message, index]);
    if (message.type !== "ai") return;
    const calls = callsOf(message, results, index > lastHuman ? unfinished : "open");
    answer.parts.push({ key, text: messageText(message), calls });
  });
  return turns;
}

/** A first message, shortened to the title of its conversation. */
export function titleFrom(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length <= 60 ? line : `${line.slice(0, 59).trimEnd()}…`;
}
