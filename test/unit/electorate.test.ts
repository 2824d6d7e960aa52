import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { toBeHex, ZeroAddress } from "ethers";
import { PlanClass } from "../../src/plan/types";
import { packSeats, unpackSeat, type Seat } from "../../src/registry/seats";
import { POWER, registryFixture, TOTAL, UNIT, type RegistryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { Choice, propose } from "../helpers/lifecycle";
import { addModule, dialPlan } from "../helpers/plans";

const account = (index: number) => toBeHex(index, 20);
const equal = (count: number, power = 1n): Seat[] =>
  Array.from({ length: count }, (_, i) => ({ account: account(i + 1), power }));

const Kind = { Listed: 0n, Chunked: 1n, Token: 2n } as const;

/** Cap and clipped total of the present electorate in plans of a class. */
async function clipOf(fixture: RegistryFixture, planClass: PlanClass = PlanClass.Standard) {
  const { clips } = await fixture.registry.electorateHeader(await current(fixture));
  return clips[planClass];
}

async function current({ registry }: RegistryFixture) {
  const { pointer } = await registry.electorate();
  return pointer;
}

describe("ElectorateFacet", () => {
  describe("setElectorate", () => {
    it("GOV-01 stores every seat in order, and the header that goes with them", async () => {
      const { registry, electors } = await loadFixture(registryFixture);
      const { pointer, epoch, kind } = await registry.electorate();
      expect([epoch, kind]).to.deep.equal([1n, Kind.Listed]);
      expect(await registry.maxPowerOf(PlanClass.Critical)).to.deep.equal([1n, 4n]);
      const clip = [TOTAL / 4n, TOTAL];
      expect(await registry.electorateHeader(pointer)).to.deep.equal([
        Kind.Listed,
        12n,
        TOTAL,
        [clip, clip, clip],
        UNIT,
        ZeroAddress,
        0n,
        0n,
      ]);
      const seats = (await registry.seatsOf(pointer, 0, 100)).map((seat) => unpackSeat(seat));
      expect(await registry.seatsOf(pointer, 10, 1)).to.deep.equal(packSeats(seats).slice(10, 11));
      expect(await registry.seatsOf(pointer, 10, 100)).to.deep.equal(packSeats(seats).slice(10));
      expect(await registry.seatsOf(pointer, 12, 1)).to.deep.equal([]);
      expect(seats).to.deep.equal(electors.map(({ address }) => ({ account: address, power: POWER })));
      expect(await registry.seatAt(pointer, 11)).to.equal(packSeats(seats)[11]);
    });

    it("GOV-01 stores as many as 512 seats [gas]", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      await timelock.setElectorate(packSeats(equal(512)), UNIT);
      const pointer = await current(fixture);
      expect((await fixture.registry.electorateHeader(pointer)).seats).to.equal(512n);
      expect(unpackSeat(await fixture.registry.seatAt(pointer, 511))).to.deep.equal({
        account: account(512),
        power: 1n,
      });
    });

    it("GOV-02 refuses none, and more than 512", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      for (const count of [0, 513]) {
        await expect(timelock.setElectorate(packSeats(equal(count)), UNIT))
          .to.be.revertedWithCustomError(fixture.registry, "SeatCountInvalid")
          .withArgs(count, 512);
      }
    });

    it("GOV-02 refuses seats that do not increase strictly: an account twice, out of order, or zero", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      const [a, b] = packSeats(equal(2)) as [string, string];
      await expect(timelock.setElectorate([a, a], UNIT))
        .to.be.revertedWithCustomError(fixture.registry, "SeatsNotIncreasing")
        .withArgs(1, account(1), account(1));
      await expect(timelock.setElectorate([b, a], UNIT))
        .to.be.revertedWithCustomError(fixture.registry, "SeatsNotIncreasing")
        .withArgs(1, account(2), account(1));
      await expect(timelock.setElectorate([toBeHex(5, 32)], UNIT))
        .to.be.revertedWithCustomError(fixture.registry, "SeatsNotIncreasing")
        .withArgs(0, ZeroAddress, ZeroAddress);
    });

    it("GOV-02 refuses a seat without power", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      const seats = equal(3);
      if (seats[2] !== undefined) seats[2].power = 0n;
      await expect(timelock.setElectorate(packSeats(seats), UNIT))
        .to.be.revertedWithCustomError(fixture.registry, "SeatEmpty")
        .withArgs(2);
    });

    it("GOV-02 refuses powers whose sum would not fit the tally, and takes the largest that does", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      const max = (1n << 72n) - 1n;
      await timelock.setElectorate(packSeats(equal(1, max)), UNIT);
      await expect(timelock.setElectorate(packSeats(equal(2, (max + 1n) / 2n)), UNIT))
        .to.be.revertedWithCustomError(fixture.registry, "PowerTooLarge")
        .withArgs(max + 1n, max);
    });

    it("GOV-03 clips a large seat to maxPower of the total, and measures thresholds against the clipped total", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      await timelock.setElectorate(
        packSeats([
          { account: account(1), power: 700n },
          { account: account(2), power: 200n },
          { account: account(3), power: 100n },
        ]),
        UNIT,
      );
      // A quarter of 1,000 is the cap.
      expect(await clipOf(fixture)).to.deep.equal([250n, 550n]);
    });

    it("GOV-03 never clips to nothing", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      await timelock.setElectorate(packSeats(equal(3)), UNIT);
      expect(await clipOf(fixture)).to.deep.equal([1n, 3n]);
    });

    it("GOV-04 leaves proposals made before with the electorate they had", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors, stranger } = fixture;
      const proposalId = await propose(fixture, await dialPlan(fixture, await addModule(fixture)));
      const before = await current(fixture);
      const timelock = await asTimelock(fixture);
      await expect(timelock.setElectorate(packSeats([{ account: stranger.address, power: 1n }]), UNIT))
        .to.emit(registry, "ElectorateSet")
        .withArgs((pointer: string) => pointer !== before, 2, Kind.Listed, 1, 1, UNIT);
      expect((await registry.proposalOf(proposalId)).electorate).to.equal(before);
      await registry.connect(electors[0]).castVote(proposalId, Choice.For, 0);
      await expect(registry.connect(stranger).castVote(proposalId, Choice.For, 1))
        .to.be.revertedWithCustomError(registry, "SeatMismatch")
        .withArgs(1, electors[1]?.address, stranger.address);
    });

    it("ACC-01 is the timelock's alone", async () => {
      const { registry, release, deployment } = await loadFixture(registryFixture);
      await expect(registry.connect(release).setElectorate([], UNIT))
        .to.be.revertedWithCustomError(registry, "NotTimelock")
        .withArgs(release.address, deployment.timelock);
    });
  });

  describe("setMaxPower", () => {
    it("GOV-03 takes effect with the next electorate", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      await expect(timelock.setMaxPower(PlanClass.Standard, { numerator: 1, denominator: 2 }))
        .to.emit(fixture.registry, "MaxPowerSet")
        .withArgs(PlanClass.Standard, 1, 2);
      expect((await clipOf(fixture)).cap).to.equal(TOTAL / 4n);
      await timelock.setElectorate(packSeats(equal(12, POWER)), UNIT);
      expect((await clipOf(fixture)).cap).to.equal(TOTAL / 2n);
    });

    it("ELE-01 clips by class of plan: the same seat weighs less where less of one seat is wanted", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors, parameters } = fixture;
      const timelock = await asTimelock(fixture);
      await timelock.setMaxPower(PlanClass.Standard, { numerator: 1, denominator: 2 });
      await timelock.setMaxPower(PlanClass.Critical, { numerator: 1, denominator: 10 });
      await timelock.setClassPolicy(PlanClass.Critical, parameters.policies.standard);
      const powers = [600n, 300n, 100n];
      await timelock.setElectorate(
        packSeats(powers.map((power, i) => ({ account: electors[i]?.address ?? "", power }))),
        UNIT,
      );
      expect(await clipOf(fixture, PlanClass.Standard)).to.deep.equal([500n, 900n]);
      expect(await clipOf(fixture, PlanClass.Critical)).to.deep.equal([100n, 300n]);
      const module = await addModule(fixture);
      for (const [planClass, forPower, clippedTotal] of [
        [PlanClass.Standard, 800n, 900n],
        [PlanClass.Critical, 200n, 300n],
      ] as const) {
        const proposalId = await propose(fixture, await dialPlan(fixture, module, { planClass }));
        await registry.connect(electors[0]).castVote(proposalId, Choice.For, 0);
        await registry.connect(electors[1]).castVote(proposalId, Choice.For, 1);
        await registry.connect(electors[0]).signalReady(proposalId, 0);
        const facts = await registry.proposalOf(proposalId);
        expect([facts.forPower, facts.clippedTotal]).to.deep.equal([forPower, clippedTotal]);
        expect(facts.readyPower).to.equal(planClass === PlanClass.Critical ? 100n : 500n);
      }
    });

    it("GOV-02 refuses zero and improper fractions", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      for (const [numerator, denominator] of [
        [0, 1],
        [2, 1],
        [1, 0],
      ] as const) {
        await expect(timelock.setMaxPower(PlanClass.Standard, { numerator, denominator }))
          .to.be.revertedWithCustomError(fixture.registry, "FractionInvalid")
          .withArgs(numerator, denominator);
      }
    });

    it("ACC-01 is the timelock's alone", async () => {
      const { registry, risk, deployment } = await loadFixture(registryFixture);
      await expect(registry.connect(risk).setMaxPower(PlanClass.Standard, { numerator: 1, denominator: 1 }))
        .to.be.revertedWithCustomError(registry, "NotTimelock")
        .withArgs(risk.address, deployment.timelock);
    });
  });

  describe("seatAt", () => {
    it("GOV-01 refuses a seat that does not exist", async () => {
      const { registry } = await loadFixture(registryFixture);
      const { pointer } = await registry.electorate();
      await expect(registry.seatAt(pointer, 12))
        .to.be.revertedWithCustomError(registry, "SeatUnknown")
        .withArgs(12, 12);
    });
  });
});
