// langgraph-nextjs-api-passthrough 0.1.4 in front of heddle-fixtures: in production and in development, in the edge
// runtime and in that of Node.
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import { Server } from "../client/server.mjs";
import { Application, Tap } from "./application.mjs";

const kPatienceMs = 60_000;

// Node's fetch takes no more than 16 KiB of headers; a browser takes more.
function ask(url, { method = "GET", body, headers = {}, signal } = {}) {
  return new Promise((done, fail) => {
    const request = httpRequest(url, { method, headers, signal, maxHeaderSize: 256 * 1024, agent: false }, done);
    request.on("error", fail);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
async function textOf(answer) {
  let text = "";
  for await (const part of answer.setEncoding("utf8")) text += part;
  return text;
}
async function json(url, options) {
  const answer = await ask(url, options);
  const text = await textOf(answer);
  assert.equal(answer.statusCode, 200, `${url}: ${answer.statusCode} ${text}`);
  return JSON.parse(text);
}
const ids = (text) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

async function eventually(holds, what) {
  const end = Date.now() + kPatienceMs;
  for (;;) {
    if (await holds()) return;
    assert.ok(Date.now() < end, what);
    await new Promise((done) => setTimeout(done, 50));
  }
}

for (const mode of ["production", "development"]) {
  describe(`the passthrough in ${mode}`, () => {
    let server;
    let tap;
    let application;
    before(async () => {
      server = await Server.start();
      tap = await Tap.open(server.port);
      application = await Application.start(mode, { server: tap.base, agent: tap.base });
    });
    after(async () => {
      await application?.stop();
      await tap?.close();
      assert.equal(await server.stop(), 0);
    });

    for (const runtime of ["edge", "node"]) {
      const route = () => `${application.base}/api/${runtime}`;
      const newThread = async () => (await json(`${route()}/threads`, { method: "POST", body: { metadata: {} } })).thread_id;
      // In development Next.js does not tell a route of the edge runtime that the page has gone.
      const keepsTheLine = { skip: mode === "development" && runtime === "edge" && "Next.js keeps the line open" };
      const headOf = (side) => {
        const heads = tap.take(side);
        assert.equal(heads.length, 1, JSON.stringify(heads));
        return heads[0];
      };
      const it = (name, run, options = {}) => test(`${runtime}: ${name}`, options, run);

      it("hands over what the server is made for: text/plain, an empty key, no header of the page but x-* and authorization", async () => {
        tap.take("request");
        tap.take("answer");
        const answer = await ask(`${route()}/threads`, {
          method: "POST",
          body: { metadata: { from: "page" } },
          headers: {
            "content-type": "application/json",
            accept: "application/json",
            authorization: "Bearer made-up",
            cookie: "__session=made-up",
            "last-event-id": "7",
            "x-app-color": "red",
          },
        });
        assert.deepEqual(JSON.parse(await textOf(answer)).metadata, { from: "page" });
        const { line, headers } = headOf("request");
        assert.match(line, /^POST \/threads HTTP/);
        assert.equal(headers["content-type"], "text/plain;charset=UTF-8");
        assert.equal(headers["x-api-key"], "");
        assert.equal(headers.accept, "*/*");
        assert.equal(headers.authorization, "Bearer made-up");
        assert.equal(headers["x-app-color"], "red");
        for (const name of ["cookie", "last-event-id", "origin"]) assert.equal(headers[name], undefined, name);
        // It offers compression but cannot pass a compressed answer on.
        assert.match(headers["accept-encoding"], /gzip/);
        assert.equal(headOf("answer").headers["content-encoding"], undefined);
      });

      it("gives the page the addresses of the run, and each event when it happens", async () => {
        const thread = await newThread();
        const answer = await ask(`${route()}/threads/${thread}/runs/stream`, {
          method: "POST",
          body: { assistant_id: "delay", input: { tag: "a", ms: 500, naps: 3 }, stream_mode: "updates" },
          headers: { "accept-encoding": "gzip, deflate, br" },
        });
        assert.match(answer.headers["content-type"], /^text\/event-stream/);
        assert.match(answer.headers["content-location"], new RegExp(`^/threads/${thread}/runs/[0-9a-f-]{36}$`));
        assert.match(answer.headers.location, new RegExp(`^/threads/${thread}/runs/[0-9a-f-]{36}/stream`));
        assert.match(answer.headers["access-control-expose-headers"], /content-location/);
        assert.equal(answer.headers["access-control-allow-origin"], "*"); // not twice
        const run = server.base + answer.headers["content-location"];
        // At the first bytes the run goes on; a proxy that collects would give them after its end.
        let status;
        let bytes = 0;
        for await (const part of answer) {
          bytes += part.length;
          status ??= (await json(run)).status;
        }
        assert.equal(status, "running");
        assert.ok(bytes > 0);
        assert.equal((await json(run)).status, "success");
      });

      it("loses Last-Event-ID, so a reader that comes back gets everything from the first event", async () => {
        const thread = await newThread();
        const body = { assistant_id: "chat", input: { messages: [{ type: "human", content: "a b c" }] }, stream_mode: ["values", "messages-tuple"], stream_resumable: true };
        const answer = await ask(`${route()}/threads/${thread}/runs/stream`, { method: "POST", body });
        const first = await textOf(answer);
        const headers = { "last-event-id": "2" };
        const replayed = await textOf(await ask(route() + answer.headers.location, { headers }));
        assert.equal(replayed, first);
        const direct = await textOf(await ask(server.base + answer.headers.location, { headers }));
        assert.deepEqual(ids(direct), ids(first).filter((id) => id > 2));
      });

      it("closes the line when the page goes away, and the run is cancelled", async () => {
        const thread = await newThread();
        const gone = new AbortController();
        const answer = await ask(`${route()}/threads/${thread}/runs/stream`, {
          method: "POST",
          body: { assistant_id: "delay", input: { tag: "a", ms: 600_000 }, stream_mode: "values", on_disconnect: "cancel" },
          signal: gone.signal,
        });
        const run = server.base + answer.headers["content-location"];
        await new Promise((done) => answer.once("data", done));
        answer.on("error", () => {});
        gone.abort();
        await eventually(async () => (await json(run)).status === "interrupted", "the run goes on");
        await eventually(async () => (await json(`${server.base}/threads/${thread}`)).status !== "busy", "the thread stays busy");
        const state = await json(`${route()}/threads/${thread}/state`);
        assert.deepEqual([state.next, state.values.log], [["nap"], ["a:before"]]);
        assert.equal((await json(`${route()}/threads/${thread}/runs/wait`, { method: "POST", body: { assistant_id: "linear", input: { text: "x" } } })).text, "x|first|second");
      }, keepsTheLine);

      it("takes the session cookie along in a header of 6 and of 40 KB, and nobody sees it again", async () => {
        for (const bytes of [6 * 1024, 40 * 1024]) {
          const thread = await newThread();
          tap.take("request");
          const answer = await ask(`${route()}/threads/${thread}/runs/stream`, {
            method: "POST",
            body: { assistant_id: "chat", input: { messages: [{ type: "human", content: "hi" }] }, stream_mode: ["messages-tuple", "values", "debug"] },
            headers: { "test-cookie-bytes": String(bytes) },
          });
          const text = await textOf(answer);
          assert.equal(answer.statusCode, 200, text);
          assert.ok(headOf("request").headers["x-middleware-set-cookie"].length > bytes, "the cookie did not come along");
          assert.match(text, /Echo:/);
          const history = await textOf(await ask(`${route()}/threads/${thread}/history`, { method: "POST", body: { limit: 1000 } }));
          const view = await textOf(await ask(`${route()}/threads/${thread}`));
          for (const shown of [text, history, view]) assert.doesNotMatch(shown, /sssss|__session|x-middleware/);
        }
      });

      it("passes errors and deletes on, a delete without its body", async () => {
        const missing = await ask(`${route()}/threads/00000000-0000-4000-8000-000000000000`);
        assert.equal(missing.statusCode, 404);
        assert.match(JSON.parse(await textOf(missing)).detail, /not found/);
        const thread = await newThread();
        const deleted = await ask(`${route()}/threads/${thread}`, { method: "DELETE" });
        assert.equal(deleted.statusCode, 204);
        assert.equal(await textOf(deleted), "");
        assert.equal((await ask(`${server.base}/threads/${thread}`)).statusCode, 404);

        await ask(`${route()}/store/items`, { method: "PUT", body: { namespace: ["a"], key: "k", value: {} } });
        const item = { namespace: ["a"], key: "k" };
        const lost = await ask(`${route()}/store/items`, { method: "DELETE", body: item, headers: { "content-type": "application/json" } });
        assert.equal(lost.statusCode, 400);
        assert.equal((await ask(`${route()}/store/items?namespace=a&key=k`, { method: "DELETE" })).statusCode, 204);
        assert.equal(await json(`${route()}/store/items?namespace=a&key=k`), null);
      });
    }

    test("the Auth0 sample's way: a slash too many, and the refresh token in the body of a streamed run only", async () => {
      const route = `${application.base}/api/sample`;
      tap.take("request");
      const thread = await json(`${route}/threads`, { method: "POST" }); // no body at all: the passthrough makes it {}
      assert.match(tap.take("request")[0].line, /^POST \/\/threads HTTP/);
      const run = (headers) =>
        ask(`${route}/threads/${thread.thread_id}/runs/stream`, {
          method: "POST",
          headers,
          body: {
            assistant_id: "vault",
            input: { messages: [{ type: "human", content: "mail holidays" }] },
            stream_mode: ["messages-tuple", "values"],
            stream_resumable: false,
            on_disconnect: "cancel",
            config: { configurable: { lost: true } },
          },
        }).then(textOf);
      assert.match(await run({}), /event: values\ndata: \{"__interrupt__":\[\{.*AUTHORIZATION_REQUIRED.*\n.*\n\n$/);
      const answered = await run({ "test-refresh-token": "made-up-token" });
      assert.match(answered, /3 mails about holidays/);
      const history = await ask(`${route}/threads/${thread.thread_id}/history`, { method: "POST", body: { limit: 1000 } });
      for (const shown of [answered, await textOf(history)]) assert.doesNotMatch(shown, /made-up-token|_credentials/);
    });
  });
}
