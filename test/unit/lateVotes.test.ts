import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Signature } from "ethers";
import { ethers } from "hardhat";
import { DAY, HOUR, registryFixture, UNIT } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { Choice, propose, State, stateOf } from "../helpers/lifecycle";
import { addModule, dialPlan } from "../helpers/plans";
import { domainOf, signBallot } from "../helpers/signatures";

const STRETCH = 6 * HOUR;

/** Quorum: 6 of 12; approval: 8 of 12. */
async function lateFixture() {
  const fixture = await registryFixture();
  const governed = await asTimelock(fixture);
  await governed.setLateExtension(STRETCH / 60);
  const module = await addModule(fixture);
  const plan = await dialPlan(fixture, module);
  const proposalId = await propose(fixture, plan);
  const { votingEndsAt } = await fixture.registry.proposalOf(proposalId);
  const { notAfter } = await fixture.registry.stateOf(proposalId);
  const cast = (from: number, to: number, choice: number = Choice.For) =>
    Promise.all(
      fixture.electors
        .slice(from, to)
        .map((elector, i) => fixture.registry.connect(elector).castVote(proposalId, choice, from + i)),
    );
  return { ...fixture, governed, module, plan, proposalId, end: Number(votingEndsAt), scheduleBy: notAfter, cast };
}

type Late = Awaited<ReturnType<typeof lateFixture>>;
const endOf = async ({ registry, proposalId }: Late) => Number((await registry.proposalOf(proposalId)).votingEndsAt);

