import { SlipwayError } from "../errors";
import type { Field, Namespace, Namespaces, StoredType } from "./readNamespaces";

/** One thing that new code would read as something else. */
export interface LayoutProblem {
  kind:
    | "namespace missing"
    | "field removed"
    | "field renamed"
    | "field moved"
    | "type changed"
    | "element grown"
    | "enum changed";
  where: string;
  before: string;
  after: string;
}

/**
 * What the new code would misread of what the old code stored. Nothing may go, move, change its name or its type; new fields
 * come last, new members of an enum too, and new namespaces are free.
 */
export function compareLayouts(before: Namespaces, after: Namespaces): LayoutProblem[] {
  return Object.entries(before).flatMap(([id, old]): LayoutProblem[] => {
    const next = after[id];
    if (next === undefined) {
      return [{ kind: "namespace missing", where: id, before: old.slot, after: "no namespace of this name" }];
    }
    return new Comparison(old, next).run(id);
  });
}

/** Throws on the first problem, and counts the others. */
export function requireNoProblems(problems: readonly (Omit<LayoutProblem, "kind"> & { kind: string })[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const more = problems.length === 1 ? "" : `, and ${problems.length - 1} more`;
  throw new SlipwayError("StorageLayoutBroken", {
    where: first.where,
    expected: first.before,
    found: `${first.after} (${first.kind}${more})`,
    next: "append new fields at the end of the struct, or begin a namespace of their own",
  });
}

/** Fields of a namespace and of all its types. */
export function weightOf({ fields, types }: Namespace): number {
  const inner = Object.values(types).map((type) => (type.fields?.length ?? 0) + (type.members?.length ?? 0));
  return [fields.length, ...inner].reduce((sum, count) => sum + count, 0);
}

class Comparison {
  private readonly problems: LayoutProblem[] = [];
  private readonly seen = new Set<string>();

  constructor(
    private readonly before: Namespace,
    private readonly after: Namespace,
  ) {}

  run(id: string): LayoutProblem[] {
    this.fields(id, this.before.fields, this.after.fields);
    return this.problems;
  }

  private fields(where: string, before: readonly Field[], after: readonly Field[]): void {
    for (const [index, old] of before.entries()) {
      const place = `${where}.${old.label}`;
      const next = after[index];
      const elsewhere = after.find(({ label }) => label === old.label);
      if (next === undefined || (next.label !== old.label && elsewhere === undefined)) {
        const isRenamed = next !== undefined && next.type === old.type && !before.some((f) => f.label === next.label);
        this.report(isRenamed ? "field renamed" : "field removed", place, textOf(old), next && textOf(next));
        continue;
      }
      const same = elsewhere ?? next;
      if (same.slot !== old.slot || same.offset !== old.offset) {
        this.report("field moved", place, textOf(old), textOf(same));
        continue;
      }
      this.type(place, old.type, same.type, false);
    }
  }

  private type(where: string, before: string, after: string, isElement: boolean): void {
    const key = `${before}|${after}|${isElement}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    const old = this.before.types[before];
    const next = this.after.types[after];
    if (old === undefined || next === undefined || shapeOf(old) !== shapeOf(next)) {
      return this.report("type changed", where, before, after);
    }
    if (old.fields !== undefined && next.fields !== undefined) {
      this.fields(`${where}:${before.replace(/^struct /, "")}`, old.fields, next.fields);
      if (isElement && old.bytes !== next.bytes) {
        this.report("element grown", where, `${old.bytes} bytes an element`, `${next.bytes} bytes an element`);
      }
      return;
    }
    if (old.members !== undefined && next.members !== undefined) {
      const { members } = next;
      if (old.members.some((member, index) => members[index] !== member)) {
        this.report("enum changed", where, old.members.join(", "), members.join(", "));
      }
      return;
    }
    if (old.value !== undefined && next.value !== undefined) {
      // The elements of an array lie side by side; the values of a mapping do not.
      const isArray = old.key === undefined;
      if (old.length !== next.length) return this.report("type changed", where, before, after);
      if (!isArray) this.type(where, old.key ?? "", next.key ?? "", false);
      return this.type(where, old.value, next.value, isArray);
    }
    const isSame = old.underlying === undefined ? before === after : old.underlying === next.underlying;
    if (!isSame) this.report("type changed", where, before, after);
  }

  private report(kind: LayoutProblem["kind"], where: string, before: string, after = "nothing"): void {
    this.problems.push({ kind, where, before, after });
  }
}

function textOf({ label, slot, offset, type }: Field): string {
  return `${type} ${label} at slot ${slot}, byte ${offset}`;
}

function shapeOf(type: StoredType): string {
  if (type.fields !== undefined) return "struct";
  if (type.members !== undefined) return "enum";
  if (type.key !== undefined) return "mapping";
  return type.value !== undefined ? "array" : "value";
}
