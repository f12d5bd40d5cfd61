/** A value as a person reads it. A list of texts without brackets, unless that would leave open where one ends. */
export function plainly(value: unknown): string {
  if (typeof value === "string") return value;
  const isPlainList = Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string" && /^[^,\n]+$/.test(one));
  return isPlainList ? value.join(", ") : (JSON.stringify(value) ?? "");
}
