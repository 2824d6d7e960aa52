import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { advertise, nodeVersionOf } from "../../src/registry/artifact";
import { submitBallots } from "../../src/registry/statements/submit";
import { shortId } from "../../src/registry/words";
import type { SigningArgs } from "../support/options";
import { runVerb } from "../support/runVerb";
import { signOutcome } from "../support/sign";

export const action = (
  args: SigningArgs & { proposal: string; node?: string; protocol?: string },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runVerb(hre, args, async ({ client, registry, options, proposalId }) => {
    const stated = { proposalId, version: args.node, protocolVersion: args.protocol };
    const node = await nodeVersionOf(client, registry, stated);
    const statement = { verb: "advertise", proposalId, ...node } as const;
    if (args.submit !== undefined)
      return submitBallots(client, registry, { statement, files: args.submit, ...options });
    if (args.sign === undefined) return advertise(client, registry, { proposalId, ...node, ...options });
    const again = `upgrade advertise ${shortId(proposalId)} --node ${node.version} --protocol ${node.protocolVersion}`;
    return signOutcome(client, registry, { statement, file: args.sign, again });
  });
