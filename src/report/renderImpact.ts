import type { NamedSelector, PlanImpact } from "../impact/types";

/** Hashes, functions and power, for a terminal: "none" is printed. */
export function renderImpact(impact: PlanImpact): string[] {
  return [
    "",
    "Payload",
    `  plan       ${impact.planHash}`,
    `  call       ${impact.payloadHash}`,
    ...impact.operations.map(({ batch, id }) => `  ${batch.padEnd(10)} ${id}`),
    ...renderChanges(impact),
  ];
}

/** The same without the hashes. */
export function renderChanges({
  selectors,
  roles,
  storage,
}: Pick<PlanImpact, "selectors" | "roles" | "storage">): string[] {
  return [
    "",
    "Functions",
    ...(selectors.length === 0 ? ["  no module answers otherwise"] : []),
    ...selectors.flatMap((diff) => [
      `  ${diff.module}: ${diff.from} → ${diff.to}, by ${diff.basis}`,
      ...(diff.basis === "unknown" ? ["     no dispatch table that can be read: compare the sources"] : []),
      ...diff.added.map((entry) => `     added      ${text(entry)}`),
      ...diff.removed.map((entry) => `     removed    ${text(entry)}`),
      ...diff.changed.map(({ before, after, note }) =>
        before.selector === after.selector
          ? `     replaced   ${text(before)}, ${note}`
          : `     changed    ${text(before)} → ${text(after)}, ${note}`,
      ),
      ...(diff.basis !== "unknown" && diff.added.length + diff.removed.length + diff.changed.length === 0
        ? ["     none added, removed or changed"]
        : []),
    ]),
    ...(storage === undefined
      ? []
      : ["", "Storage", `  ${storage.verdict}`, ...storage.findings.map((finding) => `     ${finding}`)]),
    "",
    "Power",
    ...(roles.length === 0 ? ["  none moves"] : []),
    ...roles.map(
      ({ where, account, what, before, after }) => `  ${where}: ${what} on ${account}: ${before} → ${after}`,
    ),
  ];
}

function text({ selector, signature }: NamedSelector): string {
  return signature === undefined ? selector : `${selector} ${signature}`;
}
