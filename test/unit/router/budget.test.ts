import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, MaxUint256 } from "ethers";
import { ethers } from "hardhat";
import {
  conditionOf,
  deployCanary,
  deployVersions,
  ONE,
  Op,
  ran,
  ruleOf,
  step,
  type Canary,
  type PolicyStruct,
} from "../../helpers/canary";

const selectorOf = (signature: string) => id(signature).slice(0, 10);
const MOVE = selectorOf("move(uint256)");
const CALL_OUT = selectorOf("callOut(address,bytes)");
const HOUR = 3_600;

const metered = (overrides: Partial<PolicyStruct> = {}): Partial<PolicyStruct> => ({
  interval: HOUR,
  cap: 100,
  valueWeight: ONE,
  rules: [
    ruleOf(MOVE, { meterWord: 1, weight: ONE }),
    ruleOf(CALL_OUT, { isFree: true }),
    ruleOf("0x00000000", { isFree: true }),
    ruleOf(selectorOf("fail()"), { isFree: true }),
  ],
  ...overrides,
});

/** Time stands at the start of a window. */
async function startWindow(windows = 1) {
  const now = await time.latest();
  await time.setNextBlockTimestamp((Math.floor(now / HOUR) + windows) * HOUR);
}

describe("TrafficRouter > budget", () => {
  async function capped() {
    return deployCanary(metered());
  }
  const move = (canary: Canary, amount: bigint | number, value = 0n) =>
    canary.app.connect(canary.user).move(amount, { value });

  it("RTR-17 admits up to the cap exactly, and hands what exceeds it to stable", async () => {
    const canary = await loadFixture(capped);
    await startWindow(5);
    await move(canary, 60);
    await move(canary, 41);
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
    await move(canary, 40);
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 2n });
    await move(canary, 1);
    expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 2n });
    const status = await canary.control.status();
    expect([status.cap, status.interval, status.usedPrevious, status.usedCurrent]).to.deep.equal([
      100n,
      BigInt(HOUR),
      0n,
      100n,
    ]);
  });

  it("RTR-17 counts the previous window in full and forgets the one before", async () => {
    const canary = await loadFixture(capped);
    await startWindow(5);
    await move(canary, 70);
    await startWindow();
    await move(canary, 31);
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
    await move(canary, 30);
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 2n });
    const status = await canary.control.status();
    expect([status.usedPrevious, status.usedCurrent]).to.deep.equal([70n, 30n]);
    await startWindow();
    await move(canary, 70);
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 3n });
    await startWindow(2);
    await move(canary, 100);
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 4n });
  });

  it("RTR-17 gives the charge back with an undone frame", async () => {
    const canary = await loadFixture(capped);
    await canary.app.connect(canary.user).fail({ value: 50n });
    expect((await canary.control.status()).usedCurrent).to.equal(0n);
    await move(canary, 10);
    expect((await canary.control.status()).usedCurrent).to.equal(10n);
  });

  it("RTR-17 weighs words, rounding up, and saturates instead of wrapping around", async () => {
    const canary = await deployCanary(
      metered({ rules: [ruleOf(MOVE, { meterWord: 1, weight: ONE / 2n })], valueWeight: 0 }),
    );
    await startWindow(5);
    await move(canary, 199);
    expect((await canary.control.status()).usedCurrent).to.equal(100n);
    for (const huge of [MaxUint256, (1n << 255n) + 1n]) await move(canary, huge);
    expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 1n });
  });

  it("RTR-17 adds native value to the metered word", async () => {
    const canary = await loadFixture(capped);
    await startWindow(5);
    await move(canary, 60, 41n);
    await move(canary, 60, 40n);
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
    await startWindow(2);
    await expect(canary.user.sendTransaction({ to: canary.proxy, value: 101 }))
      .to.emit(canary.app, "Received")
      .withArgs(1, 101);
    await expect(canary.user.sendTransaction({ to: canary.proxy, value: 100 }))
      .to.emit(canary.app, "Received")
      .withArgs(2, 100);
  });

  it("RTR-17 takes an amount that was left out for the largest one", async () => {
    const canary = await loadFixture(capped);
    // 31 of 32 bytes: padded by the EVM this would be a small number.
    await expect(canary.user.sendTransaction({ to: canary.proxy, data: `${MOVE}${"00".repeat(31)}` })).to.be.reverted;
    expect(await canary.control.isCandidate(canary.user.address, `${MOVE}${"00".repeat(31)}`)).to.equal(false);
    expect(await canary.control.isCandidate(canary.user.address, `${MOVE}${"00".repeat(32)}`)).to.equal(true);
  });

  it("RTR-18 hands a selector without a meter to stable while a cap is set, unless it is free", async () => {
    const canary = await loadFixture(capped);
    await canary.app.connect(canary.user).ping();
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
    const puppet = await canary.puppet.getAddress();
    await canary.app.connect(canary.user).callOut(puppet, canary.puppet.interface.encodeFunctionData("react"));
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
    // A static call as well: it goes where the call itself would go.
    await canary.puppet.run([
      step(canary.proxy, canary.app.interface.encodeFunctionData("version"), { isStatic: true }),
    ]);
    const [outcome] = await canary.puppet.outcomes();
    expect(BigInt(outcome?.data ?? "0x")).to.equal(1n);
  });

  it("RTR-18 native value alone is no meter: a weighed value does not admit other selectors", async () => {
    const canary = await loadFixture(capped);
    await canary.app.connect(canary.user).ping({ value: 1n });
    expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
  });

  describe("nested", () => {
    const through = async (canary: Canary, data: string, overrides: Record<string, unknown> = {}) => {
      await canary.puppet.setReaction([step(canary.proxy, data, overrides)], 1);
      const react = canary.puppet.interface.encodeFunctionData("react");
      return canary.app.connect(canary.user).callOut(await canary.puppet.getAddress(), react);
    };
    const outcomeOf = async (canary: Canary) => (await canary.puppet.outcomes())[0] as { isOk: boolean; data: string };

    it("RTR-19 charges what the candidate calls back to the same window", async () => {
      const canary = await loadFixture(capped);
      await startWindow(5);
      await through(canary, canary.app.interface.encodeFunctionData("move", [80]));
      expect((await canary.control.status()).usedCurrent).to.equal(80n);
      await move(canary, 21);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 2n });
    });

    it("RTR-19 reverts a nested call over the budget with OverBudget: stable must not run inside the candidate", async () => {
      const canary = await loadFixture(capped);
      await startWindow(5);
      await move(canary, 30);
      await through(canary, canary.app.interface.encodeFunctionData("move", [71]), { isCaught: true });
      const { isOk, data } = await outcomeOf(canary);
      expect(isOk).to.equal(false);
      expect(data).to.equal(canary.router.interface.encodeErrorResult("OverBudget", [MOVE, 71, 70]));
    });

    it("RTR-19 reverts a nested call without a meter with Unmetered", async () => {
      const canary = await loadFixture(capped);
      await through(canary, canary.app.interface.encodeFunctionData("ping"), { isCaught: true });
      const { data } = await outcomeOf(canary);
      const selector = canary.app.interface.getFunction("ping")?.selector;
      expect(data).to.equal(canary.router.interface.encodeErrorResult("Unmetered", [selector]));
    });

    it("RTR-19 counts native value of nested calls: a cheap call cannot carry a dear one", async () => {
      const canary = await loadFixture(capped);
      await startWindow(5);
      await canary.user.sendTransaction({ to: canary.puppet, value: 1_000 });
      await through(canary, "0x", { value: 101, isCaught: true });
      const { data } = await outcomeOf(canary);
      expect(data).to.equal(canary.router.interface.encodeErrorResult("OverBudget", ["0x00000000", 101, 100]));
      await through(canary, "0x", { value: 100 });
      expect((await canary.control.status()).usedCurrent).to.equal(100n);
    });

    it("RTR-19 lets a nested static call read the candidate without a meter: it moves nothing", async () => {
      const canary = await loadFixture(capped);
      for (const data of [
        canary.app.interface.encodeFunctionData("version"),
        canary.app.interface.encodeFunctionData("total"),
      ]) {
        await through(canary, data, { isStatic: true });
        expect((await outcomeOf(canary)).isOk).to.equal(true);
      }
      await through(canary, canary.app.interface.encodeFunctionData("version"), { isStatic: true });
      expect(BigInt((await outcomeOf(canary)).data)).to.equal(2n);
    });

    it("RTR-19 does not meter what stable calls back", async () => {
      const canary = await deployCanary(metered({ rules: [ruleOf(MOVE, { meterWord: 1, weight: ONE })] }));
      await through(canary, canary.app.interface.encodeFunctionData("move", [1_000]));
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 0n });
      expect((await canary.control.status()).usedCurrent).to.equal(0n);
    });
  });

  it("RTR-17 finds the rule of any selector, first, middle, last or none [gas]", async () => {
    const selectors = Array.from({ length: 32 }, (_, n) => ethers.toBeHex(BigInt(n) * 0x03ff_fff7n + 1n, 4));
    const rules = selectors.map((selector) => ruleOf(selector, { isFree: true })).reverse();
    // EIP-3860 leaves room for invariants beside them.
    const { stable } = await deployVersions();
    const total = conditionOf(await stable.getAddress(), stable.interface.encodeFunctionData("total"), Op.gte, 0);
    const canary = await deployCanary(metered({ rules, invariants: [total, total, total] }));
    for (const selector of selectors) {
      expect(await canary.control.isCandidate(canary.user.address, selector), selector).to.equal(true);
      const neighbour = ethers.toBeHex(BigInt(selector) + 1n, 4);
      expect(await canary.control.isCandidate(canary.user.address, neighbour), neighbour).to.equal(false);
    }
  });
});
