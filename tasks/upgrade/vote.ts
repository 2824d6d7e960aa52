import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { submitBallots } from "../../src/registry/statements/submit";
import { CHOICES, reasonUnsigned, vote } from "../../src/registry/vote";
import { shortId } from "../../src/registry/words";
import { choiceOf, type SigningArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { signOutcome } from "../support/sign";

export const action = (
  args: SigningArgs & { proposal: string; choice: string; reason?: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) => {
    const choice = choiceOf("choice", args.choice, CHOICES);
    const statement = { verb: "vote", proposalId, choice } as const;
    const { reason } = args;
    if (reason !== undefined && (args.submit ?? args.sign) !== undefined) throw reasonUnsigned();
    if (args.submit !== undefined)
      return submitBallots(client, registry, { statement, files: args.submit, ...options });
    if (args.sign === undefined) return vote(client, registry, { proposalId, choice, reason, ...options });
    const again = `upgrade vote ${shortId(proposalId)} --choice ${choice}`;
    return signOutcome(client, registry, { statement, file: args.sign, again });
  });
