import { keccak256, toBeHex, type Provider } from "ethers";
import { SLOTS } from "../chain/erc1967";
import { describeLayout, type LayoutRow } from "../layout/describeLayout";
import type { Namespaces, StoredType } from "../layout/readNamespaces";

/** Words of one field that are read, at most: a longer list is not what a rollback is judged by. */
const MOST_WORDS = 256n;

export interface KnownSlots {
  slots: { slot: string; name: string }[];
  /** Names of fields that have no list of slots: mappings, and what is longer than 256 words. */
  unread: string[];
}

/** ERC-1967's three, and every slot that a layout tells: values, fixed arrays, and the present length of dynamic ones. */
export async function knownSlots(
  provider: Provider,
  account: string,
  { layouts, block }: { layouts: readonly Namespaces[]; block: number },
): Promise<KnownSlots> {
  const slots = new Map<string, string>(Object.entries(SLOTS).map(([name, slot]) => [slot, `eip1967.proxy.${name}`]));
  const unread = new Set<string>();
  const add = (slot: bigint, name: string) => {
    const key = toBeHex(slot, 32);
    const known = slots.get(key);
    // Small fields share a slot.
    if (known === undefined) slots.set(key, name);
    else if (!known.split(", ").includes(name)) slots.set(key, `${known}, ${name}`);
  };
  for (const namespaces of layouts) {
    for (const row of describeLayout(namespaces)) {
      const { isWhole, words } = await wordsOf(provider, { account, row, type: typeOf(namespaces, row), block });
      for (const slot of words) add(slot, nameOf(row));
      if (!isWhole) unread.add(`${nameOf(row)} (${row.type})`);
    }
  }
  return {
    slots: [...slots].map(([slot, name]) => ({ slot, name })).sort((a, b) => (a.slot < b.slot ? -1 : 1)),
    unread: [...unread].sort(),
  };
}

function nameOf({ space, name }: LayoutRow): string {
  return `${space}.${name}`;
}

function typeOf(namespaces: Namespaces, { space, type }: LayoutRow): { own: StoredType; element?: StoredType } {
  const { types } = namespaces[space]!;
  const own = types[type] ?? { bytes: 32 };
  return { own, element: own.value === undefined ? undefined : types[own.value] };
}

interface FieldAt {
  account: string;
  row: LayoutRow;
  type: { own: StoredType; element?: StoredType };
  block: number;
}

async function wordsOf(
  provider: Provider,
  { account, row, type: { own, element }, block }: FieldAt,
): Promise<{ words: bigint[]; isWhole: boolean }> {
  const base = BigInt(row.slot);
  const run = (from: bigint, count: bigint) => Array.from({ length: Number(count) }, (_, i) => from + BigInt(i));
  const behind = BigInt(keccak256(toBeHex(base, 32)));
  if (own.key !== undefined) return { words: [], isWhole: false };
  if (row.type === "string" || row.type === "bytes") {
    const word = BigInt(await provider.getStorage(account, base, block));
    // Short ones are in the slot itself; of long ones it holds twice the length and one.
    const count = word % 2n === 0n ? 0n : ((word - 1n) / 2n + 31n) / 32n;
    return count > MOST_WORDS
      ? { words: [base], isWhole: false }
      : { words: [base, ...run(behind, count)], isWhole: true };
  }
  if (own.value !== undefined && own.length === undefined) {
    const length = BigInt(await provider.getStorage(account, base, block));
    const bytes = BigInt(element?.bytes ?? 32);
    const count = bytes > 16n ? length * ((bytes + 31n) / 32n) : (length + 32n / bytes - 1n) / (32n / bytes);
    const isPlain = element?.key === undefined && element?.value === undefined && element?.fields === undefined;
    return count > MOST_WORDS
      ? { words: [base], isWhole: false }
      : { words: [base, ...run(behind, count)], isWhole: isPlain };
  }
  const count = BigInt(Math.max(1, Math.ceil(row.bytes / 32)));
  if (count > MOST_WORDS) return { words: [], isWhole: false };
  const isPlain = element?.key === undefined && (element?.value === undefined || element.length !== undefined);
  return { words: run(base, count), isWhole: isPlain };
}
