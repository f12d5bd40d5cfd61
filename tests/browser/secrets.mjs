// Looks for secrets where there must be none: as they are, and in the disguises in which a server could have kept them.

const pieceLength = 24; // bytes; a database cuts long texts into pages, so pieces are looked for as well
const shortest = 12; // bytes; a shorter text is found by accident

/** Three encodings in base64, one for each place that a text can have among others, without what depends on those. */
function base64Forms(text) {
  const forms = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString("base64").replace(/=+$/, "");
    return encoded.slice([0, 2, 3][offset], encoded.length - 1);
  });
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

function piecesOf(text) {
  if (text.length <= 2 * pieceLength) return [text];
  const middle = Math.floor((text.length - pieceLength) / 2);
  return [0, middle, text.length - pieceLength].map((begin) => text.slice(begin, begin + pieceLength));
}

function formsOf(piece) {
  const hex = Buffer.from(piece).toString("hex");
  const encoded = encodeURIComponent(piece);
  return new Map([
    ["as it is", [piece]],
    ["in hex", [hex, hex.toUpperCase()]],
    ["in base64", base64Forms(piece)],
    ["URL-encoded", encoded === piece ? [] : [encoded]],
  ]);
}

export class Secrets {
  #kinds = new Map(); // secret -> its kinds; a refresh token may be a credential of a run as well

  add(kind, text) {
    if (typeof text !== "string" || text.length < shortest) return;
    this.#kinds.set(text, (this.#kinds.get(text) ?? new Set()).add(kind));
  }

  get kinds() {
    return new Set([...this.#kinds.values()].flatMap((kinds) => [...kinds]));
  }

  /** Which secrets `bytes` has, and how: ["refresh token in hex", …]. Never the secret itself. */
  foundIn(bytes) {
    const found = new Set();
    for (const [secret, kinds] of this.#kinds) {
      const [kind] = kinds;
      for (const piece of piecesOf(secret)) {
        for (const [form, needles] of formsOf(piece)) {
          if (needles.some((needle) => bytes.includes(needle))) found.add(`${kind} ${form}`);
        }
      }
    }
    return [...found];
  }

  /** What went to the stand-ins, as their control port tells. */
  addFromCloud(requests) {
    for (const { service, headers, body } of requests) {
      const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
      if (service === "gmail" || service === "calendar") this.add("Google token", bearer);
      if (service === "model") this.add("key of the model", bearer);
      if (service !== "tenant") continue;
      this.add("token for the tenant", bearer);
      this.add("client secret", body?.client_secret);
      this.add("refresh token", body?.refresh_token);
      this.add("subject token", body?.subject_token);
      this.add("code verifier", body?.code_verifier);
    }
  }

  /** What clients sent to heddle. */
  addFromWire(exchanges) {
    for (const { headers, body } of exchanges) {
      this.add("access token", /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1]);
      const cookies = String(headers["x-middleware-set-cookie"] ?? "").matchAll(/(?:__session|appSession)=([^;,]+)/g);
      for (const [, value] of cookies) this.add("session cookie", value);
      let sent;
      try {
        sent = JSON.parse(body);
      } catch {
        continue; // no body
      }
      for (const value of Object.values(sent?.config?.configurable?._credentials ?? {})) this.add("credential of a run", value);
    }
  }
}
