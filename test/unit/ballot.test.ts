import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { packSeats } from "../../src/registry/seats";
import { PlanClass } from "../../src/plan/types";
import { DAY, POWER, registryFixture, UNIT } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { Choice, propose, State, stateOf, vote } from "../helpers/lifecycle";
import { addModule, dialPlan } from "../helpers/plans";
import { domainOf, signBallot } from "../helpers/signatures";

async function votingFixture() {
  const fixture = await registryFixture();
  const plan = await dialPlan(fixture, await addModule(fixture));
  const proposalId = await propose(fixture, plan);
  return { ...fixture, plan, proposalId, domain: await domainOf(fixture) };
}

describe("BallotFacet", () => {
  describe("castVote", () => {
    it("GOV-05 counts a seat's power for the choice it made", async () => {
      const { registry, electors, proposalId } = await loadFixture(votingFixture);
      for (const [seat, choice] of [Choice.For, Choice.Against, Choice.Abstain, Choice.For].entries()) {
        await expect(registry.connect(electors[seat]).castVote(proposalId, choice, seat))
          .to.emit(registry, "VoteCast")
          .withArgs(proposalId, electors[seat]?.address, seat, choice, POWER);
      }
      const facts = await registry.proposalOf(proposalId);
      expect([facts.forPower, facts.againstPower, facts.abstainPower, facts.voters]).to.deep.equal([
        2n * POWER,
        POWER,
        POWER,
        4n,
      ]);
      expect(await registry.hasVoted(proposalId, 3)).to.equal(true);
      expect(await registry.hasVoted(proposalId, 4)).to.equal(false);
    });

    it("GOV-06 lets a seat vote once, whatever its choice", async () => {
      const { registry, electors, proposalId } = await loadFixture(votingFixture);
      await registry.connect(electors[2]).castVote(proposalId, Choice.For, 2);
      await expect(registry.connect(electors[2]).castVote(proposalId, Choice.Against, 2))
        .to.be.revertedWithCustomError(registry, "AlreadyVoted")
        .withArgs(proposalId, 2);
    });

    it("GOV-07 counts only who sits there", async () => {
      const { registry, electors, stranger, proposalId } = await loadFixture(votingFixture);
      await expect(registry.connect(stranger).castVote(proposalId, Choice.For, 0))
        .to.be.revertedWithCustomError(registry, "SeatMismatch")
        .withArgs(0, electors[0]?.address, stranger.address);
      await expect(registry.connect(electors[1]).castVote(proposalId, Choice.For, 0))
        .to.be.revertedWithCustomError(registry, "SeatMismatch")
        .withArgs(0, electors[0]?.address, electors[1]?.address);
      await expect(registry.connect(electors[0]).castVote(proposalId, Choice.For, 12))
        .to.be.revertedWithCustomError(registry, "SeatUnknown")
        .withArgs(12, 12);
    });

    it("GOV-08 takes votes until the voting period ends, and none after", async () => {
      const { registry, electors, proposalId } = await loadFixture(votingFixture);
      const { votingEndsAt } = await registry.proposalOf(proposalId);
      await time.setNextBlockTimestamp(votingEndsAt - 1n);
      await registry.connect(electors[0]).castVote(proposalId, Choice.For, 0);
      await time.setNextBlockTimestamp(votingEndsAt);
      await expect(registry.connect(electors[1]).castVote(proposalId, Choice.For, 1))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Defeated, State.Voting);
    });

    it("GOV-09 refuses a proposal that does not exist", async () => {
      const { registry, electors } = await loadFixture(votingFixture);
      const unknown = id("unknown");
      for (const call of [
        () => registry.connect(electors[0]).castVote(unknown, Choice.For, 0),
        () => registry.castVotesBySig(unknown, Choice.For, []),
        () => registry.hasVoted(unknown, 0),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(registry, "ProposalUnknown").withArgs(unknown);
      }
    });

    it("GOV-10 counts a clipped seat with the cap", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors } = fixture;
      const timelock = await asTimelock(fixture);
      const [whale, ...small] = electors.slice(0, 4).map(({ address }) => address);
      await timelock.setElectorate(
        packSeats([
          { account: whale ?? ZeroAddress, power: 970n },
          ...small.map((account) => ({ account, power: 10n })),
        ]),
        UNIT,
      );
      const proposalId = await propose(fixture, await dialPlan(fixture, await addModule(fixture)));
      await registry.connect(electors[0]).castVote(proposalId, Choice.For, 0);
      expect((await registry.proposalOf(proposalId)).forPower).to.equal(250n);
    });
  });

  describe("approval", () => {
    for (const { name, votes, state } of [
      { name: "8 of 12 meet two thirds", votes: { for: 8, against: 4 }, state: State.Approved },
      { name: "7 of 12 do not, though nobody is against", votes: { for: 7, against: 0 }, state: State.Defeated },
      { name: "nobody votes", votes: { for: 0, against: 0 }, state: State.Defeated },
    ]) {
      it(`GOV-11 ${name}`, async () => {
        const fixture = await loadFixture(votingFixture);
        await vote(fixture, fixture.proposalId, votes.for);
        const { registry, electors, proposalId } = fixture;
        for (let seat = votes.for; seat < votes.for + votes.against; ++seat) {
          await registry.connect(electors[seat]).castVote(proposalId, Choice.Against, seat);
        }
        await time.increase(3 * DAY);
        expect(await stateOf(fixture, proposalId)).to.equal(state);
      });
    }

    it("GOV-12 needs minVoters seats, however much power two of them hold", async () => {
      const fixture = await loadFixture(registryFixture);
      const { electors } = fixture;
      const timelock = await asTimelock(fixture);
      await timelock.setMaxPower(PlanClass.Standard, { numerator: 1, denominator: 2 });
      await timelock.setElectorate(
        packSeats(electors.slice(0, 4).map(({ address }, i) => ({ account: address, power: i < 2 ? 500n : 1n }))),
        UNIT,
      );
      const proposalId = await propose(fixture, await dialPlan(fixture, await addModule(fixture)));
      await vote(fixture, proposalId, 2);
      await time.increase(3 * DAY);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Defeated);
    });

    it("GOV-13 needs the quorum too", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      await timelock.setClassPolicy(0, {
        ...fixture.parameters.policies.standard,
        quorum: { numerator: 11, denominator: 12 },
      });
      const module = await addModule(fixture);
      const short = await propose(fixture, await dialPlan(fixture, module));
      const full = await propose(fixture, await dialPlan(fixture, module, { nonce: 1n }));
      await vote(fixture, short, 10);
      await vote(fixture, full, 10);
      await fixture.registry.connect(fixture.electors[10]).castVote(full, Choice.Abstain, 10);
      await time.increase(3 * DAY);
      expect(await stateOf(fixture, short)).to.equal(State.Defeated);
      expect(await stateOf(fixture, full)).to.equal(State.Approved);
    });
  });

  describe("castVotesBySig", () => {
    it("GOV-14 counts a batch of signatures that anyone submits", async () => {
      const { registry, electors, proposalId, domain } = await loadFixture(votingFixture);
      const ballots = await Promise.all(
        electors.map((elector, seat) => signBallot(domain, elector, seat, proposalId, Choice.For)),
      );
      expect(await registry.castVotesBySig.staticCall(proposalId, Choice.For, ballots)).to.equal(12n);
      await registry.castVotesBySig(proposalId, Choice.For, ballots);
      const facts = await registry.proposalOf(proposalId);
      expect([facts.forPower, facts.voters]).to.deep.equal([12n * POWER, 12n]);
    });

    it("GOV-15 skips and reports a bad ballot, and counts the others", async () => {
      const { registry, electors, stranger, proposalId, domain } = await loadFixture(votingFixture);
      const sign = (seat: number, choice: number = Choice.For, target = proposalId) =>
        signBallot(domain, electors[seat] ?? stranger, seat, target, choice);
      const foreign = { ...domain, chainId: 1n };
      const good = await sign(0);
      const bad = [
        // For the other choice, another proposal, another chain; by a stranger; from no seat; and garbage.
        await sign(1, Choice.Against),
        await sign(2, Choice.For, id("another")),
        await signBallot(foreign, electors[3] ?? stranger, 3, proposalId, Choice.For),
        await signBallot(domain, stranger, 4, proposalId, Choice.For),
        await signBallot(domain, stranger, 99, proposalId, Choice.For),
        { seat: 5, r: id("r"), vs: id("vs") },
        // The same seat twice.
        good,
      ];
      const transaction = registry.castVotesBySig(proposalId, Choice.For, [good, ...bad, await sign(6)]);
      for (const { seat } of bad.slice(0, 6)) {
        await expect(transaction)
          .to.emit(registry, "BallotSkipped")
          .withArgs(proposalId, seat, (signer: string) => signer !== electors[seat]?.address);
      }
      await expect(transaction).to.emit(registry, "BallotSkipped").withArgs(proposalId, 0, electors[0]?.address);
      const facts = await registry.proposalOf(proposalId);
      expect([facts.forPower, facts.voters]).to.deep.equal([2n * POWER, 2n]);
    });

    it("GOV-16 does not count a signature again, neither after a call nor in another batch", async () => {
      const { registry, electors, stranger, proposalId, domain } = await loadFixture(votingFixture);
      const ballots = await Promise.all(
        [0, 1].map((seat) => signBallot(domain, electors[seat] ?? stranger, seat, proposalId, Choice.For)),
      );
      await registry.connect(electors[0]).castVote(proposalId, Choice.Against, 0);
      await registry.castVotesBySig(proposalId, Choice.For, ballots);
      expect(await registry.castVotesBySig.staticCall(proposalId, Choice.For, ballots)).to.equal(0n);
      await registry.castVotesBySig(proposalId, Choice.For, ballots);
      const facts = await registry.proposalOf(proposalId);
      expect([facts.forPower, facts.againstPower, facts.voters]).to.deep.equal([POWER, POWER, 2n]);
    });

    it("GOV-08 takes none after the voting period", async () => {
      const { registry, proposalId } = await loadFixture(votingFixture);
      await time.increase(3 * DAY);
      await expect(registry.castVotesBySig(proposalId, Choice.For, []))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Defeated, State.Voting);
    });
  });
});
