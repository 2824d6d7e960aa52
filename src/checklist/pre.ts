import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { dataLength } from "ethers";
import type { Client } from "../client";
import type { BuiltPlan } from "../plan/buildPlan";
import { formatDuration, formatShare } from "../plan/units";
import type { LoadedPlanFile } from "../plan/readPlanFile";
import type { Registry } from "../registry/connect";
import { readFacts } from "../registry/facts";
import { toJson } from "../report/toJson";
import { canonicalJson } from "../simulate/canonicalJson";
import { readReport } from "../simulate/readReport";
import { readSnapshot } from "../state/readSnapshot";
import { stateRequest } from "../state/stateRequest";
import { takeSnapshot } from "../state/takeSnapshot";
import { verifySnapshot } from "../state/verifySnapshot";
import { verifyBackup, writeBackup } from "./backup";
import { rateText, readErrorRate } from "./errorRate";
import { readCoverage } from "./readCoverage";
import { runCommand } from "./runCommand";
import type { Checklist } from "./schema";
import { fail, inconclusive, pass, type Finding, type ItemKind } from "./types";

export interface PreWorld {
  client: Client;
  registry: Registry;
  checklist: Checklist;
  loaded: LoadedPlanFile;
  built: BuiltPlan;
  /** The proposal, where the plan was proposed already. */
  proposalId?: string;
  /** The project's folder. */
  root: string;
  /** What every upgrade of this project depends on: address book, plan file, invariants, configuration. */
  configuration: readonly string[];
  /** Where this plan's records are kept. */
  folder: string;
  reportFile: string;
  /** Seconds. */
  maxAge: number;
  /** What users call. */
  accounts: readonly string[];
}

const LIMITS = { code: 24_576, "creation code": 49_152 };
const LEAST_COVERAGE = 9_500;
export const DEFAULT_BLOCKS = 500n;
const DEFAULT_TIMEOUT = 1_800n;

export const PRE: readonly ItemKind<PreWorld>[] = [
  command("tests", "all tests pass"),
  { id: "coverage", name: "tests reach enough lines", run: coverage },
  command("lint", "the linter finds nothing"),
  command("format", "everything is formatted"),
  { id: "size", name: "every contract of the plan fits into its limits", run: size },
  { id: "state", name: "state of the plan's accounts is exported, and the export verified", run: state },
  { id: "backup", name: "the configuration is backed up, and the backup verified", run: backup },
  { id: "rollback", name: "every way back of this plan was carried out in its rehearsal", run: rollback },
  { id: "baseline", name: "the rate of failed transactions is recorded", run: baseline },
];

/** Where the counts of both runs are kept. */
export function baselineFile(folder: string): string {
  return join(folder, "baseline.json");
}

function timeoutOf({ timeout = DEFAULT_TIMEOUT }: Checklist): number {
  return Number(timeout);
}

function command(id: keyof Checklist["commands"], name: string): ItemKind<PreWorld> {
  return {
    id,
    name,
    run: async ({ checklist, root }) => {
      const text = checklist.commands[id];
      const { exit, seconds, tail } = await runCommand(text, { root, seconds: timeoutOf(checklist) });
      const evidence = [`${text}: ${exit === undefined ? "did not run to its end" : `exit ${exit}`}, ${seconds}s`];
      if (exit === 0) return pass(...evidence);
      evidence.push(...tail);
      if (exit === undefined) return inconclusive(evidence, "find out why it cannot be run here");
      return fail(evidence, `make \`${text}\` pass`);
    },
  };
}

