import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { schedule } from "../../src/registry/schedule";
import type { SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";

export const action = (args: SenderArgs & { proposal: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) =>
    schedule(client, registry, { proposalId, ...options }),
  );
