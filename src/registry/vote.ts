import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { placeOf, seatMissing, type Place } from "./seatOf";
import { shortId } from "./words";

/** Names of `Choice`, in the contract's order. */
export const CHOICES = ["against", "for", "abstain"] as const;
export type ChoiceName = (typeof CHOICES)[number];

/** Votes from the signer's own seat; a token's delegate without one, by the votes that he held. */
export async function vote(
  client: Client,
  registry: Registry,
  params: { proposalId: string; choice: ChoiceName; reason?: string | undefined } & SendOptions,
): Promise<Performed> {
  const { proposalId, reason } = params;
  const choice = CHOICES.indexOf(params.choice);
  const place = await placeOf(client, registry, { proposalId, verb: "vote" });
  const work = { ...params, verb: "vote", to: registry.address };
  const { account, seat, next } = place;
  if (seat !== undefined) {
    return perform(client, registry, {
      ...work,
      data:
        reason === undefined
          ? registry.iface.encodeFunctionData("castVote", [proposalId, choice, seat])
          : registry.iface.encodeFunctionData("castVoteWithReason", [proposalId, choice, seat, reason]),
      isDone: () => registry.contract.getFunction("hasVoted")(proposalId, seat),
    });
  }
  requireListed(place, proposalId, "vote");
  if (reason !== undefined) throw reasonUnsigned();
  return perform(client, registry, {
    ...work,
    data: registry.iface.encodeFunctionData("castUnlistedVote", [proposalId, choice, next]),
    isDone: () => registry.contract.getFunction("hasVotedUnlisted")(proposalId, account),
  });
}

/** Only a vote that is sent from a seat has room for a reason: a ballot's signature does not cover one. */
export function reasonUnsigned(): SlipwayError {
  return new SlipwayError("OptionInvalid", {
    where: "--reason",
    expected: "a vote sent from a seat",
    found: "a signed ballot, or a delegate without a seat",
    next: "leave out --reason",
  });
}

/** Who has no seat votes only where a token's delegates do, and once they are listed. */
export function requireListed(place: Place, proposalId: string, verb: string): void {
  const { token } = place.header;
  if (token === undefined) throw seatMissing(place, verb);
  if (token.timepoint !== 0) return;
  throw new SlipwayError("SnapshotMissing", {
    where: verb,
    expected: `a list of the delegates of ${token.token}`,
    found: "none",
    next: `npx hardhat upgrade snapshot ${shortId(proposalId)}`,
  });
}
