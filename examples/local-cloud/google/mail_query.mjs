// Gmail's search words as a test of one message. What is not a search word is a word to be found in the mail.
import { headerOf } from "./message.mjs";

const DAY = 86_400_000;
const SPANS = { d: DAY, w: 7 * DAY, m: 30 * DAY, y: 365 * DAY };
const has = (text, part) => text.toLowerCase().includes(part.toLowerCase());
const label = ({ shown }, name) => shown.labelIds.includes(name.toUpperCase());
const span = (text) => Number(text.slice(0, -1)) * (SPANS[text.slice(-1)] ?? NaN);
const date = (text) => (/^\d{9,}$/.test(text) ? Number(text) * 1000 : Date.parse(text.replaceAll("/", "-")));

const OPERATORS = {
  in: (mail, value) => value === "anywhere" || label(mail, value),
  label: (mail, value) => label(mail, value),
  is: (mail, value) => (value === "read" ? !label(mail, "unread") : label(mail, value)),
  from: (mail, value) => has(headerOf(mail, "From"), value),
  to: (mail, value) => has(headerOf(mail, "To"), value),
  subject: (mail, value) => has(headerOf(mail, "Subject"), value),
  has: (mail, value) => value === "attachment" && JSON.stringify(mail.shown.payload).includes("attachmentId"),
  newer_than: (mail, value, now) => mail.at > now - span(value),
  older_than: (mail, value, now) => mail.at < now - span(value),
  after: (mail, value) => mail.at >= date(value),
  before: (mail, value) => mail.at < date(value),
};

const everywhere = (mail) =>
  [headerOf(mail, "From"), headerOf(mail, "To"), headerOf(mail, "Subject"), mail.plain].join("\n");

const test = (word) => {
  const minus = word.startsWith("-");
  const bare = minus ? word.slice(1) : word;
  const [, name, value] = /^(\w+):"?([^"]*)"?$/.exec(bare) ?? [];
  const operator = OPERATORS[name?.toLowerCase()];
  const fits = operator
    ? (mail, now) => operator(mail, value, now)
    : (mail) => has(everywhere(mail), bare.replaceAll('"', ""));
  return minus ? (mail, now) => !fits(mail, now) : fits;
};

/** A function (mail, now in ms) => boolean. All words must fit; `OR` between two words means either. */
export const mailQuery = (text = "") => {
  const found = text.match(/-?\w+:"[^"]*"|-?"[^"]*"|\S+/g) ?? [];
  const groups = []; // all of them must fit, in each of them one
  found.forEach((word, at) => {
    if (word === "OR") return;
    if (at > 0 && found[at - 1] === "OR" && groups.length > 0) groups.at(-1).push(test(word));
    else groups.push([test(word)]);
  });
  return (mail, now) => groups.every((group) => group.some((fits) => fits(mail, now)));
};
