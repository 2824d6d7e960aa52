import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import { SlipwayError } from "../../src/errors";
import { buildPlan } from "../../src/plan/buildPlan";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { readPlanFile } from "../../src/plan/readPlanFile";
import { connectRegistry } from "../../src/registry/connect";
import { renderPlan } from "../../src/report/renderPlan";
import { toJson } from "../../src/report/toJson";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface PlanArgs extends OutputArgs {
  file: string;
  as?: string;
  deploy: boolean;
  write?: string;
}

export const action = (args: PlanArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const loaded = readPlanFile(args.file, readAddressBook(client.deploymentsDir));
    const { root } = hre.config.paths;
    const options = { root, invariantsDir: join(root, "invariants") };
    const build = args.deploy ? prepareDeployments : buildPlan;
    const { plan, proposalId, explain } = await build(client, registry, loaded, options);
    if (args.write !== undefined) {
      refuseToOverwrite(args.write);
      const source = { file: args.file, textHash: loaded.textHash };
      writeFileSync(args.write, `${toJson({ proposalId, source, plan })}\n`);
      client.log(`written to ${args.write}`);
    }
    const next = explain.isFinal
      ? `npx hardhat upgrade simulate ${args.file}`
      : `npx hardhat upgrade plan ${args.file} --deploy`;
    return { report: { ...explain, plan }, text: renderPlan(explain), next };
  });

function refuseToOverwrite(file: string): void {
  if (existsSync(file)) throw new SlipwayError("FileExists", { where: "--write", expected: "a new file", found: file });
}
