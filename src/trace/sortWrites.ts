import type { StorageWrite } from "../simulate/types";

/** In the order of account and slot. */
export function sortWrites(writes: StorageWrite[]): StorageWrite[] {
  return writes.sort((a, b) => compare(a.account, b.account) || compare(a.slot, b.slot));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
