import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bearer,
  CALENDAR_EVENTS,
  CALENDAR_READ,
  cloud,
  control,
  get,
  GMAIL_READ,
  GMAIL_SEND,
  googleToken,
  postJson,
  useCloud,
} from "./world.mjs";

useCloud();

const gmail = (path, one) => get(`${cloud.gmail}/gmail/v1/users/me${path}`, bearer(one));
const search = async (one, q, more = {}) => (await gmail(`/messages?${new URLSearchParams({ q, ...more })}`, one)).json;
const full = async (one, id) => (await gmail(`/messages/${id}?format=full`, one)).json;
const headerOf = ({ payload }, name) => payload.headers.find((one) => one.name === name)?.value;
const decoded = ({ data }) => Buffer.from(data, "base64url").toString("utf8");
const subjects = async (one, q) => {
  const { messages = [] } = await search(one, q);
  return (await Promise.all(messages.map(({ id }) => full(one, id)))).map((mail) => headerOf(mail, "Subject"));
};

test("everybody has a mailbox of their own with ten mails or more", async () => {
  const seen = new Set();
  for (const user of cloud.users) {
    const { messages, resultSizeEstimate } = await search(await googleToken(user, [GMAIL_READ]), "in:inbox");
    assert.ok(messages.length >= 10 && resultSizeEstimate === messages.length, user);
    for (const { id } of messages) {
      assert.ok(!seen.has(id), "no id twice");
      seen.add(id);
    }
  }
});

test("search understands Gmail's words, and no hits are an answer without messages", async () => {
  const one = await googleToken("mira", [GMAIL_READ]);
  assert.deepEqual(await subjects(one, "in:inbox is:unread from:ines"), ["Quarterly moth report"]);
  assert.deepEqual(await subjects(one, 'subject:"the boat" -is:unread'), ["Re: the boat", "the boat"]);
  assert.deepEqual(await subjects(one, "heliotrope-7741"), ["Quarterly moth report"]);
  assert.deepEqual(await subjects(one, "in:sent"), ["Re: Dinner on Thursday?"]);
  assert.deepEqual(await subjects(one, "has:attachment"), ["Invoice 2093 for brass fittings"]);
  assert.deepEqual(await subjects(one, "newer_than:1d is:starred"), ["Quarterly moth report"]);
  assert.equal((await subjects(one, "from:ines OR from:zoe is:read")).length, 1);
  assert.deepEqual(await search(one, "from:nobody-at-all"), { resultSizeEstimate: 0 });
  assert.deepEqual(await search(await googleToken("tomas", [GMAIL_READ]), "heliotrope-7741"), {
    resultSizeEstimate: 0,
  });
});

test("lists come in pages of maxResults, newest first", async () => {
  const one = await googleToken("mira", [GMAIL_READ]);
  const first = await search(one, "in:inbox", { maxResults: 5 });
  const second = await search(one, "in:inbox", { maxResults: 5, pageToken: first.nextPageToken });
  assert.equal(first.messages.length, 5);
  const mails = await Promise.all([...first.messages, ...second.messages].map(({ id }) => full(one, id)));
  const times = mails.map(({ internalDate }) => Number(internalDate));
  assert.deepEqual(
    times,
    [...times].sort((a, b) => b - a),
  );
});

test("a plain mail has its text in the body, base64url of UTF-8", async () => {
  const one = await googleToken("mira", [GMAIL_READ]);
  const {
    messages: [{ id, threadId }],
  } = await search(one, "subject:Tromsø");
  const mail = await full(one, id);
  assert.deepEqual([mail.id, mail.threadId], [id, threadId]);
  assert.equal(headerOf(mail, "Subject"), "Grüße aus Tromsø – こんにちは ☃");
  assert.equal(mail.payload.parts, undefined);
  assert.match(decoded(mail.payload.body), /köstlich[\s\S]*こちらはもう冬です。🌌/);
  assert.ok(!/[+/=]/.test(mail.payload.body.data));
});

