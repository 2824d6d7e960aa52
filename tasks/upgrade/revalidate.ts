import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { Exit } from "../../src/errors";
import { connectRegistry } from "../../src/registry/connect";
import { resolveProposal } from "../../src/registry/resolveProposal";
import { renderQuick } from "../../src/report/renderQuick";
import { renderRevalidation } from "../../src/report/renderRevalidation";
import { driftError, exitOf, revalidate } from "../../src/revalidate/revalidate";
import { quickOfProposal } from "../../src/simulate/quick";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";
import { nextAfter } from "../support/runVerb";

export const action = (
  args: OutputArgs & { proposal: string; quick?: boolean },
  hre: HardhatRuntimeEnvironment,
): Promise<void> =>
  runTask(hre, args, async (client) => {
    const registry = await connectRegistry(client);
    const proposalId = await resolveProposal(client, registry, args.proposal);
    const report = await revalidate(client, registry, proposalId);
    const drift = driftError(report);
    const look = args.quick === true ? await quickOfProposal(client, registry, proposalId) : undefined;
    const lines = [renderRevalidation(report), ...(look === undefined ? [] : [renderQuick(look)])];
    const exit = exitOf(report);
    return {
      report: { ...report, error: drift, ...(look === undefined ? {} : { quick: look }) },
      text: [...lines, ...(drift === undefined ? [] : [drift.toString()])].join("\n\n"),
      // What moved since the vote says more than what a first look finds.
      exit: exit !== Exit.drift && look?.verdict === "fail" ? Exit.checkFailed : exit,
      next: drift === undefined ? await nextAfter(client, registry, proposalId) : drift.facts.next,
    };
  });
