import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import { renderDeploy } from "../../src/report/renderRegistry";
import { deploy } from "../../src/registry/deploy";
import { readRegistryFile } from "../../src/registry/registryFile";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

interface DeployArgs extends OutputArgs {
  file: string;
  as?: string;
  dryRun: boolean;
}

export const action = (args: DeployArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const parameters = readRegistryFile(args.file, readAddressBook(client.deploymentsDir));
    const report = await deploy(client, parameters, { isDryRun: args.dryRun });
    const next = args.dryRun ? `npx hardhat registry deploy ${args.file}` : "npx hardhat registry module --help";
    return { report, text: renderDeploy(report), next };
  });
