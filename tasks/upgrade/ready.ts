import { ready } from "../../src/registry/ready";
import { submitBallots } from "../../src/registry/statements/submit";
import { shortId } from "../../src/registry/words";
import { withSigning, type SigningArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { upgradeScope } from "../support/scopes";
import { signOutcome } from "../support/sign";

withSigning(upgradeScope.task("ready", "States that an elector's own systems are ready"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction((args: SigningArgs & { proposal: string }, hre) =>
    runVerb(hre, args, ({ client, registry, options, proposalId }) => {
      const statement = { verb: "ready", proposalId } as const;
      if (args.submit !== undefined)
        return submitBallots(client, registry, { statement, files: args.submit, ...options });
      if (args.sign === undefined) return ready(client, registry, { proposalId, ...options });
      const again = `upgrade ready ${shortId(proposalId)}`;
      return signOutcome(client, registry, { statement, file: args.sign, again });
    }),
  );
