// Waiting that ends.
import assert from "node:assert/strict";

/** Returns when `holds` gives something true, or a promise of it. Fails with `what` where it does not within `limitMs`. */
export async function until(what, holds, { limitMs = 30_000, everyMs = 20 } = {}) {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end) assert.fail(`never: ${what}`);
    await new Promise((done) => setTimeout(done, everyMs));
  }
}
