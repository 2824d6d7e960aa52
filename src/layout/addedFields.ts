import { describeLayout, type LayoutRow } from "./describeLayout";
import type { Namespaces } from "./readNamespaces";

/** A field's own name in a path of structs: room that is kept for later is no field. */
const GAP = /(^|\.)__gap[^.]*$/;

/**
 * Fields that only the code of `after` has: none of their bytes belongs to a field of `before`. Room that was kept for them (`__gap`) was nobody's.
 * What lies in a field's place under another name or type is no new field, but one that is read as another.
 */
export function addedFields(before: readonly Namespaces[], after: readonly Namespaces[]): LayoutRow[] {
  const taken = before.flatMap(fieldsOf).map(bytesOf);
  const seen = new Set<string>();
  return after.flatMap(fieldsOf).filter((row) => {
    const [start, end] = bytesOf(row);
    const key = `${start} ${end} ${row.name}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return !taken.some(([from, to]) => start < to && from < end);
  });
}

/** A mapping's own word is read by nobody; its values lie elsewhere. */
function fieldsOf(namespaces: Namespaces): LayoutRow[] {
  return describeLayout(namespaces).filter(({ name, type }) => !GAP.test(name) && !type.startsWith("mapping("));
}

/** From where to where, counted in bytes from slot 0 on. */
function bytesOf({ slot, offset, bytes }: LayoutRow): [bigint, bigint] {
  const start = BigInt(slot) * 32n + BigInt(offset);
  return [start, start + BigInt(bytes)];
}
