import type { ExplainedCall, ExplainedData } from "../plan/decodeCall";
import type { ExplainedRollback, ExplainedStage, PlanExplanation } from "../plan/explainPlan";
import { formatDuration } from "../plan/units";

/** A plan's explanation as text for a terminal. */
export function renderPlan(plan: PlanExplanation): string {
  return [
    `${plan.title}`,
    `  file       ${plan.file}`,
    `  proposal   ${plan.proposalId}${plan.isFinal ? "" : "  (preview: not everything is deployed)"}`,
    `  subject    ${plan.subject}`,
    `  chain      ${plan.chainId}, registry ${plan.registry}`,
    `  class      ${plan.planClass}, proposed by ${plan.proposer}`,
    `  module     ${plan.module.name} at version ${plan.module.version}, ${plan.module.kind} proxy ${plan.module.account}`,
    `  upgraded   by ${plan.module.authority}`,
    `  stable     ${plan.stable}`,
    `  candidate  ${plan.candidate}`,
    "",
    "Contracts",
    ...plan.deployments.map(
      ({ role, contractName, address, codeHash, isDeployed }) =>
        `  ${role.padEnd(10)} ${contractName} ${isDeployed ? "at" : "to be deployed, at"} ${address}, code ${codeHash}`,
    ),
    ...(plan.policy === undefined ? [] : ["", "Canary", ...plan.policy.map((line) => `  ${line}`)]),
    "",
    "Stages",
    ...plan.stages.flatMap(stageLines),
    "",
    "Ways back",
    ...plan.rollbacks.flatMap(rollbackLines),
    "",
    "Earliest times, from the proposal on",
    ...plan.timeline.map(({ after, text }) => `  +${formatDuration(after).padEnd(10)} ${text}`),
    ...section(
      "Filled in, because the file leaves it out",
      plan.defaults.map(({ key, value, why }) => `${key}: ${value}  (${why})`),
    ),
    ...section(
      "Pointers that only an engine can check",
      plan.offchainPointers.map(
        ({ account, slot, name, expected }) => `${name} of ${account}, slot ${slot}: ${expected}`,
      ),
    ),
    ...section("Know this", plan.warnings),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
}

function stageLines(stage: ExplainedStage): string[] {
  return [
    `  ${stage.index}. ${stage.label}, then ${stage.dwell} of observation`,
    ...stage.calls.flatMap(callLines),
    ...stage.gates.map(({ text, now }) => `     gate       ${text}${now === undefined ? "" : `  (now ${now})`}`),
    `     invariants ${stage.invariants.join(", ") || "none"}`,
    ...stage.pins.map(({ name, codeHash }) => `     pin        ${name} = ${codeHash}`),
  ];
}

function rollbackLines(rollback: ExplainedRollback): string[] {
  return [
    `  from stages ${rollback.from} to ${rollback.to}, ${rollback.kind}`,
    ...rollback.calls.flatMap(callLines),
    ...rollback.pins.map(({ name, codeHash }) => `     pin        ${name} = ${codeHash}`),
  ];
}

function callLines(call: ExplainedCall): string[] {
  const value = call.value === undefined ? "" : `, with ${call.value}`;
  return [`     call       ${call.name}${value}`, ...dataLines(call.data, 18)];
}

function dataLines(data: ExplainedData, indent: number): string[] {
  const margin = " ".repeat(indent);
  return [
    `${margin}${data.signature}`,
    ...data.args.flatMap((argument) =>
      argument.inner === undefined
        ? [`${margin}  ${argument.name}: ${argument.value}`]
        : [`${margin}  ${argument.name}:`, ...dataLines(argument.inner, indent + 4)],
    ),
  ];
}
