import type { QuickReport } from "../simulate/quick";
import { table } from "./table";

/** A first look at a plan for the terminal: what reverts and what breaks, and what was not looked at. */
export function renderQuick(report: QuickReport): string {
  const { verdict, title, subject, block, deployments, stages, views, notChecked } = report;
  const calls = [
    ...deployments.map((call) => ["deployment", call] as const),
    ...stages.flatMap((stage) => stage.calls.map((call) => [`${stage.index} ${stage.label}`, call] as const)),
  ];
  return [
    `[${verdict.toUpperCase()}] first look: ${title}`,
    `plan ${subject} · block ${block} · one eth_simulateV1 request, nothing was sent`,
    "",
    ...table(
      calls.map(([where, { what, target, isOk, gasUsed, error }]) => [
        where,
        what,
        target,
        isOk ? `gas ${gasUsed}` : `REVERTS: ${error}`,
      ]),
    ),
    "",
    ...table(
      stages.flatMap(({ index, invariants }) =>
        invariants.map(({ name, state, left, right }) => [
          `after ${index}`,
          name,
          state === "holds" ? "holds" : `${state.toUpperCase()}: left ${left ?? "none"}, right ${right ?? "none"}`,
        ]),
      ),
    ),
    ...(views.length === 0 ? [] : ["", ...table(views.map(({ what, before, after }) => [what, before, `→ ${after}`]))]),
    "",
    "not looked at:",
    ...notChecked.map((line) => `  ${line}`),
  ].join("\n");
}
