// What the model says: a pure function of the conversation and the tools on offer. No understanding, only words.

const NUMBERS = {
  zero: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  hundred: 100,
  thousand: 1000,
};
const OPERATORS = [
  [/\b(multiplied by|times)\b/g, "*"],
  [/\b(divided by|over)\b/g, "/"],
  [/\bplus\b/g, "+"],
  [/\bminus\b/g, "-"],
  [/[×·]/g, "*"],
  [/÷/g, "/"],
  [/−/g, "-"],
];
const ADDRESS = /[\w.+-]+@[\w-]+(\.[\w-]+)+/;
const CITED_MAX = 400; // characters of one mail that an answer repeats

/** The text of a message's content: a string, or parts. */
export const textOf = (content) =>
  typeof content === "string"
    ? content
    : (content ?? []).map((part) => (typeof part === "string" ? part : (part?.text ?? ""))).join("");

/** The arithmetic in a text, digits and words alike: "six times seven" gives "6*7"; undefined if there is none. */
export const expressionIn = (text) => {
  let plain = text.toLowerCase().replace(ADDRESS, " ");
  for (const [word, sign] of OPERATORS) plain = plain.replace(word, sign);
  plain = plain.replace(/\b[a-z]+\b/g, (word) => (word in NUMBERS ? NUMBERS[word] : word));
  const number = String.raw`\(*\s*-?\d+(?:\.\d+)?\s*\)*`;
  const found = new RegExp(String.raw`${number}(?:\s*[-+*/^%]\s*${number})+`).exec(plain)?.[0];
  return found?.replace(/\s+/g, "");
};

// The arguments that a tool's schema has a place for. `known`: candidates by parameter name.
const fitted = (tool, known) => {
  const { properties = {}, required = [] } = tool.parameters ?? {};
  const all = Object.entries(known).filter(([name]) => name in properties);
  const args = Object.fromEntries(
    all.map(([name, value]) => [name, properties[name].type === "array" && !Array.isArray(value) ? [value] : value]),
  );
  for (const name of required) {
    if (name in args) continue;
    const { type, enum: choices, format } = properties[name] ?? {};
    const fill = { number: 1, integer: 1, boolean: true, array: [], object: {} };
    args[name] =
      choices?.[0] ??
      fill[type] ??
      (format === "date-time" || /time|date/i.test(name) ? new Date().toISOString() : "something");
  }
  return args;
};

const sendArguments = (text) => {
  const to = ADDRESS.exec(text)[0];
  const subject = /(?:subject|about)\s*:?\s*["“]([^"”]+)["”]/i.exec(text)?.[1] ?? "A word from your assistant";
  const said =
    /(?:saying|says|text|message|body)\s*:?\s*["“]([^"”]+)["”]/i.exec(text)?.[1] ??
    "Hello! This was written by the local model.";
  return { to, recipient: to, subject, body: said, message: said, text: said, content: said };
};

// "ask me for my name" gives "Please tell me your name."
const questionIn = (text) => {
  const wanted = /\bask me (?:for|about) ([^.?!\n]{1,120})/i.exec(text)?.[1];
  return wanted ? `Please tell me ${wanted.replace(/\bmy\b/gi, "your")}.` : "What would you like to tell me?";
};

const RULES = [
  {
    tool: "calculator",
    when: (text) => expressionIn(text) || /\bcalc(ulate)?\b/i.test(text),
    args: (text) => ({ input: expressionIn(text) ?? "6*7", expression: expressionIn(text) ?? "6*7" }),
  },
  { tool: "send_mail", when: (text) => /\bsend\b/i.test(text) && ADDRESS.test(text), args: sendArguments },
  {
    tool: "search_gmail",
    when: (text) => /\b(e-?)?mails?\b|\binbox\b/i.test(text) && !(/\bsend\b/i.test(text) && ADDRESS.test(text)),
    args: () => ({ query: "in:inbox is:unread", maxResults: 5, resource: "messages" }),
  },
  {
    tool: "list_calendar_events",
    when: (text) => /\bcalendar\b/i.test(text),
    args: () => {
      const [timeMin, timeMax] = [0, 7].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
      return { timeMin, timeMax, time_min: timeMin, time_max: timeMax, maxResults: 10 };
    },
  },
  { tool: "current_time", when: (text) => /\btime\b/i.test(text), args: () => ({}) },
  {
    tool: "ask_human",
    when: (text) => /\bask me\b/i.test(text),
    args: (text) => ({ question: questionIn(text) }),
  },
  {
    tool: "get_context_documents",
    when: (text) => /\bdocuments?\b/i.test(text),
    args: (text) => ({ question: text, query: text }),
  },
];

