import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { rollbackByCouncil } from "../../src/emergency/acts";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { shortId } from "../../src/registry/words";
import { runAct, type ActArgs } from "../support/councilAct";

export const action = (
  args: ActArgs & { proposal: string; reason: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runAct(hre, args, async (client, registry) => {
    const proposalId = await resolveProposal(client, registry, args.proposal);
    return {
      kind: "rollback",
      subject: proposalId,
      command: `emergency rollback ${shortId(proposalId)} --reason ${JSON.stringify(args.reason)}`,
      send: (params) => rollbackByCouncil(client, registry, { proposalId, reason: args.reason, ...params }),
    };
  });
