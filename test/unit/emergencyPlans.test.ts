import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { id, MaxUint256 } from "ethers";
import { PlanClass } from "../../src/plan/types";
import { DAY, HOUR, registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import {
  attest,
  AttestationKind,
  Choice,
  propose,
  ready,
  State,
  stateOf,
  toNextStep,
  vote,
} from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage, REPORT } from "../helpers/plans";
import { domainOf, signApproval, signAttestation, signBallot, signReady } from "../helpers/signatures";

const CO_SIGN = id("coSign");

/** A registry with an Emergency row: 4/5 of all power, a vote of an hour, and an hour of delay. */
async function urgentFixture() {
  const fixture = await registryFixture();
  const { standard } = fixture.parameters.policies;
  await (
    await asTimelock(fixture)
  ).setClassPolicy(PlanClass.Emergency, {
    ...standard,
    approval: { numerator: 4, denominator: 5 },
    votingPeriod: HOUR,
    delay: HOUR,
  });
  const module = await addModule(fixture);
  const plan = await dialPlan(fixture, module, { planClass: PlanClass.Emergency });
  return { ...fixture, module, plan, domain: await domainOf(fixture) };
}

type Fixture = Awaited<ReturnType<typeof urgentFixture>>;

async function toUrgent(fixture: Fixture, votes = 10): Promise<string> {
  const proposalId = await propose(fixture, fixture.plan);
  await vote(fixture, proposalId, votes);
  await attest(fixture, proposalId);
  await ready(fixture, proposalId);
  return proposalId;
}

async function coSign({ registry, council }: Fixture, proposalId: string, count = 3): Promise<void> {
  for (const member of council.slice(0, count)) await registry.connect(member).coSign(proposalId, 0, []);
}