test("mails are built in all the usual ways: alternative, html only, nested with an attachment, huge", async () => {
  const one = await googleToken("mira", [GMAIL_READ]);
  const byQuery = async (q) => full(one, (await search(one, q)).messages[0].id);
  const alternative = await byQuery("subject:due");
  assert.deepEqual(
    alternative.payload.parts.map(({ mimeType }) => mimeType),
    ["text/plain", "text/html"],
  );
  const html = await byQuery("subject:ferry");
  assert.equal(html.payload.mimeType, "text/html");
  assert.ok(html.payload.body.data && !html.payload.parts);
  const nested = await byQuery("has:attachment");
  assert.equal(nested.payload.parts[0].mimeType, "multipart/alternative");
  assert.ok(nested.payload.parts[1].body.attachmentId && nested.payload.parts[1].filename);
  const huge = await byQuery("subject:log");
  assert.ok(huge.payload.body.size > 200_000);
  assert.match(decoded(huge.payload.body), /PERIWINKLE-3318/);
});

test("a thread has its messages, oldest first", async () => {
  const one = await googleToken("mira", [GMAIL_READ]);
  const { messages } = await search(one, "subject:boat");
  assert.equal(messages[0].threadId, messages[1].threadId);
  const { json } = await gmail(`/threads/${messages[0].threadId}?format=full`, one);
  assert.deepEqual(
    json.messages.map((mail) => headerOf(mail, "Subject")),
    ["the boat", "Re: the boat"],
  );
});

