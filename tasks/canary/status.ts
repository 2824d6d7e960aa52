import { canaryStatus } from "../../src/canary/status";
import { listCanaries } from "../../src/canary/listCanaries";
import { Exit } from "../../src/errors";
import { connectRegistry } from "../../src/registry/connect";
import { renderCanaries } from "../../src/report/renderCanaries";
import { withOutput, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { canaryScope } from "../support/scopes";

withOutput(canaryScope.task("status", "Share, calls, budget and breaks of the routers that serve now"))
  .addOptionalPositionalParam("module", "Name of a module; all of them unless given")
  .setAction((args: OutputArgs & { module?: string }, hre) =>
    runTask(hre, args, async (client) => {
      const registry = await connectRegistry(client);
      const canaries =
        args.module === undefined
          ? await listCanaries(client, registry)
          : [await canaryStatus(client, registry, args.module)];
      return {
        report: { canaries },
        text: renderCanaries(canaries),
        exit: canaries.some(({ isFrozen }) => isFrozen) ? Exit.contained : Exit.pass,
      };
    }),
  );
