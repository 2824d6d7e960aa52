import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import type { Client } from "../../src/client";
import { SlipwayError } from "../../src/errors";
import { checkAuthority } from "../../src/impact/checkAuthority";
import { readImpact } from "../../src/impact/readImpact";
import type { PlanImpact } from "../../src/impact/types";
import { readStoredPlan, writeDossier, writeStoredPlan, type StoredPlan } from "../../src/journal/storedPlan";
import { buildPlan } from "../../src/plan/buildPlan";
import { hashPlan } from "../../src/plan/eip712";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { readPlanFile } from "../../src/plan/readPlanFile";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { propose } from "../../src/registry/propose";
import { renderImpact } from "../../src/report/renderImpact";
import { sendOptions, type SenderArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { nextAfter, outcomeOf } from "../support/runVerb";

interface ProposeArgs extends SenderArgs {
  file: string;
  report?: string;
}

export const action = (args: ProposeArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const options = sendOptions(args);
    const { impact, ...stored } = await planOf(hre, client, registry, args);
    const isSent = options.out === "send" && options.isDryRun !== true;
    // Before it is sent: after a kill, the file must still be known as the one that this proposal was built from.
    if (isSent) {
      writeStoredPlan(client.deploymentsDir, stored);
      writeDossier(client.deploymentsDir, impact);
    }
    const performed = await propose(client, registry, stored.plan, options);
    const outcome = outcomeOf(performed, isSent ? await nextAfter(client, registry, stored.proposalId) : undefined);
    const lines = renderImpact(impact);
    if (outcome.isFile === true) {
      client.log(lines.join("\n"));
      return outcome;
    }
    return {
      ...outcome,
      report: { ...(outcome.report as object), impact },
      text: [outcome.text, ...lines].join("\n"),
    };
  });

async function planOf(
  hre: HardhatRuntimeEnvironment,
  client: Client,
  registry: Registry,
  args: ProposeArgs,
): Promise<StoredPlan & { impact: PlanImpact }> {
  const reportHash = reportHashOf(args.report);
  if (args.file.endsWith(".json")) {
    const { plan, source } = readStoredPlan(args.file);
    const evidence = reportHash === undefined ? plan.evidence : { ...plan.evidence, reportHash };
    const cited = { ...plan, evidence };
    await checkAuthority(client, registry, cited);
    const impact = await readImpact(client, registry, cited);
    return { proposalId: hashPlan(cited, registry.domain), source, plan: cited, impact };
  }
  const loaded = readPlanFile(args.file, readAddressBook(client.deploymentsDir));
  const { root } = hre.config.paths;
  const options = { root, invariantsDir: join(root, "invariants"), reportHash };
  const { out, isDryRun } = sendOptions(args);
  const maySend = out === "send" && isDryRun !== true;
  const built = await (maySend ? prepareDeployments : buildPlan)(client, registry, loaded, options);
  if (!built.isFinal) {
    throw new SlipwayError("PlanNotDeployed", {
      where: args.file,
      expected: "everything that the plan relies on, on chain",
      found: built.deployments
        .filter((deployment) => !deployment.isDeployed)
        .map(({ role, contractName }) => `no ${role} ${contractName}`)
        .join(", "),
      next: `npx hardhat upgrade propose ${args.file}`,
    });
  }
  const { plan, proposalId, impact } = built;
  return { proposalId, source: { file: args.file, textHash: loaded.textHash }, plan, impact };
}

function reportHashOf(report: string | undefined): string | undefined {
  if (report === undefined || /^0x[0-9a-fA-F]{64}$/.test(report)) return report;
  throw new SlipwayError("OptionInvalid", {
    where: "--report",
    expected: "32 bytes (0x and 64 digits)",
    found: report,
  });
}
