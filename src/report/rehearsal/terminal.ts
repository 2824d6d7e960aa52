import type { RehearsalReport } from "../../simulate/types";
import { table } from "../table";
import { span } from "../time";
import { openChecks, tally } from "./rehearsalPage";

/** The short view: the decision, what moves, how long back, and where the rest is. */
export function terminalOf(report: RehearsalReport): string {
  const { worstRollback, beforeAfter, checks, governance } = report;
  const moved = beforeAfter.filter(({ group }) => group !== "parameters");
  return [
    `${report.verdict.toUpperCase()}  ${oneLine(report.title)}`,
    `  checks    ${tally(checks)}`,
    ...openChecks(checks).flatMap(({ number, status, name, evidence, remedy }) => [
      `  ${status.padEnd(12)}  ${number} ${name}`,
      ...[...evidence, remedy].filter((line) => line !== "").map((line) => `                ${oneLine(line)}`),
    ]),
    "  moves",
    ...(moved.length === 0
      ? ["    nothing"]
      : table(moved.map(({ what, before, after }) => [`    ${oneLine(what)}`, `${before} → ${after}`]))),
    governance !== undefined
      ? `  by        ${governance.kind} ${governance.account}, ${governance.told}`
      : worstRollback === undefined
        ? "  back      no way back was reached"
        : `  back      at worst ${span(worstRollback.seconds)} and ${worstRollback.transactions} transactions, by the ${worstRollback.by}`,
    `  unknown   ${report.unexplained.length === 0 ? "none" : report.unexplained.length}`,
  ].join("\n");
}

/** What a plan's author wrote cannot move the cursor. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- that is the point
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
