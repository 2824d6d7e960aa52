import { rollback } from "../../src/registry/rollback";
import { withSender, type SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { upgradeScope } from "../support/scopes";

withSender(
  upgradeScope.task("rollback", "Takes a stalled plan back (anyone); the council's own way is emergency rollback"),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction((args: SenderArgs & { proposal: string }, hre) =>
    runVerb(hre, args, ({ client, registry, options, proposalId }) =>
      rollback(client, registry, { proposalId, ...options }),
    ),
  );
