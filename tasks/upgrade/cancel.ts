import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { cancel } from "../../src/registry/cancel";
import type { SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";

export const action = (args: SenderArgs & { proposal: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) =>
    cancel(client, registry, { proposalId, ...options }),
  );
