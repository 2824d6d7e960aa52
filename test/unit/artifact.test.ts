import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id, keccak256, toUtf8Bytes, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { deployRegistry } from "../../src/registry/deployRegistry";
import { Op, type Plan } from "../../src/plan/types";
import { artifacts, connectRegistry, DAY, POWER, registryFixture, silent, TOTAL } from "../fixtures/registry";
import {
  artifactPlan,
  builtIn,
  noArtifact,
  nodeArtifact,
  PROTOCOL,
  registryWithPowers,
  REPORT_TIME,
  reported,
  toLastDwell,
  VERSION,
} from "../helpers/artifact";
import {
  propose,
  RollbackReason,
  State,
  stateOf,
  toApproved,
  toInProgress,
  toNextStep,
  toScheduled,
} from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage, MODULE } from "../helpers/plans";
import { domainOf, signAdvertisement, signOverride, signReady, signReport } from "../helpers/signatures";

const ADOPTED = "adoptedPower()";
const SUCCESS = "successReports()";

async function votingFixture() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const plan = await artifactPlan(fixture, module);
  return { ...fixture, module, plan, proposalId: await propose(fixture, plan), domain: await domainOf(fixture) };
}

/** Every stage has run; electors report. */
async function lastDwellFixture() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const plan = await artifactPlan(fixture, module);
  await toInProgress(fixture, plan);
  return { ...fixture, module, plan, proposalId: await toLastDwell(fixture, plan), domain: await domainOf(fixture) };
}

/** A hundred units of power, so that 94, 95 and 96 of them can report. */
const HUNDRED = [20n, 20n, 20n, 20n, 13n, 1n, 1n, 1n, 1n, 1n, 1n, 1n];

async function hundredFixture() {
  const fixture = await registryWithPowers(HUNDRED);
  const module = await addModule(fixture);
  const plan = await artifactPlan(fixture, module);
  await toInProgress(fixture, plan);
  return { ...fixture, module, plan, proposalId: await toLastDwell(fixture, plan) };
}

