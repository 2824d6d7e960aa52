import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { overrideSuccess } from "../../src/registry/artifact";
import { submitBallots } from "../../src/registry/statements/submit";
import { shortId } from "../../src/registry/words";
import type { SigningArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { signOutcome } from "../support/sign";

export const action = (args: SigningArgs & { proposal: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runVerb(hre, args, ({ client, registry, options, proposalId }) => {
    const statement = { verb: "override", proposalId } as const;
    if (args.submit !== undefined)
      return submitBallots(client, registry, { statement, files: args.submit, ...options });
    if (args.sign === undefined) return overrideSuccess(client, registry, { proposalId, ...options });
    const again = `upgrade override ${shortId(proposalId)}`;
    return signOutcome(client, registry, { statement, file: args.sign, again });
  });
