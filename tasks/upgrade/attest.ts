import { attest, ATTESTATIONS } from "../../src/registry/attest";
import { readFacts } from "../../src/registry/facts";
import { submitAttestations } from "../../src/registry/statements/submit";
import { shortId } from "../../src/registry/words";
import { choiceOf, withSigning, type SigningArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { upgradeScope } from "../support/scopes";
import { signOutcome } from "../support/sign";

interface AttestArgs extends SigningArgs {
  proposal: string;
  kind: string;
  report?: string;
}

withSigning(upgradeScope.task("attest", "A reviewer's statement about a plan"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addParam("kind", `${ATTESTATIONS.join(" (calls, code, roles), ")} (the rehearsal's report)`)
  .addOptionalParam("report", "Hash of the report attested; the plan's own evidence unless given")
  .setAction((args: AttestArgs, hre) =>
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
    }),
  );
