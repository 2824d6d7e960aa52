import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, type EventLog } from "ethers";
import { ethers } from "hardhat";
import {
  act,
  coder,
  conditionOf,
  deployCanary,
  deployProtocol,
  installOn,
  Op,
  policySlot,
  ran,
  Right,
  ruleOf,
  slotAt,
  Slots,
  step,
  type Canary,
  type ConditionStruct,
  type PolicyStruct,
} from "../../helpers/canary";

const selectorOf = (signature: string) => id(signature).slice(0, 10);
const ACT = selectorOf("act(uint256,bytes)");
const FAILED = selectorOf("Failed()");
const TOTAL = selectorOf("total()");

const send = (canary: Canary, data: string, gasLimit?: bigint) =>
  canary.user.sendTransaction({ to: canary.proxy, data, gasLimit });
const atProxy = (canary: Canary) => canary.router.attach(canary.proxy);

/** The protocol with conditions on its own `total()`. */
async function watched(
  conditions: (target: string) => ConditionStruct[],
  overrides: Partial<PolicyStruct> = {},
): Promise<Canary> {
  const canary = await deployProtocol();
  await installOn(canary, { errorBudget: 2, invariants: conditions(canary.proxy), ...overrides });
  return canary;
}

describe("TrafficRouter > frame", () => {
  async function plain() {
    return deployCanary({ isCounted: true, errorBudget: 1, candidateGas: 1_000_000 });
  }
  async function totalBelow100() {
    return watched((proxy) => [conditionOf(proxy, TOTAL, Op.lte, 100)]);
  }

  describe("a candidate that reverts", () => {
    it("RTR-16 hostile_receiver_cannot_freeze: stable serves the same call, it is reported, and nothing freezes", async () => {
      const canary = await loadFixture(plain);
      const { app, user, puppet } = canary;
      // A receiver that rejects: the candidate's revert is the receiver's doing.
      await puppet.setRejecting(true);
      const react = puppet.interface.encodeFunctionData("react");
      for (let n = 0; n < 4; n++) {
        await expect(app.connect(user).callOutThenFail(await puppet.getAddress(), react)).to.be.reverted;
        await expect(app.connect(user).fail())
          .to.emit(atProxy(canary), "CandidateReverted")
          .withArgs(selectorOf("fail()"), FAILED);
      }
      const status = await canary.control.status();
      expect([status.isFrozen, status.breaks, status.fallbacks]).to.deep.equal([false, 0n, 4n]);
      expect(await ran(canary)).to.deep.equal({ stable: 4n, candidate: 0n });
    });

    it("RTR-16 gives the user stable's own error when stable refuses as well", async () => {
      const canary = await loadFixture(plain);
      await expect(canary.app.connect(canary.user).initialize(canary.user.address)).to.be.revertedWithCustomError(
        canary.stable,
        "Failed",
      );
      expect((await canary.control.status()).fallbacks).to.equal(0n);
    });

    it("RTR-20 lets an expected error reach the user with its arguments, and undoes everything", async () => {
      const canary = await deployCanary({ expectedErrors: [FAILED, selectorOf("Tightened(uint256)")] });
      const reason = canary.candidate.interface.encodeErrorResult("Tightened", [42]);
      await expect(send(canary, await act(canary, "REVERT", [], [reason])))
        .to.be.revertedWithCustomError(canary.candidate, "Tightened")
        .withArgs(42);
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 0n });
    });

    it("RTR-20 serves by stable what is not on the list, though a list exists", async () => {
      const canary = await deployCanary({ expectedErrors: [selectorOf("Tightened(uint256)")] });
      await expect(canary.app.connect(canary.user).fail()).to.emit(atProxy(canary), "CandidateReverted");
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
    });

    it("RTR-23 forged frame tags are the candidate's words, not the frame's", async () => {
      const canary = await loadFixture(plain);
      const forgeries = [
        coder.encode(["uint256", "bytes4"], [1, FAILED]),
        coder.encode(["uint256", "bytes"], [2, "0x1234"]),
        coder.encode(["uint256", "bytes32"], [3, Slots.implementation]),
        coder.encode(["uint256", "uint256", "bool", "uint256", "uint256", "uint256"], [4, 0, true, 0, 0, 0]),
        canary.router.interface.encodeErrorResult("CanaryGas", [1]),
        "0x",
        "0x12",
      ];
      for (const forgery of forgeries) {
        await expect(send(canary, await act(canary, "REVERT", [], [forgery])))
          .to.emit(atProxy(canary), "CandidateReverted")
          .withArgs(ACT, forgery.length < 10 ? "0x00000000" : forgery.slice(0, 10));
      }
      const status = await canary.control.status();
      expect([status.isFrozen, status.breaks, status.fallbacks]).to.deep.equal([false, 0n, BigInt(forgeries.length)]);
    });

    it("RTR-24 returndata_bomb: a failed candidate's data is never copied", async () => {
      const canary = await loadFixture(plain);
      const small = await act(canary, "REVERT_BOMB", ["uint256"], [32]);
      const bomb = await act(canary, "REVERT_BOMB", ["uint256"], [200_000]);
      await send(canary, small);
      const cheap = await (await send(canary, small)).wait();
      const dear = await (await send(canary, bomb)).wait();
      // The candidate pays for the memory it reverts with (about 95,000 for 200,000 bytes). The router adds nothing.
      const memory = 3n * 6_250n + (6_250n * 6_250n) / 512n;
      const extra = (dear?.gasUsed ?? 0n) - (cheap?.gasUsed ?? 0n);
      expect(extra).to.be.greaterThan(memory - 1_000n);
      expect(extra).to.be.lessThan(memory + 3_000n);
    });

    it("RTR-24 hands a long answer of a healthy candidate through", async () => {
      const canary = await loadFixture(plain);
      const data = await act(canary, "RETURN_BOMB", ["uint256"], [50_000]);
      const answer = await ethers.provider.call({ to: canary.proxy, data, from: canary.user.address });
      expect(ethers.dataLength(answer)).to.equal(50_000);
    });
  });

  describe("inline invariants", () => {
    it("RTR-30 undoes the candidate's call, serves it by stable, counts the break and freezes at the budget", async () => {
      const canary = await loadFixture(totalBelow100);
      const bad = await act(canary, "SET_TOTAL", ["uint256"], [101]);
      await expect(send(canary, bad)).to.emit(atProxy(canary), "InvariantBroken").withArgs(ACT, 0, 101, 100, 1);
      expect(await canary.app.total()).to.equal(0n);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
      expect((await canary.control.status()).isFrozen).to.equal(false);

      const second = send(canary, bad);
      await expect(second).to.emit(atProxy(canary), "InvariantBroken").withArgs(ACT, 0, 101, 100, 2);
      await expect(second).to.emit(atProxy(canary), "CanaryFrozen").withArgs(2, 2, "error budget spent");
      const status = await canary.control.status();
      expect([status.isFrozen, status.breaks, status.epoch]).to.deep.equal([true, 2n, 2n]);
      await canary.app.connect(canary.user).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 3n, candidate: 0n });
    });

    it("RTR-30 leaves a healthy call alone, at the bound exactly", async () => {
      const canary = await loadFixture(totalBelow100);
      await send(canary, await act(canary, "SET_TOTAL", ["uint256"], [100]));
      expect(await canary.app.total()).to.equal(100n);
      expect((await canary.control.status()).breaks).to.equal(0n);
    });

    it("RTR-12 flash_loan_frames_candidate: a condition bent before the call is not the candidate's fault", async () => {
      // The loan: state that anyone may bend for the length of a transaction, then mend.
      const borrowed = await watchedElsewhere();
      const { app } = borrowed;
      await borrowed.puppet.run([
        step(await borrowed.pool.getAddress(), borrowed.bend(1_000_000n)),
        step(borrowed.proxy, app.interface.encodeFunctionData("ping")),
        step(borrowed.proxy, app.interface.encodeFunctionData("ping")),
        step(await borrowed.pool.getAddress(), borrowed.bend(0n)),
      ]);
      const status = await borrowed.control.status();
      expect([status.isFrozen, status.breaks]).to.deep.equal([false, 0n]);
      expect(await ran(borrowed)).to.deep.equal({ stable: 2n, candidate: 0n });
      const logs = await borrowed.router.attach(borrowed.proxy).queryFilter(borrowed.router.filters.BreakNotCounted());
      expect(logs.map((log) => [...(log as EventLog).args])).to.deep.equal([
        [app.interface.getFunction("ping").selector, 0n, 1_000_000n, 100n],
        [app.interface.getFunction("ping").selector, 0n, 1_000_000n, 100n],
      ]);
    });

    /** The condition watches a pool outside the proxy, which a borrower can bend. */
    async function watchedElsewhere() {
      const pool = await ethers.deployContract("Stable__MockForRouter");
      const address = await pool.getAddress();
      const canary = await watched(() => [conditionOf(address, TOTAL, Op.lte, 100)], { errorBudget: 1 });
      return { ...canary, pool, bend: (total: bigint) => pool.interface.encodeFunctionData("setTotal", [total]) };
    }

    it("RTR-11 lying_candidate: the candidate's own code never answers for it", async () => {
      const canary = await watched((proxy) => [conditionOf(proxy, selectorOf("version()"), Op.eq, 1)]);
      // Stable says 1, the candidate 2: the condition holds because stable is asked, in every frame.
      await canary.app.connect(canary.user).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 1n });
      const liar = await watched((proxy) => [conditionOf(proxy, selectorOf("version()"), Op.eq, 2)]);
      await expect(liar.app.connect(liar.user).ping()).to.emit(liar.router.attach(liar.proxy), "BreakNotCounted");
      expect(await ran(liar)).to.deep.equal({ stable: 1n, candidate: 0n });
    });

    it("RTR-30 compares with the word from before the call, and with a second probe", async () => {
      const canary = await watched((proxy) => [
        conditionOf(proxy, TOTAL, Op.gte, 0, { rightKind: Right.before, tolerance: 5 }),
        conditionOf(proxy, TOTAL, Op.lte, 0, {
          rightKind: Right.probe,
          right: { target: proxy, data: selectorOf("received()"), gas: 100_000 },
          toleranceBps: 1_000,
        }),
      ]);
      await canary.user.sendTransaction({ to: canary.proxy, value: 1_000 });
      const set = (total: number) => act(canary, "SET_TOTAL", ["uint256"], [total]);
      await send(canary, await set(1_100));
      await send(canary, await set(1_095));
      expect(await canary.app.total()).to.equal(1_095n);
      await expect(send(canary, await set(1_089)))
        .to.emit(atProxy(canary), "InvariantBroken")
        .withArgs(ACT, 0, 1_089, 1_095, 1);
      await expect(send(canary, await set(1_101)))
        .to.emit(atProxy(canary), "InvariantBroken")
        .withArgs(ACT, 1, 1_101, 1_000, 2);
    });

    it("RTR-30 a probe that the candidate made unavailable is a break; one that never answers is not", async () => {
      // `supportsInterface` needs an argument: without it the probe reverts, always.
      const never = await watched((proxy) => [conditionOf(proxy, selectorOf("supportsInterface(bytes4)"), Op.eq, 1)]);
      await expect(never.app.connect(never.user).ping())
        .to.emit(never.router.attach(never.proxy), "BreakNotCounted")
        .withArgs(selectorOf("ping()"), 0, 0, 0);
      expect(await ran(never)).to.deep.equal({ stable: 1n, candidate: 0n });
    });

    it("RTR-30 stable's revert takes the record with it: nothing is counted that did not happen", async () => {
      const canary = await watched((proxy) => [conditionOf(proxy, selectorOf("initialized()"), Op.eq, 1)]);
      // Only the candidate knows `migrate`, and it breaks the condition.
      const migrate = canary.candidate.interface.encodeFunctionData("migrate", [0]);
      await expect(send(canary, migrate)).to.be.reverted;
      expect((await canary.control.status()).breaks).to.equal(0n);
    });
  });

  describe("slots", () => {
    const word = ethers.zeroPadValue("0x1234", 32);

    it("RTR-21 a candidate that writes the ERC-1967 implementation slot is undone, and it counts always", async () => {
      const canary = await loadFixture(plain);
      const target = ethers.zeroPadValue(await canary.candidate.getAddress(), 32);
      const before = await slotAt(canary.proxy, Slots.implementation);
      const tx = send(canary, await act(canary, "WRITE", ["bytes32", "bytes32"], [Slots.implementation, target]));
      await expect(tx).to.emit(atProxy(canary), "SlotBroken").withArgs(ACT, Slots.implementation, 1);
      await expect(tx).to.emit(atProxy(canary), "CanaryFrozen").withArgs(2, 1, "slot written");
      expect(await slotAt(canary.proxy, Slots.implementation)).to.equal(before);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
    });

    it("RTR-22 a candidate that writes the router's namespace is undone, and it counts", async () => {
      const cases: [bigint, Partial<PolicyStruct>][] = [
        [0n, {}],
        [0n, { interval: 60, cap: 1_000_000, rules: [ruleOf(ACT, { isFree: true })] }],
        [1n, { isCounted: true }],
      ];
      for (const [offset, overrides] of cases) {
        const canary = await deployCanary({ errorBudget: 3, ...overrides });
        const slot = ethers.toBeHex(policySlot() + offset, 32);
        const before = await slotAt(canary.proxy, slot);
        await expect(send(canary, await act(canary, "WRITE", ["bytes32", "bytes32"], [slot, word])))
          .to.emit(atProxy(canary), "SlotBroken")
          .withArgs(ACT, slot, 1);
        const after = BigInt(await slotAt(canary.proxy, slot));
        expect(after).to.equal(BigInt(before) + (offset === 0n ? 1n << 248n : 1n));
      }
    });

    it("RTR-22 a candidate cannot refill the budget that its call was charged to", async () => {
      const canary = await deployCanary({
        interval: 3_600,
        cap: 100,
        errorBudget: 3,
        rules: [ruleOf(ACT, { meterWord: 1, weight: 10n ** 18n })],
      });
      // The metered word is the number of the act (2 for a write), so this call charges 2.
      const slot = ethers.toBeHex(policySlot(), 32);
      const before = await slotAt(canary.proxy, slot);
      await expect(send(canary, await act(canary, "WRITE", ["bytes32", "bytes32"], [slot, before])))
        .to.emit(atProxy(canary), "SlotBroken")
        .withArgs(ACT, slot, 1);
      expect((await canary.control.status()).usedCurrent).to.equal(0n);
    });

    it("RTR-22 a candidate that tampers with the call state is undone, and it counts", async () => {
      const canary = await deployCanary({ errorBudget: 3 });
      const slot = ethers.toBeHex(policySlot(), 32);
      // None, stable, and the frame's own token.
      for (const [breaks, state] of [0, 1, 4].entries()) {
        await expect(send(canary, await act(canary, "WRITE_TRANSIENT", ["bytes32", "uint256"], [slot, state])))
          .to.emit(atProxy(canary), "SlotBroken")
          .withArgs(ACT, slot, breaks + 1);
      }
      expect((await canary.control.status()).isFrozen).to.equal(true);
    });

    it("RTR-22 a break spends the budget once, however often the frozen canary is called", async () => {
      const canary = await loadFixture(plain);
      const data = await act(canary, "WRITE", ["bytes32", "bytes32"], [Slots.implementation, word]);
      await send(canary, data);
      await send(canary, data);
      const status = await canary.control.status();
      expect([status.breaks, status.epoch]).to.deep.equal([1n, 2n]);
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 0n });
    });
  });
});
