import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { ethers } from "hardhat";
import { Category } from "../../../src/invariants/types";
import { BreachClass, Op as PlanOp } from "../../../src/plan/types";
import type { PriceConfidence, PriceFeed__MockForConfidence } from "../../../typechain-types";
import { registryFixture } from "../../fixtures/registry";
import { conditionOf, deployCanary, installRouter, deployRouter, Op, ran } from "../../helpers/canary";
import { toNextStep, toScheduled } from "../../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, pinned } from "../../helpers/plans";

const MAX_AGE = 3_600;
const MAX_DIVERGENCE = 200;
const Verdict = { confident: 0n, unavailable: 1n, stale: 2n, divergent: 3n } as const;
const Fault = { none: 0, reverting: 1, short: 2, burning: 3 } as const;

async function feeds() {
  // 100 with 8 decimals, and with 18.
  const primary = (await ethers.deployContract("PriceFeed__MockForConfidence", [8])) as PriceFeed__MockForConfidence;
  const secondary = (await ethers.deployContract("PriceFeed__MockForConfidence", [18])) as PriceFeed__MockForConfidence;
  const probe = (await ethers.deployContract("PriceConfidence", [
    await primary.getAddress(),
    await secondary.getAddress(),
    MAX_AGE,
    MAX_DIVERGENCE,
  ])) as unknown as PriceConfidence;
  const agree = async () => {
    const now = await time.latest();
    await primary.set(100n * 10n ** 8n, now);
    await secondary.set(100n * 10n ** 18n, now);
  };
  await agree();
  return { primary, secondary, probe, agree };
}

async function canaryFixture() {
  const world = await feeds();
  const canary = await deployCanary();
  const stable = await canary.stable.getAddress();
  await canary.app.connect(canary.controller).upgradeToAndCall(stable, "0x");
  const probe = {
    target: await world.probe.getAddress(),
    data: world.probe.interface.encodeFunctionData("confidence"),
  };
  const confident = conditionOf(probe.target, probe.data, Op.eq, 1, { left: { ...probe, gas: 300_000 } });
  const router = await deployRouter(
    canary,
    { invariants: [confident], errorBudget: 1, isCounted: true },
    { policyId: ethers.id("confident") },
  );
  await installRouter(canary, router);
  await mine();
  return { ...world, ...canary, router };
}