describe("Emergency plans", () => {
  it("EMG-72 goes from proposal to its first stage in two hours, with the council's co-sign", async () => {
    const fixture = await loadFixture(urgentFixture);
    const { registry, plan, module } = fixture;
    const start = await time.latest();
    const proposalId = await toUrgent(fixture);
    await coSign(fixture, proposalId, 2);
    const { act, have, need } = await registry.actOf(CO_SIGN, proposalId);
    expect([have, need]).to.deep.equal([2n, 3n]);
    await expect(registry.connect(fixture.council[2]).coSign(proposalId, 0, []))
      .to.emit(registry, "ProposalCoSigned")
      .withArgs(proposalId, 1)
      .and.to.emit(registry, "ActExecuted")
      .withArgs(act, proposalId, CO_SIGN, 3);
    await time.increase(HOUR);
    await registry.schedule(plan);
    await toNextStep(fixture, proposalId);
    await registry.advance(plan);
    expect(await module.value()).to.equal(1n);
    expect((await time.latest()) - start).to.be.lessThan(2 * HOUR + 300);
  });

  it("EMG-72 is not scheduled without it, however many voted for it", async () => {
    const fixture = await loadFixture(urgentFixture);
    const { registry, plan } = fixture;
    const proposalId = await toUrgent(fixture, 12);
    await coSign(fixture, proposalId, 2);
    await time.increase(HOUR);
    await expect(registry.schedule(plan)).to.be.revertedWithCustomError(registry, "CoSignMissing").withArgs(proposalId);
    // After the vote as well as in it.
    await registry.connect(fixture.council[2]).coSign(proposalId, 0, []);
    await registry.schedule(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
  });

  it("EMG-72 is not scheduled on the co-sign of a council that was replaced", async () => {
    const fixture = await loadFixture(urgentFixture);
    const { registry, plan, parameters } = fixture;
    const proposalId = await toUrgent(fixture);
    await coSign(fixture, proposalId);
    expect(await registry.isCoSigned(proposalId)).to.equal(true);
    await (await asTimelock(fixture)).setCouncil(parameters.council);
    expect(await registry.isCoSigned(proposalId)).to.equal(false);
    await time.increase(HOUR);
    await expect(registry.schedule(plan)).to.be.revertedWithCustomError(registry, "CoSignMissing");
    await coSign(fixture, proposalId);
    await registry.schedule(plan);
  });

  it("EMG-73 needs more of the electorate than a Critical plan: three quarters are not enough", async () => {
    const fixture = await loadFixture(urgentFixture);
    const proposalId = await toUrgent(fixture, 9);
    await coSign(fixture, proposalId);
    await time.increase(HOUR);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Defeated);
    await expect(fixture.registry.schedule(fixture.plan)).to.be.revertedWithCustomError(
      fixture.registry,
      "ProposalInState",
    );
  });

  it("EMG-73 is unavailable until its row is set", async () => {
    const fixture = await loadFixture(registryFixture);
    const plan = await dialPlan(fixture, await addModule(fixture), { planClass: PlanClass.Emergency });
    await expect(fixture.registry.connect(fixture.release).propose(plan))
      .to.be.revertedWithCustomError(fixture.registry, "ClassUnavailable")
      .withArgs(PlanClass.Emergency);
  });

  it("EMG-72 only an Emergency plan is co-signed, once, while it is voted on or approved", async () => {
    const fixture = await loadFixture(urgentFixture);
    const { registry, council, module, stranger } = fixture;
    const member = registry.connect(council[0]);
    await expect(member.coSign(id("unknown"), 0, [])).to.be.revertedWithCustomError(registry, "ProposalUnknown");
    const other = await propose(fixture, await dialPlan(fixture, module, { nonce: 7n }));
    await expect(member.coSign(other, 0, []))
      .to.be.revertedWithCustomError(registry, "CoSignUnneeded")
      .withArgs(other, PlanClass.Standard);
    const proposalId = await toUrgent(fixture);
    await expect(registry.coSign(proposalId, 0, []))
      .to.be.revertedWithCustomError(registry, "NotCouncilMember")
      .withArgs(stranger.address);
    await coSign(fixture, proposalId);
    await expect(member.coSign(proposalId, 0, []))
      .to.be.revertedWithCustomError(registry, "AlreadyCoSigned")
      .withArgs(proposalId);
    const late = await dialPlan(fixture, module, { planClass: PlanClass.Emergency, nonce: 8n });
    const lateId = await propose(fixture, late);
    await time.increase(HOUR);
    await expect(member.coSign(lateId, 0, []))
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(lateId, State.Defeated, State.Approved);
  });

  it("EMG-72 can still be vetoed by the council that co-signed it", async () => {
    const fixture = await loadFixture(urgentFixture);
    const proposalId = await toUrgent(fixture);
    await coSign(fixture, proposalId);
    for (const member of fixture.council.slice(0, 3)) {
      await fixture.registry.connect(member).veto(proposalId, "seen again", 0, []);
    }
    expect(await stateOf(fixture, proposalId)).to.equal(State.Cancelled);
  });

  it("EMG-74 emergency_replays_normal: nothing that was said of one counts for the other", async () => {
    // One person in every body: a key that may vote, attest and approve must still say each thing by itself.
    const base = await urgentFixture();
    const everyone = base.electors[0] as HardhatEthersSigner;
    const timelock = await asTimelock(base);
    await timelock.grantRole(id("ATTESTER"), everyone.address);
    const members = [everyone.address, ...base.parameters.council.members.slice(1)];
    await timelock.setCouncil({ ...base.parameters.council, members, coSignThreshold: 1, vetoThreshold: 1 });
    const { registry, domain, plan, module } = base;
    const normal = { ...plan, planClass: PlanClass.Standard };
    const normalId = await propose(base, normal);
    const urgentId = await propose(base, plan);
    // The class is part of the id, so the same plan of another class is another plan.
    expect(urgentId).to.not.equal(normalId);

    // Ballots, signals and attestations for the normal plan do not count for the urgent one.
    const ballot = await signBallot(domain, everyone, 0, normalId, Choice.For);
    const signal = await signReady(domain, everyone, 0, normalId);
    const review = await signAttestation(domain, everyone, normalId, AttestationKind.Integrity, REPORT);
    await registry.castVotesBySig(urgentId, Choice.For, [ballot]);
    await registry.signalReadyBySig(urgentId, [signal]);
    await expect(registry.attestBySig(urgentId, AttestationKind.Integrity, REPORT, [review])).to.be.reverted;
    const facts = await registry.proposalOf(urgentId);
    expect([facts.voters, facts.readySeats, facts.integrityAttestations]).to.deep.equal([0n, 0n, 0n]);
    await registry.castVotesBySig(normalId, Choice.For, [ballot]);
    expect((await registry.proposalOf(normalId)).voters).to.equal(1n);

    // A co-sign is no veto, no stop, no halt and no way back, and none of them is a co-sign.
    const acts = await Promise.all(
      ["coSign", "veto", "stop", "rollback", "halt", "lift"].map(async (kind) => [
        kind,
        (await registry.actOf(id(kind), urgentId)).act,
      ]),
    );
    expect(new Set(acts.map(([, act]) => act)).size).to.equal(acts.length);
    const approve = (act: string) => signApproval(domain, everyone, act, MaxUint256);
    const [coSigned = "", vetoed = ""] = acts.map(([, act]) => act as string);
    await expect(registry.veto(urgentId, "no", MaxUint256, [await approve(coSigned)])).to.be.revertedWithCustomError(
      registry,
      "NotCouncilMember",
    );
    for (const wrong of [vetoed, (await registry.actOf(CO_SIGN, normalId)).act]) {
      await expect(registry.coSign(urgentId, MaxUint256, [await approve(wrong)])).to.be.revertedWithCustomError(
        registry,
        "NotCouncilMember",
      );
    }
    // What a ballot or a review is signed with approves nothing.
    for (const signature of [review, `${ballot.r}${ballot.vs.slice(2)}1b`]) {
      await expect(registry.coSign(urgentId, MaxUint256, [signature])).to.be.revertedWithCustomError(
        registry,
        "NotCouncilMember",
      );
    }
    await registry.coSign(urgentId, MaxUint256, [await approve(coSigned)]);
    expect([await registry.isCoSigned(urgentId), await registry.isCoSigned(normalId)]).to.deep.equal([true, false]);
    expect(await module.value()).to.equal(0n);
  });

  it("EMG-74 an Emergency plan may follow another at once; a Standard one rests", async () => {
    const fixture = await loadFixture(urgentFixture);
    const { registry, module } = fixture;
    await (await asTimelock(fixture)).setMinInterval(2 * DAY);
    const run = async (planClass: PlanClass, baseVersion: bigint) => {
      const stage = await dialStage(module, baseVersion + 1n);
      const targets = [{ module: fixture.plan.targets[0]!.module, baseVersion }];
      const plan = { ...fixture.plan, planClass, targets, nonce: baseVersion, stages: [stage], rollbacks: [] };
      const proposalId = await toUrgent({ ...fixture, plan });
      if (planClass === PlanClass.Emergency) await coSign(fixture, proposalId);
      await time.increaseTo((await registry.proposalOf(proposalId)).votingEndsAt);
      await registry.schedule(plan);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
    };
    await run(PlanClass.Emergency, 0n);
    await run(PlanClass.Emergency, 1n);
    expect(await module.value()).to.equal(2n);
  });
});
