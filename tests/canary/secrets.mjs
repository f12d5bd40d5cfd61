// Secrets that can be found again: in whole or in pieces, as they are or as somebody could have written them down.
import { randomBytes } from "node:crypto";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

function randomText(length) {
  return [...randomBytes(length)].map((byte) => letters[byte % letters.length]).join("");
}

/** The encodings of `text` in base64, one for each place it can have among others, without what depends on those. */
function base64Forms(text) {
  const forms = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString("base64").replace(/=+$/, "");
    return encoded.slice([0, 2, 3][offset], encoded.length - 1);
  });
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

export class Canaries {
  // Every secret has it twice, so a piece of 37 letters of any of them is found by one search for all.
  #marker = randomText(16);
  #made = new Map(); // what stands between the markers -> how the secret was sent
  #ownForms = new Map(); // of what others made, like tokens
  #forms = new Map([...new Set([
    this.#marker,
    Buffer.from(this.#marker).toString("hex"),
    Buffer.from(this.#marker).toString("hex").toUpperCase(),
    ...base64Forms(this.#marker),
  ])].map((form) => [form, form === this.#marker ? "as it is" : /^[0-9a-fA-F]+$/.test(form) ? "in hex" : "in base64"]));

  /** A new secret. `way`: how it is sent. */
  make(way) {
    const id = String(this.#made.size).padStart(5, "0");
    this.#made.set(id, way);
    return `${this.#marker}${id}${this.#marker}${id}`;
  }

  /** A secret that is not of our making, like a signed token; its last letters are looked for. */
  add(way, text) {
    this.#made.set(text, way);
    const piece = text.slice(-40, -8);
    for (const form of new Set([piece, Buffer.from(piece).toString("hex"), ...base64Forms(piece)])) this.#ownForms.set(form, way);
  }

  get count() {
    return this.#made.size;
  }
  get forms() {
    return this.#forms.size + this.#ownForms.size;
  }

  /** Where secrets begin in `bytes`: [{at, form, way}, …], the first `limit` of them. */
  findIn(bytes, limit = 20) {
    const found = [];
    const look = (needle, form, wayAt) => {
      for (let at = bytes.indexOf(needle); at >= 0 && found.length < limit; at = bytes.indexOf(needle, at + 1)) {
        found.push({ at, form, way: wayAt(at) });
      }
    };
    for (const [form, name] of this.#forms) look(form, name, (at) => (name === "as it is" ? this.#wayAt(bytes, at) : "?"));
    for (const [form, way] of this.#ownForms) look(form, "encoded or not", () => way);
    return found;
  }

  #wayAt(bytes, at) {
    const behind = bytes.subarray(at + this.#marker.length, at + this.#marker.length + 5).toString("latin1");
    const before = bytes.subarray(Math.max(at - 5, 0), at).toString("latin1");
    return this.#made.get(behind) ?? this.#made.get(before) ?? "a piece of one";
  }
}
