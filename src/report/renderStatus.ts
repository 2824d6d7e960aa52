import type { NextStep, StatusReport } from "../registry/status";
import { moment, span } from "./time";

/** Where a proposal is, what comes next, who does it, what blocks it, how to stop it: in that order. */
export function renderStatus(report: StatusReport): string {
  const { status, now } = report;
  const lines = [
    `${report.proposalId.slice(2, 8)}  ${report.title}`,
    `${status.state}${status.isHalted ? " (HALTED)" : ""}, stage ${status.nextStage} of ${status.stageCount}, class ${report.planClass}`,
    ...report.stages.map(
      (stage, index) =>
        `  ${stage.isDone ? "done" : index === status.nextStage ? "next" : "    "}  ${index} ${stage.label}, dwell ${span(stage.dwell)}`,
    ),
  ];
  for (const step of report.next) lines.push(`next      ${describe(step, now)}`, `          ${step.command}`);
  if (report.next.length === 0) lines.push("next      nothing: the proposal has ended");
  for (const blocker of report.blockers) {
    lines.push(`blocked   ${blocker.what}: ${blocker.measure}`);
    if (blocker.missing.length > 0) lines.push(`          missing ${blocker.missing.join(", ")}`);
  }
  if (report.artifact !== undefined) {
    const { version, protocolVersion, adopted, success, failedPower, overridePower, clippedTotal } = report.artifact;
    lines.push(
      `artifact  ${version}, protocol ${protocolVersion}: run by ${adopted}`,
      `          success ${success}; failure ${failedPower}, override ${overridePower} of ${clippedTotal}`,
    );
  }
  for (const canary of report.canaries) {
    const budget =
      canary.interval === 0
        ? "no cap"
        : `${canary.usedPrevious + canary.usedCurrent} of ${canary.cap} used in ${span(canary.interval)}`;
    lines.push(
      `canary    ${canary.module}: ${canary.share / 100}%${canary.isFrozen ? " FROZEN" : ""}, calls stable ${canary.stableCalls}, candidate ${canary.candidateCalls}, fallbacks ${canary.fallbacks}`,
      `          budget ${budget}, breaks ${canary.breaks} of ${canary.errorBudget}`,
    );
  }
  for (const { index, label, breach, isProven, hasRun } of report.containments) {
    const proof = isProven ? "proven" : "not proven";
    lines.push(`contain   ${index} ${label}: ${hasRun ? "ran" : "waits"}; breach of class ${breach} ${proof}`);
  }
  for (const step of report.stop) lines.push(`stop      ${step.what}: ${step.who}`, `          ${step.command}`);
  return lines.join("\n");
}

function describe(step: NextStep, now: number): string {
  const from = step.earliest <= now ? "now" : `from ${moment(step.earliest, now)}`;
  const until = step.latest === 0 ? "" : `, until ${moment(step.latest, now)}`;
  return `${step.what} by ${step.who}, ${from}${until}`;
}
