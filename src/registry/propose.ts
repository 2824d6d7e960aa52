import type { Client } from "../client";
import { hashPlan } from "../plan/eip712";
import type { Plan } from "../plan/types";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { readStatus } from "./state";

/** Puts a plan to the electorate. The signer must be the plan's proposer. */
export function propose(client: Client, registry: Registry, plan: Plan, options: SendOptions = {}): Promise<Performed> {
  const proposalId = hashPlan(plan, registry.domain);
  return perform(client, registry, {
    ...options,
    verb: "propose",
    proposalId,
    title: plan.title,
    to: registry.address,
    data: registry.iface.encodeFunctionData("propose", [plan]),
    isDone: async () => (await readStatus(registry, proposalId)).state !== "Unknown",
  });
}
