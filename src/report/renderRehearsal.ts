import type { Check, ModuleState, Override, RehearsalReport, StorageWrite } from "../simulate/types";
import { renderChanges } from "./renderImpact";
import { span } from "./time";

/** The rehearsal as a page: the decision first, then what it rests on. */
export function renderRehearsal(report: RehearsalReport, reportHash: string): string {
  const { provenance } = report;
  return [
    `# [${report.verdict.toUpperCase()}] ${report.title}`,
    "",
    `chain ${provenance.chainId} · block ${provenance.block} ${provenance.blockHash} · ${provenance.engine} · ${provenance.tool}`,
    "",
    `plan ${report.subject} · report ${reportHash} · registry ${provenance.registry}`,
    "",
    "## Decision",
    "",
    ...decision(report.checks),
    "",
    "## Checks",
    "",
    ...table(
      ["check", "answer", "evidence"],
      report.checks.map(({ name, status, evidence }) => [name, status, evidence.join("; ")]),
    ),
    "",
    "## Functions and power",
    "",
    "```",
    ...renderChanges(report.impact).slice(1),
    "```",
    "",
    "## What ran",
    "",
    ...table(
      ["step", "by", "gas"],
      report.steps.map(({ verb, by, gasUsed }) => [verb, by, gasUsed.toString()]),
    ),
    "",
    "## Before and after",
    "",
    ...report.stages.flatMap((stage) => [
      `### Stage ${stage.index}: ${stage.label}`,
      "",
      ...states(stage.before, stage.after),
      "",
      `pins ${count(stage.pins)} · gates ${count(stage.gates)} · invariants ${count(stage.invariants)} · gas ${stage.gasUsed}`,
      "",
      ...writes("storage written", stage.writes),
      "",
    ]),
    "## The way back",
    "",
    ...report.rollbacks.flatMap((rollback) => [
      `### After ${rollback.afterStages} ${rollback.afterStages === 1 ? "stage" : "stages"}, by ${rollback.by}`,
      "",
      `${rollback.state}; code and pointers ${rollback.isRestored ? "restored" : "NOT restored"}; gas ${rollback.gasUsed}`,
      "",
      ...rollback.invariants.map(({ name, isOk }) => `- ${name}: ${isOk ? "holds" : "does not hold"}`),
      "",
      ...writes("storage that differs from before the plan", rollback.residue),
      "",
    ]),
    ...(report.containments.length === 0
      ? []
      : [
          "## Containments",
          "",
          ...table(
            ["containment", "after stages", "by", "gas", "then taken back"],
            report.containments.map(({ label, afterStages, by, gasUsed, state, isRestored }) => [
              label,
              String(afterStages),
              by,
              String(gasUsed),
              `${state}; code and pointers ${isRestored ? "restored" : "NOT restored"}`,
            ]),
          ),
          "",
        ]),
    "## What was refused",
    "",
    ...table(
      ["attempt", "by", "answer"],
      report.negatives.map(({ name, by, found, isRefused }) => [
        name,
        by,
        `${isRefused ? "" : "NOT REFUSED: "}${found}`,
      ]),
    ),
    "",
    "## Deployed for it",
    "",
    ...table(
      ["role", "contract", "address", "code hash", "on chain"],
      report.deployments.map((entry) => [
        entry.role,
        entry.contractName,
        entry.address,
        entry.codeHash,
        entry.isOnChain ? "yes" : "on the fork only",
      ]),
    ),
    "",
    "## Overrides",
    "",
    ...(report.overrides.length === 0 ? ["none"] : report.overrides.map((entry) => `- ${overrideText(entry)}`)),
    "",
  ].join("\n");
}

function decision(checks: readonly Check[]): string[] {
  const open = checks.filter(({ status }) => status !== "pass");
  if (open.length === 0) return ["Every check passed."];
  return open.map(({ name, status, evidence, remedy }) => `- **${status}** ${name}: ${evidence.join("; ")}. ${remedy}`);
}

function states(before: readonly ModuleState[], after: readonly ModuleState[]): string[] {
  const rows = before.flatMap((state, i) => {
    const now = after[i] ?? state;
    return (["implementation", "admin", "beacon"] as const).map((slot) => [
      `${state.module} ${slot}`,
      state.slots[slot],
      now.slots[slot] === state.slots[slot] ? "same" : now.slots[slot],
    ]);
  });
  return table(["slot", "before", "after"], rows);
}

function writes(title: string, list: readonly StorageWrite[] | undefined): string[] {
  if (list === undefined) return [`${title}: the engine has no tracer`];
  if (list.length === 0) return [`${title}: none`];
  const rows = list.map(({ account, slot, before, after }) => [account, slot, before, after]);
  return [`${title}:`, "", ...table(["account", "slot", "before", "after"], rows)];
}

function count(rows: readonly { isOk: boolean; isAvailable?: boolean }[]): string {
  return `${rows.filter(({ isOk }) => isOk).length}/${rows.length}`;
}

function overrideText(entry: Override): string {
  if (entry.kind === "time") return `the clock was moved by ${span(entry.seconds)}`;
  if (entry.kind === "balance") return `${entry.account} (${entry.as}) was given ${entry.wei} wei`;
  return `${entry.account} acted as ${entry.as} without its key`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return rows.length === 0 ? ["none"] : [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
