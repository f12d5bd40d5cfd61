// The tenant's signing keys, and JSON Web Tokens signed with them (RS256).
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8"));

const signingKey = (pem) => {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const { kty, n, e } = publicKey.export({ format: "jwk" });
  const kid = createHash("sha256").update(JSON.stringify({ e, kty, n })).digest("base64url");
  return { privateKey, publicKey, kid, jwk: { kty, use: "sig", alg: "RS256", kid, n, e } };
};

export class Keys {
  #file;
  #keys; // newest first; the newest signs, the others are still published

  constructor(folder) {
    this.#file = join(folder, "tenant-key.pem");
    if (existsSync(this.#file)) this.#keys = [signingKey(readFileSync(this.#file))];
    else this.rotate();
  }

  /** A new key signs from now on. `forget`: the old ones are no longer published. */
  rotate({ forget = false } = {}) {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(this.#file, pem, { mode: 0o600 });
    this.#keys = [signingKey(pem), ...(forget ? [] : (this.#keys ?? []).slice(0, 3))];
    return this.#keys[0].kid;
  }

  jwks() {
    return { keys: this.#keys.map(({ jwk }) => jwk) };
  }

  sign(claims) {
    const [{ privateKey, kid }] = this.#keys;
    const text = `${encode({ alg: "RS256", typ: "JWT", kid })}.${encode(claims)}`;
    return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
  }

  /** The claims of a token that one of the published keys signed, expired or not; else undefined. */
  claims(token) {
    try {
      const [header, payload, signature, more] = String(token).split(".");
      const { alg, kid } = decode(header);
      const key = this.#keys.find((one) => one.kid === kid);
      if (!key || alg !== "RS256" || more !== undefined) return undefined;
      const good = verify(
        "sha256",
        Buffer.from(`${header}.${payload}`),
        key.publicKey,
        Buffer.from(signature, "base64url"),
      );
      return good ? decode(payload) : undefined;
    } catch {
      return undefined;
    }
  }
}
