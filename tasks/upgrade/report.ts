import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { OUTCOMES, readArtifact, report } from "../../src/registry/artifact";
import { submitBallots } from "../../src/registry/statements/submit";
import { shortId } from "../../src/registry/words";
import { choiceOf, stageOf, type SigningArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { signOutcome } from "../support/sign";

export const action = (
  args: SigningArgs & { proposal: string; outcome: string; stage?: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runVerb(hre, args, async ({ client, registry, options, proposalId }) => {
    const outcome = choiceOf("outcome", args.outcome, OUTCOMES);
    const stage = stageOf(args.stage) ?? (await readArtifact(registry, proposalId)).reportedStage;
    const statement = { verb: "report", proposalId, stage, outcome } as const;
    if (args.submit !== undefined)
      return submitBallots(client, registry, { statement, files: args.submit, ...options });
    if (args.sign === undefined) return report(client, registry, { proposalId, stage, outcome, ...options });
    const again = `upgrade report ${shortId(proposalId)} --outcome ${outcome} --stage ${stage}`;
    return signOutcome(client, registry, { statement, file: args.sign, again });
  });
