import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { veto } from "../../src/emergency/acts";
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
      kind: "veto",
      subject: proposalId,
      command: `emergency veto ${shortId(proposalId)} --reason ${JSON.stringify(args.reason)}`,
      send: (params) => veto(client, registry, { proposalId, reason: args.reason, ...params }),
    };
  });