test("a missing, unknown, expired or revoked token is 401, a missing scope 403, in Google's shape", async () => {
  const path = `${cloud.gmail}/gmail/v1/users/me/messages`;
  const none = await get(path);
  assert.deepEqual([none.status, none.json.error.code, none.json.error.status], [401, 401, "UNAUTHENTICATED"]);
  assert.match(none.json.error.message, /^Request had invalid authentication credentials/);
  assert.match(none.headers.get("www-authenticate"), /invalid_token/);
  assert.equal((await gmail("/messages", "ya29.nonsense")).status, 401);
  const one = await googleToken("mira", [CALENDAR_READ]);
  const weak = await gmail("/messages", one);
  assert.deepEqual(
    [weak.status, weak.json.error.status, weak.json.error.details[0].reason],
    [403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"],
  );
  assert.equal(
    (
      await get(
        `${cloud.gmail}/gmail/v1/users/tomas@example.test/messages`,
        bearer(await googleToken("mira", [GMAIL_READ])),
      )
    ).status,
    403,
  );

  const good = await googleToken("mira", [GMAIL_READ]);
  assert.equal((await gmail("/messages", good)).status, 200);
  await control("/expire", {});
  assert.equal((await gmail("/messages", good)).status, 401);
  await control("/settings", { third_party_token_seconds: 0 });
  assert.equal((await gmail("/messages", await googleToken("mira", [GMAIL_READ]))).status, 401);
});

test("sending keeps a copy, is recorded, and delivers to those who live here", async () => {
  const one = await googleToken("mira", [GMAIL_READ, GMAIL_SEND]);
  const mail = [
    "To: Tomas <tomas@example.test>",
    "Subject: =?UTF-8?B?" + Buffer.from("Für später ☕").toString("base64") + "?=",
    "Content-Type: text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: base64",
    "",
    Buffer.from("Kaffee um drei?\nMira").toString("base64"),
  ].join("\r\n");
  const url = `${cloud.gmail}/gmail/v1/users/me/messages/send`;
  const { status, json } = await postJson(url, { raw: Buffer.from(mail).toString("base64url") }, bearer(one));
  assert.equal(status, 200);
  assert.deepEqual(json.labelIds, ["SENT"]);
  const [sent] = await control("/sent");
  assert.deepEqual(
    [sent.person, sent.to, sent.subject, sent.text],
    ["mira", "Tomas <tomas@example.test>", "Für später ☕", "Kaffee um drei?\nMira"],
  );
  assert.equal((await subjects(one, "in:sent"))[0], "Für später ☕");
  assert.deepEqual(await subjects(await googleToken("tomas", [GMAIL_READ]), "is:unread from:mira später"), [
    "Für später ☕",
  ]);

  const reader = await googleToken("mira", [GMAIL_READ]);
  assert.equal((await postJson(url, { raw: Buffer.from(mail).toString("base64url") }, bearer(reader))).status, 403);
});

test("a mail without a recipient is refused, and quoted-printable and multipart bodies are read", async () => {
  const one = await googleToken("mira", [GMAIL_SEND]);
  const send = (text) =>
    postJson(
      `${cloud.gmail}/gmail/v1/users/me/messages/send`,
      { raw: Buffer.from(text).toString("base64url") },
      bearer(one),
    );
  assert.equal((await send("Subject: to nobody\r\n\r\nhello")).status, 400);
  await send(
    "To: a@example.com\r\nSubject: q\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nsch=C3=B6n, =\r\nwirklich",
  );
  await send(
    'To: a@example.com\r\nSubject: m\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nschön\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n--b--',
  );
  const texts = (await control("/sent")).map(({ text }) => text.trim());
  assert.deepEqual(texts, ["schön, wirklich", "schön"]);
});

test("the calendar lists what lies in the asked time, and takes new events with the right scope", async () => {
  const one = await googleToken("mira", [CALENDAR_EVENTS]);
  const url = `${cloud.calendar}/calendar/v3/calendars/primary/events`;
  const all = await get(url, bearer(one));
  assert.ok(all.json.items.length >= 5);
  const start = new Date(Date.now() + 30 * 86_400_000).toISOString();
  const end = new Date(Date.now() + 30 * 86_400_000 + 3_600_000).toISOString();
  const event = await postJson(
    url,
    {
      summary: "Launch of the boat",
      start: { dateTime: start },
      end: { dateTime: end },
      attendees: [{ email: "tomas@example.test" }],
    },
    bearer(one),
  );
  assert.equal(event.status, 200);
  assert.equal(event.json.status, "confirmed");
  const found = await get(
    `${url}?${new URLSearchParams({ timeMin: new Date(Date.now() + 20 * 86_400_000).toISOString() })}`,
    bearer(one),
  );
  assert.deepEqual(
    found.json.items.map(({ summary }) => summary),
    ["Launch of the boat"],
  );
  assert.equal((await get(`${url}?timeMin=tomorrow`, bearer(one))).status, 400);
  assert.equal((await postJson(url, { summary: "no time" }, bearer(one))).status, 400);
  assert.equal((await postJson(url, {}, bearer(await googleToken("mira", [CALENDAR_READ])))).status, 403);
  assert.equal((await get(url, bearer(await googleToken("mira", [GMAIL_READ])))).status, 403);
  const busy = await postJson(
    `${cloud.calendar}/calendar/v3/freeBusy`,
    { timeMin: start, timeMax: end, items: [{ id: "primary" }] },
    bearer(await googleToken("mira", [CALENDAR_READ])),
  );
  assert.deepEqual(busy.json.calendars.primary.busy, [{ start, end }]);
});

test("faults of Gmail and Calendar have Google's shape and end after their number", async () => {
  const one = await googleToken("mira", [GMAIL_READ]);
  await control("/faults", {
    gmail: [401, { status: 429, headers: { "retry-after": "2" }, times: 2 }, 500],
    calendar: { status: 503 },
  });
  const results = [];
  for (let time = 0; time < 5; ++time) {
    const { status, json } = await gmail("/messages", one);
    results.push([status, json.error?.status]);
  }
  assert.deepEqual(results, [
    [401, "UNAUTHENTICATED"],
    [429, "RESOURCE_EXHAUSTED"],
    [429, "RESOURCE_EXHAUSTED"],
    [500, "INTERNAL"],
    [200, undefined],
  ]);
  assert.equal((await get(`${cloud.calendar}/calendar/v3/calendars/primary/events`, bearer(one))).status, 503);
});

test("the record has every request with its token and status", async () => {
  const one = await googleToken("mira", [GMAIL_READ]);
  await search(one, "in:inbox");
  const [entry] = await control("/requests?service=gmail");
  assert.deepEqual(
    [entry.method, entry.path, entry.query.q, entry.headers.authorization, entry.status],
    ["GET", "/gmail/v1/users/me/messages", "in:inbox", `Bearer ${one}`, 200],
  );
  const exchanges = await control("/requests?service=tenant");
  assert.ok(exchanges.at(-1).body.subject_token.startsWith("v1."));
  assert.deepEqual(await control(`/requests?after=${entry.n}`), []);
});
