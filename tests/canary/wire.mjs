// Requests byte by byte, each on a connection of its own that is closed behind it, also such as no client library sends.
import { connect } from "node:net";

/**
 * Sends a request and gives everything that came back as text. `cut`: how many bytes of it are sent before the connection
 * is torn; `leaveAt`: a text, the connection is torn when it has arrived; `raw`: the whole request instead of its parts.
 */
export function ask(port, { method = "GET", path = "/", headers = {}, body = "", raw, cut, leaveAt } = {}) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const whole =
    raw ??
    `${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n${lines}\r\n${body}`;
  return new Promise((done) => {
    let text = "";
    const socket = connect(port, "127.0.0.1");
    socket.setTimeout(15_000, () => socket.destroy());
    socket.on("connect", () => {
      if (cut === undefined) socket.write(whole);
      else socket.write(whole.slice(0, cut), () => socket.destroy());
    });
    socket.on("data", (part) => {
      text += part;
      if (leaveAt !== undefined && text.includes(leaveAt)) socket.destroy();
    });
    socket.on("error", () => {}); // the server may close first; what it said is kept
    socket.on("close", () => done(text));
  });
}

/** The JSON of an answer, undefined if it has none. */
export function jsonOf(answer) {
  const body = answer.slice(answer.indexOf("\r\n\r\n") + 4).trim();
  const begin = body.search(/[[{]/);
  const end = Math.max(body.lastIndexOf("}"), body.lastIndexOf("]"));
  try {
    return JSON.parse(body.slice(begin, end + 1));
  } catch {
    return undefined;
  }
}