describe("PriceConfidence", () => {
  it("PRC-01 is confident where two fresh prices agree, whatever their decimals", async () => {
    const { probe } = await loadFixture(feeds);
    expect(await probe.verdict()).to.equal(Verdict.confident);
    expect(await probe.confidence()).to.equal(1n);
  });

  it("PRC-02 each price goes stale by itself, after maxAge and not before, and none comes from the future", async () => {
    const { probe, primary, secondary } = await loadFixture(feeds);
    for (const [feed, price] of [
      [primary, 100n * 10n ** 8n],
      [secondary, 100n * 10n ** 18n],
    ] as const) {
      const other = feed === primary ? secondary : primary;
      const now = BigInt(await time.latest()) + 10n;
      await other.set(await other.answer(), now);
      await feed.set(price, now - BigInt(MAX_AGE));
      await time.increaseTo(now);
      expect(await probe.verdict()).to.equal(Verdict.confident);
      await mine();
      expect(await probe.verdict()).to.equal(Verdict.stale);
      await feed.set(price, (await time.latest()) + 100);
      expect(await probe.verdict()).to.equal(Verdict.stale);
      await feed.set(price, await time.latest());
    }
  });

  it("PRC-03 prices diverge beyond the bound and not at it, in both directions", async () => {
    const { probe, primary, secondary } = await loadFixture(feeds);
    const now = await time.latest();
    const unit = 10n ** 18n;
    const verdictAt = async (first: bigint, second: bigint) => {
      await primary.set(first, now);
      await secondary.set(second, now);
      return probe.verdict();
    };
    const hundred = 100n * 10n ** 8n;
    expect(await verdictAt(hundred, 102n * unit)).to.equal(Verdict.confident);
    expect(await verdictAt(hundred, 102n * unit + 1n)).to.equal(Verdict.divergent);
    expect(await verdictAt(102n * 10n ** 8n, 100n * unit)).to.equal(Verdict.confident);
    expect(await verdictAt(102n * 10n ** 8n + 1n, 100n * unit)).to.equal(Verdict.divergent);
    // The same digits in other decimals are another price.
    expect(await verdictAt(hundred, hundred)).to.equal(Verdict.divergent);
  });

  it("PRC-04 a feed that fails takes the confidence with it, and nothing reverts", async () => {
    const { probe, primary, secondary } = await loadFixture(feeds);
    for (const feed of [primary, secondary]) {
      for (const fault of [Fault.reverting, Fault.short, Fault.burning]) {
        await feed.fail(fault);
        expect(await probe.verdict()).to.equal(Verdict.unavailable);
        expect(await probe.confidence()).to.equal(0n);
      }
      await feed.fail(Fault.none);
      const good = await feed.answer();
      for (const price of [0n, -1n, 2n ** 128n, 2n ** 255n - 1n]) {
        await feed.set(price, await time.latest());
        expect(await probe.verdict()).to.equal(Verdict.unavailable);
      }
      await feed.set(good, await time.latest());
    }
    expect(await probe.verdict()).to.equal(Verdict.confident);
  });

  it("PRC-05 refuses bounds that say nothing, and one feed twice", async () => {
    const { probe, primary, secondary } = await loadFixture(feeds);
    const deploy = (
      first: PriceFeed__MockForConfidence,
      second: PriceFeed__MockForConfidence,
      age: number,
      bps: number,
    ) => ethers.deployContract("PriceConfidence", [first, second, age, bps]);
    await expect(deploy(primary, secondary, 0, 1)).to.be.revertedWithCustomError(probe, "BoundsInvalid");
    await expect(deploy(primary, secondary, 1, 0)).to.be.revertedWithCustomError(probe, "BoundsInvalid");
    await expect(deploy(primary, secondary, 1, 10_000)).to.be.revertedWithCustomError(probe, "BoundsInvalid");
    await expect(deploy(primary, primary, 1, 1)).to.be.revertedWithCustomError(probe, "FeedInvalid");
    const wide = (await ethers.deployContract("PriceFeed__MockForConfidence", [19])) as PriceFeed__MockForConfidence;
    await expect(deploy(primary, wide, 1, 1)).to.be.revertedWithCustomError(probe, "FeedInvalid");
  });

  it("PRC-06 in a canary: without confidence stable serves everybody, and the candidate is not blamed", async () => {
    const fixture = await loadFixture(canaryFixture);
    const { app, control, user, secondary, agree } = fixture;
    await agree();
    await app.connect(user).ping();
    expect(await ran(fixture)).to.deep.equal({ stable: 0n, candidate: 1n });
    await secondary.set(90n * 10n ** 18n, await time.latest());
    for (let i = 0; i < 3; ++i)
      await expect(app.connect(user).ping()).to.emit(fixture.router.attach(fixture.proxy), "BreakNotCounted");
    expect(await ran(fixture)).to.deep.equal({ stable: 3n, candidate: 1n });
    const status = await control.status();
    expect([status.isFrozen, status.breaks]).to.deep.equal([false, 0n]);
    await agree();
    await app.connect(user).ping();
    expect(await ran(fixture)).to.deep.equal({ stable: 3n, candidate: 2n });
  });

  it("PRC-07 in a plan: no stage runs without confidence, and poke opens what was agreed for prices", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry, stranger, others } = fixture;
    const { probe, secondary, agree } = await feeds();
    const module = await addModule(fixture);
    const lane = await ethers.deployContract("Lane__MockForContainment", [
      fixture.deployment.timelock,
      others[0]!.address,
    ]);
    const base = await dialInvariant(module, { name: "price-confident", category: Category.Pricing });
    const confidence = { target: await probe.getAddress(), data: probe.interface.encodeFunctionData("confidence") };
    const invariant = await define(fixture, {
      ...base,
      condition: { ...base.condition, left: { ...confidence, gas: 300_000n }, op: PlanOp.Eq, constantValue: 1n },
    });
    await mine();
    const shape = await dialPlan(fixture, module);
    const [first, second] = shape.stages;
    const plan = await pinned({
      ...shape,
      stages: [
        { ...first!, invariants: [invariant] },
        { ...second!, gates: [{ probe: { ...confidence, gas: 300_000n }, op: PlanOp.Eq, bound: 1n }] },
      ],
      containments: [
        {
          breach: BreachClass.Pricing,
          label: encodeBytes32String("stop the lane"),
          calls: [{ target: await lane.getAddress(), value: 0n, data: lane.interface.encodeFunctionData("pause") }],
          pins: [],
          minGas: 0n,
        },
      ],
    });
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    await agree();
    await registry.advance(plan);

    await secondary.set(90n * 10n ** 18n, await time.latest());
    await toNextStep(fixture, proposalId);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "GateNotMet");
    await registry.connect(stranger).poke(plan, invariant);
    await mine();
    await registry.connect(stranger).poke(plan, invariant);
    await registry.connect(stranger).contain(plan, 0);
    expect(await lane.getFunction("paused")()).to.equal(true);
  });
});
