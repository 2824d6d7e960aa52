import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { attest, ATTESTATIONS } from "../../src/registry/attest";
import { readFacts } from "../../src/registry/facts";
import { submitAttestations } from "../../src/registry/statements/submit";
import { shortId } from "../../src/registry/words";
import { choiceOf, type SigningArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { signOutcome } from "../support/sign";

interface AttestArgs extends SigningArgs {
  proposal: string;
  kind: string;
  report?: string;
}

export const action = (args: AttestArgs, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runVerb(hre, args, async ({ client, registry, options, proposalId }) => {
    const kind = choiceOf("kind", args.kind, ATTESTATIONS);
    const reportHash = args.report ?? (await readFacts(registry, proposalId)).reportHash;
    const statement = { verb: "attest", proposalId, kind, reportHash } as const;
    if (args.submit !== undefined) {
      return submitAttestations(client, registry, { statement, files: args.submit, ...options });
    }
    if (args.sign === undefined) return attest(client, registry, { proposalId, kind, reportHash, ...options });
    const again = `upgrade attest ${shortId(proposalId)} --kind ${kind}`;
    return signOutcome(client, registry, { statement, file: args.sign, again });
  });
