import { hashPlan } from "../../plan/eip712";
import { formatDuration } from "../../plan/units";
import { registryDomain } from "../../registry/domain";
import { hashesOf, typedDataOf, type Statement } from "../../registry/statements/statement";
import type {
  Check,
  ModuleState,
  Override,
  RehearsalReport,
  RehearsedRollback,
  RehearsedStage,
} from "../../simulate/types";
import type { DecodedWrite } from "../../trace/decodeWrites";
import { renderChanges } from "../renderImpact";
import { batchLines } from "../renderPlan";
import { span, utc } from "../time";
import { trafficBlocks } from "./trafficBlocks";
import { code, heading, list, table, text, type Block, type Page } from "./page";

/** How a rehearsal was run: what its report leaves out so that two runs have one hash. */
export interface PageContext {
  reportHash: string;
  /** The command that makes the same report. */
  command: string;
}

/** A rehearsal's report in the order in which a signer decides: what is open, what is done, what moves, when, what is signed. */
export function rehearsalPage(report: RehearsalReport, { reportHash, command }: PageContext): Page {
  const { provenance } = report;
  return {
    title: report.title,
    badge: report.verdict.toUpperCase(),
    head: [
      `chain ${provenance.chainId} · block ${provenance.block} ${provenance.blockHash} · ${utc(provenance.blockTime)} · ${provenance.engine} · ${provenance.tool}`,
      `plan ${report.subject} · report ${reportHash} · diff ${report.diffHash}`,
      whoGoverns(report),
    ],
    sections: [
      { id: "decision", title: "Decision", blocks: decision(report.checks) },
      { id: "what", title: "What it does", blocks: whatItDoes(report) },
      { id: "before-after", title: "Before and after", blocks: beforeAndAfter(report) },
      { id: "timeline", title: "Timeline", blocks: timeline(report) },
      { id: "signers", title: "What is signed", blocks: signers(report, reportHash) },
      { id: "checks", title: "Checks", blocks: checks(report.checks) },
      { id: "unexplained", title: "Unexplained", blocks: [list(unexplained(report))] },
      { id: "appendix", title: "Appendix", blocks: appendix(report, command) },
    ],
  };
}

/** By whose rules it runs. */
function whoGoverns({ provenance, governance }: RehearsalReport): string {
  if (governance === undefined) return `registry ${provenance.registry} · timelock ${provenance.timelock}`;
  const { kind, account, executor, proposal, state, told } = governance;
  return `${kind} ${account}${proposal === undefined ? "" : ` · ${proposal}`} · ${state === "new" ? "new" : `${state} (${told})`} · executor ${executor}`;
}

