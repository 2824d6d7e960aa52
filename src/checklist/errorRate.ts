import { existsSync, readFileSync } from "node:fs";
import { getAddress } from "ethers";
import { z } from "zod";
import type { Client } from "../client";

/** How many of the transactions that were sent to some accounts failed. */
export interface ErrorRate {
  chainId: string;
  from: number;
  to: number;
  /** Of the last block: a count belongs to one history. */
  blockHash: string;
  accounts: string[];
  total: number;
  failed: number;
  /** Some that failed, to look at. */
  examples: string[];
}

const AT_ONCE = 16;
const TOLD = 5;

/** Counts in blocks `from` to `to`, each transaction by its receipt. */
export async function readErrorRate(
  { provider }: Pick<Client, "provider">,
  { accounts, from, to }: { accounts: readonly string[]; from: number; to: number },
): Promise<ErrorRate> {
  const watched = new Set(accounts.map((account) => getAddress(account)));
  const failed: string[] = [];
  let total = 0;
  for (let first = from; first <= to; first += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, to - first + 1) }, (_, i) => first + i);
    const blocks = await Promise.all(numbers.map((number) => provider.getBlock(number, true)));
    const sent = blocks.flatMap((block, i) => {
      if (block === null) throw new Error(`the node has no block ${numbers[i]}`);
      return block.prefetchedTransactions.filter(
        ({ to: target }) => target !== null && watched.has(getAddress(target)),
      );
    });
    const receipts = await Promise.all(sent.map(({ hash }) => provider.getTransactionReceipt(hash)));
    for (const [i, receipt] of receipts.entries()) {
      if (receipt === null) throw new Error(`the node has no receipt of ${sent[i]!.hash}`);
      ++total;
      if (receipt.status !== 1) failed.push(receipt.hash);
    }
  }
  const last = await provider.getBlock(to);
  if (last?.hash == null) throw new Error(`the node has no block ${to}`);
  const { chainId } = await provider.getNetwork();
  return {
    chainId: chainId.toString(),
    from,
    to,
    blockHash: last.hash,
    accounts: [...watched].sort(),
    total,
    failed: failed.length,
    examples: failed.slice(0, TOLD),
  };
}

const schema = z.strictObject({
  chainId: z.string(),
  from: z.int().nonnegative(),
  to: z.int().nonnegative(),
  blockHash: z.string(),
  accounts: z.array(z.string()),
  total: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  examples: z.array(z.string()),
});

/** A count that was kept; undefined where there is none. Throws where the file is something else. */
export function readKeptRate(file: string): ErrorRate | undefined {
  if (!existsSync(file)) return undefined;
  const kept = schema.parse(JSON.parse(readFileSync(file, "utf8")));
  if (kept.failed > kept.total) throw new Error(`${file}: more failed than were sent`);
  return kept;
}

/** "3 of 120 failed (2.5%), blocks 10 to 509". */
export function rateText({ failed, total, from, to }: ErrorRate): string {
  const share = total === 0 ? "" : ` (${Math.round((failed * 100_000) / total) / 1_000}%)`;
  return `${failed} of ${total} transactions failed${share}, blocks ${from} to ${to}`;
}
