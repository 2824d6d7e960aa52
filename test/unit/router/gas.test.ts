import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { ethers } from "hardhat";
import {
  act,
  conditionOf,
  deployCanary,
  deployProtocol,
  installOn,
  Op,
  ran,
  ruleOf,
  ONE,
  step,
  type Canary,
  type PolicyStruct,
} from "../../helpers/canary";

const selectorOf = (signature: string) => id(signature).slice(0, 10);
const TOTAL = selectorOf("total()");

const request = (canary: Canary, data: string) => ({ to: canary.proxy, from: canary.user.address, data });
const atProxy = (canary: Canary) => canary.router.attach(canary.proxy);

/** Sends with every limit from `from` to `to`, and tells what came of it. */
async function sweep(canary: Canary, data: string, from: bigint, to: bigint, step: bigint) {
  const outcomes: { gas: bigint; error?: string; logs: string[]; version?: number }[] = [];
  for (let gas = from; gas <= to; gas += step) {
    const snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
    const before = await ran(canary);
    let error: string | undefined;
    let logs: string[] = [];
    try {
      const tx = await canary.user.sendTransaction({ to: canary.proxy, data, gasLimit: gas });
      const receipt = await tx.wait();
      logs = (receipt?.logs ?? []).map((log) => canary.router.interface.parseLog(log)?.name ?? "");
    } catch (caught) {
      const raw = (caught as { data?: string }).data ?? "0x";
      error = raw === "0x" ? "OutOfGas" : (canary.router.interface.parseError(raw)?.name ?? raw);
    }
    const after = await ran(canary);
    const version = after.stable > before.stable ? 1 : after.candidate > before.candidate ? 2 : undefined;
    outcomes.push({ gas, error, logs, version });
    await ethers.provider.send("evm_revert", [snapshot]);
  }
  return outcomes;
}

