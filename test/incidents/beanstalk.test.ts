import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { ethers } from "hardhat";
import { packSeats } from "../../src/registry/seats";
import { POWER } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { exhibitFixture, exhibitPlan } from "../helpers/exhibit";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";
import { Choice, propose, State, stateOf } from "../helpers/lifecycle";

const HELD = 1_000n;
const fixture = () => exhibitFixture("Market__MockForIncident");

/*
 * Beanstalk, April 2022: votes were live balances, and two thirds of them could commit at once. A loan of one transaction
 * decided. Here power is a snapshot from before the proposal, and between a vote and its effect lie the voting period, the delay
 * and the council.
 */
describe("incident: Beanstalk's emergency commit", () => {
  it("ATK-94 flash_loan_vote: as it happened, borrowed votes decide in one transaction", async () => {
    const governor = await ethers.deployContract("LiveGovernor__MockForIncident");
    const loan = await ethers.deployContract("FlashLoan__MockForIncident");
    await loan.take(governor);
    expect(await governor.takenBy()).to.equal(await loan.getAddress());
    expect(await governor.treasury()).to.equal(0n);
  });

  it("ATK-94 flash_loan_vote: power that came after the proposal counts for nothing, and no vote takes effect in its transaction", async () => {
    const world = await loadFixture(fixture);
    const { registry, stranger, electors } = world;
    const plan = await exhibitPlan(world, [["list", []]]);
    const proposalId = await propose(world, plan);
    // Whatever somebody holds now: the next electorate has him with a thousand times all other power.
    const seats = [...electors.map(({ address }) => ({ account: address, power: POWER }))];
    seats.push({ account: stranger.address, power: 1_000_000n });
    seats.sort((a, b) => (BigInt(a.account) < BigInt(b.account) ? -1 : 1));
    await (await asTimelock(world)).setElectorate(packSeats(seats), encodeBytes32String("votes"));
    const seat = seats.findIndex(({ account }) => account === stranger.address);
    await expect(registry.connect(stranger).castVote(proposalId, Choice.For, seat)).to.be.reverted;
    for (const [index, elector] of electors.entries())
      await registry.connect(elector).castVote(proposalId, Choice.For, index);
    expect(await stateOf(world, proposalId), "all have voted, and the vote goes on").to.equal(State.Voting);
    await expect(registry.schedule(plan)).to.be.revertedWithCustomError(registry, "ProposalInState");
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "ProposalInState");
  });
});

describe("incident: borrowed votes, for an upgrade", () => {
  const exhibit = incidents();

  it("INC-85 a plan of one who may propose, for which nobody votes but accounts whose power came after it, is not approved", async () => {
    const change = async () => {
      const { world } = exhibit;
      const wallet = await world.proxied("ColdWallet", HELD);
      const address = await wallet.getAddress();
      await world.govern(wallet);
      const harm = async () => {
        await world.send(await world.at("SweeperCareful", address), world.thief, "sweepETH", world.thief);
        return HELD - (await world.ether(address));
      };
      const text = await planText("ColdWallet", "SweeperCareful");
      return { text, isUnseen: true, ship: { voters: 0, borrowers: [world.thief, world.user(1)] }, harm };
    };
    const { endedBy, lost } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["vote"]);
    await exhibit.matrix("M05", change, endedBy);
    record({
      id: "M05",
      incident: "Beanstalk",
      year: 2022,
      reported: "$181M",
      cause: "votes are live balances, and two thirds of them decide in their own transaction",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "treasury", of: HELD, asItHappened: HELD, withSlipway: lost },
    });
  });
});
