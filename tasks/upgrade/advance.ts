import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { advance } from "../../src/registry/advance";
import { stageOf, type SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";

export const action = (
  args: SenderArgs & { proposal: string; stage?: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) =>
    advance(client, registry, { proposalId, stage: stageOf(args.stage), ...options }),
  );
