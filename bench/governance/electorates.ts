import { takeSnapshot } from "@nomicfoundation/hardhat-network-helpers";
import { encodeBytes32String, getAddress, hexlify, id, toBeHex } from "ethers";
import { Choice } from "../../test/helpers/lifecycle";
import { gasOf, impersonate, mineBlocks, votersOf, type Voter } from "./chain";
import { tokenOf } from "./openzeppelin";
import { ballotsOf, BATCH, contractOf, newGround, proposed, storeElectorate } from "./slipway";

/** What one ballot costs in an electorate of some size, by where the seats of a batch lie. */
export interface BallotRow {
  seats: number;
  layout: "contiguous" | "random";
  ballots: number;
  /** A batch's gas over its ballots. */
  perBallot: number;
  /** What one ballot more adds to it. */
  marginal: number;
}

/** What storing an electorate costs, once for all plans until the next one. */
export interface SnapshotRow {
  seats: number;
  gas: number;
  perSeat: number;
  /** Over the ballots of so many plans. */
  plans: number;
  perBallot: number;
}

/** What listing a token's delegates costs, once for each plan, and what their votes cost then. */
export interface DelegatesRow {
  seats: number;
  gas: number;
  perSeat: number;
  /** A vote by transaction of a delegate who has a seat. */
  listedVote: number;
  /** The same of one who has none, with the proof of it. */
  unlistedVote: number;
}

const PLANS = 10;

/** Filler seats: below every voter, so that the voters sit side by side, or spread among them. */
function othersOf(count: number, layout: BallotRow["layout"]): string[] {
  return Array.from({ length: count }, (_, i) =>
    getAddress(layout === "contiguous" ? toBeHex(i + 1, 20) : hexlify(id(`other ${i}`)).slice(0, 42)),
  );
}

/** Batches of up to 100 ballots in an electorate of `seats`. */
export async function ballotRow(seats: number, layout: BallotRow["layout"]): Promise<BallotRow> {
  const ballots = Math.min(seats, BATCH);
  const ground = await newGround(await votersOf(ballots), { others: othersOf(seats - ballots, layout) });
  const { proposalId } = await proposed(ground);
  const signed = await ballotsOf(
    ground,
    proposalId,
    ground.voters.map((_voter, number) => number),
  );
  const cast = (batch: typeof signed): Promise<number> =>
    gasOf(ground.release.address, contractOf(ground), "castVotesBySig", [proposalId, Choice.For, batch]);
  const before = await takeSnapshot();
  const all = await cast(signed);
  await before.restore();
  const one = await cast(signed.slice(0, 1));
  return {
    seats,
    layout,
    ballots,
    perBallot: Math.round(all / ballots),
    marginal: Math.round((all - one) / (ballots - 1)),
  };
}

/** Storing the electorate of the next plans. */
export async function snapshotRow(seats: number): Promise<SnapshotRow> {
  const ground = await newGround(await votersOf(4));
  const gas = await storeElectorate(
    ground,
    othersOf(seats, "random").map((account) => ({ account, power: 100n })),
  );
  return {
    seats,
    gas,
    perSeat: Math.round(gas / seats),
    plans: PLANS,
    perBallot: Math.round(gas / seats / PLANS),
  };
}

/** Listing delegates of an ERC20Votes token who hold equal parts, and two votes: of one listed, of one left out. */
export async function delegatesRow(seats: number): Promise<DelegatesRow> {
  const voters = await votersOf(seats + 1);
  const ground = await newGround(voters.slice(0, 1));
  const token = await tokenOf(voters);
  const contract = contractOf(ground);
  const timelock = await impersonate(ground.deployment.timelock);
  await gasOf(timelock, contract, "setTokenElectorate", [{ token, tokenUnit: 10n ** 9n }, encodeBytes32String("vote")]);
  const { proposalId } = await proposed(ground);
  await mineBlocks(1);
  const unlisted = voters.at(-1) as Voter;
  const listed = voters.slice(0, -1).map(({ address }) => address);
  const gas = await gasOf(ground.release.address, contract, "snapshotDelegates", [proposalId, listed]);
  const listedVote = await gasOf(listed[0] as string, contract, "castVote", [proposalId, Choice.For, 0]);
  const vote = [proposalId, Choice.For, seats];
  const unlistedVote = await gasOf(unlisted.address, contract, "castUnlistedVote", vote);
  return { seats, gas, perSeat: Math.round(gas / seats), listedVote, unlistedVote };
}
