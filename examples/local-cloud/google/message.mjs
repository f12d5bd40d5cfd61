// Messages as the Gmail API shows them, made from a description (letters.mjs) or from a mail that was sent.

const base64url = (text) => Buffer.from(text, "utf8").toString("base64url");
const header = (name, value) => ({ name, value });

const leaf = (partId, mimeType, text, { filename = "", headers = [] } = {}) => ({
  partId,
  mimeType,
  filename,
  headers: [header("Content-Type", `${mimeType}; charset="UTF-8"`), ...headers],
  body: filename
    ? { attachmentId: `ANGj${base64url(filename)}`, size: Buffer.byteLength(text) }
    : { size: Buffer.byteLength(text), data: base64url(text) },
});

const multipart = (partId, mimeType, parts) => ({
  partId,
  mimeType,
  filename: "",
  headers: [header("Content-Type", `${mimeType}; boundary="0000local"`)],
  body: { size: 0 },
  parts,
});

// The four ways in which mail is usually built.
const content = ({ form = "plain", text = "", html = "", attachment }) => {
  if (form === "html") return leaf("", "text/html", html);
  if (form === "alternative")
    return multipart("", "multipart/alternative", [leaf("0", "text/plain", text), leaf("1", "text/html", html)]);
  if (form === "attachment") {
    const [filename, mimeType, data] = attachment;
    const inner = multipart("0", "multipart/alternative", [
      leaf("0.0", "text/plain", text),
      leaf("0.1", "text/html", `<p>${text}</p>`),
    ]);
    return multipart("", "multipart/mixed", [
      inner,
      leaf("1", mimeType, data, {
        filename,
        headers: [header("Content-Disposition", `attachment; filename="${filename}"`)],
      }),
    ]);
  }
  return leaf("", "text/plain", text);
};

const entity = (html) =>
  html
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

/** {id, threadId, labelIds, snippet, historyId, internalDate, sizeEstimate, payload}, and text to search in. */
export const messageFrom = (letter, { id, threadId, to, now }) => {
  const at = now - letter.hours * 3_600_000;
  const payload = content(letter);
  payload.headers = [
    header("Delivered-To", to),
    header("Date", new Date(at).toUTCString()),
    header("From", letter.from),
    header("To", letter.to ?? to),
    header("Subject", letter.subject),
    header("Message-ID", `<${id}@mail.example.test>`),
    ...payload.headers,
  ];
  const plain = letter.text ?? entity(letter.html ?? "");
  const labelIds = [
    letter.sent ? "SENT" : "INBOX",
    ...(letter.read ? [] : ["UNREAD"]),
    ...(letter.starred ? ["STARRED"] : []),
  ];
  const size = Buffer.byteLength(plain) + Buffer.byteLength(letter.html ?? "") + 400;
  return {
    shown: {
      id,
      threadId,
      labelIds,
      snippet: entity(plain).slice(0, 200),
      historyId: String(1000 + Math.floor(at / 1000)),
      internalDate: String(at),
      sizeEstimate: size,
      payload,
    },
    plain,
    at,
  };
};

export const headerOf = ({ shown }, name) =>
  shown.payload.headers.find((one) => one.name.toLowerCase() === name.toLowerCase())?.value ?? "";

const decodeWords = (text) =>
  text.replace(/=\?utf-8\?([bq])\?([^?]*)\?=(\s+(?==\?))?/gi, (_, kind, data) =>
    kind.toLowerCase() === "b"
      ? Buffer.from(data, "base64").toString("utf8")
      : Buffer.from(
          data.replace(/_/g, " ").replace(/=([0-9a-f]{2})/gi, (__, hex) => String.fromCharCode(parseInt(hex, 16))),
          "latin1",
        ).toString("utf8"),
  );

const decodeBody = (text, encoding) => {
  if (/base64/i.test(encoding)) return Buffer.from(text, "base64").toString("utf8");
  if (!/quoted-printable/i.test(encoding)) return text;
  const bytes = text
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
};

/** {to, subject, text} of a mail as it goes over the wire (RFC 5322; of a multipart one, the first part). */
export const readMail = (bytes) => {
  const latin = bytes.toString("latin1");
  const [head, ...rest] = latin.split(/\r?\n\r?\n/);
  const fields = Object.fromEntries(
    head
      .replace(/\r?\n[ \t]+/g, " ")
      .split(/\r?\n/)
      .map((line) => /^([!-9;-~]+):\s*(.*)$/.exec(line))
      .filter(Boolean)
      .map(([, name, value]) => [name.toLowerCase(), value]),
  );
  const body = rest.join("\n\n");
  const boundary = /boundary="?([^";]+)"?/i.exec(fields["content-type"] ?? "")?.[1];
  if (boundary) {
    const part = body.split(`--${boundary}`)[1]?.replace(/^\r?\n/, "") ?? "";
    return { ...field(fields), text: readMail(Buffer.from(part, "latin1")).text };
  }
  const encoding = fields["content-transfer-encoding"] ?? "";
  const text = decodeBody(body, encoding);
  return {
    ...field(fields),
    text: /base64|quoted/i.test(encoding) ? text : Buffer.from(text, "latin1").toString("utf8"),
  };
};

const utf8 = (text = "") => decodeWords(Buffer.from(text, "latin1").toString("utf8"));
const field = ({ to, cc, subject, "in-reply-to": reply }) => ({
  to: utf8(to),
  cc: utf8(cc),
  subject: utf8(subject),
  inReplyTo: reply,
});
