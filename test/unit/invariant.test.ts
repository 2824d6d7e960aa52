import { loadFixture, mine, setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { AbiCoder, id, keccak256, MaxUint256, ZeroAddress, ZeroHash } from "ethers";
import { ethers, network } from "hardhat";
import { Action, RightKind, type Invariant } from "../../src/invariants/types";
import { Op } from "../../src/plan/types";
import { DAY, registryFixture } from "../fixtures/registry";
import { propose, RollbackReason, State, stateOf, toInProgress, toScheduled } from "../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, dialStage, MODULE } from "../helpers/plans";

const HONEST = 1;

const short = (word: bigint) => (word === MaxUint256 ? "the largest word" : String(word));

async function moduleFixture() {
  const fixture = await registryFixture();
  return { ...fixture, module: await addModule(fixture) };
}

/** In progress after a stage with a day of dwell that cites the invariant. */
async function inForceFixture(over: Parameters<typeof dialInvariant>[1] = {}) {
  const fixture = await moduleFixture();
  const { module } = fixture;
  const invariant = await define(fixture, await dialInvariant(module, over));
  const earlier = await define(fixture, await dialInvariant(module, { name: "cited by nobody now", bound: 11n }));
  const later = await define(fixture, await dialInvariant(module, { op: Op.Eq, bound: 2n, name: "after stage 1" }));
  const plan = await dialPlan(fixture, module, {
    stages: [
      await dialStage(module, 1n, { invariants: [invariant], dwell: BigInt(DAY) }),
      await dialStage(module, 2n, { invariants: [later] }),
    ],
  });
  const proposalId = await toInProgress(fixture, plan);
  return { ...fixture, invariant, earlier, later, plan, proposalId };
}

const freezeFixture = () => inForceFixture();
const rollbackFixture = () => inForceFixture({ action: Action.Rollback });
const irreversibleFixture = () => inForceFixture({ isIrreversible: true });
const beforeFixture = () => inForceFixture({ rightKind: RightKind.Before, op: Op.Gte, bound: 0n });

describe("InvariantFacet", () => {
  describe("defineInvariant", () => {
    it("INV-01 names a definition by the hash of its whole content, and keeps all of it", async () => {
      const { registry, risk, module } = await loadFixture(moduleFixture);
      const invariant = await dialInvariant(module);
      const { inputs } = registry.interface.getFunction("defineInvariant");
      const expected = keccak256(AbiCoder.defaultAbiCoder().encode(inputs, [invariant]));
      await expect(registry.connect(risk).defineInvariant(invariant))
        .to.emit(registry, "InvariantDefined")
        .withArgs(expected, "dial-in-range", (emitted: Invariant) => emitted.owner === "risk team");
      const stored = await registry.invariantOf(expected);
      expect(stored.definedAt).to.equal(await time.latest());
      expect(stored.retiredAt).to.equal(0n);
      expect(AbiCoder.defaultAbiCoder().encode(inputs, [stored.invariant])).to.equal(
        AbiCoder.defaultAbiCoder().encode(inputs, [invariant]),
      );
    });

    it("INV-02 refuses the same definition twice", async () => {
      const fixture = await loadFixture(moduleFixture);
      const invariant = await dialInvariant(fixture.module);
      const invariantId = await define(fixture, invariant);
      await expect(fixture.registry.connect(fixture.risk).defineInvariant(invariant))
        .to.be.revertedWithCustomError(fixture.registry, "InvariantExists")
        .withArgs(invariantId);
    });

    it("INV-02 refuses a row without name, owner, or a side to read", async () => {
      const { registry, risk, module } = await loadFixture(moduleFixture);
      const good = await dialInvariant(module);
      const nowhere = { target: ZeroAddress, data: "0x", gas: 1n };
      for (const [field, bad] of [
        ["name", { ...good, name: "" }],
        ["owner", { ...good, owner: "" }],
        ["left", { ...good, condition: { ...good.condition, left: nowhere } }],
        ["right", { ...good, condition: { ...good.condition, rightKind: RightKind.Probe, right: nowhere } }],
      ] as const) {
        await expect(registry.connect(risk).defineInvariant(bad))
          .to.be.revertedWithCustomError(registry, "InvariantIncomplete")
          .withArgs(field);
      }
    });

    it("INV-02 refuses a probe without gas, or with more than a transaction could give", async () => {
      const { registry, risk, module } = await loadFixture(moduleFixture);
      const good = await dialInvariant(module);
      for (const gas of [0n, 8_388_609n]) {
        const bad = { ...good, condition: { ...good.condition, left: { ...good.condition.left, gas } } };
        await expect(registry.connect(risk).defineInvariant(bad))
          .to.be.revertedWithCustomError(registry, "ProbeGasOutOfBounds")
          .withArgs(await module.getAddress(), gas, 8_388_608n);
      }
    });

    it("INV-02 refuses a definition that no contract's code could hold [gas]", async () => {
      const { registry, risk, module } = await loadFixture(moduleFixture);
      const huge = { ...(await dialInvariant(module)), name: "x".repeat(25_000) };
      const { inputs } = registry.interface.getFunction("defineInvariant");
      const size = (AbiCoder.defaultAbiCoder().encode(inputs, [huge]).length - 2) / 2 + 1;
      await expect(registry.connect(risk).defineInvariant(huge))
        .to.be.revertedWithCustomError(registry, "StoreFailed")
        .withArgs(size);
    });

    it("ACC-02 is the risk role's alone", async () => {
      const { registry, release, module } = await loadFixture(moduleFixture);
      const invariant = await dialInvariant(module);
      await expect(registry.connect(release).defineInvariant(invariant))
        .to.be.revertedWithCustomError(registry, "Unauthorized")
        .withArgs(release.address, id("RISK"));
      await expect(registry.connect(release).retireInvariant(ZeroHash))
        .to.be.revertedWithCustomError(registry, "Unauthorized")
        .withArgs(release.address, id("RISK"));
    });
  });

  describe("retireInvariant", () => {
    it("INV-03 stops new plans from citing it; a plan that does keeps it", async () => {
      const fixture = await loadFixture(freezeFixture);
      const { registry, risk, module, invariant, plan } = fixture;
      await expect(registry.connect(risk).retireInvariant(invariant))
        .to.emit(registry, "InvariantRetired")
        .withArgs(invariant);
      await expect(propose(fixture, { ...plan, nonce: 1n }))
        .to.be.revertedWithCustomError(registry, "InvariantIsRetired")
        .withArgs(invariant);
      await module.corrupt(11n);
      await expect(registry.poke(plan, invariant)).to.emit(registry, "BreachSeen");
      await expect(registry.connect(risk).retireInvariant(invariant))
        .to.be.revertedWithCustomError(registry, "InvariantIsRetired")
        .withArgs(invariant);
    });

    it("INV-03 refuses a plan that cites a retired or an unknown invariant", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, risk, module } = fixture;
      const retired = await define(fixture, await dialInvariant(module));
      await registry.connect(risk).retireInvariant(retired);
      const citing = async (invariant: string) =>
        dialPlan(fixture, module, {
          stages: [await dialStage(module, 1n, { invariants: [invariant] })],
          rollbacks: [],
        });
      await expect(propose(fixture, await citing(retired)))
        .to.be.revertedWithCustomError(registry, "InvariantIsRetired")
        .withArgs(retired);
      await expect(propose(fixture, await citing(id("unknown"))))
        .to.be.revertedWithCustomError(registry, "InvariantUnknown")
        .withArgs(id("unknown"));
      await expect(registry.invariantOf(id("unknown")))
        .to.be.revertedWithCustomError(registry, "InvariantUnknown")
        .withArgs(id("unknown"));
    });
  });

  describe("check", () => {
    for (const { op, left, right, tolerance = 0n, bps = 0n, isOk } of [
      { op: "Eq", left: 10n, right: 10n, isOk: true },
      { op: "Eq", left: 11n, right: 10n, isOk: false },
      { op: "Eq", left: 9n, right: 10n, tolerance: 1n, isOk: true },
      { op: "Ne", left: 10n, right: 10n, isOk: false },
      { op: "Ne", left: 11n, right: 10n, isOk: true },
      { op: "Ne", left: 11n, right: 10n, tolerance: 1n, isOk: false },
      { op: "Lt", left: 10n, right: 10n, isOk: false },
      { op: "Lt", left: 10n, right: 10n, tolerance: 1n, isOk: true },
      { op: "Lte", left: 10n, right: 10n, isOk: true },
      { op: "Lte", left: 11n, right: 10n, isOk: false },
      { op: "Gt", left: 10n, right: 10n, isOk: false },
      { op: "Gt", left: 11n, right: 10n, isOk: true },
      { op: "Gte", left: 10n, right: 10n, isOk: true },
      { op: "Gte", left: 9n, right: 10n, isOk: false },
      // 1% of 1,000, and not one more.
      { op: "Gte", left: 990n, right: 1_000n, bps: 100n, isOk: true },
      { op: "Gte", left: 989n, right: 1_000n, bps: 100n, isOk: false },
      // Saturating at both ends.
      { op: "Lte", left: MaxUint256, right: MaxUint256, tolerance: MaxUint256, isOk: true },
      { op: "Gt", left: MaxUint256, right: MaxUint256, bps: 10_000n, isOk: false },
    ] as const) {
      it(`INV-04 ${short(left)} ${op} ${short(right)} ± ${short(tolerance)} + ${bps} bps is ${isOk}`, async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, module } = fixture;
        await module.corrupt(left);
        const invariant = await dialInvariant(module, { op: Op[op], bound: right });
        const condition = { ...invariant.condition, tolerance, toleranceBps: Number(bps) };
        const invariantId = await define(fixture, { ...invariant, condition });
        expect(await registry.check(ZeroHash, invariantId)).to.deep.equal([true, isOk, left, right]);
      });
    }

    it("INV-05 compares with a second probe", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const other = await ethers.deployContract("Module__MockForRegistry", [ZeroAddress]);
      const invariant = await dialInvariant(module, { op: Op.Gte, rightKind: RightKind.Probe });
      const right = { ...invariant.condition.left, target: await other.getAddress() };
      const invariantId = await define(fixture, { ...invariant, condition: { ...invariant.condition, right } });
      await module.corrupt(5n);
      await other.corrupt(6n);
      expect(await registry.check(ZeroHash, invariantId)).to.deep.equal([true, false, 5n, 6n]);
    });

    it("INV-06 is unavailable, neither true nor false, where a probe gives no word", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const good = await dialInvariant(module);
      const unavailable = [false, false, 0n, 0n];
      for (const [name, left] of [
        ["reverts", { ...good.condition.left, data: "0xdeadbeef" }],
        ["has no code", { ...good.condition.left, target: ethers.Wallet.createRandom().address }],
        ["runs out of its gas", { ...good.condition.left, gas: 100n }],
      ] as const) {
        const invariantId = await define(fixture, { ...good, name, condition: { ...good.condition, left } });
        expect(await registry.check(ZeroHash, invariantId), name).to.deep.equal(unavailable);
      }
      // PUSH1 31, PUSH1 0, RETURN: one byte short of a word.
      const short = ethers.Wallet.createRandom().address;
      await setCode(short, "0x601f6000f3");
      const condition = { ...good.condition, left: { ...good.condition.left, target: short } };
      const invariantId = await define(fixture, { ...good, condition });
      expect(await registry.check(ZeroHash, invariantId)).to.deep.equal(unavailable);
    });

    it("INV-07 compares AtPropose with the word that the plan found, and has none without a plan", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      await module.corrupt(7n);
      const invariant = await define(
        fixture,
        await dialInvariant(module, { op: Op.Eq, rightKind: RightKind.AtPropose }),
      );
      const stage = await dialStage(module, 1n, { invariants: [invariant] });
      const proposalId = await propose(fixture, await dialPlan(fixture, module, { stages: [stage], rollbacks: [] }));
      expect(await registry.check(proposalId, invariant)).to.deep.equal([true, true, 7n, 7n]);
      await module.corrupt(8n);
      expect(await registry.check(proposalId, invariant)).to.deep.equal([true, false, 8n, 7n]);
      expect((await registry.check(ZeroHash, invariant)).isAvailable).to.equal(false);
    });

    it("INV-07 has no Before outside a stage", async () => {
      const fixture = await loadFixture(moduleFixture);
      const invariant = await define(fixture, await dialInvariant(fixture.module, { rightKind: RightKind.Before }));
      expect((await fixture.registry.check(ZeroHash, invariant)).isAvailable).to.equal(false);
    });
  });

  describe("poke", () => {
    it("INV-08 acts on a break seen in two different blocks: the canary freezes", async () => {
      const { registry, module, invariant, plan, proposalId } = await loadFixture(freezeFixture);
      await module.setCanary(HONEST);
      await module.corrupt(11n);
      await expect(registry.poke(plan, invariant))
        .to.emit(registry, "BreachSeen")
        .withArgs(proposalId, invariant, 11, 10);
      expect(await module.isFrozen()).to.equal(false);
      const transaction = registry.poke(plan, invariant);
      await expect(transaction)
        .to.emit(registry, "BreachProven")
        .withArgs(proposalId, invariant, Action.Freeze, 11, 10);
      await expect(transaction).to.emit(registry, "CanaryFrozen").withArgs(MODULE);
      await expect(transaction)
        .to.emit(module, "Frozen")
        .withArgs(await registry.getAddress(), "dial-in-range");
    });

    it("INV-08 does not act on two sights within one block", async () => {
      const fixture = await loadFixture(rollbackFixture);
      const { registry, module, invariant, plan, proposalId } = fixture;
      await module.corrupt(11n);
      await network.provider.send("evm_setAutomine", [false]);
      try {
        const twice = [
          await registry.poke(plan, invariant, { gasLimit: 3_000_000 }),
          await registry.poke(plan, invariant, { gasLimit: 3_000_000 }),
        ];
        await mine(1);
        const receipts = await Promise.all(twice.map((sent) => sent.wait()));
        expect(receipts[0]?.blockNumber).to.equal(receipts[1]?.blockNumber);
      } finally {
        await network.provider.send("evm_setAutomine", [true]);
      }
      expect(await stateOf(fixture, proposalId)).to.equal(State.InProgress);
      await registry.poke(plan, invariant);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
    });

    it("INV-09 forgets a break when a poke finds that it holds again", async () => {
      const fixture = await loadFixture(rollbackFixture);
      const { registry, module, invariant, plan, proposalId } = fixture;
      await module.corrupt(11n);
      await registry.poke(plan, invariant);
      await module.corrupt(10n);
      await expect(registry.poke(plan, invariant)).to.emit(registry, "BreachCleared").withArgs(proposalId, invariant);
      await module.corrupt(11n);
      await expect(registry.poke(plan, invariant)).to.emit(registry, "BreachSeen");
      expect(await stateOf(fixture, proposalId)).to.equal(State.InProgress);
    });

    it("INV-10 acts at first sight on an irreversible break", async () => {
      const { registry, module, invariant, plan, proposalId } = await loadFixture(irreversibleFixture);
      await module.corrupt(11n);
      expect(await registry.poke.staticCall(plan, invariant)).to.equal(true);
      await expect(registry.poke(plan, invariant))
        .to.emit(registry, "BreachProven")
        .withArgs(proposalId, invariant, Action.Freeze, 11, 10);
    });

    it("INV-11 lets anyone roll back when the action says so", async () => {
      const fixture = await loadFixture(rollbackFixture);
      const { registry, module, invariant, plan, proposalId } = fixture;
      await module.corrupt(11n);
      await registry.poke(plan, invariant);
      await registry.poke(plan, invariant);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      await time.increase(DAY);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Stalled, State.InProgress);
      await registry.rollback(plan);
      expect(await registry.rollbackReason(proposalId)).to.equal(RollbackReason.Breach);
      expect(await module.value()).to.equal(0n);
    });

    it("INV-12 does nothing while it holds, and nothing while its probe gives no word", async () => {
      const fixture = await loadFixture(rollbackFixture);
      const { registry, module, invariant, plan, proposalId } = fixture;
      const account = await module.getAddress();
      expect(await registry.poke.staticCall(plan, invariant)).to.equal(false);
      await registry.poke(plan, invariant);
      const code = await ethers.provider.getCode(account);
      await setCode(account, "0xfe");
      for (let i = 0; i < 3; ++i) await expect(registry.poke(plan, invariant)).to.not.emit(registry, "BreachSeen");
      await setCode(account, code);
      expect(await stateOf(fixture, proposalId)).to.equal(State.InProgress);
    });

    it("INV-12 reverts, rather than see nothing, when the sender starves the probe", async () => {
      const { registry, module, invariant, plan } = await loadFixture(rollbackFixture);
      await module.corrupt(11n);
      const enough = await registry.poke.estimateGas(plan, invariant);
      const starved = registry.poke(plan, invariant, { gasLimit: enough - 40_000n });
      await expect(starved).to.be.revertedWithCustomError(registry, "ProbeStarved");
    });

    it("INV-13 asks of the stage whose dwell it is, neither of the next one nor of a stranger's catalogue", async () => {
      const { registry, earlier, later, plan, proposalId } = await loadFixture(rollbackFixture);
      for (const invariant of [earlier, later, id("unknown")]) {
        await expect(registry.poke(plan, invariant))
          .to.be.revertedWithCustomError(registry, "InvariantNotInForce")
          .withArgs(proposalId, invariant);
      }
    });

    it("INV-13 does not ask what an earlier stage demanded and a later one ended", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const isOne = await define(fixture, await dialInvariant(module, { op: Op.Eq, bound: 1n }));
      const first = await dialStage(module, 1n, { invariants: [isOne], dwell: BigInt(DAY) });
      const second = await dialStage(module, 2n, { dwell: BigInt(DAY) });
      const [back] = (await dialPlan(fixture, module)).rollbacks;
      const plan = await dialPlan(fixture, module, {
        stages: [first, second],
        rollbacks: back === undefined ? [] : [{ ...back, to: 1 }],
      });
      const proposalId = await toInProgress(fixture, plan);
      await time.increase(DAY);
      await registry.advance(plan);
      await expect(registry.poke(plan, isOne))
        .to.be.revertedWithCustomError(registry, "InvariantNotInForce")
        .withArgs(proposalId, isOne);
    });

    it("INV-14 refuses a Before condition: there is no batch to look before", async () => {
      const { registry, invariant, plan } = await loadFixture(beforeFixture);
      await expect(registry.poke(plan, invariant))
        .to.be.revertedWithCustomError(registry, "InvariantNotPokable")
        .withArgs(invariant);
    });

    it("INV-15 refuses a plan that is not in progress", async () => {
      const fixture = await loadFixture(moduleFixture);
      const invariant = await define(fixture, await dialInvariant(fixture.module));
      const stage = await dialStage(fixture.module, 1n, { invariants: [invariant] });
      const plan = await dialPlan(fixture, fixture.module, { stages: [stage], rollbacks: [] });
      const proposalId = await toScheduled(fixture, plan);
      await expect(fixture.registry.poke(plan, invariant))
        .to.be.revertedWithCustomError(fixture.registry, "ProposalInState")
        .withArgs(proposalId, State.Scheduled, State.InProgress);
    });

    it("INV-15 refuses after the last dwell, when a plan can only complete", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const invariant = await define(fixture, await dialInvariant(module, { action: Action.Rollback }));
      const stage = await dialStage(module, 1n, { invariants: [invariant], dwell: BigInt(DAY) });
      const plan = await dialPlan(fixture, module, { stages: [stage] });
      const proposalId = await toInProgress(fixture, plan);
      const { notBefore } = await registry.stateOf(proposalId);
      await module.corrupt(11n);
      await time.setNextBlockTimestamp(notBefore);
      await expect(registry.poke(plan, invariant))
        .to.be.revertedWithCustomError(registry, "RollbackClosed")
        .withArgs(proposalId, notBefore, notBefore);
    });

    it("INV-16 refuses to spare the canary: too little gas reverts, and the break is not spent", async () => {
      const fixture = await loadFixture(freezeFixture);
      const { registry, module, invariant, plan } = fixture;
      await module.setCanary(HONEST);
      await module.corrupt(11n);
      await registry.poke(plan, invariant);
      await expect(registry.poke(plan, invariant, { gasLimit: 500_000 })).to.be.revertedWithCustomError(
        registry,
        "FreezeStarved",
      );
      await expect(registry.poke(plan, invariant)).to.emit(registry, "CanaryFrozen");
    });
  });
});