async function coverage({ checklist, root }: PreWorld): Promise<Finding> {
  const { command: text, file, least = LEAST_COVERAGE } = checklist.coverage;
  const run = await runCommand(text, { root, seconds: timeoutOf(checklist) });
  const ran = `${text}: ${run.exit === undefined ? "did not run to its end" : `exit ${run.exit}`}, ${run.seconds}s`;
  if (run.exit === undefined) return inconclusive([ran, ...run.tail], "find out why it cannot be run here");
  if (run.exit !== 0) return fail([ran, ...run.tail], `make \`${text}\` pass`);
  const path = resolve(root, file);
  if (!existsSync(path)) return inconclusive([ran, `${file}: not written`], "name the file that the command writes");
  // Some file systems keep whole seconds.
  if (statSync(path).mtimeMs < Math.floor(run.started / 1_000) * 1_000) {
    return inconclusive([ran, `${file} is older than this run`], "name the file that the command writes");
  }
  const lines = readCoverage(path);
  if (lines === undefined) {
    return inconclusive([ran, `${file} tells no lines`], "name an lcov file, or Istanbul's coverage-summary.json");
  }
  const { covered, total } = lines;
  const evidence = [
    ran,
    `${covered} of ${total} lines (${((covered * 100) / total).toFixed(2)}%), at least ${formatShare(least)}`,
  ];
  return covered * 10_000 >= total * least ? pass(...evidence) : fail(evidence, "test what no test reaches");
}

async function size({ checklist, built }: PreWorld): Promise<Finding> {
  const { deployments } = built;
  const budgets = checklist.budgets ?? {};
  if (deployments.length === 0) return inconclusive(["the plan names no code"], "name what the plan brings");
  const rows = deployments.flatMap(({ contractName, role, code, initCode }) => {
    const of = `${role} ${contractName}`;
    const budget = budgets[contractName];
    return [
      { of: `${of}: code`, bytes: dataLength(code), limit: LIMITS.code },
      { of: `${of}: creation code`, bytes: dataLength(initCode), limit: LIMITS["creation code"] },
      ...(budget === undefined ? [] : [{ of: `${of}: budget`, bytes: dataLength(code), limit: Number(budget) }]),
    ];
  });
  const evidence = rows.map(({ of, bytes, limit }) => `${of} ${bytes} of ${limit} bytes`);
  const strange = Object.keys(budgets).filter((name) => deployments.every(({ contractName }) => contractName !== name));
  if (strange.length > 0) {
    return fail([...evidence, `a budget for ${strange.join(", ")}, which the plan does not bring`], "correct budgets");
  }
  const over = rows.filter(({ bytes, limit }) => bytes > limit);
  return over.length === 0 ? pass(...evidence) : fail(evidence, `split it: ${over.map(({ of }) => of).join(", ")}`);
}

async function state({ client, registry, built, folder }: PreWorld): Promise<Finding> {
  mkdirSync(folder, { recursive: true });
  const planFile = join(folder, "plan.json");
  writeFileSync(planFile, `${toJson({ proposalId: built.proposalId, plan: built.plan })}\n`);
  const block = await client.provider.getBlockNumber();
  const request = await stateRequest(client, () => Promise.resolve(registry), { plan: planFile, block });
  const file = join(folder, "state.json");
  writeFileSync(file, canonicalJson(await takeSnapshot(client, request, block)));
  const kept = readSnapshot(file);
  const verified = await verifySnapshot(client, kept, { block });
  const evidence = [
    `${Object.keys(kept.accounts).length} accounts at block ${block}, hash ${kept.hash}: ${file}`,
    `${verified.compared} values read again, ${verified.differences.length} differ`,
    ...verified.differences.map(({ account, what, before, after }) => `${account} ${what}: ${before}, then ${after}`),
  ];
  if (!verified.isEqual)
    return fail(evidence, "the node does not answer twice alike at one block; export from another");
  return pass(...evidence);
}

async function backup({ root, configuration, checklist, folder }: PreWorld): Promise<Finding> {
  const files = [...configuration, ...(checklist.backup ?? [])];
  const missing = files.filter((file) => {
    const path = resolve(root, file);
    return !existsSync(path) || !statSync(path).isFile();
  });
  if (missing.length > 0) {
    return fail(
      missing.map((file) => `${file}: no file there`),
      "name files that exist, from the project's folder",
    );
  }
  const into = join(folder, "backup");
  const rows = writeBackup(into, root, files);
  const wrong = verifyBackup(into, root);
  const evidence = [
    `${rows.length} files in ${into}, each read again and compared with its sha256`,
    ...rows.map(({ source, bytes, sha256 }) => `${source} ${bytes} bytes ${sha256}`),
    ...wrong,
  ];
  return wrong.length === 0 ? pass(...evidence) : fail(evidence, "nothing may write to these files meanwhile");
}

