import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import { POST } from "../../src/checklist/post";
import { PRE } from "../../src/checklist/pre";
import { checklistFolder, runChecklist } from "../../src/checklist/run";
import { readChecklist, type Checklist } from "../../src/checklist/schema";
import type { ChecklistReport } from "../../src/checklist/types";
import type { Client } from "../../src/client";
import { Exit, SlipwayError, type ExitCode } from "../../src/errors";
import { subjectOf } from "../../src/plan/eip712";
import { buildPlan } from "../../src/plan/buildPlan";
import { modulesOf, type RegisteredModule } from "../../src/plan/moduleOf";
import { readPlanFile, type LoadedPlanFile } from "../../src/plan/readPlanFile";
import type { Plan } from "../../src/plan/types";
import { EXPECTED, parseDuration } from "../../src/plan/units";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { readPlan } from "../../src/registry/readPlan";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { renderChecklist } from "../../src/report/renderChecklist";
import { choiceOf, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface ChecklistArgs extends OutputArgs {
  phase: string;
  file: string;
  checklist: string;
  report?: string;
  maxAge: string;
  as?: string;
  decommission: boolean;
}

const EXITS: Record<ChecklistReport["verdict"], ExitCode> = {
  pass: Exit.pass,
  fail: Exit.checkFailed,
  inconclusive: Exit.waiting,
};

export const action = (args: ChecklistArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const phase = choiceOf("phase", args.phase, ["pre", "post"]);
    const checklist = readChecklist(args.checklist, readAddressBook(client.deploymentsDir));
    const registry = await connectRegistry(client);
    const run = phase === "pre" ? before : after;
    const report = await run(hre, args, { client, registry, checklist });
    return { report, text: renderChecklist(report), exit: EXITS[report.verdict] };
  });

interface Ground {
  client: Client;
  registry: Registry;
  checklist: Checklist;
}

async function before(hre: HardhatRuntimeEnvironment, args: ChecklistArgs, ground: Ground): Promise<ChecklistReport> {
  const { client, registry, checklist } = ground;
  const { root, configFile } = hre.config.paths;
  const { deploymentsDir } = client;
  const invariantsDir = join(root, "invariants");
  const loaded = readPlanFile(args.file, readAddressBook(deploymentsDir));
  const built = await buildPlan(client, registry, loaded, { root, invariantsDir });
  const { subject, plan } = built;
  const folder = checklistFolder(deploymentsDir, subject);
  return runChecklist(client, {
    phase: "pre",
    title: plan.title,
    subject,
    folder,
    kinds: PRE,
    waived: checklist.waive ?? {},
    world: {
      client,
      registry,
      checklist,
      loaded,
      built,
      proposalId: await proposalOf(client, registry, args.file),
      root,
      configuration: [
        ...["addresses.json", "registry.json"].map((name) => join(deploymentsDir, name)),
        args.file,
        args.checklist,
        configFile,
        ...(loaded.plan.invariants ?? []).map((name) => join(invariantsDir, `${name}.yaml`)),
      ],
      folder,
      reportFile: args.report ?? reportOf(deploymentsDir, subject),
      maxAge: ageOf(args.maxAge),
      accounts: await accountsOf(registry, plan, moreAccounts(loaded, checklist)),
    },
  });
}

async function after(hre: HardhatRuntimeEnvironment, args: ChecklistArgs, ground: Ground): Promise<ChecklistReport> {
  const { client, registry, checklist } = ground;
  const { root } = hre.config.paths;
  const { deploymentsDir } = client;
  const loaded = readPlanFile(args.file, readAddressBook(deploymentsDir));
  const proposalId = await resolveProposal(client, registry, args.file);
  const plan = await readPlan(client, registry, proposalId);
  const subject = subjectOf(plan, registry.domain);
  const folder = checklistFolder(deploymentsDir, subject);
  return runChecklist(client, {
    phase: "post",
    title: plan.title,
    subject,
    folder,
    kinds: POST,
    waived: checklist.waive ?? {},
    world: {
      client,
      registry,
      checklist,
      loaded,
      plan,
      proposalId,
      subject,
      modules: await planModules(registry, plan),
      accounts: await accountsOf(registry, plan, moreAccounts(loaded, checklist)),
      root,
      folder,
      reportFile: args.report ?? reportOf(deploymentsDir, subject),
      apiUrl: process.env["API_BASE_URL"],
      isDecommissioning: args.decommission,
    },
  });
}

function reportOf(deploymentsDir: string, subject: string): string {
  return join(deploymentsDir, "reports", subject.slice(0, 12), "report.json");
}

function moreAccounts({ plan }: LoadedPlanFile, { errorRate }: Checklist): string[] {
  return [...(plan.proxies ?? []), ...(errorRate?.accounts ?? [])];
}

async function planModules(registry: Registry, { targets }: Plan): Promise<RegisteredModule[]> {
  const named = new Set(targets.map(({ module }) => module));
  return (await modulesOf(registry)).filter(({ word }) => named.has(word));
}

/** The proposal that was made of this file; undefined where none was. */
async function proposalOf(client: Client, registry: Registry, file: string): Promise<string | undefined> {
  try {
    return await resolveProposal(client, registry, file);
  } catch (thrown) {
    if (thrown instanceof SlipwayError && thrown.errorName === "ProposalUnknown") return undefined;
    throw thrown;
  }
}

/** What users call: the modules of the plan, and what the files name besides. */
async function accountsOf(registry: Registry, plan: Plan, more: readonly string[]): Promise<string[]> {
  const modules = await planModules(registry, plan);
  return [...new Set([...modules.map(({ account }) => account), ...more])];
}

function ageOf(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return Number(seconds);
  throw new SlipwayError("OptionInvalid", { where: "--max-age", expected: EXPECTED.duration, found: text });
}
