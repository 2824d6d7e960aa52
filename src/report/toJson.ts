/** JSON of a report: bigints as decimal strings, keys as they come. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) => (typeof entry === "bigint" ? entry.toString() : entry), 2);
}