describe("TrafficRouter > gas [gas]", () => {
  const policy: Partial<PolicyStruct> = { errorBudget: 1, candidateGas: 400_000 };
  async function plain() {
    return deployCanary(policy);
  }
  async function watched() {
    const canary = await deployProtocol();
    const invariants = [conditionOf(canary.proxy, TOTAL, Op.lte, 100)];
    await installOn(canary, { ...policy, invariants });
    await ethers.provider.send("hardhat_mine", ["0x1"]);
    return canary;
  }

  describe("RTR-13 starved_frame_is_no_fault", () => {
    it("RTR-13 starved_frame_is_no_fault: no gas limit makes a healthy candidate fall back or break", async () => {
      const canary = await loadFixture(watched);
      const hungry = await act(canary, "HUNGRY", ["uint256"], [60_000]);
      const outcomes = await sweep(canary, hungry, 30_000n, 480_000n, 5_000n);
      for (const outcome of outcomes) {
        expect(outcome.logs, `at ${outcome.gas}`).to.deep.equal([]);
        expect(outcome.version, `at ${outcome.gas}`).to.not.equal(1);
        if (outcome.version === undefined) expect(outcome.error).to.be.oneOf(["CanaryGas", "OutOfGas"]);
      }
      // Both kinds were met, and in this order: never a success below a refusal.
      const successes = outcomes.map((outcome) => outcome.version === 2);
      expect(successes.at(0)).to.equal(false);
      expect(successes.at(-1)).to.equal(true);
      expect(successes.lastIndexOf(false)).to.be.lessThan(successes.indexOf(true));
    });

    it("RTR-13 starved_frame_is_no_fault: the same holds for a candidate that reverts when it runs dry", async () => {
      const canary = await loadFixture(plain);
      const burn = canary.app.interface.encodeFunctionData("burn", [80_000]);
      for (const outcome of await sweep(canary, burn, 30_000n, 200_000n, 4_000n)) {
        expect(outcome.logs, `at ${outcome.gas}`).to.deep.equal([]);
        if (outcome.error !== undefined) expect(outcome.error).to.be.oneOf(["CanaryGas", "OutOfGas"]);
      }
    });

    it("RTR-13 a candidate that eats all it is granted is at fault, however much that is", async () => {
      const canary = await loadFixture(plain);
      for (const appetite of ["BURN_ALL", "INVALID"]) {
        await expect(
          canary.user.sendTransaction({ to: canary.proxy, data: await act(canary, appetite), gasLimit: 800_000 }),
        )
          .to.emit(atProxy(canary), "CandidateReverted")
          .withArgs(selectorOf("act(uint256,bytes)"), "0x00000000");
      }
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 0n });
    });

    it("RTR-13 reverts with CanaryGas when the candidate had less than it is granted and used it up", async () => {
      const canary = await loadFixture(plain);
      const data = await act(canary, "BURN_ALL");
      await expect(
        canary.user.sendTransaction({ to: canary.proxy, data, gasLimit: 400_000 }),
      ).to.be.revertedWithCustomError(canary.router, "CanaryGas");
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 0n });
    });

    it("RTR-13 reverts with CanaryGas when nothing is left for stable", async () => {
      const canary = await loadFixture(plain);
      const data = await act(canary, "BURN_ALL");
      // The candidate is granted all it may have; what is left does not carry stable.
      const outcomes = await sweep(canary, data, 430_000n, 520_000n, 2_000n);
      for (const { error, version, gas } of outcomes) {
        if (version === undefined) expect(error, `at ${gas}`).to.equal("CanaryGas");
        else expect(version, `at ${gas}`).to.equal(1);
      }
      expect(outcomes.at(0)?.version).to.equal(undefined);
      expect(outcomes.at(-1)?.version).to.equal(1);
    });

    it("RTR-13 a probe without its gas is the sender's shortage, not a break", async () => {
      const canary = await deployProtocol();
      const left = { target: canary.proxy, data: TOTAL, gas: 2_000_000 };
      const invariants = [conditionOf(canary.proxy, TOTAL, Op.lte, 100, { left })];
      await installOn(canary, { ...policy, invariants });
      const data = canary.app.interface.encodeFunctionData("ping");
      for (const gasLimit of [300_000, 1_000_000, 2_000_000]) {
        await expect(canary.user.sendTransaction({ to: canary.proxy, data, gasLimit })).to.be.revertedWithCustomError(
          canary.router,
          "CanaryGas",
        );
      }
      await canary.user.sendTransaction({ to: canary.proxy, data, gasLimit: 2_200_000 });
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 1n });
    });

    it("RTR-13 the break is settled with its gas as well: too little after stable reverts with CanaryGas", async () => {
      const canary = await loadFixture(watched);
      const data = await act(canary, "SET_TOTAL", ["uint256"], [101]);
      const outcomes = await sweep(canary, data, 60_000n, 420_000n, 5_000n);
      for (const { error, version, logs, gas } of outcomes) {
        expect(version, `at ${gas}`).to.not.equal(2);
        if (version === undefined) expect(error, `at ${gas}`).to.be.oneOf(["CanaryGas", "OutOfGas"]);
        else expect(logs, `at ${gas}`).to.deep.equal(["InvariantBroken", "CanaryFrozen"]);
      }
      expect(outcomes.at(-1)?.version).to.equal(1);
    });
  });

  describe("RTR-15 estimate_sees_the_canary", () => {
    const cases: [string, (canary: Canary) => Promise<string>, "candidate" | "stable", string[]][] = [
      ["a healthy call", async (c) => c.app.interface.encodeFunctionData("ping"), "candidate", []],
      ["a heavy healthy call", (c) => act(c, "HUNGRY", ["uint256"], [100_000]), "candidate", []],
      [
        "a call that falls back",
        async (c) => c.app.interface.encodeFunctionData("fail"),
        "stable",
        ["CandidateReverted"],
      ],
      [
        "a call that falls back late",
        (c) => act(c, "BURN_THEN_REVERT", ["uint256"], [100_000]),
        "stable",
        ["CandidateReverted"],
      ],
      ["a candidate that eats everything", (c) => act(c, "BURN_ALL"), "stable", ["CandidateReverted"]],
      [
        "a call that trips",
        (c) => act(c, "SET_TOTAL", ["uint256"], [101]),
        "stable",
        ["InvariantBroken", "CanaryFrozen"],
      ],
    ];
    for (const [name, dataOf, version, events] of cases) {
      it(`RTR-15 estimate_sees_the_canary: the estimate of ${name} carries it through`, async () => {
        const canary = await loadFixture(watched);
        const data = await dataOf(canary);
        const estimate = await ethers.provider.estimateGas(request(canary, data));
        const tx = await canary.user.sendTransaction({ to: canary.proxy, data, gasLimit: estimate });
        const receipt = await tx.wait();
        const names = (receipt?.logs ?? []).map((log) => canary.router.interface.parseLog(log)?.name ?? "");
        expect(names).to.deep.equal(events);
        expect((await ran(canary))[version]).to.equal(1n);
        expect((await ran(canary))[version === "stable" ? "candidate" : "stable"]).to.equal(0n);
      });
    }

    it("RTR-15 estimate_sees_the_canary: with counters, a cap and nested calls", async () => {
      const canary = await deployCanary({
        isCounted: true,
        interval: 60,
        cap: 1_000,
        rules: [
          ruleOf(selectorOf("move(uint256)"), { meterWord: 1, weight: ONE }),
          ruleOf(selectorOf("callOut(address,bytes)"), { isFree: true }),
        ],
      });
      const { app, puppet, proxy } = canary;
      await puppet.setReaction([step(proxy, app.interface.encodeFunctionData("move", [5]))], 1);
      const react = puppet.interface.encodeFunctionData("react");
      const data = app.interface.encodeFunctionData("callOut", [await puppet.getAddress(), react]);
      const gasLimit = await ethers.provider.estimateGas(request(canary, data));
      await canary.user.sendTransaction({ to: proxy, data, gasLimit });
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 2n });
    });
  });
});
