import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { snapshot } from "../../src/registry/snapshot";
import { accountsOf, type SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";

export const action = (
  args: SenderArgs & { proposal: string; delegates?: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) =>
    snapshot(client, registry, { proposalId, delegates: accountsOf(args.delegates), ...options }),
  );
