import { connectRegistry } from "../../src/registry/connect";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { exitOfStatus, nextCommand, statusOf } from "../../src/registry/status";
import { renderStatus } from "../../src/report/renderStatus";
import { withOutput, type OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { upgradeScope } from "../support/scopes";

withOutput(
  upgradeScope.task("status", "Where a plan stands, what comes next, who does it, what blocks it, how to stop it"),
)
  .addOptionalPositionalParam("proposal", "Plan file, id, six digits of it, or slug; the only live one unless given")
  .setAction((args: OutputArgs & { proposal?: string }, hre) =>
    runTask(hre, args, async (client) => {
      const registry = await connectRegistry(client);
      const report = await statusOf(client, registry, await resolveProposal(client, registry, args.proposal));
      return { report, text: renderStatus(report), exit: exitOfStatus(report), next: nextCommand(report) };
    }),
  );
