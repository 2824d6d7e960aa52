import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import type { Client } from "../../src/client";
import { SlipwayError } from "../../src/errors";
import { readCallsFile } from "../../src/foreign/readCallsFile";
import { batchFile, GOVERNANCES } from "../../src/guard/batchFile";
import { guarded, readTerms, type GuardTerms } from "../../src/guard/guardBatch";
import { deployGuard, guardOf, requireGuard, type Guard } from "../../src/guard/guardContract";
import { planTerms } from "../../src/guard/planTerms";
import { readStoredPlan } from "../../src/journal/storedPlan";
import { buildPlan } from "../../src/plan/buildPlan";
import { readPlanFile } from "../../src/plan/readPlanFile";
import type { Call, Plan } from "../../src/plan/types";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { toJson } from "../../src/report/toJson";
import { choiceOf, stageOf, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface GuardArgs extends OutputArgs {
  calls?: string;
  plan?: string;
  stage?: string;
  terms?: string;
  for: string;
  write?: string;
  deploy: boolean;
  as?: string;
}

export const action = (args: GuardArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const guard = await guardOf(client);
    const governance = choiceOf("for", args.for, GOVERNANCES);
    if (args.write !== undefined && existsSync(args.write)) {
      throw new SlipwayError("FileExists", { where: "--write", expected: "a new file", found: args.write });
    }
    if (args.deploy) await deployGuard(client, guard);
    await requireGuard(client, guard);
    const here = `guard ${guard.address}, code hash ${guard.codeHash}`;
    if (args.calls === undefined && args.plan === undefined) {
      return { report: { guard: guard.address, codeHash: guard.codeHash }, text: here };
    }
    const { calls, terms, ...named } = await readBatch(hre, args, { client, guard });
    const { chainId } = await client.provider.getNetwork();
    for (const line of terms.open) client.log(`not guarded: ${line}`);
    const batch = guarded(calls, terms, guard);
    const file = batchFile(governance, batch, { ...named, chainId, createdAt: client.clock.now() });
    if (args.write === undefined) return { report: file, text: "", isFile: true };
    writeFileSync(args.write, `${toJson(file)}\n`);
    return {
      report: {
        guard: guard.address,
        codeHash: guard.codeHash,
        file: args.write,
        calls: batch.length,
        terms: terms.text,
        open: terms.open,
      },
      text: [here, ...terms.text, `${batch.length} calls written to ${args.write}`].join("\n"),
    };
  });

/** The batch of `--calls` with its terms, or a stage of `--plan` with those that it has. */
async function readBatch(
  hre: HardhatRuntimeEnvironment,
  args: GuardArgs,
  { client, guard }: { client: Client; guard: Guard },
): Promise<{ title: string; description?: string; calls: readonly Call[]; terms: GuardTerms }> {
  if (args.plan !== undefined) {
    if (args.calls !== undefined || args.terms !== undefined) {
      throw new SlipwayError("OptionInvalid", {
        where: "--plan",
        expected: "a plan alone: its stage has calls and terms of its own",
        found: "--calls or --terms beside it",
      });
    }
    const registry = await connectRegistry(client);
    const plan = await readPlan(hre, args.plan, client, registry);
    return { title: plan.title, ...(await planTerms(client, registry, { plan, stage: stageOf(args.stage) })) };
  }
  const { title, description, calls, chainId } = readCallsFile(args.calls ?? "");
  const network = await client.provider.getNetwork();
  // What is compared is read here: of another chain it would say nothing.
  if (chainId !== undefined && chainId !== network.chainId) {
    throw new SlipwayError("OptionInvalid", {
      where: `--calls ${args.calls}, chainId`,
      expected: `${network.chainId}, the network's`,
      found: `${chainId}`,
    });
  }
  const invariantsDir = join(hre.config.paths.root, "invariants");
  return {
    title,
    description,
    calls,
    terms: await readTerms(client, calls, { file: args.terms, invariantsDir, guard }),
  };
}

/** A plan in JSON, as `upgrade plan --write` keeps it, or the plan file that it is made from. */
async function readPlan(
  hre: HardhatRuntimeEnvironment,
  file: string,
  client: Client,
  registry: Registry,
): Promise<Plan> {
  if (!/\.ya?ml$/.test(file)) return readStoredPlan(file).plan;
  const { root } = hre.config.paths;
  const loaded = readPlanFile(file, readAddressBook(client.deploymentsDir));
  const { plan, isFinal } = await buildPlan(client, registry, loaded, {
    root,
    invariantsDir: join(root, "invariants"),
  });
  if (isFinal) return plan;
  throw new SlipwayError("PlanNotDeployed", {
    where: file,
    expected: "everything that the plan relies on, on chain",
    found: "a preview: its pins are not those of code that stands there",
    next: `npx hardhat upgrade plan ${file} --deploy`,
  });
}
