import { keccak256 } from "ethers";
import type { Client } from "../client";
import type { SendingEntry } from "./journal";

interface RpcTransaction {
  hash: string;
  from: string;
  to: string | null;
  nonce: string;
  input: string;
}

/** Blocks looked through after the one that was newest when the step was written down. */
const REACH = 512;

/**
 * Hash of a transaction that was written down and perhaps sent, but whose hash was not kept: the one with its account,
 * nonce, target and data, in the mempool or in a block since then.
 */
export async function findSent(provider: Client["provider"], open: SendingEntry): Promise<string | undefined> {
  // Not every node shows its mempool as a block; one that does not is asked again when the block is mined.
  const pending = await transactionsOf(provider, "pending").catch((): RpcTransaction[] => []);
  const waiting = pending.find((transaction) => isSame(transaction, open));
  if (waiting !== undefined) return waiting.hash;
  if ((await provider.getTransactionCount(open.from, "latest")) <= open.nonce) return undefined;
  const last = Math.min(await provider.getBlockNumber(), open.block + REACH);
  for (let block = open.block; block <= last; ++block) {
    const found = (await transactionsOf(provider, `0x${block.toString(16)}`)).find((mined) => isSame(mined, open));
    if (found !== undefined) return found.hash;
  }
  return undefined;
}

async function transactionsOf(provider: Client["provider"], block: string): Promise<RpcTransaction[]> {
  const found = (await provider.send("eth_getBlockByNumber", [block, true])) as {
    transactions?: RpcTransaction[];
  } | null;
  return found?.transactions ?? [];
}

function isSame(transaction: RpcTransaction, open: SendingEntry): boolean {
  return (
    transaction.from.toLowerCase() === open.from.toLowerCase() &&
    Number(transaction.nonce) === open.nonce &&
    (transaction.to ?? null)?.toLowerCase() === (open.to ?? null)?.toLowerCase() &&
    keccak256(transaction.input) === open.dataHash
  );
}
