// Embeddings without a model: words are hashed to directions, so texts that share words are near each other.
import { createHash } from "node:crypto";

const DIMENSIONS = { "text-embedding-3-large": 3072 };

// Words and their three-letter pieces, so that "gear" and "gears" have something in common.
const features = (text) => {
  const found =
    text
      .toLowerCase()
      .normalize("NFKC")
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return found.flatMap((word) => [
    [word, 1],
    ...Array.from({ length: Math.max(word.length - 2, 0) }, (_, at) => [`~${word.slice(at, at + 3)}`, 0.3]),
  ]);
};

/** A vector of length one; the same text always gives the same. */
export const embed = (text, dimensions) => {
  const vector = new Float32Array(dimensions);
  for (const [feature, weight] of features(text)) {
    const hash = createHash("sha256").update(feature).digest();
    vector[hash.readUInt32LE(0) % dimensions] += hash[4] & 1 ? weight : -weight;
  }
  const length = Math.hypot(...vector);
  if (length === 0) vector[0] = 1;
  else vector.forEach((value, at) => (vector[at] = value / length));
  return vector;
};

/** The answer to POST /v1/embeddings, or undefined when `input` is no text. */
export const embeddingsAnswer = ({ input, model = "text-embedding-3-small", dimensions, encoding_format: format }) => {
  const list = Array.isArray(input) && (input.length === 0 || typeof input[0] !== "number") ? input : [input];
  const texts = list.map((one) => (Array.isArray(one) ? one.join(" ") : one)); // token numbers count as words
  if (texts.length === 0 || !texts.every((text) => typeof text === "string" && text !== "")) return undefined;
  const size = dimensions ?? DIMENSIONS[model] ?? 1536;
  const data = texts.map((text, index) => {
    const vector = embed(text, size);
    return {
      object: "embedding",
      index,
      embedding: format === "base64" ? Buffer.from(vector.buffer).toString("base64") : Array.from(vector),
    };
  });
  const tokens = texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
  return { object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
};
