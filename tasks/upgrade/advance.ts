import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";
import { advance } from "../../src/registry/advance";
import type { SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";

export const action = (
  args: SenderArgs & { proposal: string; stage?: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) => {
    const stage = args.stage === undefined ? undefined : stageOf(args.stage);
    return advance(client, registry, { proposalId, stage, ...options });
  });

function stageOf(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new SlipwayError("OptionInvalid", { where: "--stage", expected: "the index of a stage", found: text });
}
