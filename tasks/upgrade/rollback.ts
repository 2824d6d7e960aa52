import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { rollback } from "../../src/registry/rollback";
import type { SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";

export const action = (args: SenderArgs & { proposal: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) =>
    rollback(client, registry, { proposalId, ...options }),
  );
