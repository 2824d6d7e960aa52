import { cancel } from "../../src/registry/cancel";
import { withSender, type SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { upgradeScope } from "../support/scopes";

withSender(upgradeScope.task("cancel", "Withdraws a proposal that is still voted on (its proposer)"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction((args: SenderArgs & { proposal: string }, hre) =>
    runVerb(hre, args, ({ client, registry, options, proposalId }) =>
      cancel(client, registry, { proposalId, ...options }),
    ),
  );
