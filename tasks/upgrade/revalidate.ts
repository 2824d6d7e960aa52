import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { connectRegistry } from "../../src/registry/connect";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { renderRevalidation } from "../../src/report/renderRevalidation";
import { driftError, exitOf, revalidate } from "../../src/revalidate/revalidate";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { nextAfter } from "../support/runVerb";

export const action = (args: OutputArgs & { proposal: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const proposalId = await resolveProposal(client, registry, args.proposal);
    const report = await revalidate(client, registry, proposalId);
    const drift = driftError(report);
    const text = renderRevalidation(report);
    return {
      report: { ...report, error: drift },
      text: drift === undefined ? text : `${text}\n\n${drift.toString()}`,
      exit: exitOf(report),
      next: drift === undefined ? await nextAfter(client, registry, proposalId) : drift.facts.next,
    };
  });
