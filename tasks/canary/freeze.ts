import { freeze } from "../../src/canary/freeze";
import { connectRegistry } from "../../src/registry/connect";
import { sendOptions, withSender, type SenderArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { outcomeOf } from "../support/runVerb";
import { canaryScope } from "../support/scopes";

withSender(canaryScope.task("freeze", "Sends all of a module's traffic to stable, for the rest of the plan"))
  .addPositionalParam("module", "Name of the module")
  .setAction((args: SenderArgs & { module: string }, hre) =>
    runTask(hre, args, async (client) => {
      const registry = await connectRegistry(client);
      const performed = await freeze(client, registry, { module: args.module, ...sendOptions(args) });
      return outcomeOf(performed, `npx hardhat canary status ${args.module}`);
    }),
  );
