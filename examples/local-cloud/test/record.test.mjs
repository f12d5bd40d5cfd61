import assert from "node:assert/strict";
import { test } from "node:test";
import { Faults, Recorder } from "../service.mjs";

test("the record forgets its oldest entries when it has too many, or too much in them", () => {
  const recorder = new Recorder();
  for (let count = 0; count < 2500; ++count) recorder.add({ service: "model" });
  assert.equal(recorder.list().length, 2000);
  assert.equal(recorder.list()[0].n, 501);
  recorder.add({ service: "gmail" }, 60 * 1024 * 1024);
  recorder.add({ service: "gmail" }, 60 * 1024 * 1024);
  assert.deepEqual(
    recorder.list().map(({ n }) => n),
    [2502],
  );
  recorder.clear();
  recorder.add({ service: "model" }, 1);
  recorder.add({ service: "model" }, 1);
  assert.deepEqual(
    recorder.list({ after: 2503 }).map(({ n }) => n),
    [2504],
  );
});

test("a fault waits for the request that it is meant for", () => {
  const faults = new Faults();
  faults.add("tenant", { status: 500, path: "/oauth/token", grant_type: "token-exchange" });
  const take = (path, grant) => faults.take("tenant", { method: "POST", path, body: { grant_type: grant } });
  assert.equal(take("/authorize"), undefined);
  assert.equal(take("/oauth/token", "refresh_token"), undefined);
  assert.equal(take("/oauth/token", "urn:x:token-exchange:y").status, 500);
  assert.equal(take("/oauth/token", "urn:x:token-exchange:y"), undefined);
});
