import { keccak256, toBeHex } from "ethers";
import type { Field, Namespace, Namespaces, StoredType } from "../layout/readNamespaces";
import { walk, type TransactionTrace } from "./types";

/** Hashes that are tried for one account; whoever needs more has the node tell what was hashed. */
const MOST_TRIES = 30_000;
/** Words of one call's data, answer or log that are looked at. */
const MOST_WORDS = 2_048;

/**
 * What a transaction may have hashed to find its storage: keys that stand in its calls, answers, logs and words, in every mapping of a
 * layout. A guess that leads to a slot is right, since the slot is its hash; one that leads nowhere costs nothing but the hashing.
 */
export function guessPreimages(
  { root, writes }: Pick<TransactionTrace, "root" | "writes">,
  layouts: readonly Namespaces[],
): Map<string, string> {
  const guesses = new Guesses(wordsOf(root, writes));
  for (const layout of layouts) {
    for (const { slot, fields, types } of Object.values(layout)) guesses.fields(fields, types, BigInt(slot));
  }
  return guesses.found;
}

/** Words that might be keys: 32 bytes each, wherever calls, answers and logs have them, aligned with the arguments. */
function wordsOf(root: TransactionTrace["root"], writes: TransactionTrace["writes"]): string[] {
  const words = new Set<string>();
  const cut = (data: string, from: number) => {
    const end = Math.min(data.length, 2 + 2 * (from + 32 * MOST_WORDS));
    for (let at = 2 + 2 * from; at + 64 <= end; at += 64) words.add(`0x${data.slice(at, at + 64)}`);
  };
  for (const { call } of walk(root)) {
    words.add(toBeHex(call.from, 32));
    words.add(toBeHex(call.to, 32));
    if (call.type !== "CREATE" && call.type !== "CREATE2") {
      cut(call.input, 4);
      cut(call.output, 0);
    }
    for (const { topics, data } of call.logs) {
      for (const topic of topics) words.add(topic);
      cut(data, 0);
    }
  }
  for (const { before, after } of writes) words.add(before).add(after);
  return [...words];
}

class Guesses {
  readonly found = new Map<string, string>();
  private readonly byType = new Map<string, readonly string[]>();
  private left = MOST_TRIES;

  constructor(private readonly words: readonly string[]) {}

  fields(fields: readonly Field[], types: Namespace["types"], at: bigint): void {
    for (const { type, slot } of fields) this.type(type, types, at + BigInt(slot));
  }

  private type(type: string, types: Namespace["types"], at: bigint): void {
    const stored = types[type];
    if (stored === undefined || this.left <= 0) return;
    if (type === "string" || type === "bytes") return void this.hash(toBeHex(at, 32));
    if (stored.fields !== undefined) return this.fields(stored.fields, types, at);
    if (stored.value === undefined) return;
    if (stored.key === undefined) {
      if (stored.length === undefined) this.hash(toBeHex(at, 32));
      return;
    }
    for (const key of this.keys(stored.key, types[stored.key])) {
      if (this.left <= 0) return;
      const slot = this.hash(`${key}${toBeHex(at, 32).slice(2)}`);
      this.type(stored.value, types, BigInt(slot));
    }
  }

  private hash(data: string): string {
    this.left -= 1;
    const hash = keccak256(data);
    this.found.set(hash, data);
    return hash;
  }

  /** Words that can be a key of this type. */
  private keys(type: string, stored: StoredType | undefined): readonly string[] {
    const known = this.byType.get(type);
    if (known !== undefined) return known;
    const { bytes = 32, members, underlying } = stored ?? {};
    const plain = underlying ?? type;
    const isLeft = /^bytes\d+$/.test(plain);
    const isAddress = plain.startsWith("address") || plain.startsWith("contract ");
    const fits = (word: string) => {
      const value = BigInt(word);
      if (members !== undefined) return value < BigInt(members.length);
      if (isLeft) return bytes === 32 || value % (1n << BigInt(8 * (32 - bytes))) === 0n;
      // An address with so many leading zeros is a number.
      if (isAddress) return value === 0n || (value >> 160n === 0n && value >> 112n !== 0n);
      return value >> BigInt(8 * bytes) === 0n;
    };
    const found = type === "string" || type === "bytes" ? [] : this.words.filter(fits);
    this.byType.set(type, found);
    return found;
  }
}
