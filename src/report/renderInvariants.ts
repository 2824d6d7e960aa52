import type { CheckedInvariant } from "../invariants/checkInvariants";
import type { ListedInvariant } from "../invariants/listInvariants";

/** The catalogue as a table. */
export function renderInvariantList(rows: readonly ListedInvariant[]): string {
  if (rows.length === 0) return "no invariants, in files or in the registry";
  const width = Math.max(...rows.map((row) => row.name.length));
  return rows
    .map(({ name, id, file, state, isInline, owner, note }) =>
      [
        name.padEnd(width),
        state.padEnd(15),
        (id?.slice(0, 10) ?? "").padEnd(10),
        isInline === true ? "in every frame" : "              ",
        owner === undefined ? "" : `owner ${owner}`,
        file === undefined ? "no file" : "",
        note === undefined ? "" : `needs ${note}`,
      ]
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** How invariants stand, with the words compared. */
export function renderInvariantChecks(rows: readonly CheckedInvariant[]): string {
  if (rows.length === 0) return "no invariants to check";
  const width = Math.max(...rows.map((row) => row.name.length));
  return rows
    .flatMap(({ name, state, condition, left, right }) => [
      `${name.padEnd(width)}  ${state}`,
      `${" ".repeat(width)}  ${condition}`,
      ...(state === "holds" || state === "broken" ? [`${" ".repeat(width)}  ${left} and ${right}`] : []),
    ])
    .join("\n");
}
