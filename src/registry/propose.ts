import { id } from "ethers";
import type { Client } from "../client";
import { hashPlan } from "../plan/eip712";
import type { Plan } from "../plan/types";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { seatIn } from "./seatOf";
import { readStatus } from "./state";

/**
 * Puts a plan to the electorate. The signer must be the plan's proposer: by the release role, or, where electors may propose,
 * by his power in the present electorate.
 */
export async function propose(
  client: Client,
  registry: Registry,
  plan: Plan,
  options: SendOptions = {},
): Promise<Performed> {
  const proposalId = hashPlan(plan, registry.domain);
  return perform(client, registry, {
    ...options,
    verb: "propose",
    proposalId,
    title: plan.title,
    to: registry.address,
    data: registry.iface.encodeFunctionData(...(await proposalCall(registry, plan))),
    isDone: async () => (await readStatus(registry, proposalId)).state !== "Unknown",
  });
}

/** Who has neither the role nor a part in the electorate is told so by `propose`. */
export async function proposalCall(registry: Registry, plan: Plan): Promise<[name: string, args: unknown[]]> {
  const ask = (name: string, ...args: unknown[]) => registry.contract.getFunction(name).staticCall(...args);
  const [isReleaser, { numerator }] = await Promise.all([
    ask("hasRole", id("RELEASE"), plan.proposer) as Promise<boolean>,
    ask("proposalThreshold") as Promise<{ numerator: bigint }>,
  ]);
  if (isReleaser || numerator === 0n) return ["propose", [plan]];
  const [pointer] = (await ask("electorate")) as [string];
  const { seat, header } = await seatIn(registry, pointer, plan.proposer);
  // A token's votes are read by account, whatever the seat.
  if (header.token !== undefined) return ["proposeAsElector", [plan, 0]];
  return seat === undefined ? ["propose", [plan]] : ["proposeAsElector", [plan, seat]];
}
