// Waiting that ends.
import assert from "node:assert/strict";

/** What `holds` gives as soon as it is something true, or a promise of it. Fails with `what` if that is not within `limitMs`. */
export async function until(what, holds, { limitMs = 30_000, everyMs = 20 } = {}) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > end) assert.fail(`never: ${what}`);
    await new Promise((done) => setTimeout(done, everyMs));
  }
}
