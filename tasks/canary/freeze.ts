import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { freeze } from "../../src/canary/freeze";
import { connectRegistry } from "../../src/registry/connect";
import { sendOptions, type SenderArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { outcomeOf } from "../support/runVerb";

export const action = (args: SenderArgs & { module: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const performed = await freeze(client, registry, { module: args.module, ...sendOptions(args) });
    return outcomeOf(performed, `npx hardhat canary status ${args.module}`);
  });