describe("ArtifactFacet", () => {
  describe("advertise", () => {
    it("ART-01 counts a seat's power once, and says which version it runs", async () => {
      const { registry, electors, proposalId } = await loadFixture(votingFixture);
      const elector = registry.connect(electors[3]);
      await expect(elector.advertise(proposalId, 3, VERSION, PROTOCOL))
        .to.emit(registry, "VersionAdvertised")
        .withArgs(proposalId, electors[3]?.address, 3, POWER, VERSION, PROTOCOL);
      await expect(elector.advertise(proposalId, 3, VERSION, PROTOCOL))
        .to.be.revertedWithCustomError(registry, "AlreadyAdvertised")
        .withArgs(proposalId, 3);
      const facts = await registry.artifactOf(proposalId);
      expect(facts.versionHash).to.equal(keccak256(toUtf8Bytes(VERSION)));
      expect([facts.adoptedPower, facts.adoptedSeats, facts.clippedTotal]).to.deep.equal([POWER, 1n, TOTAL]);
      expect(await registry.hasAdvertised(proposalId, 3)).to.equal(true);
      expect(await registry.hasAdvertised(proposalId, 4)).to.equal(false);
    });

    it("ART-02 counts the plan's own version or a later protocol, and no other name of the same one", async () => {
      const { registry, electors, proposalId } = await loadFixture(votingFixture);
      for (const [version, protocol] of [
        ["v0.3.1", PROTOCOL],
        [VERSION, PROTOCOL - 1n],
        ["v0.2.0", 0n],
      ] as const) {
        await expect(registry.connect(electors[0]).advertise(proposalId, 0, version, protocol))
          .to.be.revertedWithCustomError(registry, "VersionNotAdopted")
          .withArgs(proposalId, version, protocol, PROTOCOL);
      }
      await registry.connect(electors[0]).advertise(proposalId, 0, "v0.4.0", PROTOCOL + 1n);
      expect((await registry.artifactOf(proposalId)).adoptedPower).to.equal(POWER);
    });

    it("ART-03 counts only who sits there, for a plan that has an artifact", async () => {
      const fixture = await loadFixture(votingFixture);
      const { registry, electors, stranger, module, proposalId } = fixture;
      await expect(registry.connect(stranger).advertise(proposalId, 0, VERSION, PROTOCOL))
        .to.be.revertedWithCustomError(registry, "SeatMismatch")
        .withArgs(0, electors[0]?.address, stranger.address);
      const bare = await propose(fixture, await dialPlan(fixture, module, { nonce: 1n }));
      await expect(registry.connect(electors[0]).advertise(bare, 0, "", 0))
        .to.be.revertedWithCustomError(registry, "ArtifactMissing")
        .withArgs(bare);
      await expect(registry.connect(electors[0]).advertise(id("none"), 0, VERSION, PROTOCOL))
        .to.be.revertedWithCustomError(registry, "ProposalUnknown")
        .withArgs(id("none"));
    });

    it("ART-04 is open until the plan ends badly, and stays so when it completed: late nodes follow", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors } = fixture;
      const module = await addModule(fixture);
      const plan = await artifactPlan(fixture, module, { artifact: nodeArtifact() });
      await toInProgress(fixture, plan);
      const proposalId = await toLastDwell(fixture, plan);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
      await registry.connect(electors[11]).advertise(proposalId, 11, VERSION, PROTOCOL);

      const defeated = await propose(
        fixture,
        await artifactPlan(fixture, module, { targets: [{ module: MODULE, baseVersion: 1n }] }),
      );
      await time.increase(3 * DAY);
      await expect(registry.connect(electors[0]).advertise(defeated, 0, VERSION, PROTOCOL))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(defeated, State.Defeated, State.InProgress);
    });

    it("ART-05 counts a batch of signatures, and skips and reports what is bad in it", async () => {
      const { registry, electors, stranger, proposalId, domain } = await loadFixture(votingFixture);
      const statement = { proposalId, version: VERSION, protocolVersion: PROTOCOL };
      const good = await Promise.all(
        electors.slice(0, 3).map((elector, seat) => signAdvertisement(domain, elector, seat, statement)),
      );
      const forged = await signAdvertisement(domain, stranger, 5, statement);
      const other = await signAdvertisement(domain, electors[6] ?? stranger, 6, { ...statement, version: "v0.9.9" });
      const elsewhere = await signAdvertisement(domain, electors[7] ?? stranger, 7, {
        ...statement,
        proposalId: id("another"),
      });
      const twice = good[0] ?? forged;
      const batch = [...good, forged, other, elsewhere, twice];
      expect(await registry.advertiseBySig.staticCall(proposalId, VERSION, PROTOCOL, batch)).to.equal(3n);
      const transaction = registry.advertiseBySig(proposalId, VERSION, PROTOCOL, batch);
      await expect(transaction).to.emit(registry, "StatementSkipped").withArgs(proposalId, 5, stranger.address);
      await expect(transaction).to.emit(registry, "StatementSkipped").withArgs(proposalId, 0, electors[0]?.address);
      await expect(transaction)
        .to.emit(registry, "VersionAdvertised")
        .withArgs(proposalId, electors[2]?.address, 2, POWER, VERSION, PROTOCOL);
      const facts = await registry.artifactOf(proposalId);
      expect([facts.adoptedPower, facts.adoptedSeats]).to.deep.equal([3n * POWER, 3n]);
      expect(await registry.advertiseBySig.staticCall(proposalId, VERSION, PROTOCOL, batch)).to.equal(0n);
    });
  });

  describe("what a plan may ask", () => {
    it("ART-06 refuses reports without an artifact, and outside the last dwell", async () => {
      const fixture = await loadFixture(votingFixture);
      const { registry, module } = fixture;
      const refused = async (artifact: Plan["artifact"], error: string, ...args: unknown[]) =>
        expect(propose(fixture, await artifactPlan(fixture, module, { nonce: 1n, artifact })))
          .to.be.revertedWithCustomError(registry, error)
          .withArgs(...args);
      const dwell = BigInt(DAY);
      await refused(reported({ version: "" }), "ArtifactMissing", ZeroHash);
      for (const deadline of [0n, 59n, dwell + 1n]) {
        await refused(reported({ successDeadline: deadline }), "SuccessDeadlineInvalid", deadline, dwell);
      }
      await refused(nodeArtifact({ successDeadline: 60n }), "SuccessDeadlineInvalid", 60, 0);
      for (const [numerator, denominator] of [
        [3, 2],
        [1, 0],
      ] as const) {
        const threshold = { numerator, denominator };
        await refused(reported({ successThreshold: threshold }), "FractionInvalid", numerator, denominator);
      }
      for (const deadline of [60n, dwell]) {
        const artifact = reported({ successDeadline: deadline });
        await propose(fixture, await artifactPlan(fixture, module, { nonce: deadline, artifact }));
      }
    });

    it("ART-06 refuses reports where no dwell, and so no way back, follows the last stage", async () => {
      const fixture = await loadFixture(votingFixture);
      const { registry, module } = fixture;
      await expect(propose(fixture, await dialPlan(fixture, module, { artifact: reported() })))
        .to.be.revertedWithCustomError(registry, "SuccessDeadlineInvalid")
        .withArgs(REPORT_TIME, 0);
    });

    it("ART-07 refuses gates about an artifact where there is none", async () => {
      const fixture = await loadFixture(votingFixture);
      const { registry, module } = fixture;
      for (const signature of [ADOPTED, SUCCESS]) {
        const stages = [await dialStage(module, 1n, { gates: [builtIn(signature, 1n)] })];
        await expect(propose(fixture, await dialPlan(fixture, module, { stages, rollbacks: [] })))
          .to.be.revertedWithCustomError(registry, "GateUnknown")
          .withArgs(id(signature).slice(0, 10));
      }
    });
  });

  describe("gates", () => {
    it("ART-08 a stage waits until enough power runs the artifact", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors } = fixture;
      const module = await addModule(fixture);
      const need = 8n * POWER;
      const stages = [await dialStage(module, 1n, { gates: [builtIn(ADOPTED, need)] })];
      const plan = await dialPlan(fixture, module, { stages, rollbacks: [], artifact: nodeArtifact() });
      const proposalId = await toScheduled(fixture, plan);
      await toNextStep(fixture, proposalId);
      for (const [seat, elector] of electors.slice(0, 7).entries()) {
        await registry.connect(elector).advertise(proposalId, seat, VERSION, PROTOCOL);
      }
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "GateNotMet")
        .withArgs(0, ethers.ZeroAddress, Op.Gte, need, 7n * POWER, true);
      const { gates } = await registry.revalidate(plan);
      expect([gates[0]?.actual, gates[0]?.isOk]).to.deep.equal([7n * POWER, false]);
      await registry.connect(electors[7]).advertise(proposalId, 7, VERSION, PROTOCOL);
      await registry.advance(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    });

    it("ART-09 a later stage waits for reports of success, and failures do not count for it", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors } = fixture;
      const module = await addModule(fixture);
      const base = await artifactPlan(fixture, module, { artifact: nodeArtifact() });
      const [first] = base.stages;
      const second = await dialStage(module, 2n, { gates: [builtIn(SUCCESS, 2n * POWER)] });
      const plan: Plan = { ...base, stages: first === undefined ? [] : [first, second] };
      const proposalId = await toInProgress(fixture, plan);
      await registry.connect(electors[0]).reportSuccess(proposalId, 0, 0, true);
      await registry.connect(electors[1]).reportSuccess(proposalId, 0, 1, false);
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "GateNotMet");
      await registry.connect(electors[2]).reportSuccess(proposalId, 0, 2, true);
      await registry.advance(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    });
  });

  describe("reportSuccess", () => {
    it("ART-10 takes one report a seat, whatever it says, while the plan is in progress", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors, stranger } = fixture;
      const plan = await artifactPlan(fixture, await addModule(fixture));
      const proposalId = await toScheduled(fixture, plan);
      const report = (seat: number, isSuccessful: boolean) =>
        registry.connect(electors[seat]).reportSuccess(proposalId, 0, seat, isSuccessful);
      await expect(report(0, true))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Scheduled, State.InProgress);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      await expect(report(0, false))
        .to.emit(registry, "SuccessReported")
        .withArgs(proposalId, electors[0]?.address, 0, 0, POWER, false);
      for (const isSuccessful of [true, false]) {
        await expect(report(0, isSuccessful))
          .to.be.revertedWithCustomError(registry, "AlreadyReported")
          .withArgs(proposalId, 0);
      }
      await report(1, true);
      await expect(registry.connect(stranger).reportSuccess(proposalId, 0, 2, true))
        .to.be.revertedWithCustomError(registry, "SeatMismatch")
        .withArgs(2, electors[2]?.address, stranger.address);
      const facts = await registry.artifactOf(proposalId);
      expect([facts.successPower, facts.successSeats, facts.failedPower, facts.failedSeats]).to.deep.equal([
        POWER,
        1n,
        POWER,
        1n,
      ]);
      expect([
        await registry.hasReported(proposalId, 0, 0),
        await registry.hasReported(proposalId, 0, 2),
      ]).to.deep.equal([true, false]);
    });

    it("ART-11 counts a batch of signatures for what was signed, and for nothing else", async () => {
      const { registry, electors, stranger, proposalId, domain } = await loadFixture(lastDwellFixture);
      const sign = (seat: number, isSuccessful: boolean) =>
        signReport(domain, electors[seat] ?? stranger, seat, { proposalId, stage: 1, isSuccessful });
      const batch = [
        await sign(0, true),
        await sign(1, true),
        await sign(2, false),
        await signReady(domain, electors[3] ?? stranger, 3, proposalId),
        await signOverride(domain, electors[4] ?? stranger, 4, proposalId),
      ];
      const transaction = registry.reportSuccessBySig(proposalId, 1, true, batch);
      await expect(transaction)
        .to.emit(registry, "SuccessReported")
        .withArgs(proposalId, electors[1]?.address, 1, 1, POWER, true);
      await expect(transaction).to.emit(registry, "StatementSkipped");
      const facts = await registry.artifactOf(proposalId);
      expect([facts.successSeats, facts.failedSeats]).to.deep.equal([2n, 0n]);
      expect(await registry.reportSuccessBySig.staticCall(proposalId, 1, false, batch)).to.equal(1n);
    });
  });

  describe("too few reports of success", () => {
    for (const { percent, state } of [
      { percent: 94, state: State.Stalled },
      { percent: 95, state: State.Completed },
      { percent: 96, state: State.Completed },
    ]) {
      const outcome = state === State.Stalled ? "opens the way back to anyone" : "completes";
      it(`ART-12 ${percent} of 100 where 95% are asked for: ${outcome}`, async () => {
        const fixture = await loadFixture(hundredFixture);
        const { registry, electors, module, plan, proposalId } = fixture;
        // 20 + 20 + 20 + 20 + 13 = 93, and a unit a seat.
        const seats = 5 + (percent - 93);
        for (const [seat, elector] of electors.slice(0, seats).entries()) {
          await registry.connect(elector).reportSuccess(proposalId, 1, seat, true);
        }
        expect((await registry.artifactOf(proposalId)).successPower).to.equal(percent);
        await time.increase(DAY);
        if (state === State.Completed) {
          await registry.advance(plan);
          expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
          expect(await module.value()).to.equal(2n);
          return;
        }
        expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
        await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "ProposalInState");
        await registry.rollback(plan);
        expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
        expect(await registry.rollbackReason(proposalId)).to.equal(RollbackReason.Reports);
        expect(await module.value()).to.equal(0n);
      });
    }

    it("ART-13 the deadline decides, to the second, and nothing counts after it", async () => {
      const fixture = await loadFixture(hundredFixture);
      const { registry, electors, plan, proposalId } = fixture;
      const { reportBy } = await registry.artifactOf(proposalId);
      await time.increaseTo(reportBy - 2n);
      expect(await stateOf(fixture, proposalId)).to.equal(State.InProgress);
      await expect(registry.rollback(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.InProgress, State.Stalled);
      await time.increaseTo(reportBy);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      const elector = registry.connect(electors[0]);
      for (const late of [
        () => elector.reportSuccess(proposalId, 1, 0, true),
        () => elector.overrideSuccess(proposalId, 0),
      ]) {
        await expect(late())
          .to.be.revertedWithCustomError(registry, "ProposalInState")
          .withArgs(proposalId, State.Stalled, State.InProgress);
      }
      await registry.rollback(plan);
    });

    it("ART-13 a deadline at the dwell's very end leaves no second in which the plan could complete", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry } = fixture;
      const plan = await artifactPlan(fixture, await addModule(fixture), {
        artifact: reported({ successDeadline: BigInt(DAY) }),
      });
      await toInProgress(fixture, plan);
      const proposalId = await toLastDwell(fixture, plan);
      const { notBefore } = await registry.stateOf(proposalId);
      await time.setNextBlockTimestamp(notBefore);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Stalled, State.InProgress);
    });

    it("ART-14 halted time moves the deadline; a halt after it does not bring the plan back", async () => {
      const fixture = await loadFixture(lastDwellFixture);
      const { registry, council, proposalId } = fixture;
      const { reportBy } = await registry.artifactOf(proposalId);
      for (const member of council.slice(0, 2)) await registry.connect(member).halt(MODULE, "look", 0, []);
      const haltedAt = BigInt(await time.latest());
      await time.increase(2 * DAY);
      const moved = (await registry.artifactOf(proposalId)).reportBy;
      expect(moved).to.equal(reportBy + BigInt(2 * DAY));
      expect(haltedAt).to.be.lessThan(moved);
      await time.increaseTo(moved - 1n);
      expect(await stateOf(fixture, proposalId)).to.equal(State.InProgress);
      await time.increaseTo(moved);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      await time.increaseTo(await registry.haltableAt(MODULE));
      for (const member of council.slice(0, 2)) await registry.connect(member).halt(MODULE, "again", 0, []);
      await time.increase(DAY);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
    });

    it("ART-28 each stage is reported on anew: what was said of an earlier one, by call or by signature, decides nothing", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors } = fixture;
      const plan = await artifactPlan(fixture, await addModule(fixture));
      const proposalId = await toInProgress(fixture, plan);
      const domain = await domainOf(fixture);
      for (const [seat, elector] of electors.slice(0, 11).entries()) {
        await registry.connect(elector).reportSuccess(proposalId, 0, seat, true);
      }
      const kept = await signReport(domain, electors[11]!, 11, { proposalId, stage: 0, isSuccessful: true });
      await registry.reportSuccessBySig(proposalId, 0, true, [kept]);
      await expect(registry.connect(electors[0]).reportSuccess(proposalId, 1, 0, true))
        .to.be.revertedWithCustomError(registry, "StageNotReported")
        .withArgs(proposalId, 1, 0);
      await toLastDwell(fixture, plan);
      const facts = await registry.artifactOf(proposalId);
      expect([facts.reportedStage, facts.successPower, facts.isSuccessful]).to.deep.equal([1n, 0n, false]);
      await expect(registry.reportSuccessBySig(proposalId, 0, true, [kept])).to.be.revertedWithCustomError(
        registry,
        "StageNotReported",
      );
      expect(await registry.reportSuccessBySig.staticCall(proposalId, 1, true, [kept])).to.equal(0n);
      const snapshot = await ethers.provider.send("evm_snapshot", []);
      await time.increase(DAY);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      await ethers.provider.send("evm_revert", [snapshot]);
      for (const [seat, elector] of electors.entries()) {
        await registry.connect(elector).reportSuccess(proposalId, 1, seat, true);
      }
      await time.increase(DAY);
      await registry.advance(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    });

    it("ART-15 reports that no plan asked for decide nothing", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors } = fixture;
      const plan = await artifactPlan(fixture, await addModule(fixture), { artifact: nodeArtifact() });
      await toInProgress(fixture, plan);
      const proposalId = await toLastDwell(fixture, plan);
      await registry.connect(electors[0]).reportSuccess(proposalId, 1, 0, false);
      await expect(registry.connect(electors[0]).overrideSuccess(proposalId, 0))
        .to.be.revertedWithCustomError(registry, "SuccessNotAsked")
        .withArgs(proposalId);
      await time.increase(DAY);
      await registry.advance(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    });
  });

  describe("overrideSuccess", () => {
    it("ART-16 the electorate keeps the upgrade with what approved it: 8 of 12 do, 7 do not", async () => {
      const fixture = await loadFixture(lastDwellFixture);
      const { registry, electors, plan, proposalId } = fixture;
      for (const [seat, elector] of electors.slice(0, 7).entries()) {
        await registry.connect(elector).overrideSuccess(proposalId, seat);
      }
      expect((await registry.artifactOf(proposalId)).isOverridden).to.equal(false);
      const snapshot = await ethers.provider.send("evm_snapshot", []);
      await time.increase(DAY);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      await ethers.provider.send("evm_revert", [snapshot]);

      await expect(registry.connect(electors[7]).overrideSuccess(proposalId, 7))
        .to.emit(registry, "SuccessSettled")
        .withArgs(proposalId, false);
      const facts = await registry.artifactOf(proposalId);
      expect([facts.isOverridden, facts.isSuccessful, facts.overridePower]).to.deep.equal([true, false, 8n * POWER]);
      await time.increase(DAY);
      await registry.advance(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    });

    it("ART-17 takes one vote a seat from who sits there, once every stage has run", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors, stranger } = fixture;
      const plan = await artifactPlan(fixture, await addModule(fixture));
      const proposalId = await toInProgress(fixture, plan);
      const elector = registry.connect(electors[0]);
      await expect(elector.overrideSuccess(proposalId, 0))
        .to.be.revertedWithCustomError(registry, "OverrideTooEarly")
        .withArgs(proposalId, 1, 2);
      await toLastDwell(fixture, plan);
      await expect(registry.connect(stranger).overrideSuccess(proposalId, 0)).to.be.revertedWithCustomError(
        registry,
        "SeatMismatch",
      );
      await expect(elector.overrideSuccess(proposalId, 0))
        .to.emit(registry, "SuccessOverridden")
        .withArgs(proposalId, electors[0]?.address, 0, POWER);
      await expect(elector.overrideSuccess(proposalId, 0))
        .to.be.revertedWithCustomError(registry, "AlreadyOverridden")
        .withArgs(proposalId, 0);
      expect(await registry.hasOverridden(proposalId, 0)).to.equal(true);
    });

    it("ART-18 counts votes by signature, and no report for one", async () => {
      const { registry, electors, stranger, proposalId, domain } = await loadFixture(lastDwellFixture);
      const votes = await Promise.all(
        electors.slice(0, 8).map((elector, seat) => signOverride(domain, elector, seat, proposalId)),
      );
      const report = await signReport(domain, electors[8] ?? stranger, 8, { proposalId, stage: 1, isSuccessful: true });
      expect(await registry.overrideSuccessBySig.staticCall(proposalId, [...votes, report])).to.equal(8n);
      await expect(registry.overrideSuccessBySig(proposalId, [...votes, report]))
        .to.emit(registry, "SuccessSettled")
        .withArgs(proposalId, false);
    });

    it("ART-19 does not lift a veto", async () => {
      const fixture = await loadFixture(lastDwellFixture);
      const { registry, council, electors, plan, proposalId } = fixture;
      for (const [seat, elector] of electors.entries()) {
        await registry.connect(elector).overrideSuccess(proposalId, seat);
      }
      for (const member of council.slice(0, 3)) await registry.connect(member).veto(proposalId, "no", 0, []);
      await time.increase(DAY);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "ProposalInState");
      await registry.rollback(plan);
    });
  });

  describe("a plan that follows a parent's", () => {
    const CHILD = encodeBytes32String("child");
    const GRACE = 50n;

    async function familyFixture() {
      const fixture = await registryFixture();
      const module = await addModule(fixture);
      const childModule = await addModule(fixture, CHILD);
      const base = await artifactPlan(fixture, module, { artifact: nodeArtifact({ graceBlocks: GRACE }) });
      const stages = base.stages.map((stage, index) => (index === 0 ? stage : { ...stage, dwell: BigInt(10 * DAY) }));
      const parent: Plan = { ...base, stages };
      const parentId = await toApproved(fixture, parent);
      const child = await artifactPlan(fixture, childModule, {
        nonce: 1n,
        targets: [{ module: CHILD, baseVersion: 0n }],
        artifact: noArtifact({ parentPlan: parentId }),
        executionWindow: BigInt(60 * DAY),
        readiness: { threshold: { numerator: 2, denominator: 3 }, deadline: BigInt(60 * DAY), schedulingWindow: 0n },
      });
      return { ...fixture, module, childModule, parent, parentId, child };
    }

    /** Parent in its last dwell, child scheduled and due. */
    async function openFixture() {
      const fixture = await familyFixture();
      const childId = await toApproved(fixture, fixture.child);
      await fixture.registry.schedule(fixture.parent);
      await fixture.registry.schedule(fixture.child);
      await toLastDwell(fixture, fixture.parent);
      return { ...fixture, childId };
    }

    it("ART-20 names a parent that is here, has a grace period and may still succeed", async () => {
      const fixture = await loadFixture(familyFixture);
      const { registry, module, child, parent, release } = fixture;
      const withParent = (parentPlan: string): Plan => ({ ...child, artifact: { ...child.artifact, parentPlan } });
      await expect(propose(fixture, withParent(id("elsewhere"))))
        .to.be.revertedWithCustomError(registry, "ParentUnknown")
        .withArgs(id("elsewhere"));
      const bare = await propose(fixture, await dialPlan(fixture, module, { nonce: 7n }));
      await expect(propose(fixture, withParent(bare)))
        .to.be.revertedWithCustomError(registry, "ParentWithoutGrace")
        .withArgs(bare);
      const gone = await propose(fixture, { ...parent, nonce: 8n });
      await registry.connect(release).cancel(gone);
      await expect(propose(fixture, withParent(gone)))
        .to.be.revertedWithCustomError(registry, "ParentInState")
        .withArgs(gone, State.Cancelled);
      await propose(fixture, child);
    });

    it("ART-21 is scheduled once its parent is, and starts only in the window, its last block included", async () => {
      const fixture = await loadFixture(familyFixture);
      const { registry, parent, parentId, child } = fixture;
      const childId = await toApproved(fixture, child);
      await expect(registry.schedule(child))
        .to.be.revertedWithCustomError(registry, "ParentInState")
        .withArgs(parentId, State.Approved);
      await registry.schedule(parent);
      await registry.schedule(child);
      await toNextStep(fixture, childId);
      await expect(registry.advance(child))
        .to.be.revertedWithCustomError(registry, "ParentInState")
        .withArgs(parentId, State.Scheduled);
      await registry.advance(parent);
      // The parent is on its way, not there yet.
      await expect(registry.advance(child)).to.be.revertedWithCustomError(registry, "CompatibilityClosed");
      expect((await registry.compatibilityOf(childId)).isOpen).to.equal(false);
      await toNextStep(fixture, parentId);
      await registry.advance(parent);
      const from = BigInt(await time.latestBlock());
      const window = await registry.compatibilityOf(childId);
      expect([window.parent, window.parentState, window.from, window.until, window.isOpen]).to.deep.equal([
        parentId,
        State.InProgress,
        from,
        from + GRACE,
        true,
      ]);

      const snapshot = await ethers.provider.send("evm_snapshot", []);
      await mine(GRACE);
      expect((await registry.compatibilityOf(childId)).isOpen).to.equal(true);
      await expect(registry.advance(child))
        .to.be.revertedWithCustomError(registry, "CompatibilityClosed")
        .withArgs(parentId, from, from + GRACE, from + GRACE + 1n);
      await ethers.provider.send("evm_revert", [snapshot]);
      await mine(GRACE - 1n);
      await registry.advance(child);
      expect(BigInt(await time.latestBlock())).to.equal(from + GRACE);
    });

    it("ART-22 is not scheduled for a window that is over", async () => {
      const fixture = await loadFixture(familyFixture);
      const { registry, parent, parentId, child } = fixture;
      await toApproved(fixture, child);
      await registry.schedule(parent);
      await toLastDwell(fixture, parent);
      await mine(GRACE + 1n);
      await expect(registry.schedule(child)).to.be.revertedWithCustomError(registry, "CompatibilityClosed");
      expect(await stateOf(fixture, parentId)).to.equal(State.InProgress);
    });

    it("ART-23 once begun, goes on after the window, as long as its parent stands", async () => {
      const fixture = await loadFixture(openFixture);
      const { registry, parent, parentId, child, childId } = fixture;
      await registry.advance(child);
      await mine(2n * GRACE);
      await toNextStep(fixture, parentId);
      await registry.advance(parent);
      expect(await stateOf(fixture, parentId)).to.equal(State.Completed);
      await registry.advance(child);
      await toNextStep(fixture, childId);
      await registry.advance(child);
      expect(await stateOf(fixture, childId)).to.equal(State.Completed);
    });

    it("ART-24 a parent that goes back takes a child in progress with it: it stalls, and anyone takes it back", async () => {
      const fixture = await loadFixture(openFixture);
      const { registry, council, parent, parentId, child, childId, childModule } = fixture;
      await registry.advance(child);
      await expect(registry.invalidateOrphan(childId))
        .to.be.revertedWithCustomError(registry, "ParentInState")
        .withArgs(parentId, State.InProgress);
      for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(parent, "why", 0, []);
      await toNextStep(fixture, childId);
      await expect(registry.advance(child))
        .to.be.revertedWithCustomError(registry, "ParentInState")
        .withArgs(parentId, State.RolledBack);
      await expect(registry.invalidateOrphan(childId))
        .to.emit(registry, "PlanOrphaned")
        .withArgs(childId, parentId, State.RolledBack);
      expect(await stateOf(fixture, childId)).to.equal(State.Stalled);
      await registry.rollback(child);
      expect(await childModule.value()).to.equal(0n);
    });

    it("ART-25 a parent that ended without its upgrade closes a child that has not begun; sweep clears the timelock", async () => {
      const fixture = await loadFixture(openFixture);
      const { registry, timelock, council, parent, child, childId } = fixture;
      for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(parent, "why", 0, []);
      await registry.invalidateOrphan(childId);
      expect(await stateOf(fixture, childId)).to.equal(State.Invalidated);
      await registry.sweep(child);
      const scheduled = await timelock.queryFilter(timelock.filters.CallScheduled());
      for (const { args } of scheduled) expect(await timelock.isOperationPending(args.id)).to.equal(false);
      await expect(registry.invalidateOrphan(childId))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(childId, State.Invalidated, State.Scheduled);
    });

    it("ART-26 stalls no plan that can only complete, and none without a parent", async () => {
      const fixture = await loadFixture(openFixture);
      const { registry, council, parent, parentId, child, childId } = fixture;
      const third = encodeBytes32String("third");
      const targets = [{ module: third, baseVersion: 0n }];
      const bare = await propose(fixture, await dialPlan(fixture, await addModule(fixture, third), { targets }));
      await expect(registry.invalidateOrphan(bare))
        .to.be.revertedWithCustomError(registry, "ParentInState")
        .withArgs(ZeroHash, State.Unknown);
      const none = await registry.compatibilityOf(bare);
      expect([none.parent, none.isOpen]).to.deep.equal([ZeroHash, false]);

      await registry.advance(child);
      await toLastDwell(fixture, child);
      await toNextStep(fixture, childId);
      for (const member of council.slice(0, 3)) await registry.connect(member).veto(parentId, "no", 0, []);
      await registry.rollback(parent);
      await expect(registry.invalidateOrphan(childId)).to.be.revertedWithCustomError(registry, "ProposalInState");
      await registry.advance(child);
      expect(await stateOf(fixture, childId)).to.equal(State.Completed);
    });

    it("ART-27 a parent of another registry on the chain is a gate on that registry's own state", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, parameters, deployer, stranger } = fixture;
      const deployment = await deployRegistry({ artifacts, signer: deployer, log: silent }, parameters);
      const other = { ...fixture, ...(await connectRegistry(deployment, stranger)), deployment };
      const parent = await dialPlan(other, await addModule(other), { executionWindow: BigInt(60 * DAY) });
      const parentId = await toInProgress(other, parent);

      const module = await addModule(fixture);
      const gate = {
        probe: {
          target: deployment.registry,
          // The first word of a status is the state.
          data: registry.interface.encodeFunctionData("stateOf", [parentId]),
          gas: 300_000n,
        },
        op: Op.Eq,
        bound: State.Completed,
      };
      const child = await dialPlan(fixture, module, {
        stages: [await dialStage(module, 1n, { gates: [gate] })],
        rollbacks: [],
        executionWindow: BigInt(60 * DAY),
      });
      const childId = await toScheduled(fixture, child);
      await toNextStep(fixture, childId);
      await expect(registry.advance(child))
        .to.be.revertedWithCustomError(registry, "GateNotMet")
        .withArgs(0, deployment.registry, Op.Eq, State.Completed, State.InProgress, true);
      await other.registry.advance(parent);
      expect(await stateOf(other, parentId)).to.equal(State.Completed);
      await registry.advance(child);
      expect(await stateOf(fixture, childId)).to.equal(State.Completed);
    });
  });
});
