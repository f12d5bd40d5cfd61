// A made-up user for an app without an account. It tells conversations of two browsers apart, and protects nothing.

export const localIdentityCookie = "heddle_local_identity";

export interface LocalIdentity {
  id: string;
  name: string;
}

const adjectives = ["Patient", "Curious", "Quiet", "Bright", "Nimble", "Steady", "Gentle", "Keen"];
const nouns = ["Weaver", "Spinner", "Dyer", "Shuttle", "Spindle", "Loom", "Bobbin", "Thimble"];

const one = (words: string[]) => words[Math.floor(Math.random() * words.length)]!;

export function makeLocalIdentity(): LocalIdentity {
  return { id: `local|${crypto.randomUUID()}`, name: `${one(adjectives)} ${one(nouns)}` };
}

export function writeLocalIdentity(identity: LocalIdentity): string {
  return encodeURIComponent(JSON.stringify(identity));
}

/** null for a cookie that is missing or that we have not written. */
export function readLocalIdentity(cookie: string | undefined): LocalIdentity | null {
  if (!cookie) return null;
  try {
    const read: unknown = JSON.parse(decodeURIComponent(cookie));
    if (typeof read !== "object" || read === null || !("id" in read) || !("name" in read)) return null;
    if (typeof read.id !== "string" || typeof read.name !== "string" || !read.id.startsWith("local|")) return null;
    return { id: read.id.slice(0, 100), name: read.name.slice(0, 60) };
  } catch {
    return null;
  }
}
