import { readAddressBook } from "../../src/chain/addressBook";
import { renderDeploy } from "../../src/report/renderRegistry";
import { deploy } from "../../src/registry/deploy";
import { readRegistryFile } from "../../src/registry/registryFile";
import { withOutput, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { registryScope } from "../support/scopes";

interface DeployArgs extends OutputArgs {
  file: string;
  as?: string;
  dryRun: boolean;
}

withOutput(
  registryScope.task("deploy", "Deploys a registry with its timelock; goes on where an earlier run was killed"),
)
  .addPositionalParam("file", "The registry's configuration; see deployments/registry.example.yaml")
  .addOptionalParam("as", "Account that deploys; it has no power afterwards")
  .addFlag("dryRun", "Check the file and say what is missing; send nothing")
  .setAction((args: DeployArgs, hre) =>
    runTask(hre, args, async (client) => {
      const parameters = readRegistryFile(args.file, readAddressBook(client.deploymentsDir));
      const report = await deploy(client, parameters, { isDryRun: args.dryRun });
      const next = args.dryRun ? `npx hardhat registry deploy ${args.file}` : "npx hardhat registry module --help";
      return { report, text: renderDeploy(report), next };
    }),
  );
