import { toBeHex } from "ethers";
import { PLAIN } from "./readLayout";
import type { Namespace, Namespaces } from "./readNamespaces";

/** One field where it lies. */
export interface LayoutRow {
  /** Namespace, or "storage" for what lies from slot 0 on. */
  space: string;
  slot: string;
  /** From the right, in bytes. */
  offset: number;
  bytes: number;
  type: string;
  /** With the structs that it is inside of: "policy.share". */
  name: string;
}

/** Where every field of a contract lies, the fields of structs one by one. Values of mappings and elements of arrays lie elsewhere. */
export function describeLayout(namespaces: Namespaces): LayoutRow[] {
  const { [PLAIN]: plain, ...spaces } = namespaces;
  const sorted = Object.entries(spaces).sort(([a], [b]) => (a < b ? -1 : 1));
  const all = plain === undefined ? sorted : [[PLAIN, plain] as const, ...sorted];
  return all.flatMap(([space, namespace]) => rowsOf(space, namespace));
}

function rowsOf(space: string, { slot: base, fields, types }: Namespace): LayoutRow[] {
  const visit = (list: Namespace["fields"], from: bigint, prefix: string): LayoutRow[] =>
    list.flatMap(({ label, slot, offset, type }) => {
      const at = from + BigInt(slot);
      const name = `${prefix}${label}`;
      const { bytes = 32, fields: inner } = types[type] ?? {};
      if (inner !== undefined) return visit(inner, at, `${name}.`);
      return [{ space, slot: space === PLAIN ? at.toString() : toBeHex(at, 32), offset, bytes, type, name }];
    });
  return visit(fields, BigInt(base), "");
}
