import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id } from "ethers";
import { PlanClass } from "../../src/plan/types";
import { DAY, registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { attest, Choice, propose, ready, State, stateOf, toApproved, toNextStep, vote } from "../helpers/lifecycle";
import { addModule, dialPlan } from "../helpers/plans";

async function base() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  return { ...fixture, module, plan: await dialPlan(fixture, module) };
}

describe("attacks on votes and proposers", () => {
  // CVE-2022-31198: a proposal was judged by the quorum of the day on which somebody looked at it.
  it("ATK-70 quorum_lowered_revives: thresholds that are lowered later do not bring a defeated plan back", async () => {
    const fixture = await loadFixture(base);
    const { registry, plan, parameters } = fixture;
    const proposalId = await propose(fixture, plan);
    await vote(fixture, proposalId, 7);
    await attest(fixture, proposalId);
    await ready(fixture, proposalId, 12);
    await time.increase(3 * DAY);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Defeated);
    const low = { ...parameters.policies.standard, minVoters: 1, approval: { numerator: 51, denominator: 100 } };
    await (await asTimelock(fixture)).setClassPolicy(PlanClass.Standard, low);
    await (
      await asTimelock(fixture)
    ).setElectorate(
      [`0x${fixture.electors[0]!.address.slice(2)}${"01".padStart(24, "0")}`],
      encodeBytes32String("votes"),
    );
    expect(await stateOf(fixture, proposalId)).to.equal(State.Defeated);
    await expect(registry.schedule(plan))
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(proposalId, State.Defeated, State.Approved);
  });

  // CVE-2023-34234: whoever proposed the same actions first was the proposer, and cancelled.
  it("ATK-71 frontrun_propose_cancel: a proposer is part of the plan, so nobody proposes another's plan to cancel it", async () => {
    const fixture = await loadFixture(base);
    const { registry, plan, release, others } = fixture;
    const thief = others[0]!;
    await (await asTimelock(fixture)).grantRole(id("RELEASE"), thief.address);
    await expect(registry.connect(thief).propose(plan))
      .to.be.revertedWithCustomError(registry, "NotProposer")
      .withArgs(`0x${"00".repeat(32)}`, thief.address, release.address);
    const copy = { ...plan, proposer: thief.address };
    await registry.connect(thief).propose(copy);
    const copyId = await registry.proposalIdOf(copy);
    const proposalId = await propose(fixture, plan);
    expect(copyId).to.not.equal(proposalId);
    await registry.connect(thief).cancel(copyId);
    await expect(registry.connect(thief).cancel(proposalId))
      .to.be.revertedWithCustomError(registry, "NotProposer")
      .withArgs(proposalId, thief.address, release.address);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Voting);
  });

  it("ATK-72 proposer_self_cancel: once agreed, a plan is no longer its proposer's to withdraw", async () => {
    const fixture = await loadFixture(base);
    const { registry, plan, release } = fixture;
    const proposalId = await toApproved(fixture, plan);
    const cancel = () => registry.connect(release).cancel(proposalId);
    await expect(cancel())
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(proposalId, State.Approved, State.Voting);
    await registry.schedule(plan);
    await expect(cancel()).to.be.revertedWithCustomError(registry, "ProposalInState");
    await toNextStep(fixture, proposalId);
    await registry.advance(plan);
    await expect(cancel()).to.be.revertedWithCustomError(registry, "ProposalInState");
  });

  it("ATK-73 just_over_threshold_takeover: power without voters is not enough, and what passed waits where it can be vetoed", async () => {
    const fixture = await loadFixture(base);
    const { registry, release, council, electors, module } = fixture;
    // Two accounts hold 98% of all power.
    const powers = electors.map((_, seat) => (seat < 2 ? 4_900n : 20n));
    const seats = electors.map(
      ({ address }, seat) => `0x${address.slice(2)}${powers[seat]!.toString(16).padStart(24, "0")}`,
    );
    const self = await asTimelock(fixture);
    await self.setMaxPower(PlanClass.Standard, { numerator: 1, denominator: 1 });
    await self.setElectorate(seats, encodeBytes32String("votes"));
    const takeover = await dialPlan(fixture, module, { nonce: 1n });
    await registry.connect(release).propose(takeover);
    const takeoverId = await registry.proposalIdOf(takeover);
    for (const seat of [0, 1]) await registry.connect(electors[seat]).castVote(takeoverId, Choice.For, seat);
    const snapshot = await time.latest();
    await time.increaseTo(snapshot + 3 * DAY);
    expect(await stateOf(fixture, takeoverId), "98% for it, of two voters").to.equal(State.Defeated);

    // With a third voter it passes; its delay is the council's time.
    const bought = await dialPlan(fixture, module, { nonce: 2n });
    await registry.connect(release).propose(bought);
    const boughtId = await registry.proposalIdOf(bought);
    for (const seat of [0, 1, 2]) await registry.connect(electors[seat]).castVote(boughtId, Choice.For, seat);
    await attest(fixture, boughtId);
    await ready(fixture, boughtId, 12);
    await time.increase(3 * DAY);
    await registry.schedule(bought);
    const { notBefore } = await registry.stateOf(boughtId);
    expect(notBefore - BigInt(await time.latest())).to.equal(BigInt(DAY));
    for (const member of council.slice(0, 3)) await registry.connect(member).veto(boughtId, "takeover", 0, []);
    await time.increaseTo(notBefore);
    await expect(registry.advance(bought))
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(boughtId, State.Cancelled, State.Scheduled);
  });
});
