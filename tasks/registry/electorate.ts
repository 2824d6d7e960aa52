import { renderElectorate } from "../../src/report/renderRegistry";
import { connectRegistry } from "../../src/registry/connect";
import { readElectorate } from "../../src/registry/readElectorate";
import { withOutput, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { registryScope } from "../support/scopes";

withOutput(registryScope.task("electorate", "Who votes on the next proposal, with which seat and power")).setAction(
  (args: OutputArgs, hre) =>
    runTask(hre, args, async (client) => {
      const report = await readElectorate(await connectRegistry(client));
      return { report, text: renderElectorate(report) };
    }),
);
