import { loadFixture, setBalance } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, Wallet, zeroPadValue } from "ethers";
import { ethers } from "hardhat";
import {
  cohortNumber,
  deployCanary,
  deployProtocol,
  keyOf,
  ran,
  ruleOf,
  slotAt,
  policySlot,
  step,
  type Canary,
} from "../../helpers/canary";

const SALT = id("salt");

/** A funded signer whose cohort number lies in `[from, to)`. */
async function memberOf(from: bigint, to: bigint) {
  for (let n = 1n; ; n++) {
    const wallet = new Wallet(zeroPadValue(ethers.toBeHex(n), 32), ethers.provider);
    const number = cohortNumber(SALT, keyOf(wallet.address));
    if (number < from || number >= to) continue;
    await setBalance(wallet.address, 10n ** 20n);
    return wallet;
  }
}

async function puppetBetween(from: bigint, to: bigint) {
  for (;;) {
    const puppet = await ethers.deployContract("Puppet__MockForRouter");
    const number = cohortNumber(SALT, keyOf(await puppet.getAddress()));
    if (number >= from && number < to) return puppet;
  }
}

async function serves(canary: Canary, sender: { address: string }, data: string) {
  return ethers.provider.call({ to: canary.proxy, from: sender.address, data }).then((word) => BigInt(word));
}