// `call NAME {"a": 1}` calls whatever tool has that name, with these arguments.
const ordered = (text, tools) => {
  const [, name, json] = /\bcall (\w+)\s*(\{[\s\S]*\})?/.exec(text) ?? [];
  const tool = tools.find((one) => one.name === name);
  if (!tool) return undefined;
  return [{ name, arguments: json ?? JSON.stringify(fitted(tool, {})) }];
};

const callsFor = (text, tools) => {
  const order = ordered(text, tools);
  if (order) return order;
  return RULES.filter(({ tool, when }) => tools.some(({ name }) => name === tool) && when(text)).map(
    ({ tool, args }) => ({
      name: tool,
      arguments: JSON.stringify(
        fitted(
          tools.find(({ name }) => name === tool),
          args(text),
        ),
      ),
    }),
  );
};

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const shortened = (text) =>
  text.length > CITED_MAX ? `${text.slice(0, CITED_MAX).trimEnd()} … (${text.length} characters)` : text;
const value = (header) => header?.value ?? header;

const citedMail = (content) => {
  const mails = parsed(content.slice(content.indexOf("\n") + 1));
  if (!Array.isArray(mails)) return `The mail search says: ${shortened(content)}`;
  if (mails.length === 0) return "There is no unread mail.";
  return mails
    .map(
      ({ sender, subject, body, snippet }) =>
        `Mail from ${value(sender) ?? "nobody"} with subject "${value(subject) ?? ""}": ${shortened(body || snippet || "")}`,
    )
    .join("\n\n");
};

const citedEvents = (content) => {
  const found = parsed(content) ?? parsed(content.slice(content.indexOf("\n") + 1));
  const events = Array.isArray(found) ? found : (found?.items ?? found?.events);
  if (!Array.isArray(events)) return `The calendar says: ${shortened(content)}`;
  if (events.length === 0) return "The calendar is empty.";
  const when = (start) => start?.dateTime ?? start?.date ?? start ?? "some time";
  return events
    .map(
      ({ summary, start, location }) => `- ${summary ?? "an event"}, ${when(start)}${location ? `, ${location}` : ""}`,
    )
    .join("\n");
};

const CITED = {
  calculator: (content) => `The calculator says ${content}.`,
  search_gmail: citedMail,
  list_calendar_events: citedEvents,
  ask_human: (content) => `You answered: ${content}`,
  current_time: (content) => `The clock says ${content}.`,
};

// 98 pieces: at 200 ms between two of them 20 s.
const LONG = Array.from(
  { length: 14 },
  (_, at) => `This is sentence ${at + 1} of a long answer, and the tide goes on rising.`,
).join(" ");

/** {text, calls: [{name, arguments}], slowly} or {status} for a failure. `tools`: [{name, parameters}]. */
export const answerTo = (messages, tools) => {
  const asked = messages.findLastIndex(({ role }) => role === "user");
  const results = messages.slice(asked + 1).filter(({ role }) => role === "tool");
  const names = new Map(
    messages.flatMap(({ tool_calls: calls }) => (calls ?? []).map((call) => [call.id, call.function?.name])),
  );
  if (results.length > 0 && messages.at(-1).role === "tool") {
    const cited = results.map(({ content, name, tool_call_id: id }) => {
      const tool = name ?? names.get(id);
      return (CITED[tool] ?? ((text) => `The tool ${tool} says: ${shortened(text)}`))(textOf(content));
    });
    return { text: cited.join("\n\n"), calls: [] };
  }
  const text = asked < 0 ? "" : textOf(messages[asked].content);
  if (/\bfail\b/i.test(text)) return { status: 500 };
  if (/\bslowly\b/i.test(text)) return { text: LONG, calls: [], slowly: true };
  const calls = callsFor(text, tools);
  if (calls.length > 0) return { text: "", calls };
  const offer = tools.map(({ name }) => name).join(", ") || "none";
  return {
    text: `Hello! I am the local model: I know a few words and no facts. You said: “${shortened(text)}” Ask me for your mail, a calculation, your calendar, or a long answer, slowly. Tools on offer: ${offer}.`,
    calls: [],
  };
};
