import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { contain } from "../../src/emergency/contain";
import type { SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";

export const action = (
  args: SenderArgs & { proposal: string; containment: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) =>
    contain(client, registry, { proposalId, containment: args.containment, ...options }),
  );
