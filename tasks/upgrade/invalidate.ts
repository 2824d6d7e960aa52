import { invalidate } from "../../src/registry/invalidate";
import { withSender, type SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { upgradeScope } from "../support/scopes";

withSender(
  upgradeScope.task("invalidate", "Shows the registry a pin that broke, which ends the plan or stalls it (anyone)"),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction((args: SenderArgs & { proposal: string }, hre) =>
    runVerb(hre, args, ({ client, registry, options, proposalId }) =>
      invalidate(client, registry, { proposalId, ...options }),
    ),
  );