async function rollback(world: PreWorld): Promise<Finding> {
  const { client, registry, built, proposalId, reportFile, maxAge, loaded } = world;
  const again = `npx hardhat upgrade simulate ${loaded.file}`;
  if (!existsSync(reportFile)) return inconclusive([`no rehearsal of plan ${built.subject}: ${reportFile}`], again);
  const { report, reportHash } = readReport(reportFile);
  const { provenance, checks, rollbacks } = report;
  const evidence = [`report ${reportHash}: ${reportFile}`];
  const wrong: string[] = [];
  if (report.subject !== built.subject) wrong.push(`it is about plan ${report.subject}, this one is ${built.subject}`);
  if (provenance.registry !== registry.address) wrong.push(`it is about the registry ${provenance.registry}`);
  const [pinned, latest] = await Promise.all(
    [provenance.block, "latest" as const].map((block) => client.provider.getBlock(block)),
  );
  if (pinned?.hash !== provenance.blockHash) wrong.push(`block ${provenance.block} of this chain is another one`);
  const age = (latest?.timestamp ?? 0) - provenance.blockTime;
  const ageText = `rehearsed at block ${provenance.block}, ${formatDuration(BigInt(Math.max(0, age)))} ago`;
  if (age > maxAge) wrong.push(`${ageText}, at most ${formatDuration(BigInt(maxAge))}`);
  else evidence.push(ageText);
  if (proposalId !== undefined) {
    const cited = (await readFacts(registry, proposalId)).reportHash;
    if (BigInt(cited) !== 0n && cited !== reportHash) wrong.push(`the proposal cites another report, ${cited}`);
  }
  if (report.verdict !== "pass" && report.verdict !== "warn")
    wrong.push(`the rehearsal's verdict is ${report.verdict}`);
  const check = checks.find(({ id }) => id === "rollbacks");
  if (check?.status !== "pass") wrong.push(`its check of the ways back says ${check?.status ?? "nothing"}`);
  const { stages, rollbacks: ways } = built.plan;
  for (const [stage] of stages.entries()) {
    const index = ways.findIndex(({ from, to }) => from <= stage && stage <= to);
    if (index === -1) {
      evidence.push(`after stage ${stage}: the plan is completed at once, there is no way back`);
      continue;
    }
    const ran = rollbacks.find(({ afterStages }) => afterStages === stage + 1);
    const broken = ran?.invariants.filter(({ isOk }) => !isOk).map(({ name }) => name) ?? [];
    if (ran === undefined) wrong.push(`after stage ${stage}: not carried out`);
    else if (ran.index !== index || ran.state !== "RolledBack" || !ran.isRestored || broken.length > 0) {
      wrong.push(
        `after stage ${stage}: ${ran.state}, ${ran.isRestored ? "restored" : "not restored"}${broken.length > 0 ? `, broken: ${broken.join(", ")}` : ""}`,
      );
    } else evidence.push(`after stage ${stage}: ${ran.state} and restored, by ${ran.by}, ${ran.seconds}s`);
  }
  if (ways.length === 0) wrong.push("the plan has no way back");
  return wrong.length === 0 ? pass(...evidence) : fail([...wrong, ...evidence], again);
}

async function baseline({ client, checklist, accounts, folder }: PreWorld): Promise<Finding> {
  const { blocks = DEFAULT_BLOCKS, least = 1n } = checklist.errorRate ?? {};
  const to = await client.provider.getBlockNumber();
  const from = Math.max(0, to - Number(blocks) + 1);
  const rate = await readErrorRate(client, { accounts, from, to });
  const evidence = [
    rateText(rate),
    ...rate.examples.map((hash) => `failed: ${hash}`),
    `to ${rate.accounts.join(", ")}`,
  ];
  if (rate.total < Number(least)) {
    return inconclusive([...evidence, `at least ${least} make a rate`], "count more blocks: errorRate.blocks");
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(baselineFile(folder), canonicalJson(rate));
  return pass(...evidence, `kept in ${baselineFile(folder)}`);
}