/** "21 pass · 2 warn · 1 fail · 3 skip": only what there is. */
export function tally(all: readonly Check[]): string {
  const order: Check["status"][] = ["fail", "inconclusive", "warn", "pass", "skip"];
  return order
    .map((status) => [all.filter((check) => check.status === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${count} ${status}`)
    .join(" · ");
}

/** What a reader has to do something about, the worst first. */
export function openChecks(all: readonly Check[]): Check[] {
  const order: Check["status"][] = ["fail", "inconclusive", "warn"];
  return order.flatMap((status) => all.filter((check) => check.status === status));
}

function decision(all: readonly Check[]): Block[] {
  const open = openChecks(all);
  if (open.length === 0) return [text(`Every check passed: ${tally(all)}.`)];
  return [
    text(`${tally(all)}.`),
    table(
      ["", "check", "found", "what to do"],
      open.map(({ number, status, name, evidence, remedy }) => [
        status.toUpperCase(),
        `${number} ${name}`,
        evidence.join(";\n"),
        remedy,
      ]),
    ),
  ];
}

function whatItDoes({ what }: RehearsalReport): Block[] {
  return [
    ...what.stages.flatMap((stage) => [
      heading(`Stage ${stage.index}: ${stage.label}`),
      code(batchLines(stage.calls)),
      list([
        ...stage.gates.map((gate) => `waits for ${gate.text}`),
        `then ${stage.dwell} of observation; invariants: ${stage.invariants.join(", ") || "none"}`,
      ]),
    ]),
    ...what.rollbacks.flatMap((rollback) => [
      heading(`Way back from stages ${rollback.from} to ${rollback.to}, ${rollback.kind}`),
      code(batchLines(rollback.calls)),
    ]),
    ...what.containments.flatMap((containment) => [
      heading(`Containment ${containment.index}: ${containment.label}, on a breach of class ${containment.breach}`),
      code(batchLines(containment.calls)),
    ]),
    ...(what.policy === undefined ? [] : [heading("The canary's policy"), list(what.policy)]),
    heading("Know this"),
    list(what.warnings),
  ];
}

function beforeAndAfter(report: RehearsalReport): Block[] {
  const { beforeAfter, flows } = report;
  const nameOf = namesIn(report);
  const assets = [...new Set(flows.map(({ asset, token }) => `${asset}${token === undefined ? "" : ` ${token}`}`))];
  return [
    ...(["proxies", "roles", "parameters", "balances"] as const).flatMap((group) => [
      heading(group[0]!.toUpperCase() + group.slice(1)),
      table(
        ["what", "before", "after"],
        beforeAfter.filter((row) => row.group === group).map(({ what, before, after }) => [what, before, after]),
      ),
    ]),
    heading("Where value moved"),
    ...(assets.length === 0 ? [text("none")] : []),
    ...assets.map((name): Block => {
      const rows = flows.filter(({ asset, token }) => `${asset}${token === undefined ? "" : ` ${token}`}` === name);
      return {
        kind: "flows",
        asset: name,
        rows: rows.map(({ from, to, amount }) => ({
          from: nameOf(from),
          to: nameOf(to),
          amount: String(amount),
          share: Number(amount),
        })),
      };
    }),
  ];
}

/** What the report itself calls an account; its address follows, so that a name hides none. */
function namesIn({ provenance, stages, deployments, governance }: RehearsalReport): (address: string) => string {
  const known = new Map<string, string>();
  for (const { role, contractName, address } of deployments) known.set(address, `${role} ${contractName}`);
  for (const { module, account } of stages[0]?.before ?? []) known.set(account, module);
  if (governance !== undefined) {
    known.set(governance.executor, "executor");
    known.set(governance.account, governance.kind);
  }
  if (provenance.registry !== undefined) known.set(provenance.registry, "registry");
  if (provenance.timelock !== undefined) known.set(provenance.timelock, "timelock");
  return (address) => (known.has(address) ? `${known.get(address)} ${address}` : address);
}

function timeline({ timeline: rows, worstRollback, governance }: RehearsalReport): Block[] {
  const moments: Block = {
    kind: "timeline",
    rows: rows.map(({ after, text: words }) => ({ after: Number(after), text: words })),
  };
  if (governance !== undefined) return [moments, text("It states no way back: taking it back is another proposal.")];
  return [
    moments,
    worstRollback === undefined
      ? text("No way back was reached.")
      : text(
          `The slowest way back, after ${worstRollback.afterStages} ${worstRollback.afterStages === 1 ? "stage" : "stages"}: ${span(worstRollback.seconds)} from the decision on, ${worstRollback.transactions} ${worstRollback.transactions === 1 ? "transaction" : "transactions"}, by the ${worstRollback.by}.`,
        ),
  ];
}

/** The plan's final id and what people will sign about it: everything follows from the report and its hash. */
function signers({ plan, provenance, governance }: RehearsalReport, reportHash: string): Block[] {
  if (plan === undefined || provenance.registry === undefined) {
    return [
      text(`Compare each of these with what the device shows. Report ${reportHash}.`),
      table(
        ["what", "value"],
        (governance?.identifiers ?? []).map(({ name, value }) => [name, value]),
      ),
    ];
  }
  const domain = registryDomain(provenance.chainId, provenance.registry);
  const proposalId = hashPlan({ ...plan, evidence: { ...plan.evidence, reportHash } }, domain);
  const statements: [string, Statement][] = [
    ["vote for", { verb: "vote", proposalId, choice: "for" }],
    ["vote against", { verb: "vote", proposalId, choice: "against" }],
    ["ready", { verb: "ready", proposalId }],
    ["attest integrity", { verb: "attest", proposalId, kind: "integrity", reportHash }],
    ["attest simulation", { verb: "attest", proposalId, kind: "simulation", reportHash }],
  ];
  const hashes = statements.map(([name, statement]) => ({ name, ...hashesOf(typedDataOf(statement, domain)) }));
  return [
    text(`Proposal ${proposalId}, with this report as its evidence. A device that signs shows these hashes:`),
    text(`domain ${hashes[0]!.domainHash}`),
    table(
      ["statement", "message hash", "digest"],
      hashes.map(({ name, messageHash, digest }) => [name, messageHash, digest]),
    ),
  ];
}

function checks(all: readonly Check[]): Block[] {
  return [
    text(tally(all)),
    table(
      ["#", "check", "answer", "evidence"],
      all.map(({ number, name, status, evidence }) => [String(number), name, status, evidence.join(";\n")]),
    ),
  ];
}

function unexplained({ unexplained: found, overrides }: RehearsalReport): string[] {
  return [...found, ...overrides.filter(({ kind }) => kind === "balance").map(overrideText)];
}

function appendix(report: RehearsalReport, command: string): Block[] {
  return [
    heading("The same again"),
    code([command]),
    heading("Functions and power"),
    code(renderChanges(report.impact).slice(1)),
    heading("What ran"),
    table(
      ["step", "by", "# gas"],
      report.steps.map(({ verb, by, gasUsed }) => [verb, by, gasUsed.toString()]),
    ),
    ...report.stages.flatMap(stageBlocks),
    ...report.rollbacks.flatMap(rollbackBlocks),
    ...(report.containments.length === 0
      ? []
      : [
          heading("Containments, tried"),
          table(
            ["containment", "after stages", "by", "# gas", "then taken back"],
            report.containments.map(({ label, afterStages, by, gasUsed, state, isRestored }) => [
              label,
              String(afterStages),
              by,
              String(gasUsed),
              `${state}; ${restoredText(isRestored)}`,
            ]),
          ),
        ]),
    ...trafficBlocks(report),
    heading("What was refused"),
    table(
      ["attempt", "by", "answer"],
      report.negatives.map(({ name, by, found, isRefused }) => [
        name,
        by,
        `${isRefused ? "" : "NOT REFUSED: "}${found}`,
      ]),
    ),
    heading("Deployed for it"),
    table(
      ["role", "contract", "address", "code hash", "on chain"],
      report.deployments.map((entry) => [
        entry.role,
        entry.contractName,
        entry.address,
        entry.codeHash,
        entry.isOnChain ? "yes" : "on the fork only",
      ]),
    ),
    heading("Filled in, because the file leaves it out"),
    list(report.what.defaults.map(({ key, value, why }) => `${key}: ${value} (${why})`)),
    heading("Overrides"),
    list(report.overrides.map(overrideText)),
  ];
}

function stageBlocks(stage: RehearsedStage): Block[] {
  return [
    heading(`Stage ${stage.index}, as it ran: ${stage.label}`),
    ...states(stage.before, stage.after),
    text(
      `pins ${count(stage.pins)} · gates ${count(stage.gates)} · invariants ${count(stage.invariants)} · gas ${stage.gasUsed}`,
    ),
    ...writes("storage written", stage.writes),
  ];
}

function rollbackBlocks(rollback: RehearsedRollback): Block[] {
  const stages = rollback.afterStages === 1 ? "stage" : "stages";
  return [
    heading(`The way back after ${rollback.afterStages} ${stages}, by the ${rollback.by}`),
    text(
      `${rollback.state}; ${restoredText(rollback.isRestored)}; ${span(rollback.seconds)}, ${rollback.transactions} transactions, gas ${rollback.gasUsed}`,
    ),
    list(rollback.invariants.map(({ name, isOk }) => `${name}: ${isOk ? "holds" : "does not hold"}`)),
    ...writes("storage that differs from before the plan", rollback.residue),
  ];
}

function restoredText(isRestored: boolean): string {
  return `code and pointers ${isRestored ? "restored" : "NOT restored"}`;
}

function states(before: readonly ModuleState[], after: readonly ModuleState[]): Block[] {
  const rows = before.flatMap((state, i) => {
    const now = after[i] ?? state;
    return (["implementation", "admin", "beacon"] as const).map((slot) => [
      `${state.module} ${slot}`,
      state.slots[slot],
      now.slots[slot] === state.slots[slot] ? "same" : now.slots[slot],
    ]);
  });
  return [table(["slot", "before", "after"], rows)];
}

function writes(title: string, rows: readonly DecodedWrite[]): Block[] {
  if (rows.length === 0) return [text(`${title}: none`)];
  return [
    text(`${title}:`),
    table(
      ["account", "what", "before", "after"],
      rows.map(({ account, slot, before, after, label, beforeText, afterText }) => [
        account,
        label ?? `slot ${slot}`,
        beforeText ?? before,
        afterText ?? after,
      ]),
    ),
  ];
}

function count(rows: readonly { isOk: boolean; isAvailable?: boolean }[]): string {
  return `${rows.filter(({ isOk }) => isOk).length}/${rows.length}`;
}

export function overrideText(entry: Override): string {
  if (entry.kind === "blocks") return `${entry.count} empty blocks were mined`;
  if (entry.kind === "time") return `the clock was moved by ${formatDuration(BigInt(entry.seconds))}`;
  if (entry.kind === "balance") return `${entry.account} (${entry.as}) was given ${entry.wei} wei`;
  if (entry.kind === "crowd") return `${entry.count} accounts acted as ${entry.as}, each given ${entry.wei} wei`;
  return `${entry.account} acted as ${entry.as} without its key`;
}
