// A subset of the Gmail API: lists with search words, messages, threads, labels, sending.
import { createHash } from "node:crypto";
import { googleRefusal, personOf } from "./access.mjs";
import { lettersOf } from "./letters.mjs";
import { headerOf, messageFrom, readMail } from "./message.mjs";
import { mailQuery } from "./mail_query.mjs";

const READ = ["gmail.readonly", "gmail.modify", "https://mail.google.com/"];
const SEND = ["gmail.send", "gmail.compose", "gmail.modify", "https://mail.google.com/"];
const MAILBOX_MAX = 2000; // messages; the oldest go

const idOf = (...parts) => createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);

/** Everybody's mail. `sent`: what was sent since the start or the last reset. */
export class Mailboxes {
  constructor(state) {
    this.state = state;
    this.reset();
  }

  reset() {
    this.boxes = new Map();
    this.sent = [];
  }

  /** Newest first. */
  of(person) {
    if (!this.boxes.has(person.name)) {
      const now = Date.now();
      const box = lettersOf(person).map((letter) => {
        const id = idOf(person.name, letter.subject, letter.hours);
        const threadId = letter.thread ? idOf(person.name, letter.thread) : id;
        return messageFrom(letter, { id, threadId, to: person.email, now });
      });
      this.boxes.set(person.name, box);
    }
    return this.boxes.get(person.name);
  }

  put(person, letter, threadId) {
    const box = this.of(person);
    const id = idOf(person.name, letter.subject, Date.now(), this.sent.length, letter.sent ? "sent" : "in");
    const mail = messageFrom(letter, { id, threadId: threadId ?? id, to: letter.to, now: Date.now() });
    box.unshift(mail);
    if (box.length > MAILBOX_MAX) box.pop();
    return mail;
  }

  /** Keeps a copy for the sender and delivers to those who live here. */
  send(person, raw, threadId) {
    const mail = readMail(raw);
    if (!/\S+@\S+/.test(mail.to)) throw googleRefusal(400, "Recipient address required");
    const from = `${person.display} <${person.email}>`;
    this.sent.push({ at: new Date().toISOString(), person: person.name, from, ...mail });
    if (this.sent.length > MAILBOX_MAX) this.sent.shift();
    const letter = { from, to: mail.to, subject: mail.subject, text: mail.text, hours: 0 };
    for (const [, name] of `${mail.to},${mail.cc}`.matchAll(/([a-z0-9._-]+)@example\.test/gi)) {
      const receiver = this.state.person(name);
      if (receiver) this.put(receiver, letter);
    }
    return this.put(person, { ...letter, read: true, sent: true }, threadId);
  }
}

const METADATA_KEPT = ["From", "To", "Subject", "Date", "Message-ID"];

const inFormat = (mail, format, wanted) => {
  const { shown, plain } = mail;
  const { payload, ...light } = shown;
  if (format === "minimal") return light;
  if (format === "metadata") {
    const names = (wanted.length ? wanted : METADATA_KEPT).map((name) => name.toLowerCase());
    return {
      ...light,
      payload: {
        mimeType: payload.mimeType,
        headers: payload.headers.filter(({ name }) => names.includes(name.toLowerCase())),
      },
    };
  }
  if (format === "raw") {
    const head = METADATA_KEPT.map((name) => `${name}: ${headerOf(mail, name)}`).join("\r\n");
    return {
      ...light,
      raw: Buffer.from(`${head}\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n${plain}`, "utf8").toString(
        "base64url",
      ),
    };
  }
  if (format !== "full") throw googleRefusal(400, `Invalid value at 'format': "${format}"`);
  return shown;
};

const page = (list, query) => {
  const size = Math.min(Math.max(Number(query.get("maxResults") ?? 100) || 100, 1), 500);
  const start = Number(query.get("pageToken") ?? 0) || 0;
  const next = start + size < list.length ? { nextPageToken: String(start + size) } : {};
  return { items: list.slice(start, start + size), next };
};

/** `boxes`: Mailboxes. */
export const gmailRoutes = (state, boxes) => {
  const base = "/gmail/v1/users/:user";
  const reader = (request, scopes = READ) => {
    const person = personOf(state, request, scopes);
    if (!["me", person.email].includes(request.params.user))
      throw googleRefusal(403, `Delegation denied for ${person.email}`);
    return person;
  };

  const found = (request) => {
    const fits = mailQuery(request.query.get("q") ?? "");
    const labels = request.query.getAll("labelIds");
    const now = Date.now();
    return boxes
      .of(reader(request))
      .filter((mail) => fits(mail, now) && labels.every((label) => mail.shown.labelIds.includes(label)));
  };

  const list = (request) => {
    const mails = found(request);
    if (mails.length === 0) return { json: { resultSizeEstimate: 0 } };
    const { items, next } = page(mails, request.query);
    return {
      json: {
        messages: items.map(({ shown: { id, threadId } }) => ({ id, threadId })),
        ...next,
        resultSizeEstimate: mails.length,
      },
    };
  };

  const shownAs = (request) => {
    const format = request.query.get("format") ?? "full";
    return (mail) => inFormat(mail, format, request.query.getAll("metadataHeaders"));
  };

  const get = (request) => {
    const mail = boxes.of(reader(request)).find(({ shown }) => shown.id === request.params.id);
    if (!mail) throw googleRefusal(404);
    return { json: shownAs(request)(mail) };
  };

  const thread = (request) => {
    const mails = boxes.of(reader(request)).filter(({ shown }) => shown.threadId === request.params.id);
    if (mails.length === 0) throw googleRefusal(404);
    return {
      json: {
        id: request.params.id,
        historyId: mails[0].shown.historyId,
        messages: mails.reverse().map(shownAs(request)),
      },
    };
  };

  const threads = (request) => {
    const first = new Map(); // thread -> its newest message
    for (const { shown } of found(request)) if (!first.has(shown.threadId)) first.set(shown.threadId, shown);
    if (first.size === 0) return { json: { resultSizeEstimate: 0 } };
    const { items, next } = page([...first.values()], request.query);
    return {
      json: {
        threads: items.map(({ threadId: id, snippet, historyId }) => ({ id, snippet, historyId })),
        ...next,
        resultSizeEstimate: first.size,
      },
    };
  };

  const send = (request) => {
    const person = reader(request, SEND);
    if (typeof request.body?.raw !== "string")
      throw googleRefusal(400, "'raw' RFC822 payload message string or uploading message via /upload/* URL required");
    const { id, threadId, labelIds } = boxes.send(
      person,
      Buffer.from(request.body.raw, "base64url"),
      request.body.threadId,
    ).shown;
    return { json: { id, threadId, labelIds } };
  };

  const profile = (request) => {
    const person = reader(request);
    const all = boxes.of(person);
    return {
      json: {
        emailAddress: person.email,
        messagesTotal: all.length,
        threadsTotal: new Set(all.map(({ shown }) => shown.threadId)).size,
        historyId: all[0].shown.historyId,
      },
    };
  };

  const labels = (request) => {
    reader(request);
    return { json: { labels: ["INBOX", "SENT", "UNREAD", "STARRED"].map((id) => ({ id, name: id, type: "system" })) } };
  };

  return [
    ["GET", `${base}/messages`, list],
    ["POST", `${base}/messages/send`, send],
    ["GET", `${base}/messages/:id`, get],
    ["GET", `${base}/threads`, threads],
    ["GET", `${base}/threads/:id`, thread],
    ["GET", `${base}/labels`, labels],
    ["GET", `${base}/profile`, profile],
  ];
};
