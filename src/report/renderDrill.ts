import type { DrillReport } from "../drill/types";
import { table } from "./table";

/** A drill for the terminal: what was broken, what happened, what it took. */
export function renderDrill(report: DrillReport): string {
  const { verdict, invariant, broken, steps, calls, blocksToContain, atRisk, humans, state, end, isFrozen } = report;
  return [
    `[${verdict.toUpperCase()}] drill: a break of class ${report.class} in "${report.title}", on a copy of block ${report.block}`,
    `broken     ${invariant.name}: ${broken.left} against ${broken.right}, by ${broken.account} slot ${broken.slot}`,
    `contained  ${blocksToContain === undefined ? "NO" : `${blocksToContain} blocks after the break`}, canary ${isFrozen ? "frozen" : "not frozen"}, plan ${state}`,
    `at risk    ${atRisk === undefined ? "no budget bounds it" : `${atRisk.used} of ${atRisk.cap}, ${atRisk.share / 100}% of the keys`}`,
    `people     ${humans.length === 0 ? "none: every step was anyone's" : humans.join("; ")}; the plan ends as ${end}`,
    "",
    ...table(steps.map(({ blocks, by, what, gasUsed }) => [`+${blocks}`, by, what, `gas ${gasUsed}`])),
    "",
    ...table(
      calls.map(({ moment, served, refused, errors }) => [
        moment,
        `${served} served`,
        `${refused} refused`,
        errors.join(", "),
      ]),
    ),
  ].join("\n");
}
