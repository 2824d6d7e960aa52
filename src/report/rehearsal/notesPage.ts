import { hashPlan } from "../../plan/eip712";
import { formatDuration } from "../../plan/units";
import { registryDomain } from "../../registry/domain";
import type { RehearsalReport } from "../../simulate/types";
import { renderChanges } from "../renderImpact";
import { code, heading, list, table, text, type Block, type Page } from "./page";
import { openChecks } from "./rehearsalPage";

/**
 * What is published about an upgrade, from the same report that was voted on: what changes by module and function, what is watched
 * and for how long, what has to hold before more of the traffic moves, and what may be done at once without another vote
 * (seed rows AUD-47 to 49, XAI-25).
 */
export function notesPage(report: RehearsalReport, reportHash: string): Page {
  const { provenance, plan, governance } = report;
  return {
    title: report.title,
    badge: "UPGRADE",
    head: [
      `proposal ${governance?.proposal ?? finalId(report, reportHash)} · chain ${provenance.chainId} · ${governance === undefined ? `registry ${provenance.registry}` : `${governance.kind} ${governance.account}`}`,
      `rehearsed at block ${provenance.block}: ${report.verdict} · report ${reportHash}`,
      ...(plan === undefined || plan.uri === "" ? [] : [`discussion ${plan.uri}`]),
    ],
    sections: [
      { id: "changes", title: "What changes", blocks: changes(report) },
      { id: "window", title: "When, and how long it is watched", blocks: windowOf(report) },
      { id: "watched", title: "What is watched", blocks: watched(report) },
      { id: "promotion", title: "What has to hold before it goes on", blocks: promotion(report) },
      { id: "actions", title: "What may be done at once", blocks: actions(report) },
      { id: "risks", title: "Where the risk is", blocks: risks(report) },
    ],
  };
}

/** With this report as its evidence, the plan has the id that it is proposed under. */
function finalId({ plan, provenance, proposalId }: RehearsalReport, reportHash: string): string {
  if (plan === undefined || provenance.registry === undefined) return proposalId;
  const domain = registryDomain(provenance.chainId, provenance.registry);
  return hashPlan({ ...plan, evidence: { ...plan.evidence, reportHash } }, domain);
}

function changes({ impact, beforeAfter, deployments }: RehearsalReport): Block[] {
  return [
    heading("Modules and functions"),
    code(renderChanges(impact).slice(1)),
    heading("Values"),
    table(
      ["what", "before", "after"],
      beforeAfter.map(({ what, before, after }) => [what, before, after]),
    ),
    heading("New code"),
    table(
      ["contract", "address", "code hash"],
      deployments.map(({ contractName, address, codeHash }) => [contractName, address, codeHash]),
    ),
  ];
}

function windowOf({ timeline }: RehearsalReport): Block[] {
  return [
    { kind: "timeline", rows: timeline.map(({ after, text: words }) => ({ after: Number(after), text: words })) },
    text("Times are the earliest possible, from the proposal on."),
  ];
}

function watched({ what, stages }: RehearsalReport): Block[] {
  const names = [...new Set(what.stages.flatMap(({ invariants }) => invariants))];
  const cited = new Map(stages.flatMap((stage) => stage.invariants.map(({ name, id }) => [name, id] as const)));
  return [
    table(
      ["invariant", "id", "checked by stages"],
      names.map((name) => [
        name,
        cited.get(name) ?? "not reached",
        what.stages
          .filter(({ invariants }) => invariants.includes(name))
          .map(({ index }) => index)
          .join(", "),
      ]),
    ),
    ...(what.policy === undefined ? [] : [heading("The canary's rules"), list(what.policy)]),
  ];
}

function promotion({ what }: RehearsalReport): Block[] {
  return [
    table(
      ["stage", "observed before the next", "gates"],
      what.stages.map(({ index, label, dwell, gates }) => [
        `${index} ${label}`,
        dwell,
        gates.map((gate) => gate.text).join("; ") || "none but time, pins and invariants",
      ]),
    ),
  ];
}

function actions({ what, containments, worstRollback, plan }: RehearsalReport): Block[] {
  const rehearsed = new Set(containments.map(({ index }) => index));
  return [
    list([
      ...what.containments.map(
        ({ index, label, breach }) =>
          `${label}: by anyone once an invariant of class ${breach} is proven broken, by the incident role or the council at once (${rehearsed.has(index) ? "rehearsed" : "not rehearsed"})`,
      ),
      ...(what.policy === undefined ? [] : ["the canary frozen: every call back to stable, for ever"]),
      ...what.rollbacks.map(
        ({ from, to, kind }) =>
          `the way back from stages ${from} to ${to}, ${kind}: by the council, or by anyone once the plan stalls`,
      ),
    ]),
    worstRollback === undefined
      ? text("No way back was reached in the rehearsal.")
      : text(
          `The slowest way back took ${formatDuration(BigInt(worstRollback.seconds))} and ${worstRollback.transactions} transactions.`,
        ),
    ...(plan === undefined
      ? []
      : [text(`A stage that is not taken within ${formatDuration(plan.executionWindow)} is not taken at all.`)]),
  ];
}

function risks(report: RehearsalReport): Block[] {
  return [
    list([
      ...openChecks(report.checks).map(
        ({ number, name, status, evidence }) => `${status}, ${number} ${name}: ${evidence.join("; ")}`,
      ),
      ...report.what.warnings,
      ...report.unexplained.map((line) => `not explained: ${line}`),
    ]),
  ];
}
