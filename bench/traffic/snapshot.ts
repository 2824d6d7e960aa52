import { join } from "node:path";
import type { TrafficRow } from "./measure";

export const SNAPSHOT = join(__dirname, "..", "snapshots", "traffic.json");

/** What a router adds, by kind of proxy and call. */
export function snapshotOf(rows: readonly TrafficRow[]): Record<string, { cold: number; warm: number }> {
  return Object.fromEntries(rows.map(({ kind, name, cold, warm }) => [`${kind}, ${name}`, { cold, warm }]));
}
