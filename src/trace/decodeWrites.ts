import { dataLength, dataSlice, getAddress, hexlify, keccak256, toBeHex, toUtf8String } from "ethers";
import { SLOTS } from "../chain/erc1967";
import { PLAIN } from "../layout/readLayout";
import type { Field, Namespace, Namespaces, StoredType } from "../layout/readNamespaces";
import type { StorageWrite } from "../simulate/types";

/** A change of one variable. A slot that holds several gives one of these for each that changed, all with the whole word. */
export interface DecodedWrite extends StorageWrite {
  /** `balances[0x…].amount`; before it the ERC-7201 id, where it lies in one: `app.vault:owner`. Undefined: nobody knows. */
  label?: string;
  type?: string;
  beforeText?: string;
  afterText?: string;
  /** Another layout of the same account gives the same bytes another name. */
  isAmbiguous?: true;
}

export interface WriteKnowledge {
  /** Layouts of all code that works on an account's storage: its own, its implementation's, its facets'. */
  layoutsOf(account: string): readonly Namespaces[];
  /** What the transaction hashed, by hash. */
  preimages: ReadonlyMap<string, string>;
}

/** One variable, or a part of one, in a slot. */
interface Leaf {
  label: string;
  type: string;
  /** Bytes from the right. */
  offset: number;
  bytes: number;
  kind: "value" | "mapping" | "length" | "text" | "chunk";
  types: Namespace["types"];
}

const STANDARD = new Map<string, string>(Object.entries(SLOTS).map(([name, slot]) => [slot, `ERC-1967 ${name}`]));
/** Further from the hash than this nothing lies: an array of more elements was never written. */
const REACH = 1n << 64n;
/** Elements of a fixed array that are looked into for arrays and strings. */
const MOST_ELEMENTS = 256;

/** Writes with the names and values that the compiler's layouts give them. What has no name stays, without one. */
export function decodeWrites(writes: readonly StorageWrite[], knowledge: WriteKnowledge): DecodedWrite[] {
  const words = new Map(writes.map((write) => [`${write.account} ${BigInt(write.slot)}`, write]));
  const finders = new Map<string, SlotFinder[]>();
  const findersOf = (account: string) => {
    const known = finders.get(account);
    if (known !== undefined) return known;
    const made = knowledge.layoutsOf(account).map((layout) => new SlotFinder(layout, knowledge.preimages));
    finders.set(account, made);
    return made;
  };
  return writes.flatMap((write) => {
    const wordAt = (slot: bigint, side: "before" | "after") => words.get(`${write.account} ${slot}`)?.[side];
    const standard = STANDARD.get(write.slot);
    if (standard !== undefined) return [{ ...write, label: standard, ...texts(write, addressLeaf(standard), wordAt) }];
    const found = findersOf(write.account)
      .map((finder) => finder.at(BigInt(write.slot)))
      .filter((leaves) => leaves.length > 0);
    const rows = found.map((leaves) => rowsOf(write, leaves, wordAt));
    const [best] = rows;
    if (best === undefined) return [write];
    const names = (list: DecodedWrite[]) => list.map(({ label }) => label).join();
    return rows.some((other) => names(other) !== names(best))
      ? best.map((row): DecodedWrite => ({ ...row, isAmbiguous: true }))
      : best;
  });
}

type WordAt = (slot: bigint, side: "before" | "after") => string | undefined;

function rowsOf(write: StorageWrite, leaves: readonly Leaf[], wordAt: WordAt): DecodedWrite[] {
  let unexplained = BigInt(write.before) ^ BigInt(write.after);
  const rows: DecodedWrite[] = [];
  for (const leaf of leaves) {
    const mask = ((1n << BigInt(8 * leaf.bytes)) - 1n) << BigInt(8 * leaf.offset);
    if ((unexplained & mask) === 0n) continue;
    unexplained &= ~mask;
    rows.push({ ...write, label: leaf.label, ...texts(write, leaf, wordAt) });
  }
  // Bytes between variables that nobody declared.
  return unexplained === 0n ? rows : [...rows, { ...write }];
}

function texts(
  write: StorageWrite,
  leaf: Leaf,
  wordAt: WordAt,
): Pick<DecodedWrite, "type" | "beforeText" | "afterText"> {
  const of = (side: "before" | "after") => textOf(write[side], leaf, BigInt(write.slot), (slot) => wordAt(slot, side));
  return { type: leaf.type, beforeText: of("before"), afterText: of("after") };
}

function addressLeaf(label: string): Leaf {
  return { label, type: "address", offset: 0, bytes: 20, kind: "value", types: { address: { bytes: 20 } } };
}

