import type { Client } from "../client";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { seatOf } from "./seatOf";

/** Names of `Choice`, in the contract's order. */
export const CHOICES = ["against", "for", "abstain"] as const;
export type ChoiceName = (typeof CHOICES)[number];

/** Votes from the signer's own seat. */
export async function vote(
  client: Client,
  registry: Registry,
  params: { proposalId: string; choice: ChoiceName } & SendOptions,
): Promise<Performed> {
  const { proposalId, choice } = params;
  const seat = await seatOf(client, registry, { proposalId, verb: "vote" });
  return perform(client, registry, {
    ...params,
    verb: "vote",
    to: registry.address,
    data: registry.iface.encodeFunctionData("castVote", [proposalId, CHOICES.indexOf(choice), seat]),
    isDone: () => registry.contract.getFunction("hasVoted")(proposalId, seat),
  });
}
