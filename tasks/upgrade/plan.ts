import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readAddressBook } from "../../src/chain/addressBook";
import { SlipwayError } from "../../src/errors";
import { buildPlan } from "../../src/plan/buildPlan";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { readPlanFile } from "../../src/plan/readPlanFile";
import { connectRegistry } from "../../src/registry/connect";
import { renderPlan } from "../../src/report/renderPlan";
import { toJson } from "../../src/report/toJson";
import { withOutput, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { upgradeScope } from "../support/scopes";

interface PlanArgs extends OutputArgs {
  file: string;
  as?: string;
  deploy: boolean;
  write?: string;
}

withOutput(upgradeScope.task("plan", "Shows what a plan file would do: every call, default, time and way back"))
  .addPositionalParam("file", "Plan file (YAML)")
  .addOptionalParam("as", "Account that would propose")
  .addFlag("deploy", "Deploy the candidate and its router first, where they are not there yet")
  .addOptionalParam("write", "Write the built plan to this JSON file, for a rehearsal or for proposing it as it is")
  .setAction((args: PlanArgs, hre) =>
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
    }),
  );

function refuseToOverwrite(file: string): void {
  if (existsSync(file)) throw new SlipwayError("FileExists", { where: "--write", expected: "a new file", found: file });
}
