import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { ethers } from "hardhat";
import {
  act,
  addressIn,
  conditionOf,
  controlOf,
  deployCanary,
  deployProtocol,
  deployRouter,
  installOn,
  installRouter,
  Op,
  policyOf,
  policySlot,
  ran,
  ruleOf,
  slotAt,
  Slots,
  step,
  ONE,
  type Canary,
} from "../../helpers/canary";

const selectorOf = (signature: string) => id(signature).slice(0, 10);
const SELFDESTRUCT = 0xff;

/** Instructions without the words they push, and without the metadata at the end, whose length its last two bytes tell. */
function opcodesOf(code: string): number[] {
  const bytes = ethers.getBytes(code);
  const end = bytes.length - 2 - ((bytes.at(-2)! << 8) | bytes.at(-1)!);
  const opcodes: number[] = [];
  for (let i = 0; i < end; ++i) {
    const opcode = bytes[i]!;
    opcodes.push(opcode);
    if (opcode >= 0x60 && opcode <= 0x7f) i += opcode - 0x5f;
  }
  return opcodes;
}

const MOVE = selectorOf("move(uint256)");
const ACT = selectorOf("act(uint256,bytes)");

describe("TrafficRouter > attacks", () => {
  async function fresh() {
    return deployProtocol();
  }

  describe("the policy", () => {
    it("RTR-34 is in the router's code: another policy is other code, and the router tells the one it has", async () => {
      const canary = await loadFixture(fresh);
      const overrides = {
        share: 700,
        cap: 10n ** 19n,
        interval: 60,
        rules: [1, 2, 3, 4, 5, 6].map((n) => ruleOf(ethers.toBeHex(n, 4), { cohortWord: n })),
        expectedErrors: ["0x12345678"],
        invariants: [conditionOf(canary.proxy, "0x1234", Op.lte, 5)],
      };
      const router = await deployRouter(canary, overrides);
      await installRouter(canary, router);
      const policy = await canary.control.policy();
      const plainly = policyOf(overrides);
      expect([policy.share, policy.cap, policy.interval]).to.deep.equal([700n, 10n ** 19n, 60n]);
      expect(policy.rules.map((rule) => [rule.selector, rule.cohortWord])).to.deep.equal(
        plainly.rules.map((rule) => [rule.selector, BigInt(rule.cohortWord as number)]),
      );
      expect([...policy.expectedErrors]).to.deep.equal(["0x12345678"]);
      expect(policy.invariants[0]!.constantValue).to.equal(5n);
      const code = async (change: Partial<typeof overrides>) =>
        ethers.provider.getCode(await controlOf(await deployRouter(canary, { ...overrides, ...change }), canary));
      // Anything at all, also what neither code reads.
      const changed = await code({ invariants: [conditionOf(canary.proxy, "0x1234", Op.lte, 6)] });
      const same = await code({});
      const storeHash = ethers.keccak256(
        ethers.concat(["0x00", canary.control.control.encodeFunctionResult("policy", [plainly])]),
      );
      expect(same).to.include(storeHash.slice(2));
      expect(changed).to.not.include(storeHash.slice(2));
    });

    it("RTR-53 the router's code names the control by CREATE2, so that a pin of the one binds the other", async () => {
      const canary = await loadFixture(fresh);
      const router = await deployRouter(canary);
      const control = await controlOf(router, canary);
      const codes = await Promise.all(
        [router.getAddress(), control].map((account) => ethers.provider.getCode(account)),
      );
      expect(codes[0]).to.include(control.slice(2).toLowerCase());
      // Neither destroys itself: what was pinned stays.
      for (const code of codes) {
        expect(opcodesOf(code).length).to.be.greaterThan(1_000);
        expect(opcodesOf(code)).to.not.include(SELFDESTRUCT);
      }
    });

    it("RTR-53 the control answers nobody at its own address, its controller neither", async () => {
      const canary = await deployCanary();
      const to = await controlOf(canary.router, canary);
      for (const data of [canary.control.installData(), canary.control.freezeData(), "0x4f1ef286", "0x"]) {
        for (const signer of [canary.controller, canary.user]) {
          await expect(signer.sendTransaction({ to, data })).to.be.revertedWithCustomError(canary.router, "DirectCall");
        }
      }
    });

    it("RTR-34 refuses with PolicyMismatch where the policy's account holds anything else", async () => {
      const canary = await loadFixture(fresh);
      const router = await deployRouter(canary);
      const store = ethers.getCreateAddress({ from: await router.getAddress(), nonce: 1 });
      // What a router made by other creation code would have there.
      await ethers.provider.send("hardhat_setCode", [store, "0x00"]);
      await expect(installRouter(canary, router))
        .to.be.revertedWithCustomError(router, "PolicyMismatch")
        .withArgs(store);
    });

    it("RTR-34 finds the rules beyond those in its own code, with everything they say", async () => {
      const rules = [
        ...[1, 2, 3, 4].map((n) => ruleOf(ethers.toBeHex(n, 4))),
        ruleOf(MOVE, { meterWord: 1, weight: ONE / 2n }),
        ruleOf(selectorOf("moveFor(address,uint256)"), { cohortWord: 1, meterWord: 2, weight: ONE }),
        ruleOf(selectorOf("ping()"), { isFree: true }),
      ];
      const canary = await deployCanary({ interval: 3_600, cap: 100, rules });
      await canary.app.connect(canary.user).move(199);
      expect((await canary.control.status()).usedCurrent).to.equal(100n);
      await canary.app.connect(canary.user).ping();
      await canary.app.connect(canary.user).moveFor(canary.user, 1);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 2n });
    });
  });

  describe("the candidate's init", () => {
    it("RTR-35 cannot make calls up: counters that it wrote refuse the installation", async () => {
      const canary = await loadFixture(fresh);
      const slot = ethers.toBeHex(policySlot() + 1n, 32);
      const init = await act(canary, "WRITE", ["bytes32", "uint256"], [slot, 1_000n << 64n]);
      await expect(installOn(canary, { isCounted: true }, init))
        .to.be.revertedWithCustomError(canary.router, "SlotWritten")
        .withArgs(slot);
    });

    it("RTR-35 cannot write itself a budget that was never used, or another share", async () => {
      const canary = await loadFixture(fresh);
      const slot = ethers.toBeHex(policySlot(), 32);
      for (const value of [1n, 10_000n << 160n]) {
        const init = await act(canary, "WRITE", ["bytes32", "uint256"], [slot, value]);
        await expect(installOn(canary, { share: 1 }, init))
          .to.be.revertedWithCustomError(canary.router, "SlotWritten")
          .withArgs(slot);
      }
    });
  });

  describe("the block of a change", () => {
    it("RTR-36 a batch cannot cross a call that began in the block that set the share", async () => {
      const canary = await loadFixture(fresh);
      // Whoever steers is a contract that a user's call can make act, as a timelock with an open executor is.
      const controller = await canary.puppet.getAddress();
      const router = await deployRouter({ ...canary, controller });
      await canary.app.connect(canary.controller).upgradeToAndCall(await router.getAddress(), "0x");
      const { app, proxy, puppet, control } = canary;
      const promote = app.interface.encodeFunctionData("upgradeToAndCall", [await canary.candidate.getAddress(), "0x"]);
      const react = puppet.interface.encodeFunctionData("react");
      await puppet.setReaction([step(proxy, promote, { isCaught: true })], 1);
      // Installation, and in the same block a call whose callee promotes the candidate under it.
      await puppet.run([
        step(proxy, control.installData()),
        step(proxy, app.interface.encodeFunctionData("callOut", [controller, react])),
      ]);
      const outcomes = await puppet.outcomes();
      const refused = outcomes.filter((outcome) => !outcome.isOk).map((outcome) => outcome.data);
      expect(refused).to.deep.equal([router.interface.getError("CallInProgress")?.selector]);
      expect(addressIn(await slotAt(proxy, Slots.implementation))).to.equal(await router.getAddress());
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
    });
  });

  describe("a frozen candidate", () => {
    it("RTR-37 is not promoted through the router, and stable is always the way out", async () => {
      const canary = await deployCanary();
      await canary.control.freeze(canary.guardian);
      const candidate = await canary.candidate.getAddress();
      await expect(
        canary.app.connect(canary.controller).upgradeToAndCall(candidate, "0x"),
      ).to.be.revertedWithCustomError(canary.router, "CanaryFrozen");
      await canary.app.connect(canary.controller).upgradeToAndCall(await canary.stable.getAddress(), "0x");
      expect(await canary.app.version()).to.equal(1n);
    });

    it("RTR-37 serves nothing, whatever the selector, nor does one that is not on trial yet", async () => {
      const canary = await deployCanary({ expectedErrors: [selectorOf("Failed()")] });
      await canary.control.freeze(canary.guardian);
      // What the router looks at for its controller is the protocol's for everybody else.
      const upgrade = canary.app.interface.encodeFunctionData("upgradeToAndCall", [canary.proxy, "0x"]);
      await expect(canary.user.sendTransaction({ to: canary.proxy, data: upgrade })).to.be.revertedWithCustomError(
        canary.stable,
        "UUPSUnauthorizedCallContext",
      );
      // The candidate would have been entered as a token's frame, and stable is called as it is.
      const trace = (await ethers.provider.send("debug_traceCall", [
        { from: canary.user.address, to: canary.proxy, data: upgrade },
        "latest",
        { disableStorage: true, disableMemory: true, disableStack: true },
      ])) as { structLogs: { op: string }[] };
      expect(trace.structLogs.filter(({ op }) => op === "TSTORE")).to.deep.equal([]);
    });

    it("RTR-37 stays frozen when its router comes back", async () => {
      const canary = await deployCanary();
      await canary.control.freeze(canary.guardian);
      const router = await canary.router.getAddress();
      await canary.app.connect(canary.controller).upgradeToAndCall(await canary.stable.getAddress(), "0x");
      await canary.app.connect(canary.controller).upgradeToAndCall(router, "0x");
      await expect(canary.control.install(canary.controller)).to.be.revertedWithCustomError(
        canary.router,
        "AlreadyInstalled",
      );
      await canary.app.connect(canary.user).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
    });
  });

  describe("the budget", () => {
    const free = [ruleOf(MOVE, { meterWord: 1, weight: ONE }), ruleOf(ACT, { isFree: true })];

    it("RTR-38 counts in units that never understate: any cap, any amount", async () => {
      const cap = 2n ** 128n - 1n;
      const unit = (cap - 1n) / 2n ** 63n + 1n;
      const canary = await deployCanary({ interval: 3_600, cap, rules: free });
      await canary.app.connect(canary.user).move(1);
      expect((await canary.control.status()).usedCurrent).to.equal(unit);
      // As much as a whole number of units leaves, and not one wei more.
      const left = (cap / unit - 1n) * unit;
      await canary.app.connect(canary.user).move(left + 1n);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
      await canary.app.connect(canary.user).move(left);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 2n });
      const { usedCurrent } = await canary.control.status();
      expect(usedCurrent).to.be.lessThanOrEqual(cap);
      await canary.app.connect(canary.user).move(1);
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 2n });
    });

    it("RTR-38 a candidate cannot move anything else of the word that the budget shares", async () => {
      const canary = await deployCanary({ interval: 3_600, cap: 100, errorBudget: 20, rules: free });
      const slot = ethers.toBeHex(policySlot(), 32);
      // Previous window, its number, share, frozen, installed, since, epoch, breaks: one bit each.
      for (const [n, bit] of [64n, 128n, 160n, 176n, 177n, 184n, 232n, 248n].entries()) {
        const word = BigInt(await slotAt(canary.proxy, slot)) ^ (1n << bit);
        const data = await act(canary, "WRITE", ["bytes32", "uint256"], [slot, word]);
        await expect(canary.user.sendTransaction({ to: canary.proxy, data }))
          .to.emit(canary.router.attach(canary.proxy), "SlotBroken")
          .withArgs(ACT, slot, n + 1);
      }
    });

    it("RTR-38 without a cap the sums stay untouched as well", async () => {
      const canary = await deployCanary({ errorBudget: 2 });
      const slot = ethers.toBeHex(policySlot(), 32);
      const word = BigInt(await slotAt(canary.proxy, slot)) + 1n;
      const data = await act(canary, "WRITE", ["bytes32", "uint256"], [slot, word]);
      await expect(canary.user.sendTransaction({ to: canary.proxy, data })).to.emit(
        canary.router.attach(canary.proxy),
        "SlotBroken",
      );
    });
  });

  describe("gas", () => {
    it("RTR-39 huge calldata does not starve a candidate that is granted all it may have [gas]", async () => {
      const canary = await deployCanary({ errorBudget: 1, candidateGas: 400_000, isCounted: true });
      // Needs nearly all that the policy grants; what the sender's padding costs must not come out of it.
      const burn = canary.app.interface.encodeFunctionData("burn", [385_000]);
      const padded = ethers.concat([burn, new Uint8Array(60_000)]);
      for (let gas = 690_000; gas < 1_100_000; gas += 4_000) {
        const before = await canary.control.status();
        const isOk = await canary.user
          .sendTransaction({ to: canary.proxy, data: padded, gasLimit: gas })
          .then(() => true)
          .catch(() => false);
        const after = await canary.control.status();
        expect(after.fallbacks, `at ${gas}`).to.equal(before.fallbacks);
        if (isOk) expect(after.candidateCalls, `at ${gas}`).to.equal(before.candidateCalls + 1n);
      }
      expect((await canary.control.status()).candidateCalls).to.be.greaterThan(0n);
    });

    it("RTR-39 a first fallback that is counted lacks gas by name, or is settled [gas]", async () => {
      const canary = await deployCanary({ isCounted: true, candidateGas: 100_000 });
      const data = canary.app.interface.encodeFunctionData("fail");
      const snapshot = async () => (await ethers.provider.send("evm_snapshot", [])) as string;
      let served = 0;
      for (let gas = 60_000; gas < 200_000; gas += 1_000) {
        const point = await snapshot();
        try {
          await canary.user.sendTransaction({ to: canary.proxy, data, gasLimit: gas });
          served++;
          const { fallbacks, stableCalls } = await canary.control.status();
          expect([fallbacks, stableCalls], `at ${gas}`).to.deep.equal([1n, 1n]);
        } catch (caught) {
          if (caught instanceof Error && caught.name === "AssertionError") throw caught;
          expect((caught as { data?: string }).data, `at ${gas}`).to.satisfy((raw: string) =>
            raw.startsWith(canary.router.interface.getError("CanaryGas")!.selector),
          );
        }
        await ethers.provider.send("evm_revert", [point]);
      }
      expect(served).to.be.greaterThan(0);
    });
  });

  describe("static calls", () => {
    async function answers(canary: Canary, from: string) {
      const { puppet, proxy, app } = canary;
      const version = step(proxy, app.interface.encodeFunctionData("version"), { isStatic: true });
      const run = puppet.interface.encodeFunctionData("run", [[version]]);
      await ethers.provider.send("hardhat_impersonateAccount", [from]);
      await ethers.provider.send("hardhat_setBalance", [from, "0x8ac7230489e80000"]);
      const signer = await ethers.getSigner(from);
      await signer.sendTransaction({ to: from, data: run, gasLimit: 1_000_000 });
      return ethers.provider.getStorage(from, 0);
    }

    it("RTR-14 static_call_through_canary: an account with code that sends the transaction itself may still ask statically", async () => {
      // As under EIP-7702: the sender of the transaction is the caller, and has code.
      for (const share of [10_000, 1]) {
        const canary = await deployCanary({ share });
        const from = ethers.Wallet.createRandom().address;
        await ethers.provider.send("hardhat_setCode", [
          from,
          await ethers.provider.getCode(await canary.puppet.getAddress()),
        ]);
        await answers(canary, from);
        const self = canary.puppet.attach(from) as typeof canary.puppet;
        const [outcome] = await self.outcomes();
        expect(outcome?.isOk, `share ${share}`).to.equal(true);
        expect(BigInt(outcome?.data ?? "0x")).to.equal(share === 1 ? 1n : 2n);
      }
    });
  });
});
