import { renderRoles } from "../../src/report/renderRegistry";
import { connectRegistry } from "../../src/registry/connect";
import { readRoles } from "../../src/registry/roles";
import { withOutput, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { registryScope } from "../support/scopes";

withOutput(registryScope.task("roles", "Who holds which role, the council, and the timelock")).setAction(
  (args: OutputArgs, hre) =>
    runTask(hre, args, async (client) => {
      const report = await readRoles(client, await connectRegistry(client));
      return { report, text: renderRoles(report) };
    }),
);
