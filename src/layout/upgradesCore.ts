import { getStorageUpgradeErrors, UpgradesError, type StorageLayout as CoreLayout } from "@openzeppelin/upgrades-core";
import { PLAIN } from "./readLayout";
import type { Field, Namespace, Namespaces, StoredType } from "./readNamespaces";

/** The kind of finding that says that it could not compare. */
export const NOT_COMPARED = "not compared";

/** One change that `upgrades-core` holds for unsafe. */
export interface CoreFinding {
  /** Namespace and field, as `compareLayouts` writes them. */
  where: string;
  /** `typechange`, `insert`, `delete`, `replace`, `layoutchange`, `delete-namespace`, ...; or `NOT_COMPARED`. */
  kind: string;
  before: string;
  after: string;
}

/**
 * What OpenZeppelin's `upgrades-core` says of the same two layouts: a comparison written by others, beside the one in
 * `compareLayouts`. It takes the plain fields of a contract and its ERC-7201 namespaces. It refuses a
 * rename that it is not told of. It does not follow types that hold themselves, and then says so.
 * @param renamed - old name of a field by namespace and new name: "storage.total".
 */
export function compareByCore(
  before: Namespaces,
  after: Namespaces,
  renamed: ReadonlyMap<string, string> = new Map(),
): CoreFinding[] {
  try {
    const errors = getStorageUpgradeErrors(toCore(before), toCore(after, renamed));
    return (errors as unknown as CoreOperation[]).map(toFinding);
  } catch (error) {
    if (!(error instanceof UpgradesError)) throw error;
    return [{ where: "layout", kind: NOT_COMPARED, before: "two layouts to compare", after: error.message }];
  }
}

/** The parts of its operations that are read here: fields know the namespace they came from by the name of their contract. */
interface CoreOperation {
  kind: string;
  namespace?: string;
  original?: CoreField;
  updated?: CoreField;
}

interface CoreField {
  contract: string;
  label?: string;
  type?: { item: { label: string } };
  slot?: string;
  offset?: number;
}

function toFinding({ kind, original, updated }: CoreOperation): CoreFinding {
  const field = (original ?? updated)!;
  return {
    where: field.label === undefined ? field.contract : `${field.contract}.${field.label}`,
    kind,
    before: textOf(original),
    after: textOf(updated),
  };
}

function textOf(field: CoreField | undefined): string {
  if (field?.label === undefined) return "nothing";
  return `${field.type?.item.label ?? ""} ${field.label} at slot ${field.slot}, byte ${field.offset}`;
}

function toCore({ [PLAIN]: plain, ...spaces }: Namespaces, renamed?: ReadonlyMap<string, string>): CoreLayout {
  const types: CoreLayout["types"] = {};
  const items = (space: string, namespace: Namespace) => {
    const ids = new TypeIds(namespace.types, types);
    return namespace.fields.map((field) => {
      const renamedFrom = renamed?.get(`${space}.${field.label}`);
      return {
        ...fieldOf(field, ids),
        contract: space,
        src: space,
        ...(renamedFrom === undefined ? {} : { renamedFrom }),
      };
    });
  };
  return {
    layoutVersion: "1.2",
    storage: plain === undefined ? [] : items(PLAIN, plain),
    namespaces: Object.fromEntries(
      // Marked as the library marks them, so that a namespace called like a contract is not taken for one.
      Object.entries(spaces).map(([id, namespace]) => [`erc7201:${id}`, items(id, namespace)]),
    ),
    types,
  };
}

function fieldOf({ label, slot, offset, type }: Field, ids: TypeIds) {
  return { label, slot: slot.toString(), offset, type: ids.of(type) };
}

/**
 * Ids in the compiler's grammar, which is what the library parses: a struct's and an enum's name are arguments, so that they may change,
 * and their members count.
 */
class TypeIds {
  private readonly known = new Map<string, string>();

  constructor(
    private readonly types: Readonly<Record<string, StoredType>>,
    private readonly into: CoreLayout["types"],
  ) {}

  of(label: string): string {
    const known = this.known.get(label);
    if (known !== undefined) return known;
    const type = this.types[label];
    const name = label.replace(/^(struct|enum|contract) /, "").replace(/[^\w.$]/g, "_");
    if (type?.fields !== undefined) {
      const id = `t_struct(${name})${hashOf(type.fields)}_storage`;
      this.known.set(label, id);
      this.put(id, label, type, { members: type.fields.map((field) => fieldOf(field, this)) });
      return id;
    }
    if (type?.members !== undefined) {
      return this.put(`t_enum(${name})${hashOf(type.members)}`, label, type, { members: [...type.members] });
    }
    if (type?.key !== undefined)
      return this.put(`t_mapping(${this.of(type.key)},${this.of(type.value!)})`, label, type);
    if (type?.value !== undefined) {
      return this.put(`t_array(${this.of(type.value)})${type.length ?? "dyn"}_storage`, label, type);
    }
    if (type?.underlying !== undefined) {
      const underlying = this.of(type.underlying);
      return this.put(`t_userDefinedValueType(${name})1`, label, type, { underlying });
    }
    if (label.startsWith("contract ")) return this.put(`t_contract(${name})1`, label, type);
    if (label === "string" || label === "bytes") return this.put(`t_${label}_storage`, label, type);
    if (label.startsWith("function ")) return this.put(functionId(label), label, type);
    return this.put(`t_${name}`, label, type);
  }

  private put(
    id: string,
    label: string,
    type: StoredType | undefined,
    more: Partial<CoreLayout["types"][string]> = {},
  ): string {
    this.known.set(label, id);
    this.into[id] = { label, numberOfBytes: String(type?.bytes ?? 32), ...more };
    return id;
  }
}

/** Two structs of one name and different members are two types; the library remembers what it compared by id. */
function hashOf(parts: readonly unknown[]): string {
  let sum = 7;
  for (const char of JSON.stringify(parts)) sum = (Math.imul(sum, 31) + char.codePointAt(0)!) >>> 0;
  return sum.toString();
}

function functionId(label: string): string {
  return `t_function_${label.includes("external") ? "external" : "internal"}_nonpayable()`;
}
