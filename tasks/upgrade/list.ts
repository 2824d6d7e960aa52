import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { connectRegistry } from "../../src/registry/connect";
import { listWithStatus } from "../../src/registry/listProposals";
import { renderList } from "../../src/report/renderList";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

export const action = (args: OutputArgs & { live: boolean }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const proposals = await listWithStatus(client, registry, { isLive: args.live });
    const last = proposals.at(-1);
    return {
      report: { registry: registry.address, proposals },
      text: renderList(proposals),
      next: last === undefined ? undefined : `npx hardhat upgrade status ${last.proposalId.slice(2, 8)}`,
    };
  });
