import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { connectRegistry } from "../../src/registry/connect";
import { keepOnce } from "../../src/registry/keep";
import { renderDecisions } from "../../src/report/renderDecisions";
import type { OutputArgs } from "../support/options";
import { pause, secondsOf, stopSignal } from "../support/repeat";
import { runTask } from "../support/runTask";

interface KeepArgs extends OutputArgs {
  once: boolean;
  every: string;
  as?: string;
  dryRun: boolean;
}

export const action = (args: KeepArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const seconds = secondsOf(args.every);
    const isStopped = stopSignal();
    for (;;) {
      const decisions = await keepOnce(client, registry, { isDryRun: args.dryRun });
      if (args.once || isStopped()) {
        return { report: { registry: registry.address, decisions }, text: renderDecisions(decisions) };
      }
      client.log(renderDecisions(decisions));
      await pause(seconds, isStopped);
    }
  });
