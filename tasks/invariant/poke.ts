import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { checkInvariants } from "../../src/invariants/checkInvariants";
import { duePoke } from "../../src/registry/duePoke";
import { readPlan } from "../../src/registry/readPlan";
import { readStatus } from "../../src/registry/state";
import { renderInvariantChecks } from "../../src/report/renderInvariants";
import type { SenderArgs } from "../support/options";
import { runVerb } from "../support/runVerb";

export const action = (args: SenderArgs & { proposal?: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runVerb(hre, args, async ({ client, registry, options, proposalId }) => {
    const plan = await readPlan(client, registry, proposalId);
    const status = await readStatus(registry, proposalId);
    const due = await duePoke(client, registry, { proposalId, plan, status });
    if (due !== undefined) return due.run({ isDryRun: options.isDryRun === true });
    const ids = plan.stages[Math.max(0, status.nextStage - 1)]?.invariants ?? [];
    const rows = await checkInvariants(registry, ids, proposalId);
    return {
      report: { proposalId, state: status.state, isDue: false, invariants: rows },
      text: `nothing to poke now: the plan is ${status.state}, and a break counts once it is seen in two blocks\n${renderInvariantChecks(rows)}`,
    };
  });
