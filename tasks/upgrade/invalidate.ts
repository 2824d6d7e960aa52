import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { invalidate } from "../../src/registry/invalidate";
import type { SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";

export const action = (args: SenderArgs & { proposal: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) =>
    invalidate(client, registry, { proposalId, ...options }),
  );