/** Finds what lies in a slot of one layout. */
class SlotFinder {
  private readonly roots: { at: bigint; slots: bigint; label: string; space: Namespace }[];
  /** Slots that a hash leads to, with what was hashed. */
  private readonly hashed: { at: bigint; data: string }[];

  constructor(layout: Namespaces, preimages: ReadonlyMap<string, string>) {
    this.roots = Object.entries(layout).map(([id, space]) => ({
      at: BigInt(space.slot),
      slots: BigInt(
        Math.max(0, ...space.fields.map((field) => field.slot + slotsOf(space.types[field.type], field.type))),
      ),
      label: id === PLAIN ? "" : `${id}:`,
      space,
    }));
    const known = new Map(preimages);
    // Where the slot is a constant, the compiler hashes it: no trace shows that.
    for (const { at, space } of this.roots) {
      for (const slot of hashedSlots(space.fields, space.types, at)) {
        const data = toBeHex(slot, 32);
        known.set(keccak256(data), data);
      }
    }
    this.hashed = [...known].map(([hash, data]) => ({ at: BigInt(hash), data }));
  }

  at(slot: bigint, depth = 0): Leaf[] {
    if (depth > 16) return [];
    for (const { at, slots, label, space } of this.roots) {
      if (slot < at || slot >= at + slots) continue;
      const leaves = inFields(space.fields, Number(slot - at), label, space.types);
      if (leaves.length > 0) return leaves;
    }
    for (const { at, data } of this.hashed) {
      if (slot < at || slot >= at + REACH) continue;
      const leaves = this.behind(data, slot - at, depth);
      if (leaves.length > 0) return leaves;
    }
    return [];
  }

  /** What lies `distance` slots behind the hash of `data`: of a mapping's key and slot, or of an array's slot. */
  private behind(data: string, distance: bigint, depth: number): Leaf[] {
    const size = dataLength(data);
    const [parent] = this.at(BigInt(dataSlice(data, size - 32)), depth + 1);
    if (parent === undefined) return [];
    const { types } = parent;
    const stored = types[parent.type];
    if (parent.kind === "mapping" && stored?.key !== undefined && stored.value !== undefined) {
      const key = keyText(dataSlice(data, 0, size - 32), stored.key, types);
      if (key === undefined) return [];
      return inType(stored.value, distance, `${parent.label}[${key}]`, types);
    }
    if (size !== 32) return [];
    if (parent.kind === "text") {
      const label = `${parent.label}[${32n * distance}:${32n * distance + 32n}]`;
      return [{ label, type: parent.type, offset: 0, bytes: 32, kind: "chunk", types }];
    }
    if (parent.kind === "length" && stored?.value !== undefined) {
      return inElements(stored.value, distance, parent.label.replace(/\.length$/, ""), types);
    }
    return [];
  }
}

const isText = (type: string) => type === "string" || type === "bytes";
const isValue = ({ fields, value, key }: StoredType) =>
  fields === undefined && value === undefined && key === undefined;
const isDynamicArray = ({ value, key, length }: StoredType) =>
  value !== undefined && key === undefined && length === undefined;

function slotsOf(stored: StoredType | undefined, type: string): number {
  if (stored === undefined || isText(type)) return 1;
  return Math.max(1, Math.ceil(stored.bytes / 32));
}

function inFields(fields: readonly Field[], slot: number, prefix: string, types: Namespace["types"]): Leaf[] {
  return fields.flatMap((field) => {
    const distance = slot - field.slot;
    if (distance < 0 || distance >= slotsOf(types[field.type], field.type)) return [];
    return inType(field.type, BigInt(distance), `${prefix}${field.label}`, types, field.offset);
  });
}

function inType(type: string, distance: bigint, label: string, types: Namespace["types"], offset = 0): Leaf[] {
  const stored = types[type];
  if (stored === undefined || distance >= BigInt(slotsOf(stored, type))) return [];
  const whole = (kind: Leaf["kind"], name = label): Leaf[] => [
    { label: name, type, offset: 0, bytes: 32, kind, types },
  ];
  if (isText(type)) return whole("text");
  if (stored.key !== undefined) return whole("mapping");
  if (isDynamicArray(stored)) return whole("length", `${label}.length`);
  if (stored.fields !== undefined) return inFields(stored.fields, Number(distance), `${label}.`, types);
  if (stored.value !== undefined) return inElements(stored.value, distance, label, types, stored.length);
  return [{ label, type, offset, bytes: stored.bytes, kind: "value", types }];
}

