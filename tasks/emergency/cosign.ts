import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { coSign } from "../../src/emergency/acts";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { shortId } from "../../src/registry/words";
import { runAct, type ActArgs } from "../support/councilAct";

export const action = (args: ActArgs & { proposal: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runAct(hre, args, async (client, registry) => {
    const proposalId = await resolveProposal(client, registry, args.proposal);
    return {
      kind: "coSign",
      subject: proposalId,
      command: `emergency cosign ${shortId(proposalId)}`,
      send: (params) => coSign(client, registry, { proposalId, ...params }),
    };
  });
