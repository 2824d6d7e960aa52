import type { Client } from "../client";
import { openSending, readJournal } from "../journal/journal";
import type { Plan } from "../plan/types";
import type { Registry } from "./connect";
import { readFacts } from "./facts";
import { journalOf, perform, type Performed, type SendOptions } from "./perform";
import { readPlan } from "./readPlan";
import { readStatus } from "./state";

/**
 * Runs the next stage, or completes the plan. `stage` is the index that the caller means to run (the number of stages:
 * completion); once it has run, the verb is done, so a repeated run never runs the stage after it. Where an earlier run
 * was killed, that run's stage is meant.
 */
export async function advance(
  client: Client,
  registry: Registry,
  params: { proposalId: string; stage?: number } & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  const plan = await readPlan(client, registry, proposalId);
  const { proposedAtBlock } = await readFacts(registry, proposalId);
  const stage = params.stage ?? openStage(client, proposalId) ?? (await readStatus(registry, proposalId)).nextStage;
  return perform(client, registry, {
    ...params,
    verb: `advance ${stage}`,
    title: plan.title,
    context: { where: `stage ${stage}`, plan, stage, proposedAtBlock },
    to: registry.address,
    data: registry.iface.encodeFunctionData("advance", [plan]),
    value: valueOf(plan, stage),
    isDone: async () => {
      const now = await readStatus(registry, proposalId);
      return now.nextStage > stage || now.state === "Completed";
    },
  });
}

/** The stage of an earlier run whose outcome the journal does not tell. */
function openStage(client: Client, proposalId: string): number | undefined {
  const open = openSending(readJournal(journalOf(client, proposalId)).entries);
  const match = /^advance (\d+)$/.exec(open?.verb ?? "");
  return match === null ? undefined : Number(match[1]);
}

/** Wei that a stage's calls send on. */
function valueOf(plan: Plan, stage: number): bigint {
  return (plan.stages[stage]?.calls ?? []).reduce((sum, call) => sum + call.value, 0n);
}
