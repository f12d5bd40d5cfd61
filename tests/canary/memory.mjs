// What a process of ours has in its memory, as far as it could have written there.
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

const portion = 16 * 1024 * 1024; // bytes read at a time
const overlap = 4096; // bytes that the next portion repeats, so that nothing hides where two meet

/** Calls `look(bytes, where)` for everything in writable private mappings. Returns how many bytes and mappings. */
export function eachPiece(pid, look) {
  const mappings = readFileSync(`/proc/${pid}/maps`, "utf8")
    .split("\n")
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$/.exec(line))
    .filter((match) => match && match[3].includes("w") && match[3].includes("r"));
  const memory = openSync(`/proc/${pid}/mem`, "r"); // a parent may; elsewhere this fails, and so does the test
  const buffer = Buffer.alloc(portion);
  let bytes = 0;
  try {
    for (const [, from, to, , name] of mappings) {
      const end = Number.parseInt(to, 16);
      for (let at = Number.parseInt(from, 16); at < end; ) {
        const wanted = Math.min(portion, end - at);
        const count = readSync(memory, buffer, 0, wanted, at);
        if (count === 0) break;
        look(buffer.subarray(0, count), `${name || "anonymous memory"} ${from}+${(at - Number.parseInt(from, 16)).toString(16)}`);
        bytes += count;
        at += count < wanted || at + count === end ? count : count - overlap;
      }
    }
  } finally {
    closeSync(memory);
  }
  return { bytes, mappings: mappings.length };
}