/** Elements of an array, as many to a slot as fit. */
function inElements(
  type: string,
  distance: bigint,
  label: string,
  types: Namespace["types"],
  length = Number.MAX_SAFE_INTEGER,
): Leaf[] {
  const stored = types[type];
  if (stored === undefined) return [];
  if (isValue(stored) && !isText(type) && stored.bytes <= 16) {
    const each = Math.floor(32 / stored.bytes);
    return Array.from({ length: each }, (_, index) => ({ index, element: distance * BigInt(each) + BigInt(index) }))
      .filter(({ element }) => element < BigInt(length))
      .flatMap(({ index, element }) => inType(type, 0n, `${label}[${element}]`, types, index * stored.bytes));
  }
  const slots = BigInt(slotsOf(stored, type));
  const element = distance / slots;
  return element >= BigInt(length) ? [] : inType(type, distance % slots, `${label}[${element}]`, types);
}

/** Slots at a constant place whose hash says where an array's elements or a long text are. */
function hashedSlots(fields: readonly Field[], types: Namespace["types"], at: bigint): bigint[] {
  const of = (type: string, slot: bigint): bigint[] => {
    const stored = types[type];
    if (stored === undefined || stored.key !== undefined) return [];
    if (isText(type) || isDynamicArray(stored)) return [slot];
    if (stored.fields !== undefined) return hashedSlots(stored.fields, types, slot);
    const { value, length = 0 } = stored;
    const element = value === undefined ? undefined : types[value];
    if (value === undefined || element === undefined || (isValue(element) && !isText(value))) return [];
    const slots = BigInt(slotsOf(element, value));
    return Array.from({ length: Math.min(length, MOST_ELEMENTS) }, (_, i) =>
      of(value, slot + BigInt(i) * slots),
    ).flat();
  };
  return fields.flatMap((field) => of(field.type, at + BigInt(field.slot)));
}

function textOf(word: string, leaf: Leaf, slot: bigint, wordAt: (slot: bigint) => string | undefined): string {
  switch (leaf.kind) {
    case "length":
      return String(BigInt(word));
    case "text":
      return textAt(word, leaf.type, slot, wordAt);
    case "chunk":
      return word;
    case "mapping":
      // Nothing is stored in a mapping's own slot.
      return word;
    default: {
      const bits = BigInt(8 * leaf.bytes);
      const value = (BigInt(word) >> BigInt(8 * leaf.offset)) & ((1n << bits) - 1n);
      return valueText(value, leaf.type, leaf.types);
    }
  }
}

/** A string or bytes: short ones are in the word, of long ones only its length is. */
function textAt(word: string, type: string, slot: bigint, wordAt: (slot: bigint) => string | undefined): string {
  const value = BigInt(word);
  if ((value & 1n) === 0n) return quote(dataSlice(word, 0, Math.min(31, Number((value & 0xffn) / 2n))), type);
  const length = (value - 1n) / 2n;
  const start = BigInt(keccak256(toBeHex(slot, 32)));
  const chunks: string[] = [];
  for (let i = 0n; i < (length + 31n) / 32n && i < 64n; ++i) {
    const chunk = wordAt(start + i);
    if (chunk === undefined) break;
    chunks.push(chunk.slice(2));
  }
  const isWhole = BigInt(chunks.length) * 32n >= length;
  return isWhole ? quote(dataSlice(`0x${chunks.join("")}`, 0, Number(length)), type) : `${type} of ${length} bytes`;
}

function quote(data: string, type: string): string {
  if (type === "bytes") return data;
  try {
    return JSON.stringify(toUtf8String(data));
  } catch {
    return data;
  }
}

/** The key of a mapping as it stands before the slot; undefined where it cannot be one. */
function keyText(data: string, type: string, types: Namespace["types"]): string | undefined {
  if (isText(type)) return quote(data, type);
  if (dataLength(data) !== 32) return undefined;
  const bytes = types[type]?.bytes ?? 32;
  const word = BigInt(data);
  // Words of bytes begin on the left.
  const isLeft = /^bytes\d+$/.test(types[type]?.underlying ?? type);
  const shift = BigInt(8 * (32 - bytes));
  const low = (1n << BigInt(8 * bytes)) - 1n;
  return valueText((isLeft ? word >> shift : word) & low, type, types);
}

function valueText(value: bigint, type: string, types: Namespace["types"]): string {
  const stored = types[type];
  const { bytes = 32, members, underlying } = stored ?? {};
  if (members !== undefined) return members[Number(value)] ?? String(value);
  const plain = underlying ?? type;
  if (plain === "bool") return String(value !== 0n);
  if (plain.startsWith("address") || plain.startsWith("contract ")) return getAddress(toBeHex(value, 20));
  if (plain.startsWith("int")) return String(BigInt.asIntN(8 * bytes, value));
  if (plain.startsWith("uint") || plain.startsWith("enum ")) return String(value);
  return hexlify(toBeHex(value, bytes));
}
