import { getAddress, toBeHex } from "ethers";
import type { DevProvider } from "../chain/devChain";
import { sortWrites } from "../trace/sortWrites";
import { traceByStructLogs } from "../trace/traceByStructLogs";
import type { StorageWrite } from "./types";

interface Traced {
  pre: Record<string, { storage?: Record<string, string> }>;
  post: Record<string, { storage?: Record<string, string> }>;
}

/** The storage that a mined transaction changed, by account and slot, in a fixed order. */
export async function storageWrites({ provider }: { provider: DevProvider }, hash: string): Promise<StorageWrite[]> {
  const version = String(await provider.send("web3_clientVersion", []));
  if (version.startsWith("HardhatNetwork/")) return (await traceByStructLogs(provider, hash)).writes;
  const traced = (await provider.send("debug_traceTransaction", [
    hash,
    { tracer: "prestateTracer", tracerConfig: { diffMode: true } },
  ])) as Traced;
  const writes: StorageWrite[] = [];
  const accounts = new Set([...Object.keys(traced.pre), ...Object.keys(traced.post)]);
  for (const account of accounts) {
    const before = traced.pre[account]?.storage ?? {};
    const after = traced.post[account]?.storage ?? {};
    for (const slot of new Set([...Object.keys(before), ...Object.keys(after)])) {
      // The tracer leaves out words that are zero.
      const write = { before: word(before[slot]), after: word(after[slot]) };
      if (write.before !== write.after) writes.push({ account: getAddress(account), slot: word(slot), ...write });
    }
  }
  return sortWrites(writes);
}

/** What one write after another comes to: slots whose last word is not their first. */
export function netWrites(writes: readonly StorageWrite[]): StorageWrite[] {
  const net = new Map<string, StorageWrite>();
  for (const write of writes) {
    const key = `${write.account} ${write.slot}`;
    net.set(key, { ...write, before: net.get(key)?.before ?? write.before });
  }
  return [...net.values()].filter(({ before, after }) => before !== after);
}

function word(value: string | undefined): string {
  return toBeHex(BigInt(value ?? "0x0"), 32);
}
