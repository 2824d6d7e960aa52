import { loadFixture, mine, setCode, takeSnapshot, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { encodeBytes32String, id, MaxUint256, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { DAY, registryFixture, type RegistryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { deployRouter, deployVersions, steer } from "../helpers/canary";
import {
  propose,
  ready,
  RollbackReason,
  State,
  stateOf,
  toApproved,
  toInProgress,
  toNextStep,
  toScheduled,
  vote,
} from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage, MODULE } from "../helpers/plans";
import { domainOf, signApproval } from "../helpers/signatures";

const HALT = id("halt");
const LIFT = id("lift");
const Canary = { None: 0, Honest: 1, Refusing: 2, Flooding: 3, Burning: 4, Lying: 5, Reentering: 6 } as const;
const LIFETIME = 7 * DAY;

async function moduleFixture() {
  const fixture = await registryFixture();
  return { ...fixture, module: await addModule(fixture), domain: await domainOf(fixture) };
}

async function inProgressFixture() {
  const fixture = await moduleFixture();
  const plan = await dialPlan(fixture, fixture.module);
  return { ...fixture, plan, proposalId: await toInProgress(fixture, plan) };
}

/** Approves by call from the first `count` members. */
async function halt({ registry, council }: RegistryFixture, scope = ZeroHash, count = 2): Promise<void> {
  for (const member of council.slice(0, count)) await registry.connect(member).halt(scope, "look", 0, []);
}

async function lift({ registry, council }: RegistryFixture, scope = ZeroHash, count = 3): Promise<void> {
  for (const member of council.slice(0, count)) await registry.connect(member).lift(scope, 0, []);
}

async function veto({ registry, council }: RegistryFixture, proposalId: string, count = 3): Promise<void> {
  for (const member of council.slice(0, count)) await registry.connect(member).veto(proposalId, "no", 0, []);
}

describe("EmergencyFacet", () => {
  describe("approvals", () => {
    it("EMG-01 acts with the threshold's last approval, and not before", async () => {
      const { registry, council } = await loadFixture(registryFixture);
      const [act, , need] = await registry.actOf(HALT, ZeroHash);
      expect(need).to.equal(2n);
      const now = (await time.latest()) + 100;
      await time.setNextBlockTimestamp(now);
      const first = registry.connect(council[0]).halt(ZeroHash, "look", 0, []);
      await expect(first)
        .to.emit(registry, "ActApproved")
        .withArgs(act, ZeroHash, council[0]?.address, HALT, now + LIFETIME);
      await expect(first).to.not.emit(registry, "Halted");
      expect(await registry.actOf(HALT, ZeroHash)).to.deep.equal([act, 1n, 2n]);
      const second = registry.connect(council[1]).halt(ZeroHash, "look", 0, []);
      await expect(second).to.emit(registry, "ActExecuted").withArgs(act, ZeroHash, HALT, 2);
      const until = BigInt((await time.latest()) + 2 * DAY);
      await expect(second).to.emit(registry, "Halted").withArgs(ZeroHash, until, "look");
      expect(await registry.haltOf(ZeroHash)).to.deep.equal([until, BigInt(3 * DAY)]);
    });

    it("EMG-02 acts on collected signatures that anyone submits", async () => {
      const { registry, council, domain } = await loadFixture(moduleFixture);
      const [act] = await registry.actOf(HALT, MODULE);
      const deadline = BigInt((await time.latest()) + 3_600);
      const signatures = await Promise.all(
        council.slice(0, 2).map((member) => signApproval(domain, member, act, deadline)),
      );
      await expect(registry.halt(MODULE, "look", deadline, signatures)).to.emit(registry, "Halted");
    });

    it("EMG-02 adds calls and signatures up, a member once", async () => {
      const { registry, council, stranger, domain } = await loadFixture(moduleFixture);
      const [act] = await registry.actOf(LIFT, MODULE);
      expect(act).to.not.equal((await registry.actOf(HALT, MODULE)).act);
      await halt(await loadFixture(moduleFixture), MODULE);
      const { act: liftAct } = await registry.actOf(LIFT, MODULE);
      const deadline = BigInt((await time.latest()) + 3_600);
      const sign = (index: number) => signApproval(domain, council[index] ?? stranger, liftAct, deadline);
      await registry.connect(council[0]).lift(MODULE, deadline, [await sign(0), await sign(1), await sign(1)]);
      expect((await registry.actOf(LIFT, MODULE)).have).to.equal(2n);
      await registry.connect(council[1]).lift(MODULE, 0, []);
      expect((await registry.actOf(LIFT, MODULE)).have).to.equal(2n);
      await expect(registry.lift(MODULE, deadline, [await sign(2)])).to.emit(registry, "Lifted");
    });

    it("EMG-03 refuses who is no member, as caller and as signer", async () => {
      const { registry, council, stranger, release, domain } = await loadFixture(moduleFixture);
      for (const caller of [stranger, release]) {
        await expect(registry.connect(caller).halt(ZeroHash, "look", 0, []))
          .to.be.revertedWithCustomError(registry, "NotCouncilMember")
          .withArgs(caller.address);
      }
      const { act } = await registry.actOf(HALT, ZeroHash);
      const signatures = [
        await signApproval(domain, council[0] ?? stranger, act, MaxUint256),
        await signApproval(domain, stranger, act, MaxUint256),
      ];
      await expect(registry.halt(ZeroHash, "look", MaxUint256, signatures))
        .to.be.revertedWithCustomError(registry, "NotCouncilMember")
        .withArgs(stranger.address);
      await expect(registry.halt(ZeroHash, "look", MaxUint256, ["0x12"]))
        .to.be.revertedWithCustomError(registry, "NotCouncilMember")
        .withArgs(ZeroAddress);
    });

    it("EMG-04 refuses signatures after their deadline", async () => {
      const { registry, council, domain } = await loadFixture(moduleFixture);
      const { act } = await registry.actOf(HALT, ZeroHash);
      const deadline = BigInt((await time.latest()) + 100);
      const signatures = await Promise.all(council.slice(0, 2).map((m) => signApproval(domain, m, act, deadline)));
      await time.setNextBlockTimestamp(deadline + 1n);
      await expect(registry.halt(ZeroHash, "look", deadline, signatures))
        .to.be.revertedWithCustomError(registry, "ApprovalExpired")
        .withArgs(deadline, deadline + 1n);
    });

    it("EMG-04 forgets an approval after a week, or after its signature's deadline", async () => {
      const { registry, council, stranger, domain } = await loadFixture(moduleFixture);
      const { act } = await registry.actOf(HALT, ZeroHash);
      await registry.connect(council[0]).halt(ZeroHash, "look", 0, []);
      const deadline = BigInt((await time.latest()) + DAY);
      await registry.halt(MODULE, "look", deadline, [
        await signApproval(domain, council[1] ?? stranger, (await registry.actOf(HALT, MODULE)).act, deadline),
      ]);
      const moduleAct = await registry.actOf(HALT, MODULE);
      expect(moduleAct.have).to.equal(1n);
      expect(await registry.approvalOf(moduleAct.act, council[1]?.address ?? "")).to.equal(deadline);
      expect(await registry.approvalOf(moduleAct.act, council[0]?.address ?? "")).to.equal(0n);
      await time.increase(DAY + 1);
      expect((await registry.actOf(HALT, MODULE)).have).to.equal(0n);
      expect((await registry.actOf(HALT, ZeroHash)).have).to.equal(1n);
      await time.increase(LIFETIME);
      expect(await registry.actOf(HALT, ZeroHash)).to.deep.equal([act, 0n, 2n]);
      await expect(registry.connect(council[1]).halt(ZeroHash, "look", 0, [])).to.not.emit(registry, "Halted");
    });

    it("EMG-05 does not act again on the approvals of an earlier act", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, council, domain } = fixture;
      const { act } = await registry.actOf(HALT, ZeroHash);
      const signatures = await Promise.all(council.slice(0, 2).map((m) => signApproval(domain, m, act, MaxUint256)));
      await registry.halt(ZeroHash, "look", MaxUint256, signatures);
      await lift(fixture);
      // The same signatures speak of a spent act: they recover other accounts now.
      await expect(registry.halt(ZeroHash, "look", MaxUint256, signatures)).to.be.revertedWithCustomError(
        registry,
        "NotCouncilMember",
      );
      expect((await registry.actOf(HALT, ZeroHash)).act).to.not.equal(act);
    });

    it("EMG-05 does not lift a halt on approvals given to an earlier one", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry } = fixture;
      await halt(fixture);
      await lift(fixture, ZeroHash, 2);
      await time.increase(4 * DAY);
      await halt(fixture);
      expect((await registry.actOf(LIFT, ZeroHash)).have).to.equal(0n);
    });

    it("EMG-06 voids approvals when the council changes", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, council, others, parameters } = fixture;
      await registry.connect(council[0]).halt(ZeroHash, "look", 0, []);
      const before = (await registry.actOf(HALT, ZeroHash)).act;
      const members = [...council.slice(0, 3), ...others.slice(0, 2)].map(({ address }) => address);
      await expect((await asTimelock(fixture)).setCouncil({ ...parameters.council, members }))
        .to.emit(registry, "CouncilSet")
        .withArgs(2, (config: { members: string[] }) => [...config.members].join() === members.join());
      const { act, have } = await registry.actOf(HALT, ZeroHash);
      expect(act).to.not.equal(before);
      expect(have).to.equal(0n);
      await expect(registry.connect(council[4]).halt(ZeroHash, "look", 0, []))
        .to.be.revertedWithCustomError(registry, "NotCouncilMember")
        .withArgs(council[4]?.address);
      const { config, epoch } = await registry.councilOf();
      expect([[...config.members], epoch]).to.deep.equal([members, 2n]);
    });

    it("EMG-07 knows six kinds of act, and no other", async () => {
      const { registry } = await loadFixture(registryFixture);
      const needs = await Promise.all(
        ["halt", "lift", "veto", "rollback", "stop", "coSign"].map(
          async (kind) => (await registry.actOf(id(kind), ZeroHash)).need,
        ),
      );
      expect(needs).to.deep.equal([2n, 3n, 3n, 3n, 3n, 3n]);
      await expect(registry.actOf(id("upgrade"), ZeroHash))
        .to.be.revertedWithCustomError(registry, "ActUnknown")
        .withArgs(id("upgrade"));
    });
  });

  describe("halt", () => {
    it("EMG-08 ends by itself", async () => {
      const fixture = await loadFixture(registryFixture);
      await halt(fixture);
      const { until } = await fixture.registry.haltOf(ZeroHash);
      await time.increaseTo(until - 1n);
      expect((await fixture.registry.haltOf(ZeroHash)).until).to.equal(until);
      await time.increaseTo(until);
      expect((await fixture.registry.haltOf(ZeroHash)).until).to.equal(0n);
    });

    it("EMG-09 is paid for from a budget: two, two and one day of five, then none until governance refills it", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, council } = fixture;
      for (const left of [3, 1, 0]) {
        await halt(fixture);
        const { until, budget } = await registry.haltOf(ZeroHash);
        expect(budget).to.equal(BigInt(left * DAY));
        expect(until - BigInt(await time.latest())).to.equal(BigInt(left === 0 ? DAY : 2 * DAY));
        await time.increaseTo(await registry.haltableAt(ZeroHash));
      }
      await registry.connect(council[0]).halt(ZeroHash, "look", 0, []);
      await expect(registry.connect(council[1]).halt(ZeroHash, "look", 0, []))
        .to.be.revertedWithCustomError(registry, "HaltBudgetSpent")
        .withArgs(ZeroHash);
      await expect((await asTimelock(fixture)).refillHaltBudget(ZeroHash))
        .to.emit(registry, "HaltBudgetRefilled")
        .withArgs(ZeroHash, 5 * DAY);
      await expect(registry.connect(council[1]).halt(ZeroHash, "look", 0, [])).to.emit(registry, "Halted");
    });

    it("EMG-71 is not renewed back to back: a scope rests as long as it was halted", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, council } = fixture;
      await halt(fixture, MODULE);
      const { until } = await registry.haltOf(MODULE);
      expect(await registry.haltableAt(MODULE)).to.equal(until + BigInt(2 * DAY));
      await time.increaseTo(until);
      // Another scope is another matter.
      await halt(fixture);
      expect((await registry.haltOf(ZeroHash)).until).to.not.equal(0n);
      await registry.connect(council[0]).halt(MODULE, "again", 0, []);
      await time.setNextBlockTimestamp(until + BigInt(2 * DAY) - 1n);
      await expect(registry.connect(council[1]).halt(MODULE, "again", 0, []))
        .to.be.revertedWithCustomError(registry, "HaltTooSoon")
        .withArgs(MODULE, until + BigInt(2 * DAY));
      await time.setNextBlockTimestamp(until + BigInt(2 * DAY));
      await expect(registry.connect(council[1]).halt(MODULE, "again", 0, [])).to.emit(registry, "Halted");
    });

    it("EMG-71 is renewed at once where governance refilled the budget since it began", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry } = fixture;
      await (await asTimelock(fixture)).refillHaltBudget(MODULE);
      await halt(fixture, MODULE);
      const { until } = await registry.haltOf(MODULE);
      // An earlier refill is no word about this halt.
      expect(await registry.haltableAt(MODULE)).to.equal(until + BigInt(2 * DAY));
      await time.increase(3_600);
      await (await asTimelock(fixture)).refillHaltBudget(MODULE);
      await time.increaseTo(until);
      await halt(fixture, MODULE);
      expect((await registry.haltOf(MODULE)).until).to.be.greaterThan(until);
    });

    it("EMG-71 rests no longer than it lasted, where it was lifted early", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry } = fixture;
      await halt(fixture, MODULE);
      const start = await time.latest();
      await lift(fixture, MODULE, 2);
      await time.setNextBlockTimestamp(start + 600);
      await registry.connect(fixture.council[2]).lift(MODULE, 0, []);
      expect(await registry.haltableAt(MODULE)).to.equal(BigInt(start + 1_200));
    });

    it("EMG-10 refuses a scope that is no module, and one that is halted already", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, council } = fixture;
      const unknown = encodeBytes32String("unknown");
      await expect(registry.connect(council[0]).halt(unknown, "look", 0, []))
        .to.be.revertedWithCustomError(registry, "ModuleUnknown")
        .withArgs(unknown);
      await halt(fixture, MODULE);
      const { until } = await registry.haltOf(MODULE);
      await expect(registry.connect(council[2]).halt(MODULE, "look", 0, []))
        .to.be.revertedWithCustomError(registry, "AlreadyHalted")
        .withArgs(MODULE, until);
    });

    it("EMG-11 stops advance, globally and for its module alone", async () => {
      for (const scope of [ZeroHash, MODULE]) {
        const fixture = await loadFixture(inProgressFixture);
        const { registry, plan, proposalId } = fixture;
        await time.increase(DAY);
        await halt(fixture, scope);
        expect((await registry.stateOf(proposalId)).isHalted).to.equal(true);
        await expect(registry.advance(plan))
          .to.be.revertedWithCustomError(registry, "ProposalHalted")
          .withArgs(proposalId);
      }
    });

    it("EMG-11 leaves another module's plan alone", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const other = encodeBytes32String("other");
      await addModule(fixture, other);
      await time.increase(DAY);
      await halt(fixture, other);
      await fixture.registry.advance(fixture.plan);
      expect(await stateOf(fixture, fixture.proposalId)).to.equal(State.Completed);
    });

    it("EMG-12 stops nothing that makes things safer: votes, signals, veto and rollback go on", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const { registry, module, plan, proposalId } = fixture;
      await halt(fixture);
      await veto(fixture, proposalId);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      await registry.rollback(plan);
      expect(await module.value()).to.equal(0n);
    });

    it("EMG-12 lets people vote and signal while everything is halted", async () => {
      const fixture = await loadFixture(moduleFixture);
      const proposalId = await propose(fixture, await dialPlan(fixture, fixture.module));
      await halt(fixture);
      await vote(fixture, proposalId, 2);
      await ready(fixture, proposalId, 2);
      const facts = await fixture.registry.proposalOf(proposalId);
      expect([facts.voters, facts.readySeats]).to.deep.equal([2n, 2n]);
    });

    it("EMG-13 extends dwell and window by the time it lasted", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const { registry, proposalId } = fixture;
      const before = await registry.stateOf(proposalId);
      await halt(fixture, MODULE);
      const { until } = await registry.haltOf(MODULE);
      await time.increaseTo(until + 1_000n);
      const after = await registry.stateOf(proposalId);
      expect([after.notBefore - before.notBefore, after.notAfter - before.notAfter]).to.deep.equal([
        BigInt(2 * DAY),
        BigInt(2 * DAY),
      ]);
      expect(after.isHalted).to.equal(false);
    });
  });

  describe("lift", () => {
    it("EMG-14 ends a halt and gives back what it did not use", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, council } = fixture;
      await halt(fixture);
      const start = await time.latest();
      await lift(fixture, ZeroHash, 2);
      await time.setNextBlockTimestamp(start + DAY);
      await expect(registry.connect(council[2]).lift(ZeroHash, 0, []))
        .to.emit(registry, "Lifted")
        .withArgs(ZeroHash, 4 * DAY);
      expect(await registry.haltOf(ZeroHash)).to.deep.equal([0n, BigInt(4 * DAY)]);
    });

    it("EMG-14 never gives back more than the budget governance set", async () => {
      const fixture = await loadFixture(registryFixture);
      await halt(fixture);
      await (await asTimelock(fixture)).refillHaltBudget(ZeroHash);
      await lift(fixture);
      expect((await fixture.registry.haltOf(ZeroHash)).budget).to.equal(BigInt(5 * DAY));
    });

    it("EMG-15 refuses where nothing is halted", async () => {
      const { registry, council } = await loadFixture(registryFixture);
      await expect(registry.connect(council[0]).lift(ZeroHash, 0, []))
        .to.be.revertedWithCustomError(registry, "NotHalted")
        .withArgs(ZeroHash);
    });

    it("EMG-15 is open to the timelock alone of all others", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, incident } = fixture;
      await halt(fixture);
      await expect(registry.connect(incident).lift(ZeroHash, 0, []))
        .to.be.revertedWithCustomError(registry, "NotCouncilMember")
        .withArgs(incident.address);
      await (await asTimelock(fixture)).lift(ZeroHash, 0, []);
      expect((await registry.haltOf(ZeroHash)).until).to.equal(0n);
    });
  });

  describe("veto", () => {
    it("EMG-16 cancels a plan that is voted on, approved or scheduled", async () => {
      for (const reach of [propose, toApproved, toScheduled]) {
        const fixture = await loadFixture(moduleFixture);
        const { registry, council, module } = fixture;
        const proposalId = await reach(fixture, await dialPlan(fixture, module));
        await veto(fixture, proposalId, 2);
        await expect(registry.connect(council[2]).veto(proposalId, "no", 0, []))
          .to.emit(registry, "ProposalVetoed")
          .withArgs(proposalId, false, "no");
        expect(await stateOf(fixture, proposalId)).to.equal(State.Cancelled);
      }
    });

    it("EMG-17 stalls a plan in progress, and then anyone may roll it back", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const { registry, council, module, plan, proposalId } = fixture;
      await veto(fixture, proposalId, 2);
      await expect(registry.rollback(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.InProgress, State.Stalled);
      await expect(registry.connect(council[2]).veto(proposalId, "no", 0, []))
        .to.emit(registry, "ProposalVetoed")
        .withArgs(proposalId, true, "no");
      await time.increase(DAY);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Stalled, State.InProgress);
      await registry.rollback(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
      expect(await module.value()).to.equal(0n);
    });

    it("EMG-18 refuses a plan that has ended, or never was", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const { registry, council, plan, proposalId } = fixture;
      await time.increase(DAY);
      await registry.advance(plan);
      await expect(registry.connect(council[0]).veto(proposalId, "no", 0, []))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Completed, State.InProgress);
      await expect(registry.connect(council[0]).veto(id("unknown"), "no", 0, []))
        .to.be.revertedWithCustomError(registry, "ProposalUnknown")
        .withArgs(id("unknown"));
    });

    it("EMG-18 refuses after the last dwell, when a plan can only complete", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, council, module } = fixture;
      const stage = await dialStage(module, 1n, { dwell: BigInt(DAY) });
      const plan = await dialPlan(fixture, module, { stages: [stage] });
      const proposalId = await toInProgress(fixture, plan);
      const { notBefore } = await registry.stateOf(proposalId);
      await time.setNextBlockTimestamp(notBefore);
      await expect(registry.connect(council[0]).veto(proposalId, "no", 0, []))
        .to.be.revertedWithCustomError(registry, "RollbackClosed")
        .withArgs(proposalId, notBefore, notBefore);
      await registry.advance(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    });
  });

  describe("rollbackByCouncil", () => {
    it("EMG-19 rolls a plan in progress back at once, halted or not", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const { registry, council, module, plan, proposalId } = fixture;
      await halt(fixture);
      for (const member of council.slice(0, 2)) await registry.connect(member).rollbackByCouncil(plan, "why", 0, []);
      expect(await module.value()).to.equal(1n);
      await expect(registry.connect(council[2]).rollbackByCouncil(plan, "why", 0, []))
        .to.emit(registry, "PlanRolledBack")
        .withArgs(proposalId, 0, 1, council[2]?.address, RollbackReason.Council, "why");
      expect(await module.value()).to.equal(0n);
      expect((await registry.moduleOf(MODULE)).version).to.equal(1n);
    });

    it("RBK-30 keeps why the plan was taken back, and the council's words in the event", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const { registry, council, module, plan, proposalId, stranger } = fixture;
      expect(await registry.rollbackReason(proposalId)).to.equal(RollbackReason.None);
      const start = await takeSnapshot();
      const kept = async (reason: bigint, rollback: () => Promise<unknown>, words = "") => {
        const done = rollback();
        const [by] = words === "" ? [stranger] : [council[2]!];
        await expect(done).to.emit(registry, "PlanRolledBack").withArgs(proposalId, 0, 1, by.address, reason, words);
        expect(await registry.rollbackReason(proposalId)).to.equal(reason);
        await start.restore();
      };
      const byAnyone = () => registry.connect(stranger).rollback(plan);
      const members = (words: string) => async () => {
        // Nobody's words but those of the call that completes the act.
        for (const member of council.slice(0, 2))
          await registry.connect(member).rollbackByCouncil(plan, "other", 0, []);
        return registry.connect(council[2]!).rollbackByCouncil(plan, words, 0, []);
      };
      const veto = async () => {
        for (const member of council.slice(0, 3)) await registry.connect(member).veto(proposalId, "no", 0, []);
      };
      await kept(RollbackReason.Council, members("the books do not add up"), "the books do not add up");
      await veto();
      await kept(RollbackReason.Council, members("as we said"), "as we said");
      await veto();
      await kept(RollbackReason.Veto, byAnyone);
      const { notAfter } = await registry.stateOf(proposalId);
      await time.increaseTo(notAfter + 1n);
      await kept(RollbackReason.Window, byAnyone);
      const account = await module.getAddress();
      const honest = await ethers.provider.getCode(account);
      await setCode(account, "0x60016000f3");
      await registry.invalidate(plan, 1, 0);
      await setCode(account, honest);
      await kept(RollbackReason.Invalidated, byAnyone);
    });

    it("EMG-20 refuses before the first stage, and an outsider at any time", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, council, stranger, module } = fixture;
      const plan = await dialPlan(fixture, module);
      const proposalId = await toScheduled(fixture, plan);
      await expect(registry.connect(council[0]).rollbackByCouncil(plan, "why", 0, []))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Scheduled, State.Stalled);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      await expect(registry.connect(stranger).rollbackByCouncil(plan, "why", 0, []))
        .to.be.revertedWithCustomError(registry, "NotCouncilMember")
        .withArgs(stranger.address);
    });
  });

  describe("freeze", () => {
    it("EMG-21 is open to the incident key and each council member, and to nobody else", async () => {
      const { registry, module, incident, council, release, stranger } = await loadFixture(moduleFixture);
      await module.setCanary(Canary.Honest);
      for (const caller of [incident, council[4]]) {
        await expect(registry.connect(caller).freeze(MODULE)).to.emit(registry, "CanaryFrozen").withArgs(MODULE);
      }
      expect(await module.isFrozen()).to.equal(true);
      for (const caller of [release, stranger]) {
        await expect(registry.connect(caller).freeze(MODULE))
          .to.be.revertedWithCustomError(registry, "Unauthorized")
          .withArgs(caller.address, id("INCIDENT"));
      }
    });

    it("EMG-21 is open to anyone while the module, or everything, is halted", async () => {
      for (const scope of [MODULE, ZeroHash]) {
        const fixture = await loadFixture(moduleFixture);
        await halt(fixture, scope);
        await fixture.module.setCanary(Canary.Honest);
        await expect(fixture.registry.freeze(MODULE)).to.emit(fixture.registry, "CanaryFrozen").withArgs(MODULE);
      }
    });

    it("EMG-22 asks for the router's magic first, and refuses where none answers", async () => {
      const { registry, module, incident } = await loadFixture(moduleFixture);
      for (const canary of [Canary.None, Canary.Flooding, Canary.Burning, Canary.Lying]) {
        await module.setCanary(canary);
        await expect(registry.connect(incident).freeze(MODULE))
          .to.be.revertedWithCustomError(registry, "CanaryAbsent")
          .withArgs(MODULE);
        expect(await module.isFrozen()).to.equal(false);
      }
    });

    it("EMG-22 reports a router that refuses", async () => {
      const { registry, module, incident } = await loadFixture(moduleFixture);
      await module.setCanary(Canary.Refusing);
      await expect(registry.connect(incident).freeze(MODULE)).to.emit(registry, "CanaryFreezeFailed").withArgs(MODULE);
    });

    it("EMG-23 refuses when the sender leaves too little gas for the router", async () => {
      const { registry, module, incident } = await loadFixture(moduleFixture);
      await module.setCanary(Canary.Honest);
      await expect(registry.connect(incident).freeze(MODULE, { gasLimit: 400_000 })).to.be.revertedWithCustomError(
        registry,
        "FreezeStarved",
      );
    });

    it("EMG-10 refuses a module that nobody registered", async () => {
      const { registry, incident } = await loadFixture(moduleFixture);
      await expect(registry.connect(incident).freeze(ZeroHash))
        .to.be.revertedWithCustomError(registry, "ModuleUnknown")
        .withArgs(ZeroHash);
    });
  });

  describe("halt and canaries", () => {
    it("EMG-24 freezes the canary of the halted module, held by a plan or not", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module, council } = fixture;
      await module.setCanary(Canary.Honest);
      await halt(fixture, MODULE, 1);
      const transaction = registry.connect(council[1]).halt(MODULE, "look", 0, []);
      await expect(transaction).to.emit(registry, "CanaryFrozen").withArgs(MODULE);
      await expect(transaction)
        .to.emit(module, "Frozen")
        .withArgs(await registry.getAddress(), "look");
    });

    it("EMG-24 freezes, in a global halt, the canaries of every module that a plan holds", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const { registry, module, council } = fixture;
      const idle = await addModule(fixture, encodeBytes32String("idle"));
      await module.setCanary(Canary.Honest);
      await idle.setCanary(Canary.Honest);
      await halt(fixture, ZeroHash, 1);
      await expect(registry.connect(council[1]).halt(ZeroHash, "look", 0, []))
        .to.emit(registry, "CanaryFrozen")
        .withArgs(MODULE);
      expect([await module.isFrozen(), await idle.isFrozen()]).to.deep.equal([true, false]);
    });

    for (const [name, canary] of Object.entries(Canary)) {
      if (name === "Honest") continue;
      it(`EMG-25 halts whatever the canary does: ${name.toLowerCase()}`, async () => {
        const fixture = await loadFixture(inProgressFixture);
        const { registry, module, council } = fixture;
        await module.setCanary(canary);
        await module.setCallback(
          await registry.getAddress(),
          registry.interface.encodeFunctionData("freeze", [MODULE]),
        );
        await halt(fixture, ZeroHash, 1);
        const transaction = registry.connect(council[1]).halt(ZeroHash, "look", 0, []);
        await expect(transaction).to.emit(registry, "Halted");
        if (name === "Refusing") await expect(transaction).to.emit(registry, "CanaryFreezeFailed").withArgs(MODULE);
        if (name === "Reentering") {
          await expect(transaction).to.emit(registry, "CanaryFrozen").withArgs(MODULE);
          expect(await module.hasCallbackWorked()).to.equal(false);
        }
      });
    }

    it("EMG-25 halts with too little gas to freeze, reports it, and lets anyone freeze then", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const { registry, module, council } = fixture;
      await module.setCanary(Canary.Honest);
      await halt(fixture, ZeroHash, 1);
      const transaction = registry.connect(council[1]).halt(ZeroHash, "look", 0, [], { gasLimit: 400_000 });
      await expect(transaction).to.emit(registry, "Halted");
      await expect(transaction).to.emit(registry, "CanaryFreezeFailed").withArgs(MODULE);
      await registry.freeze(MODULE);
      expect(await module.isFrozen()).to.equal(true);
    });
  });

  describe("a real router", () => {
    /** A canary that serves, behind a proxy that the timelock owns, registered as a module. */
    async function canaryFixture() {
      const fixture = await registryFixture();
      const { registry, release, deployment } = fixture;
      const { stable, candidate } = await deployVersions();
      const init = stable.interface.encodeFunctionData("initialize", [deployment.timelock]);
      const proxy = await (await ethers.deployContract("ERC1967Proxy", [await stable.getAddress(), init])).getAddress();
      const router = await deployRouter({
        stable,
        candidate,
        controller: deployment.timelock,
        guardian: deployment.registry,
      });
      await registry.connect(release).registerModule(MODULE, 0, proxy, deployment.timelock);
      const control = await steer(proxy);
      const timelock = (await asTimelock(fixture)).runner as HardhatEthersSigner;
      const app = candidate.attach(proxy) as typeof candidate;
      const install = async () => {
        const data = control.installData();
        await app.connect(timelock).upgradeToAndCall(await router.getAddress(), data);
        await mine(1);
      };
      return { ...fixture, control, install };
    }

    it("EMG-27 is frozen by the incident key through its proxy: all traffic is stable's again", async () => {
      const { registry, incident, control, install } = await loadFixture(canaryFixture);
      await expect(registry.connect(incident).freeze(MODULE))
        .to.be.revertedWithCustomError(registry, "CanaryAbsent")
        .withArgs(MODULE);
      await install();
      const { isFrozen, epoch } = await control.status();
      expect(isFrozen).to.equal(false);
      await expect(registry.connect(incident).freeze(MODULE)).to.emit(registry, "CanaryFrozen").withArgs(MODULE);
      const after = await control.status();
      expect([after.isFrozen, after.epoch]).to.deep.equal([true, epoch + 1n]);
    });

    it("EMG-27 is frozen by a halt, and no harm comes from freezing it again", async () => {
      const fixture = await loadFixture(canaryFixture);
      const { registry, control, install } = fixture;
      await install();
      await halt(fixture, MODULE);
      expect((await control.status()).isFrozen).to.equal(true);
      await registry.freeze(MODULE);
      expect((await control.status()).isFrozen).to.equal(true);
    });
  });

  describe("setCouncil", () => {
    it("EMG-26 refuses a council that could not act, or whose halt has no bounds", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, parameters, others } = fixture;
      const timelock = await asTimelock(fixture);
      const good = parameters.council;
      const [first = "", second = ""] = good.members;
      const set = (over: Partial<typeof good>) => timelock.setCouncil({ ...good, ...over });
      await expect(set({ members: [] }))
        .to.be.revertedWithCustomError(registry, "CouncilSizeInvalid")
        .withArgs(0, 32);
      const many = Array.from({ length: 33 }, (_, i) => `0x${(i + 1).toString(16).padStart(40, "0")}`);
      await expect(set({ members: many }))
        .to.be.revertedWithCustomError(registry, "CouncilSizeInvalid")
        .withArgs(33, 32);
      await expect(set({ members: [first, ZeroAddress, second] }))
        .to.be.revertedWithCustomError(registry, "CouncilMemberInvalid")
        .withArgs(1, ZeroAddress);
      await expect(set({ members: [first, second, others[0]?.address ?? "", first] }))
        .to.be.revertedWithCustomError(registry, "CouncilMemberInvalid")
        .withArgs(3, first);
      for (const [kind, field] of [
        ["halt", "haltThreshold"],
        ["lift", "liftThreshold"],
        ["veto", "vetoThreshold"],
        ["rollback", "rollbackThreshold"],
        ["coSign", "coSignThreshold"],
      ] as const) {
        for (const threshold of [0, 6]) {
          await expect(set({ [field]: threshold }))
            .to.be.revertedWithCustomError(registry, "ThresholdInvalid")
            .withArgs(id(kind), threshold, 5);
        }
      }
      for (const vetoBudget of [0, 33]) {
        await expect(set({ vetoBudget }))
          .to.be.revertedWithCustomError(registry, "VetoBudgetInvalid")
          .withArgs(vetoBudget, 1, 32);
      }
      for (const haltDuration of [0, 31 * DAY]) {
        await expect(set({ haltDuration, haltBudget: 31 * DAY }))
          .to.be.revertedWithCustomError(registry, "HaltTimeInvalid")
          .withArgs("haltDuration", haltDuration, 1, 30 * DAY);
      }
      for (const haltBudget of [DAY, 91 * DAY]) {
        await expect(set({ haltBudget }))
          .to.be.revertedWithCustomError(registry, "HaltTimeInvalid")
          .withArgs("haltBudget", haltBudget, 2 * DAY, 32 * DAY);
      }
    });
  });
});
