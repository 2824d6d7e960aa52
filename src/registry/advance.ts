import type { Client } from "../client";
import type { Plan } from "../plan/types";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { readPlan } from "./readPlan";
import { readStatus } from "./state";

/**
 * Runs the next stage, or completes the plan. `stage` is the index that the caller means to run (the number of stages:
 * completion); once it has run, the verb is done, so a repeated run never runs the stage after it.
 */
export async function advance(
  client: Client,
  registry: Registry,
  params: { proposalId: string; stage?: number } & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  const plan = await readPlan(client, registry, proposalId);
  const stage = params.stage ?? (await readStatus(registry, proposalId)).nextStage;
  return perform(client, registry, {
    ...params,
    verb: `advance ${stage}`,
    to: registry.address,
    data: registry.iface.encodeFunctionData("advance", [plan]),
    value: valueOf(plan, stage),
    isDone: async () => {
      const now = await readStatus(registry, proposalId);
      return now.nextStage > stage || now.state === "Completed";
    },
  });
}

/** Wei that a stage's calls send on. */
function valueOf(plan: Plan, stage: number): bigint {
  return (plan.stages[stage]?.calls ?? []).reduce((sum, call) => sum + call.value, 0n);
}
