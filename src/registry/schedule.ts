import type { Client } from "../client";
import type { Registry } from "./connect";
import { readFacts } from "./facts";
import { perform, type Performed, type SendOptions } from "./perform";
import { readPlan } from "./readPlan";

/** Schedules every stage and rollback of an approved, attested and ready plan. */
export async function schedule(
  client: Client,
  registry: Registry,
  params: { proposalId: string } & SendOptions,
): Promise<Performed> {
  const plan = await readPlan(client, registry, params.proposalId);
  return perform(client, registry, {
    ...params,
    verb: "schedule",
    title: plan.title,
    context: { plan },
    to: registry.address,
    data: registry.iface.encodeFunctionData("schedule", [plan]),
    isDone: async () => (await readFacts(registry, params.proposalId)).scheduledAt !== 0,
  });
}
