import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Interface } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import type { Client } from "../../src/client";
import { runDrill } from "../../src/drill/runDrill";
import { statementOf, tabletopOf } from "../../src/drill/statement";
import { CLASSES } from "../../src/drill/types";
import { Exit, SlipwayError } from "../../src/errors";
import { readPlanFile } from "../../src/plan/readPlanFile";
import { modulesOf } from "../../src/plan/moduleOf";
import { connectRegistry, type Registry } from "../../src/registry/connect";
import { readPlan } from "../../src/registry/readPlan";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { renderDrill } from "../../src/report/renderDrill";
import { toJson } from "../../src/report/toJson";
import { ForkSession } from "../../src/simulate/forkSession";
import { readJourneys } from "../../src/simulate/journeys/readJourneys";
import type { Journey } from "../../src/simulate/journeys/types";
import { openAnvilFork } from "../../src/simulate/openFork";
import { blockOf, choiceOf, type OutputArgs } from "../support/options";
import { remoteUrl } from "../support/remoteUrl";
import { runTask } from "../support/runTask";

interface DrillArgs extends OutputArgs {
  class: string;
  proposal?: string;
  within: string;
  block?: string;
  write?: string;
}

export const action = (args: DrillArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const kind = choiceOf("class", args.class, CLASSES);
    if (!/^\d{1,4}$/.test(args.within)) {
      throw new SlipwayError("OptionInvalid", {
        where: "--within",
        expected: "a number of blocks",
        found: args.within,
      });
    }
    const registry = await connectRegistry(client);
    const proposalId = await resolveProposal(client, registry, args.proposal);
    const journeys = await journeysOf(client, registry, { proposalId, file: args.proposal });
    const fork = await openAnvilFork({
      url: remoteUrl(hre, "drill run CLASS"),
      block: blockOf(args.block),
      root: hre.config.paths.root,
    });
    try {
      const onFork: Client = { ...client, provider: fork.provider, signer: undefined, log: () => undefined };
      const session = new ForkSession(fork, onFork);
      const there = await connectRegistry(onFork, registry.address);
      const report = await runDrill(session, there, { class: kind, proposalId, within: Number(args.within), journeys });
      if (args.write !== undefined) {
        mkdirSync(args.write, { recursive: true });
        writeFileSync(join(args.write, "drill.json"), `${toJson(report)}\n`);
        writeFileSync(join(args.write, "statement.md"), statementOf(report));
        writeFileSync(join(args.write, "tabletop.md"), tabletopOf(report));
      }
      const exit = report.verdict === "pass" ? Exit.pass : Exit.checkFailed;
      return { report, text: renderDrill(report), exit };
    } finally {
      await fork.close();
    }
  });

/** What users do, where the plan was named by its file. */
async function journeysOf(
  client: Client,
  registry: Registry,
  { proposalId, file }: { proposalId: string; file: string | undefined },
): Promise<Journey[]> {
  if (file === undefined || !/\.ya?ml$/.test(file)) return [];
  const loaded = readPlanFile(file, readAddressBook(client.deploymentsDir));
  const { targets } = await readPlan(client, registry, proposalId);
  const module = (await modulesOf(registry)).find(({ word }) => word === targets[0]?.module)!;
  const { contract } = loaded.plan.upgrade;
  const abis = contract === undefined ? [] : [new Interface((await client.artifacts.read(contract)).abi)];
  return readJourneys(loaded, module.account, abis);
}
