import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { getAddress, isAddress, toQuantity } from "ethers";
import type { Client } from "../../client";
import { SlipwayError } from "../../errors";

/** A transaction as it was mined, or as a file has it. */
export interface Recorded {
  /** Hash on the real chain, or where in the file it stands. */
  name: string;
  from: string;
  to: string;
  data: string;
  value: bigint;
  gas: bigint;
  /** Seconds since the epoch; a file may leave it out. */
  timestamp?: number;
  block?: number;
}

/** Blocks asked for at once. */
const AT_ONCE = 8;

/** The last `blocks` blocks up to and with `block`. */
export function windowOf(blocks: number, block: number): { from: number; to: number } {
  return { from: Math.max(1, block - blocks + 1), to: block };
}

interface RawTransaction {
  hash: string;
  from: string;
  to: string | null;
  input: string;
  value: string;
  gas: string;
  transactionIndex: string;
}

interface RawBlock {
  timestamp: string;
  transactions: RawTransaction[];
}

/**
 * Transactions of the blocks from `from` to `to` that were sent to the module, or in which it emitted an event, in the order in
 * which they were mined. One block is held at a time.
 */
export async function* historyOf(
  { provider }: Pick<Client, "provider">,
  module: string,
  { from, to }: { from: number; to: number },
): AsyncGenerator<Recorded> {
  for (let first = from; first <= to; first += AT_ONCE) {
    const last = Math.min(to, first + AT_ONCE - 1);
    const range = { address: module, fromBlock: toQuantity(first), toBlock: toQuantity(last) };
    const logs = (await provider.send("eth_getLogs", [range])) as { transactionHash: string }[];
    const named = new Set(logs.map(({ transactionHash }) => transactionHash));
    const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    const blocks = (await Promise.all(
      numbers.map((number) => provider.send("eth_getBlockByNumber", [toQuantity(number), true])),
    )) as RawBlock[];
    for (const [i, { timestamp, transactions }] of blocks.entries()) {
      for (const raw of transactions) {
        const { hash, to: target } = raw;
        if (target === null || (target.toLowerCase() !== module.toLowerCase() && !named.has(hash))) continue;
        yield {
          name: hash,
          from: getAddress(raw.from),
          to: getAddress(target),
          data: raw.input,
          value: BigInt(raw.value),
          gas: BigInt(raw.gas),
          timestamp: Number(timestamp),
          block: numbers[i],
        };
      }
    }
  }
}

/** Transactions of a file with one JSON object a line: `from`, `to`, `data`, and as known `value`, `gas`, `timestamp`, `block`. */
export async function* fileOf(file: string): AsyncGenerator<Recorded> {
  if (!existsSync(file)) {
    throw new SlipwayError("OptionInvalid", {
      where: "--replay",
      expected: "a number of blocks, or a file of transactions",
      found: file,
    });
  }
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line += 1;
    if (text.trim() !== "") yield transactionOf(text, `${file}:${line}`);
  }
}

function transactionOf(text: string, where: string): Recorded {
  try {
    const raw = JSON.parse(text) as Record<string, string | number | undefined>;
    const { from, to } = raw;
    const data = String(raw["data"] ?? raw["input"] ?? "0x");
    if (!isAddress(from) || !isAddress(to) || !/^0x([0-9a-f]{2})*$/i.test(data)) throw new Error("from, to or data");
    const number = (key: string) => (raw[key] === undefined ? undefined : Number(raw[key]));
    return {
      name: String(raw["hash"] ?? where),
      from: getAddress(from),
      to: getAddress(to),
      data,
      value: BigInt(raw["value"] ?? 0),
      gas: BigInt(raw["gas"] ?? 0),
      timestamp: number("timestamp"),
      block: number("block") ?? number("blockNumber"),
    };
  } catch (cause) {
    throw new SlipwayError("OptionInvalid", {
      where,
      expected: "a JSON object with from, to and data (0x…), and as known value, gas, timestamp, block",
      found: text.length > 80 ? `${text.slice(0, 80)}…` : text,
      cause,
    });
  }
}
