import type { Revalidation } from "../revalidate/revalidate";
import { table } from "./table";

/** Every pin, gate and pointer with what was expected and what is there. */
export function renderRevalidation(report: Revalidation): string {
  const rows = report.rows.map((row) => [
    row.isOk ? "ok" : row.kind === "gate" ? "waits" : "DRIFT",
    row.kind,
    `stage ${row.stage}`,
    row.account,
    row.isOk ? short(row.expected) : `expected ${row.expected}, found ${row.actual}`,
    row.enforcedBy,
  ]);
  const verdict = report.hasDrifted
    ? "the world moved since the vote"
    : report.isWaiting
      ? "code is what was voted on; a gate does not hold yet"
      : "code, pointers and gates are what was voted on";
  return [`revalidated at block ${report.block}: ${verdict}`, ...table(rows)].join("\n");
}

function short(value: string): string {
  return value.length > 42 ? `${value.slice(0, 10)}…${value.slice(-6)}` : value;
}