describe("LateVotes", () => {
  it("ELE-40 late_whale: a quorum in the last stretch prolongs the vote, and the others answer", async () => {
    const fixture = await loadFixture(lateFixture);
    const { registry, electors, proposalId, end, scheduleBy, cast } = fixture;
    await cast(0, 5, Choice.Against);
    await time.setNextBlockTimestamp(end - 1);
    await expect(registry.connect(electors[5]).castVote(proposalId, Choice.For, 5))
      .to.emit(registry, "VotingExtended")
      .withArgs(proposalId, end - 1 + STRETCH);
    expect(await endOf(fixture)).to.equal(end - 1 + STRETCH);
    expect((await registry.stateOf(proposalId)).notAfter).to.equal(scheduleBy + BigInt(STRETCH - 1));
    await time.increaseTo(end + 1);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Voting);
    await registry.connect(electors[6]).castVote(proposalId, Choice.Against, 6);
  });

  it("ELE-41 so does a plan that comes to pass in the last stretch, with its quorum made long before", async () => {
    const fixture = await loadFixture(lateFixture);
    const { registry, electors, proposalId, end, cast } = fixture;
    await cast(0, 7);
    await time.setNextBlockTimestamp(end - STRETCH + 1);
    await registry.connect(electors[7]).castVote(proposalId, Choice.For, 7);
    expect(await endOf(fixture)).to.equal(end + 1);
    await time.increaseTo(end + 1);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Approved);
  });

  it("ELE-42 before the last stretch, and for votes that turn nothing, the end stays", async () => {
    const fixture = await loadFixture(lateFixture);
    const { registry, electors, proposalId, end, cast } = fixture;
    await cast(0, 5);
    await time.setNextBlockTimestamp(end - STRETCH);
    // The quorum, exactly one stretch before the end.
    await registry.connect(electors[5]).castVote(proposalId, Choice.For, 5);
    expect(await endOf(fixture)).to.equal(end);
    await time.setNextBlockTimestamp(end - 2);
    await registry.connect(electors[6]).castVote(proposalId, Choice.For, 6);
    expect(await endOf(fixture)).to.equal(end);
  });

  it("ELE-43 once a proposal: a second turn finds the end where it is", async () => {
    const fixture = await loadFixture(lateFixture);
    const { registry, electors, proposalId, end, cast } = fixture;
    await cast(0, 5);
    await time.setNextBlockTimestamp(end - 1);
    await registry.connect(electors[5]).castVote(proposalId, Choice.For, 5);
    const prolonged = end - 1 + STRETCH;
    await time.increaseTo(prolonged - 100);
    await registry.connect(electors[6]).castVote(proposalId, Choice.For, 6);
    await registry.connect(electors[7]).castVote(proposalId, Choice.For, 7);
    expect(await endOf(fixture)).to.equal(prolonged);
    await time.increaseTo(prolonged);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Approved);
  });

  it("ELE-44 by signature as by call", async () => {
    const fixture = await loadFixture(lateFixture);
    const { registry, electors, proposalId, end, cast } = fixture;
    await cast(0, 5);
    const ballot = await signBallot(await domainOf(fixture), electors[5]!, 5, proposalId, Choice.For);
    await time.setNextBlockTimestamp(end - 10);
    await registry.castVotesBySig(proposalId, Choice.For, [ballot]);
    expect(await endOf(fixture)).to.equal(end - 10 + STRETCH);
  });

  it("ELE-44 with a reason, or by a wallet's signature", async () => {
    for (const kind of ["reason", "wallet"] as const) {
      const fixture = await loadFixture(lateFixture);
      const { registry, electors, proposalId, end, cast } = fixture;
      await cast(0, 5);
      const { r, vs } = await signBallot(await domainOf(fixture), electors[5]!, 5, proposalId, Choice.For);
      const { serialized } = Signature.from({ r, yParityAndS: vs });
      await time.setNextBlockTimestamp(end - 10);
      if (kind === "reason") await registry.connect(electors[5]).castVoteWithReason(proposalId, Choice.For, 5, "late");
      else await registry.castVotesByWalletSig(proposalId, Choice.For, [{ seat: 5, signature: serialized }]);
      expect(await endOf(fixture), kind).to.equal(end - 10 + STRETCH);
    }
  });

  it("ELE-44 by delegates without a seat too", async () => {
    const fixture = await loadFixture(lateFixture);
    const { registry, electors, governed, module } = fixture;
    const token = await ethers.deployContract("BlockVotesToken");
    for (const elector of electors) {
      await token.mint(elector.address, 100n);
      await token.connect(elector).delegate(elector.address);
    }
    await mine();
    await governed.setTokenElectorate({ token, tokenUnit: 1n }, UNIT);
    const proposalId = await propose(fixture, await dialPlan(fixture, module, { nonce: 1n }));
    const end = Number((await registry.proposalOf(proposalId)).votingEndsAt);
    await registry.snapshotDelegates(
      proposalId,
      electors.slice(0, 6).map(({ address }) => address),
    );
    for (const [seat, elector] of electors.slice(0, 5).entries()) {
      await registry.connect(elector).castVote(proposalId, Choice.For, seat);
    }
    await time.setNextBlockTimestamp(end - 10);
    await registry.connect(electors[11]).castUnlistedVote(proposalId, Choice.For, 6);
    expect((await registry.proposalOf(proposalId)).votingEndsAt).to.equal(end - 10 + STRETCH);
  });

  it("ELE-45 is a snapshot: a proposal keeps what was set when it was made", async () => {
    const fixture = await loadFixture(lateFixture);
    const { registry, electors, governed, module, proposalId, end, cast } = fixture;
    await governed.setLateExtension(0);
    const later = await propose(fixture, await dialPlan(fixture, module, { nonce: 1n }));
    await cast(0, 5);
    for (const [seat, elector] of electors.slice(0, 5).entries()) {
      await registry.connect(elector).castVote(later, Choice.For, seat);
    }
    await time.setNextBlockTimestamp(end - 10);
    await registry.connect(electors[5]).castVote(proposalId, Choice.For, 5);
    expect(await endOf(fixture)).to.equal(end - 10 + STRETCH);
    const laterEnd = (await registry.proposalOf(later)).votingEndsAt;
    await registry.connect(electors[5]).castVote(later, Choice.For, 5);
    expect((await registry.proposalOf(later)).votingEndsAt).to.equal(laterEnd);
  });

  it("ELE-46 is at most a day", async () => {
    const { registry, governed } = await loadFixture(lateFixture);
    await expect(governed.setLateExtension(DAY / 60))
      .to.emit(registry, "LateExtensionSet")
      .withArgs(1_440);
    expect(await registry.lateExtension()).to.equal(1_440n);
    await expect(governed.setLateExtension(DAY / 60 + 1))
      .to.be.revertedWithCustomError(registry, "ExtensionTooLong")
      .withArgs(1_441, 1_440);
  });
});
