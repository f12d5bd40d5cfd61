import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Secrets } from "./secrets.mjs";

const secretOf = (length) => randomBytes(length).toString("base64url").slice(0, length);

for (const length of [20, 47, 48, 49, 700]) {
  const secret = secretOf(length);
  const secrets = new Secrets();
  secrets.add("token", secret);

  test(`the search finds a secret of ${length} bytes as it is, in hex, in base64 and URL-encoded`, () => {
    const disguises = {
      "as it is": [secret],
      "in hex": [Buffer.from(secret).toString("hex"), Buffer.from(secret).toString("hex").toUpperCase()],
      "in base64": ["", "a", "ab"].flatMap((before) =>
        ["base64", "base64url"].map((form) => Buffer.from(`${before}${secret} and more`).toString(form)),
      ),
    };
    for (const [form, texts] of Object.entries(disguises)) {
      for (const text of texts) {
        assert.ok(secrets.foundIn(Buffer.from(`x${text}y`)).includes(`token ${form}`), `${form} in ${text}`);
      }
    }
  });

  test(`the search finds a secret of ${length} bytes nowhere else`, () => {
    assert.deepEqual(secrets.foundIn(Buffer.from(secretOf(100_000))), []);
  });
}

test("the search finds a secret that is written in another way in addresses", () => {
  const secrets = new Secrets();
  secrets.add("token", "with+signs/that=are%encoded");
  assert.deepEqual(secrets.foundIn(Buffer.from("?a=with%2Bsigns%2Fthat%3Dare%25encoded")), ["token URL-encoded"]);
});

test("the search finds a long secret that a database has cut into pages", () => {
  const secret = secretOf(900);
  const secrets = new Secrets();
  secrets.add("token", secret);
  for (const cut of [1, 10, 440, 450, 460, 890, 899]) {
    const pages = Buffer.concat([Buffer.from(secret.slice(0, cut)), Buffer.alloc(4), Buffer.from(secret.slice(cut))]);
    assert.deepEqual(secrets.foundIn(pages), ["token as it is"], `cut at ${cut}`);
  }
});