describe("TrafficRouter > routing", () => {
  async function everybody() {
    return deployCanary({ isCounted: true });
  }
  async function nobody() {
    return deployCanary({ share: 0, isCounted: true });
  }
  async function someone() {
    return deployCanary({ share: 2_500 });
  }

  describe("idle", () => {
    it("RTR-32 passes everything to stable: arguments, value, sender, answers and reverts", async () => {
      const canary = await loadFixture(nobody);
      const { app, user, stable, proxy } = canary;
      expect(await serves(canary, user, app.interface.encodeFunctionData("version"))).to.equal(1n);
      expect(await app.connect(user).sender()).to.equal(user.address);
      await expect(app.connect(user).ping({ value: 5 })).to.changeEtherBalance(proxy, 5);
      await expect(app.connect(user).initialize(user.address)).to.be.revertedWithCustomError(stable, "Failed");
      // Nothing is counted while nothing is tried.
      expect((await canary.control.status()).stableCalls).to.equal(0n);
    });

    it("RTR-32 serves stable before any policy is installed", async () => {
      const canary = await loadFixture(deployProtocol);
      await canary.app.connect(canary.controller).upgradeToAndCall(await canary.router.getAddress(), "0x");
      await canary.app.connect(canary.user).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
      const status = await canary.control.status();
      expect([status.isInstalled, status.share]).to.deep.equal([false, 0n]);
    });
  });

  describe("cohort", () => {
    it("RTR-25 draws by sender, with the documented formula, exactly below the share", async () => {
      const canary = await loadFixture(someone);
      const version = canary.app.interface.encodeFunctionData("version");
      for (const [from, to, expected] of [
        [2_400n, 2_500n, 2n],
        [2_500n, 2_600n, 1n],
      ] as const) {
        const member = await memberOf(from, to);
        expect(await serves(canary, member, version)).to.equal(expected);
        expect(await canary.control.isCandidate(member.address, version)).to.equal(expected === 2n);
        await canary.app.connect(member).ping();
      }
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
    });

    it("RTR-25 a larger share keeps who was in", async () => {
      const canary = await loadFixture(someone);
      const version = canary.app.interface.encodeFunctionData("version");
      const senders = Array.from({ length: 60 }, (_, n) => ethers.toBeHex(n + 1, 20));
      const inside = async () => {
        const answers = await Promise.all(senders.map((sender) => canary.control.isCandidate(sender, version)));
        return new Set(senders.filter((_, n) => answers[n]));
      };
      let before = await inside();
      for (const share of [4_000, 7_000, 10_000]) {
        await canary.control.setShare(canary.controller, 1, share);
        await ethers.provider.send("hardhat_mine", ["0x1"]);
        const after = await inside();
        for (const member of before) expect(after.has(member), member).to.equal(true);
        before = after;
      }
      expect(before.size).to.equal(senders.length);
    });

    it("RTR-25 another salt draws another cohort", async () => {
      const canary = await deployCanary({ share: 2_500, salt: id("another") });
      const version = canary.app.interface.encodeFunctionData("version");
      const member = await memberOf(0n, 2_500n);
      const number = cohortNumber(id("another"), keyOf(member.address));
      expect(await serves(canary, member, version)).to.equal(number < 2_500n ? 2n : 1n);
      expect(number).to.not.equal(cohortNumber(SALT, keyOf(member.address)));
    });

    it("RTR-25 draws by a word of the arguments where a rule says so", async () => {
      const selector = id("moveFor(address,uint256)").slice(0, 10);
      const canary = await deployCanary({ share: 2_500, rules: [ruleOf(selector, { cohortWord: 1 })] });
      const inside = await memberOf(0n, 2_500n);
      const outside = await memberOf(2_500n, 10_000n);
      const moveFor = (to: { address: string }) => canary.app.interface.encodeFunctionData("moveFor", [to.address, 1]);
      expect(await serves(canary, outside, moveFor(inside))).to.equal(2n);
      expect(await serves(canary, inside, moveFor(outside))).to.equal(1n);
      // Other selectors still go by sender.
      const version = canary.app.interface.encodeFunctionData("version");
      expect(await serves(canary, inside, version)).to.equal(2n);
    });
  });

  describe("value", () => {
    it("RTR-27 hands native value to the candidate, and to stable when the candidate fails", async () => {
      const canary = await loadFixture(everybody);
      await expect(canary.app.connect(canary.user).ping({ value: 7 })).to.changeEtherBalances(
        [canary.user, canary.proxy],
        [-7, 7],
      );
      await expect(canary.app.connect(canary.user).fail({ value: 5 })).to.changeEtherBalances(
        [canary.user, canary.proxy],
        [-5, 5],
      );
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
    });

    it("RTR-27 plain transfers and short calldata take the same path, as selector zero", async () => {
      const canary = await loadFixture(everybody);
      await expect(canary.user.sendTransaction({ to: canary.proxy, value: 3 }))
        .to.emit(canary.app, "Received")
        .withArgs(2, 3);
      // Calldata too short for a selector: neither version knows it, and stable has the last word.
      await expect(canary.user.sendTransaction({ to: canary.proxy, data: "0x1234" })).to.be.reverted;
      const idle = await loadFixture(nobody);
      await expect(idle.user.sendTransaction({ to: idle.proxy, value: 3 }))
        .to.emit(idle.app, "Received")
        .withArgs(1, 3);
    });
  });

  describe("nested calls", () => {
    const react = async (canary: Canary) => canary.puppet.interface.encodeFunctionData("react");

    it("RTR-08 cross_version_reentrancy: what the candidate calls back meets the candidate, whoever calls", async () => {
      const canary = await loadFixture(someone);
      const member = await memberOf(0n, 2_500n);
      // A puppet that would be stable's if it called alone.
      const outsider = await puppetBetween(2_500n, 10_000n);
      const puppet = await outsider.getAddress();
      await outsider.setReaction([step(canary.proxy, canary.app.interface.encodeFunctionData("ping"))], 1);
      await canary.app.connect(member).callOut(puppet, await react(canary));
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 2n });
      await outsider.run([step(canary.proxy, canary.app.interface.encodeFunctionData("ping"))]);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 2n });
    });

    it("RTR-08 cross_version_reentrancy: what stable calls back meets stable, whoever calls", async () => {
      const canary = await loadFixture(someone);
      const outsider = await memberOf(2_500n, 10_000n);
      // A puppet that would be the candidate's if it called alone.
      const puppet = await puppetBetween(0n, 2_500n);
      const ping = step(canary.proxy, canary.app.interface.encodeFunctionData("ping"));
      await puppet.setReaction([ping], 1);
      await canary.app.connect(outsider).callOut(await puppet.getAddress(), await react(canary));
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 0n });
      await puppet.run([ping]);
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 1n });
    });

    it("RTR-08 cross_version_reentrancy: while stable serves as a fallback, callbacks meet stable", async () => {
      const canary = await loadFixture(everybody);
      const { app, user, puppet, proxy } = canary;
      const ping = step(proxy, app.interface.encodeFunctionData("ping"));
      await puppet.setReaction([ping], 1);
      await app.connect(user).callOutThenFail(await puppet.getAddress(), await react(canary));
      // The candidate's own nested call was undone with its frame; stable's stands.
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 0n });
    });

    it("RTR-07 frame_entered_from_outside: a callback after an undone frame finds no token", async () => {
      const canary = await loadFixture(everybody);
      const { app, user, puppet, proxy } = canary;
      // Were the token still set, this call would run as the frame: the candidate's code without a way back, and a
      // failing one would revert with the router's inner tag instead of an answer.
      await puppet.setReaction([step(proxy, app.interface.encodeFunctionData("fail"), { isCaught: true })], 1);
      await app.connect(user).callOutThenFail(await puppet.getAddress(), await react(canary));
      const [outcome] = await puppet.outcomes();
      expect(outcome?.isOk).to.equal(true);
      expect(BigInt(outcome?.data ?? "0x")).to.equal(1n);
    });

    it("RTR-07 frame_entered_from_outside: two calls in one transaction each decide for themselves", async () => {
      const canary = await loadFixture(everybody);
      const { app, puppet, proxy } = canary;
      const fail = step(proxy, app.interface.encodeFunctionData("fail"));
      const ping = step(proxy, app.interface.encodeFunctionData("ping"));
      await puppet.run([fail, ping, fail, ping]);
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 2n });
    });

    it("RTR-07 leaves no transient state behind a reverted call", async () => {
      const canary = await loadFixture(everybody);
      const { app, puppet, proxy } = canary;
      const bad = step(proxy, app.interface.encodeFunctionData("initialize", [proxy]), { isCaught: true });
      await puppet.run([bad, step(proxy, app.interface.encodeFunctionData("ping"))]);
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 1n });
    });
  });

  describe("static calls", () => {
    const ask = (canary: Canary, data: string, gas = 0n) => step(canary.proxy, data, { isStatic: true, gas });

    it("RTR-14 static_call_through_canary: goes to the cohort's code, without frame or record", async () => {
      const canary = await loadFixture(everybody);
      const version = canary.app.interface.encodeFunctionData("version");
      await canary.puppet.run([ask(canary, version)]);
      const [outcome] = await canary.puppet.outcomes();
      expect(BigInt(outcome?.data ?? "0x")).to.equal(2n);
      expect((await canary.control.status()).candidateCalls).to.equal(0n);

      const idle = await deployCanary({ share: 1 });
      await idle.puppet.run([ask(idle, version)]);
      const [stable] = await idle.puppet.outcomes();
      expect(BigInt(stable?.data ?? "0x")).to.equal(1n);
    });

    it("RTR-14 static_call_through_canary: fits the 30,000 gas of an ERC-165 question [gas]", async () => {
      for (const overrides of [{}, { share: 1 }, { rules: [ruleOf("0x11111111", { cohortWord: 1 })] }]) {
        const canary = await deployCanary(overrides);
        const question = canary.app.interface.encodeFunctionData("supportsInterface", ["0x01ffc9a7"]);
        await canary.puppet.run([ask(canary, question, 30_000n)]);
        const [outcome] = await canary.puppet.outcomes();
        expect(outcome?.isOk).to.equal(true);
        expect(BigInt(outcome?.data ?? "0x")).to.equal(1n);
      }
    });

    it("RTR-14 a static call that writes fails as it would without a router", async () => {
      const canary = await loadFixture(everybody);
      await canary.puppet.run([
        { ...ask(canary, canary.app.interface.encodeFunctionData("ping"), 300_000n), isCaught: true },
      ]);
      expect((await canary.puppet.outcomes())[0]?.isOk).to.equal(false);
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 0n });
    });

    it("RTR-14 a call too poor for a frame fails, whatever its gas; it does not pass for a static one [gas]", async () => {
      const canary = await loadFixture(everybody);
      const { app, proxy, puppet } = canary;
      const version = app.interface.encodeFunctionData("version");
      // Warm the accounts first, then walk through every budget below the frame's own needs.
      await puppet.run([
        step(proxy, app.interface.encodeFunctionData("ping")),
        ...Array.from({ length: 200 }, (_, n) => step(proxy, version, { gas: 100n + BigInt(n) * 30n, isCaught: true })),
      ]);
      const [first, ...poor] = await puppet.outcomes();
      expect(first?.isOk).to.equal(true);
      expect(poor.filter((outcome) => outcome.isOk)).to.deep.equal([]);
      // The last ones got as far as the frame.
      expect(poor.at(-1)?.data.slice(0, 10)).to.equal(canary.router.interface.getError("CanaryGas")?.selector);
    });
  });

  describe("counters", () => {
    it("RTR-28 counts outermost calls by the version that served them, and fallbacks", async () => {
      const canary = await loadFixture(everybody);
      const { app, user, puppet, proxy } = canary;
      await app.connect(user).ping();
      await app.connect(user).fail();
      await puppet.setReaction([step(proxy, app.interface.encodeFunctionData("ping"))], 1);
      await app.connect(user).callOut(await puppet.getAddress(), puppet.interface.encodeFunctionData("react"));
      const status = await canary.control.status();
      expect([status.stableCalls, status.candidateCalls, status.fallbacks]).to.deep.equal([1n, 2n, 1n]);
    });

    it("RTR-28 counts nothing unless asked to", async () => {
      const canary = await deployCanary();
      await canary.app.connect(canary.user).ping();
      const status = await canary.control.status();
      expect([status.stableCalls, status.candidateCalls]).to.deep.equal([0n, 0n]);
      expect(BigInt(await slotAt(canary.proxy, policySlot() + 1n))).to.equal(0n);
    });
  });
});
