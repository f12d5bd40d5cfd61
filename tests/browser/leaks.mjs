// Reads whatever heddle shows and keeps, and says where a secret was found.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { artefacts } from "./world.mjs";

/** Asks a plain client's questions about every thread that the caller may see. `url`: the recorder's. */
export async function readEverything(url, headers = {}) {
  const ask = async (path, body) => {
    const options = body === undefined ? { headers } : { method: "POST", body: JSON.stringify(body), headers };
    const answer = await fetch(url + path, options);
    const text = await answer.text();
    return answer.ok && /json/.test(answer.headers.get("content-type") ?? "") ? JSON.parse(text) : undefined;
  };
  for (const path of ["/info", "/metrics", "/openapi.json", "/ok?check_db=1"]) await ask(path);
  for (const path of ["/assistants/search", "/store/items/search", "/store/namespaces", "/runs/crons/search"]) await ask(path, {});
  const threads = await ask("/threads/search", { limit: 1000 });
  for (const { thread_id: id } of threads) {
    await ask(`/threads/${id}`);
    await ask(`/threads/${id}/state?subgraphs=true`);
    const runs = await ask(`/threads/${id}/runs?limit=1000`);
    for (const { run_id: run } of runs) {
      await ask(`/threads/${id}/runs/${run}`);
      await ask(`/threads/${id}/runs/${run}/join`);
      await ask(`/threads/${id}/runs/${run}/stream`);
    }
    const history = await ask(`/threads/${id}/history`, { limit: 1000 });
    for (const { checkpoint } of history) {
      await ask(`/threads/${id}/state/${checkpoint.checkpoint_id}`);
      await ask(`/threads/${id}/state/checkpoint`, { checkpoint, subgraphs: true });
    }
  }
  return threads.length;
}

/** ["heddle.db-wal: refresh token as it is", …]: in the files of `folder`, heddle's log, and what `wire` has seen come back. */
export async function leaks(secrets, { folder, wire }) {
  const found = [];
  let bytes = 0;
  const look = (where, content) => {
    bytes += content.length;
    for (const one of secrets.foundIn(content)) found.push(`${where}: ${one}`);
  };
  for (const name of await readdir(folder)) look(name, await readFile(join(folder, name)));
  look("heddle.log", await readFile(join(artefacts, "heddle.log")));
  look("answers", Buffer.concat(wire.exchanges.map(({ reply }) => reply)));
  if (found.length > 0) {
    // The whole is searched at once because that is fast; which answer it was is told when there is one.
    for (const { method, path, reply } of wire.exchanges) look(`${method} ${path}`, reply);
  }
  return { found, bytes };
}
