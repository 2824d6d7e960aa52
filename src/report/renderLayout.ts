import type { LayoutRow } from "../layout/describeLayout";
import { table } from "./table";

/** Fields by namespace, in the order of their slots. */
export function renderLayout(contract: string, rows: readonly LayoutRow[]): string {
  const spaces = [...new Set(rows.map(({ space }) => space))];
  const bodies = spaces.flatMap((space) => [
    "",
    space,
    ...table(
      rows
        .filter((row) => row.space === space)
        .map(({ slot, offset, bytes, type, name }) => [`  ${slot}`, `+${offset}`, `${bytes} B`, type, name]),
    ),
  ]);
  return [contract, ...(rows.length === 0 ? ["", "stores nothing"] : bodies)].join("\n");
}
