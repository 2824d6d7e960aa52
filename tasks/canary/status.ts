import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { listCanaries, reportCanary } from "../../src/canary/listCanaries";
import { Exit } from "../../src/errors";
import { connectRegistry } from "../../src/registry/connect";
import { renderCanaries } from "../../src/report/renderCanaries";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

export const action = (args: OutputArgs & { module?: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const canaries =
      args.module === undefined
        ? await listCanaries(client, registry)
        : [await reportCanary(client, registry, args.module)];
    return {
      report: { canaries },
      text: renderCanaries(canaries),
      exit: canaries.some(({ isFrozen }) => isFrozen) ? Exit.contained : Exit.pass,
    };
  });
