import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { DAY, registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import {
  attest,
  propose,
  ready,
  State,
  stateOf,
  toInProgress,
  toNextStep,
  toScheduled,
  vote,
} from "../helpers/lifecycle";
import { addModule, dialPlan, MODULE } from "../helpers/plans";

const INTERVAL = 86_400n;

async function restingFixture() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  await (await asTimelock(fixture)).setMinInterval(INTERVAL);
  return { ...fixture, module };
}

type Resting = Awaited<ReturnType<typeof restingFixture>>;

/** Completes one plan, while the next one, of the version after it, is agreed to and waits for its first stage. */
async function nextAfterCompletion(fixture: Resting) {
  const { registry, module } = fixture;
  const first = await dialPlan(fixture, module);
  const id = await toInProgress(fixture, first);
  await toNextStep(fixture, id);
  await registry.advance(first);
  return BigInt(await time.latest());
}

describe("minimum interval between upgrades of one module", () => {
  it("STG-10 is none until the timelock sets one, at most 30 days", async () => {
    const fixture = await loadFixture(restingFixture);
    const { registry, release } = fixture;
    const timelock = await asTimelock(fixture);
    await expect(registry.connect(release).setMinInterval(0)).to.be.revertedWithCustomError(registry, "NotTimelock");
    await expect(timelock.setMinInterval(30 * DAY + 1))
      .to.be.revertedWithCustomError(registry, "IntervalTooLong")
      .withArgs(30 * DAY + 1, 30 * DAY);
    await expect(timelock.setMinInterval(30 * DAY))
      .to.emit(registry, "MinIntervalSet")
      .withArgs(30 * DAY);
    expect(await registry.minInterval()).to.equal(30 * DAY);
    expect(await registry.upgradeableAt(MODULE)).to.equal(0);
    await expect(registry.upgradeableAt(encodeBytes32String("none"))).to.be.revertedWithCustomError(
      registry,
      "ModuleUnknown",
    );
  });

  it("STG-11 a first stage waits for it after a completion, to the second; other modules do not", async () => {
    const fixture = await loadFixture(restingFixture);
    const { registry, module } = fixture;
    await (await asTimelock(fixture)).setMinInterval(10n * INTERVAL);
    const endedAt = await nextAfterCompletion(fixture);
    const notBefore = endedAt + 10n * INTERVAL;
    expect(await registry.upgradeableAt(MODULE)).to.equal(notBefore);
    const next = await dialPlan(fixture, module, {
      nonce: 1n,
      targets: [{ module: MODULE, baseVersion: 1n }],
      executionWindow: BigInt(30 * DAY),
    });
    await toNextStep(fixture, await toScheduled(fixture, next));
    await time.setNextBlockTimestamp(notBefore - 1n);
    await expect(registry.advance(next))
      .to.be.revertedWithCustomError(registry, "UpgradeTooSoon")
      .withArgs(MODULE, notBefore, notBefore - 1n);
    await time.setNextBlockTimestamp(notBefore);
    await registry.advance(next);

    const other = encodeBytes32String("other");
    const third = await dialPlan(fixture, await addModule(fixture, other), {
      targets: [{ module: other, baseVersion: 0n }],
    });
    await toInProgress(fixture, third);
  });

  it("STG-12 delays no later stage and no way back, and is counted from a rollback as well", async () => {
    const fixture = await loadFixture(restingFixture);
    const { registry, council, module } = fixture;
    await (await asTimelock(fixture)).setMinInterval(30 * DAY);
    const plan = await dialPlan(fixture, module);
    const id = await toInProgress(fixture, plan);
    for (const member of council.slice(0, 3)) await registry.connect(member).veto(id, "no", 0, []);
    await registry.rollback(plan);
    expect(await stateOf(fixture, id)).to.equal(State.RolledBack);
    expect(await registry.upgradeableAt(MODULE)).to.equal(BigInt(await time.latest()) + BigInt(30 * DAY));

    const next = await dialPlan(fixture, module, {
      nonce: 1n,
      targets: [{ module: MODULE, baseVersion: 1n }],
      executionWindow: BigInt(60 * DAY),
    });
    const nextId = await toScheduled(fixture, next);
    await time.increaseTo(await registry.upgradeableAt(MODULE));
    await registry.advance(next);
    // The module's plan has begun: a longer interval, and the end before it, hold up neither what follows nor its undoing.
    await (await asTimelock(fixture)).setMinInterval(0);
    await (await asTimelock(fixture)).setMinInterval(30 * DAY);
    // A second veto takes one member more.
    for (const member of council.slice(0, 4)) await registry.connect(member).veto(nextId, "no", 0, []);
    await registry.rollback(next);
    expect(await stateOf(fixture, nextId)).to.equal(State.RolledBack);
  });

  it("STG-13 a plan that ended before its first stage did not touch the module, and starts no interval", async () => {
    const fixture = await loadFixture(restingFixture);
    const { registry, release, module } = fixture;
    const plan = await dialPlan(fixture, module);
    const id = await propose(fixture, plan);
    await registry.connect(release).cancel(id);
    expect(await registry.upgradeableAt(MODULE)).to.equal(0);
    const next = await dialPlan(fixture, module, { nonce: 1n });
    const nextId = await propose(fixture, next);
    await vote(fixture, nextId, 10);
    await attest(fixture, nextId);
    await ready(fixture, nextId);
    await time.increase(3 * DAY);
    await registry.schedule(next);
    await toNextStep(fixture, nextId);
    await registry.advance(next);
  });
});
