import type { Client } from "../client";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { readPlan } from "./readPlan";
import { readStatus } from "./state";

/** Takes a stalled plan back. */
export async function rollback(
  client: Client,
  registry: Registry,
  params: { proposalId: string } & SendOptions,
): Promise<Performed> {
  const plan = await readPlan(client, registry, params.proposalId);
  return perform(client, registry, {
    ...params,
    verb: "rollback",
    title: plan.title,
    to: registry.address,
    data: registry.iface.encodeFunctionData("rollback", [plan]),
    isDone: async () => (await readStatus(registry, params.proposalId)).state === "RolledBack",
  });
}
