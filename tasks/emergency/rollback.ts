import { rollbackByCouncil } from "../../src/emergency/acts";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { shortId } from "../../src/registry/words";
import { runAct, withAct, type ActArgs } from "../support/councilAct";
import { emergencyScope } from "../support/scopes";

withAct(emergencyScope.task("rollback", "Takes a plan in progress back at once (council); needs no file"))
  .addPositionalParam("proposal", "Plan file, id, six digits of it, or slug")
  .setAction((args: ActArgs & { proposal: string }, hre) =>
    runAct(hre, args, async (client, registry) => {
      const proposalId = await resolveProposal(client, registry, args.proposal);
      return {
        kind: "rollback",
        subject: proposalId,
        command: `emergency rollback ${shortId(proposalId)}`,
        send: (params) => rollbackByCouncil(client, registry, { proposalId, ...params }),
      };
    }),
  );
