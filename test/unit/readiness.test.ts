import { loadFixture, setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, keccak256, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import type { Plan } from "../../src/plan/types";
import { DAY, POWER, registryFixture, TOTAL } from "../fixtures/registry";
import {
  attest,
  AttestationKind,
  propose,
  ready,
  State,
  stateOf,
  toApproved,
  toInProgress,
  vote,
} from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage, MODULE, REPORT } from "../helpers/plans";
import { domainOf, signReady } from "../helpers/signatures";

async function proposedFixture() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const plan = await dialPlan(fixture, module);
  return { ...fixture, module, plan, proposalId: await propose(fixture, plan), domain: await domainOf(fixture) };
}

async function approvedFixture() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const plan = await dialPlan(fixture, module);
  return { ...fixture, module, plan, proposalId: await toApproved(fixture, plan) };
}

describe("ReadinessFacet", () => {
  describe("signalReady", () => {
    it("RDY-01 counts a seat's power once", async () => {
      const { registry, electors, proposalId } = await loadFixture(proposedFixture);
      await expect(registry.connect(electors[3]).signalReady(proposalId, 3))
        .to.emit(registry, "ReadySignalled")
        .withArgs(proposalId, electors[3]?.address, 3, POWER);
      const facts = await registry.proposalOf(proposalId);
      expect([facts.readyPower, facts.readySeats]).to.deep.equal([POWER, 1n]);
      expect(await registry.isReady(proposalId, 3)).to.equal(true);
      expect(await registry.isReady(proposalId, 4)).to.equal(false);
      await expect(registry.connect(electors[3]).signalReady(proposalId, 3))
        .to.be.revertedWithCustomError(registry, "AlreadyReady")
        .withArgs(proposalId, 3);
    });

    it("RDY-02 counts only who sits there", async () => {
      const { registry, electors, stranger, proposalId } = await loadFixture(proposedFixture);
      await expect(registry.connect(stranger).signalReady(proposalId, 0))
        .to.be.revertedWithCustomError(registry, "SeatMismatch")
        .withArgs(0, electors[0]?.address, stranger.address);
    });

    it("RDY-03 is no vote: it neither approves nor needs one", async () => {
      const fixture = await loadFixture(proposedFixture);
      await ready(fixture, fixture.proposalId, 12);
      await time.increase(3 * DAY);
      expect(await stateOf(fixture, fixture.proposalId)).to.equal(State.Defeated);
      expect(await fixture.registry.hasVoted(fixture.proposalId, 0)).to.equal(false);
    });

    it("RDY-04 counts while the plan lives, in progress too, and not after", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors } = fixture;
      const plan = await dialPlan(fixture, await addModule(fixture));
      const proposalId = await toInProgress(fixture, plan);
      await registry.connect(electors[8]).signalReady(proposalId, 8);
      await time.increase(DAY);
      await registry.advance(plan);
      await expect(registry.connect(electors[9]).signalReady(proposalId, 9))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Completed, State.Approved);
    });
  });

  describe("signalReadyBySig", () => {
    it("RDY-05 counts a batch, and skips and reports what is bad in it", async () => {
      const { registry, electors, stranger, proposalId, domain } = await loadFixture(proposedFixture);
      const good = await Promise.all(
        electors.slice(0, 3).map((elector, seat) => signReady(domain, elector, seat, proposalId)),
      );
      const forged = await signReady(domain, stranger, 5, proposalId);
      const elsewhere = await signReady(domain, electors[6] ?? stranger, 6, id("another"));
      const twice = good[0] ?? forged;
      const batch = [...good, forged, elsewhere, twice];
      expect(await registry.signalReadyBySig.staticCall(proposalId, batch)).to.equal(3n);
      const transaction = registry.signalReadyBySig(proposalId, batch);
      await expect(transaction).to.emit(registry, "ReadySignalSkipped").withArgs(proposalId, 5, stranger.address);
      await expect(transaction).to.emit(registry, "ReadySignalSkipped").withArgs(proposalId, 0, electors[0]?.address);
      const facts = await registry.proposalOf(proposalId);
      expect([facts.readyPower, facts.readySeats]).to.deep.equal([3n * POWER, 3n]);
    });
  });

  describe("schedule", () => {
    it("SCH-01 puts every stage and rollback into the timelock at once", async () => {
      const fixture = await loadFixture(approvedFixture);
      const { registry, timelock, plan, proposalId } = fixture;
      const transaction = registry.schedule(plan);
      await expect(transaction).to.emit(registry, "ProposalScheduled");
      expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
      const scheduled = await timelock.queryFilter(timelock.filters.CallSalt());
      const salt = (tag: bigint) =>
        keccak256(ethers.AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [proposalId, tag]));
      expect(scheduled.map(({ args }) => args.salt)).to.deep.equal([salt(0n), salt(1n), salt(1n << 255n)]);
      for (const { args } of scheduled) expect(await timelock.isOperationPending(args.id)).to.equal(true);
    });

    it("SCH-02 sets the first stage's time to the longest of class delay, timelock and scheduling window", async () => {
      const fixture = await loadFixture(registryFixture);
      const module = await addModule(fixture);
      const short = await dialPlan(fixture, module);
      const readiness = { ...short.readiness, schedulingWindow: BigInt(3 * DAY) };
      const long = await dialPlan(fixture, module, { nonce: 1n, readiness });
      const ids = [await toApproved(fixture, short), await toApproved(fixture, long)];
      for (const [index, plan] of [short, long].entries()) {
        await fixture.registry.schedule(plan);
        const now = BigInt(await time.latest());
        const delay = BigInt(index === 0 ? DAY : 3 * DAY);
        const { eta } = await fixture.registry.proposalOf(ids[index] ?? "");
        expect(eta).to.equal(now + delay);
        const { notBefore, notAfter } = await fixture.registry.stateOf(ids[index] ?? "");
        expect([notBefore, notAfter]).to.deep.equal([eta, eta + plan.executionWindow]);
      }
    });

    it("SCH-03 happens once", async () => {
      const { registry, plan, proposalId } = await loadFixture(approvedFixture);
      await registry.schedule(plan);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Scheduled, State.Approved);
    });

    it("SCH-04 waits for the end of the vote", async () => {
      const fixture = await loadFixture(proposedFixture);
      const { registry, plan, proposalId } = fixture;
      await vote(fixture, proposalId, 12);
      await attest(fixture, proposalId);
      await ready(fixture, proposalId, 12);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Voting, State.Approved);
    });

    it("SCH-05 needs the attestations of its class, of each kind", async () => {
      const fixture = await loadFixture(proposedFixture);
      const { registry, attesters, plan, proposalId } = fixture;
      await vote(fixture, proposalId);
      await ready(fixture, proposalId);
      await time.increase(3 * DAY);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "AttestationsMissing")
        .withArgs(proposalId, AttestationKind.Integrity, 0, 1);
      await registry.connect(attesters[0]).attest(proposalId, AttestationKind.Integrity, REPORT);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "AttestationsMissing")
        .withArgs(proposalId, AttestationKind.Simulation, 0, 1);
      await registry.connect(attesters[0]).attest(proposalId, AttestationKind.Simulation, REPORT);
      await registry.schedule(plan);
    });

    it("SCH-06 needs ready power at the plan's threshold: 7 of 12 wait, 8 go", async () => {
      const fixture = await loadFixture(proposedFixture);
      const { registry, electors, plan, proposalId } = fixture;
      await vote(fixture, proposalId);
      await attest(fixture, proposalId);
      await ready(fixture, proposalId, 7);
      await time.increase(3 * DAY);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "NotReady")
        .withArgs(proposalId, 7n * POWER, TOTAL, 2, 3);
      await registry.connect(electors[7]).signalReady(proposalId, 7);
      await registry.schedule(plan);
    });

    it("SCH-07 expires when the readiness deadline passes", async () => {
      const fixture = await loadFixture(approvedFixture);
      const { registry, plan, proposalId } = fixture;
      const { notAfter } = await registry.stateOf(proposalId);
      await time.increaseTo(notAfter + 1n);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Expired, State.Approved);
    });

    it("SCH-08 takes the very plan that was voted on, and no other", async () => {
      const { registry, plan } = await loadFixture(approvedFixture);
      const edited: Plan = { ...plan, executionWindow: plan.executionWindow + 1n };
      await expect(registry.schedule(edited))
        .to.be.revertedWithCustomError(registry, "ProposalUnknown")
        .withArgs(await registry.proposalIdOf(edited));
    });

    it("SCH-09 refuses while the plan is halted, and goes on after", async () => {
      const { registry, council, plan, proposalId } = await loadFixture(approvedFixture);
      for (const member of council.slice(0, 2)) await registry.connect(member).halt(MODULE, "look", 0, []);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "ProposalHalted")
        .withArgs(proposalId);
      await time.increase(2 * DAY);
      await registry.schedule(plan);
    });

    it("SCH-10 refuses a module that moved or is taken since", async () => {
      const fixture = await loadFixture(registryFixture);
      const module = await addModule(fixture);
      const first = await dialPlan(fixture, module);
      const second = await dialPlan(fixture, module, { nonce: 1n });
      await propose(fixture, second);
      const secondId = await fixture.registry.proposalIdOf(second);
      await vote(fixture, secondId);
      await attest(fixture, secondId);
      await ready(fixture, secondId);
      const firstId = await toInProgress(fixture, first);
      await expect(fixture.registry.schedule(second))
        .to.be.revertedWithCustomError(fixture.registry, "ModuleLocked")
        .withArgs(MODULE, firstId);
      await time.increase(DAY);
      await fixture.registry.advance(first);
      await expect(fixture.registry.schedule(second))
        .to.be.revertedWithCustomError(fixture.registry, "StaleBase")
        .withArgs(MODULE, 0, 1);
    });

    it("PIN-01 refuses to schedule where a pin does not hold", async () => {
      const { registry, module, plan } = await loadFixture(approvedFixture);
      const account = await module.getAddress();
      const expected = plan.stages[0]?.pins[0]?.codeHash;
      await setCode(account, "0x60016000f3");
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "CodeHashMismatch")
        .withArgs(account, expected, keccak256("0x60016000f3"));
    });

    it("PIN-02 refuses to schedule a call with data to an account without code", async () => {
      const fixture = await loadFixture(registryFixture);
      const module = await addModule(fixture);
      const nobody = ethers.Wallet.createRandom().address;
      const stage = await dialStage(module, 1n);
      const calls = [...stage.calls, { target: nobody, value: 0n, data: "0x12345678" }];
      const { registry } = fixture;
      const unpinned = await dialPlan(fixture, module, { stages: [{ ...stage, calls }], rollbacks: [] });
      await expect(propose(fixture, unpinned))
        .to.be.revertedWithCustomError(registry, "CallUnpinned")
        .withArgs("stages", 0, nobody);
      // A pin of code that is yet to come gets it past the proposal, and no further.
      const codeHash = keccak256("0x6001");
      const pins = [...stage.pins, { account: nobody, codeHash }];
      const plan = await dialPlan(fixture, module, { stages: [{ ...stage, calls, pins }], rollbacks: [] });
      await toApproved(fixture, plan);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "CodeHashMismatch")
        .withArgs(nobody, codeHash, ZeroHash);
    });

    it("PIN-03 refuses to schedule a pin on a delegated key, whatever its hash", async () => {
      const fixture = await loadFixture(registryFixture);
      const module = await addModule(fixture);
      const key = ethers.Wallet.createRandom().address;
      const delegation = ethers.concat(["0xef0100", await module.getAddress()]);
      await setCode(key, delegation);
      const stage = await dialStage(module, 1n);
      const pins = [...stage.pins, { account: key, codeHash: keccak256(delegation) }];
      const plan = await dialPlan(fixture, module, { stages: [{ ...stage, pins }], rollbacks: [] });
      await toApproved(fixture, plan);
      await expect(fixture.registry.schedule(plan))
        .to.be.revertedWithCustomError(fixture.registry, "DelegatedAccount")
        .withArgs(key);
    });
  });
});
