import { schedule } from "../../src/registry/schedule";
import { withSender, type SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { upgradeScope } from "../support/scopes";

withSender(
  upgradeScope.task("schedule", "Schedules every stage and rollback of an approved, attested and ready plan (anyone)"),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction((args: SenderArgs & { proposal: string }, hre) =>
    runVerb(hre, args, ({ client, registry, options, proposalId }) =>
      schedule(client, registry, { proposalId, ...options }),
    ),
  );
