import type { ExplainedArgument, ExplainedCall, ExplainedData } from "../plan/decodeCall";
import type {
  ExplainedContainment,
  ExplainedPin,
  ExplainedRollback,
  ExplainedStage,
  PlanExplanation,
} from "../plan/explainPlan";
import { renderImpact } from "./renderImpact";
import { formatDuration } from "../plan/units";

/** A plan's explanation as text for a terminal. */
export function renderPlan(plan: PlanExplanation): string {
  const shared = sharedPins(plan.stages);
  return [
    `${plan.title}`,
    `  file       ${plan.file}`,
    `  proposal   ${plan.proposalId}${plan.isFinal ? "" : "  (preview: not everything is deployed)"}`,
    `  subject    ${plan.subject}`,
    `  chain      ${plan.chainId}, registry ${plan.registry}`,
    `  class      ${plan.planClass}, proposed by ${plan.proposer}`,
    `  module     ${plan.module.name} at version ${plan.module.version}, ${plan.module.kind}${plan.module.kind === "beacon" ? "" : " proxy"} ${plan.module.account}`,
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
    "Stages; each needs this code, before and after",
    ...shared.map(({ name, codeHash }) => `     pin        ${name} = ${codeHash}`),
    ...plan.stages.flatMap((stage) => stageLines(stage, shared)),
    "",
    "Ways back",
    ...plan.rollbacks.flatMap(rollbackLines),
    ...(plan.containments.length === 0 ? [] : ["", "Containments", ...plan.containments.flatMap(containmentLines)]),
    ...renderImpact(plan.impact),
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

function stageLines(stage: ExplainedStage, shared: readonly ExplainedPin[]): string[] {
  return [
    `  ${stage.index}. ${stage.label}, then ${stage.dwell} of observation`,
    ...stage.calls.flatMap(callLines),
    ...stage.gates.map(({ text, now }) => `     gate       ${text}${now === undefined ? "" : `  (now ${now})`}`),
    `     invariants ${stage.invariants.join(", ") || "none"}`,
    ...stage.pins
      .filter(({ account }) => !shared.some((pin) => pin.account === account))
      .map(({ name, codeHash }) => `     pin        ${name} = ${codeHash}`),
  ];
}

function containmentLines(containment: ExplainedContainment): string[] {
  return [
    `  ${containment.index}. ${containment.label}: by anyone once an invariant of category ${containment.breach} is proven broken, by the incident role or a council member at once`,
    ...containment.calls.flatMap(callLines),
    ...containment.pins.map(({ name, codeHash }) => `     pin        ${name} = ${codeHash}`),
  ];
}

function rollbackLines(rollback: ExplainedRollback): string[] {
  return [
    `  from stages ${rollback.from} to ${rollback.to}, ${rollback.kind}`,
    ...rollback.calls.flatMap(callLines),
    ...rollback.pins.map(({ name, codeHash }) => `     pin        ${name} = ${codeHash}`),
  ];
}

/** The calls of one batch, from the left margin. */
export function batchLines(calls: readonly ExplainedCall[]): string[] {
  return calls.flatMap((call) => callLines(call).map((line) => line.slice(5)));
}

function callLines(call: ExplainedCall): string[] {
  const value = call.value === undefined ? "" : `, with ${call.value}`;
  return [`     call       ${call.name}${value}`, ...dataLines(call.data, 18)];
}

function dataLines(data: ExplainedData, indent: number): string[] {
  return [
    `${" ".repeat(indent)}${data.signature.length > 100 ? data.signature.split("(")[0] : data.signature}`,
    ...data.args.flatMap((argument) => argumentLines(argument, indent + 2)),
  ];
}

function argumentLines(argument: ExplainedArgument, indent: number): string[] {
  const head = `${" ".repeat(indent)}${argument.name}:`;
  if (argument.inner !== undefined) return [head, ...dataLines(argument.inner, indent + 2)];
  if (argument.parts === undefined || argument.parts.length === 0) return [`${head} ${argument.value}`];
  return [head, ...argument.parts.flatMap((part) => argumentLines(part, indent + 2))];
}

/** The pins that every stage has, which are told once. */
function sharedPins(stages: readonly ExplainedStage[]): ExplainedPin[] {
  const [first, ...others] = stages;
  return (first?.pins ?? []).filter((pin) =>
    others.every(({ pins }) =>
      pins.some(({ account, codeHash }) => account === pin.account && codeHash === pin.codeHash),
    ),
  );
}
