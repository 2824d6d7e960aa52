import { connectRegistry } from "../../src/registry/connect";
import { listWithStatus } from "../../src/registry/listProposals";
import { renderList } from "../../src/report/renderList";
import { withOutput, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { upgradeScope } from "../support/scopes";

withOutput(upgradeScope.task("list", "Every proposal of this registry, with where it stands"))
  .addFlag("live", "Leave out what has ended")
  .setAction((args: OutputArgs & { live: boolean }, hre) =>
    runTask(hre, args, async (client) => {
      const registry = await connectRegistry(client);
      const proposals = await listWithStatus(client, registry, { isLive: args.live });
      const last = proposals.at(-1);
      return {
        report: { registry: registry.address, proposals },
        text: renderList(proposals),
        next: last === undefined ? undefined : `npx hardhat upgrade status ${last.proposalId.slice(2, 8)}`,
      };
    }),
  );
