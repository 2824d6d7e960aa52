import { compareLayouts, weightOf, type LayoutProblem } from "./compareLayouts";
import { PLAIN } from "./readLayout";
import type { Field, Namespace, Namespaces } from "./readNamespaces";
import { compareByCore, NOT_COMPARED } from "./upgradesCore";

/** What an upgrade does to what is stored. */
export interface LayoutFinding extends Omit<LayoutProblem, "kind"> {
  kind: LayoutProblem["kind"] | "gap used" | `upgrades-core: ${string}`;
  /** The new code reads something else than what was stored; else it is worth a look. */
  isBroken: boolean;
}

const GAP = /^__gap/;

/**
 * What the new implementation would misread of what the old one stored, plain fields and namespaces. A field under another name in the same
 * place, and a field in a gap that was kept for it, are told and break nothing. What OpenZeppelin's `upgrades-core` refuses
 * besides is refused here too: of two comparisons the stricter one counts.
 */
export function compareUpgrade(before: Namespaces, after: Namespaces): LayoutFinding[] {
  const own = compareOwn(before, after);
  // What is refused already needs no second opinion.
  if (own.some(({ isBroken }) => isBroken)) return own;
  const others = compareByCore(before, after, renames(own, before, after)).map(
    ({ kind, ...finding }): LayoutFinding => ({
      ...finding,
      kind: `upgrades-core: ${kind}`,
      isBroken: kind !== NOT_COMPARED,
    }),
  );
  return [...own, ...others];
}

/** Old names by the new ones, of fields that stayed where they were. */
function renames(findings: readonly LayoutFinding[], before: Namespaces, after: Namespaces): Map<string, string> {
  const isRenamed = new Set(findings.flatMap(({ kind, where }) => (kind === "field renamed" ? [where] : [])));
  return new Map(
    Object.entries(before).flatMap(([space, { fields }]) =>
      fields
        .filter(({ label }) => isRenamed.has(`${space}.${label}`))
        .map(({ label, slot, offset }) => {
          const same = after[space]!.fields.find((field) => field.slot === slot && field.offset === offset)!;
          return [`${space}.${same.label}`, label] as const;
        }),
    ),
  );
}

function compareOwn(before: Namespaces, after: Namespaces): LayoutFinding[] {
  const { [PLAIN]: oldPlain, ...oldSpaces } = before;
  const { [PLAIN]: newPlain, ...newSpaces } = after;
  const spaces = compareLayouts(oldSpaces, newSpaces).map(toFinding);
  if (oldPlain === undefined || newPlain === undefined) return spaces;
  return [...comparePlain(oldPlain, newPlain), ...spaces];
}

/**
 * What facets of one diamond disagree on: of each namespace, and of what lies from slot 0 on, every facet's layout must be the beginning of the
 * longest one. Another name for the same place is told of an upgrade; here two names are two opinions.
 */
export function compareFacets(facets: Readonly<Record<string, Namespaces>>): LayoutFinding[] {
  const ids = new Set(Object.values(facets).flatMap((namespaces) => Object.keys(namespaces)));
  return [...ids].flatMap((id) => {
    const using = Object.entries(facets)
      .flatMap(([facet, { [id]: namespace }]) => (namespace === undefined ? [] : [{ facet, namespace }]))
      .sort((a, b) => weightOf(a.namespace) - weightOf(b.namespace));
    const longest = using[using.length - 1]!;
    return using.slice(0, -1).flatMap(({ facet, namespace }) =>
      compareUpgrade({ [id]: namespace }, { [id]: longest.namespace })
        .filter(({ kind, isBroken }) => isBroken || kind === "field renamed")
        .map((finding) => ({ ...finding, where: `${finding.where}, ${facet} and ${longest.facet}` })),
    );
  });
}

function comparePlain(before: Namespace, after: Namespace): LayoutFinding[] {
  const isGap = ({ label }: Field) => GAP.test(label);
  const old = before.fields.filter((field) => !isGap(field));
  const fresh = after.fields.filter((field) => !isGap(field));
  const placeOf = ({ slot, offset }: Field) => `${slot}.${offset}`;
  const places = new Map(fresh.map((field) => [placeOf(field), field]));
  // By place, then by name: a field that went into a gap stands between fields that did not move.
  const facing = old.map((field) => places.get(placeOf(field)) ?? NOTHING);
  const rest = fresh.filter((field) => !facing.includes(field));
  const problems = compareLayouts(
    { [PLAIN]: { ...before, fields: old } },
    { [PLAIN]: { ...after, fields: [...facing, ...rest] } },
  );
  const gaps = before.fields.filter(isGap);
  const used = rest.flatMap((field): LayoutFinding[] => {
    const gap = gaps.find((one) => {
      const slots = (before.types[one.type]?.bytes ?? 32) / 32;
      return field.slot >= one.slot && field.slot < one.slot + slots;
    });
    if (gap === undefined) return [];
    return [
      {
        kind: "gap used",
        where: `${PLAIN}.${field.label}`,
        before: `${gap.type} ${gap.label} from slot ${gap.slot}`,
        after: `${field.type} ${field.label} at slot ${field.slot}`,
        isBroken: false,
      },
    ];
  });
  return [...problems.map(toFinding), ...used];
}

/** Stands where the new layout has no field; no field of a contract is called so. */
const NOTHING: Field = { label: "", slot: -1, offset: -1, type: "" };

function toFinding(problem: LayoutProblem): LayoutFinding {
  const after = problem.kind === "field removed" && problem.after.includes("slot -1") ? "nothing" : problem.after;
  return { ...problem, after, isBroken: problem.kind !== "field renamed" };
}
