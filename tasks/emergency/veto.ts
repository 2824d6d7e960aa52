import { veto } from "../../src/emergency/acts";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { shortId } from "../../src/registry/words";
import { runAct, withAct, type ActArgs } from "../support/councilAct";
import { emergencyScope } from "../support/scopes";

withAct(
  emergencyScope.task(
    "veto",
    "Ends a plan that has not begun; stalls one that has, so that anyone may roll it back (council)",
  ),
)
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .addParam("reason", "Kept on chain")
  .setAction((args: ActArgs & { proposal: string; reason: string }, hre) =>
    runAct(hre, args, async (client, registry) => {
      const proposalId = await resolveProposal(client, registry, args.proposal);
      return {
        kind: "veto",
        subject: proposalId,
        command: `emergency veto ${shortId(proposalId)} --reason ${JSON.stringify(args.reason)}`,
        send: (params) => veto(client, registry, { proposalId, reason: args.reason, ...params }),
      };
    }),
  );
