import { loadFixture, setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { AbiCoder, encodeBytes32String, id, keccak256, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { Action, Category, RightKind } from "../../src/invariants/types";
import { Op, PlanClass, RollbackKind, type Gate, type Plan } from "../../src/plan/types";
import { deployRegistry } from "../../src/registry/deployRegistry";
import type { UpgradeTimelock } from "../../typechain-types";
import {
  artifacts,
  connectRegistry,
  DAY,
  HOUR,
  namedActors,
  POWER,
  registryFixture,
  registryParameters,
  silent,
  type RegistryFixture,
} from "../fixtures/registry";
import { propose, RollbackReason, State, stateOf, toInProgress, toNextStep, toScheduled } from "../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, dialStage, MODULE } from "../helpers/plans";

const ROLLBACK_TAG = 1n << 255n;

async function moduleFixture() {
  const fixture = await registryFixture();
  return { ...fixture, module: await addModule(fixture) };
}

async function scheduledFixture() {
  const fixture = await moduleFixture();
  const plan = await dialPlan(fixture, fixture.module);
  return { ...fixture, plan, proposalId: await toScheduled(fixture, plan) };
}

async function inProgressFixture() {
  const fixture = await moduleFixture();
  const plan = await dialPlan(fixture, fixture.module);
  return { ...fixture, plan, proposalId: await toInProgress(fixture, plan) };
}

/** Operations of the plan that the timelock still holds, by salt. */
async function pendingTags(timelock: UpgradeTimelock, proposalId: string, tags: bigint[]): Promise<bigint[]> {
  const salts = await timelock.queryFilter(timelock.filters.CallSalt());
  const pending: bigint[] = [];
  for (const tag of tags) {
    const salt = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [proposalId, tag]));
    const event = salts.find(({ args }) => args.salt === salt);
    if (event !== undefined && (await timelock.isOperationPending(event.args.id))) pending.push(tag);
  }
  return pending;
}

describe("StageFacet", () => {
  describe("advance", () => {
    it("ADV-01 runs stage after stage, and completes: the version moves, the lock and the leftovers go", async () => {
      const fixture = await loadFixture(scheduledFixture);
      const { registry, timelock, module, plan, proposalId } = fixture;
      await toNextStep(fixture, proposalId);
      const first = await registry.advance(plan);
      const now = BigInt(await time.latest());
      const [dwell, window] = [BigInt(DAY), plan.executionWindow];
      await expect(first)
        .to.emit(registry, "StageAdvanced")
        .withArgs(proposalId, 0, now + dwell, now + dwell + window);
      expect(await module.value()).to.equal(1n);
      expect((await registry.moduleOf(MODULE)).lockedBy).to.equal(proposalId);
      expect(await pendingTags(timelock, proposalId, [0n, 1n, ROLLBACK_TAG])).to.deep.equal([1n, ROLLBACK_TAG]);
      await toNextStep(fixture, proposalId);
      const second = registry.advance(plan);
      await expect(second).to.emit(registry, "PlanCompleted").withArgs(proposalId);
      await expect(second).to.emit(registry, "ModuleVersionMoved").withArgs(MODULE, 1, proposalId);
      expect(await module.value()).to.equal(2n);
      const stored = await registry.moduleOf(MODULE);
      expect([stored.version, stored.lockedBy]).to.deep.equal([1n, ZeroHash]);
      expect(await pendingTags(timelock, proposalId, [0n, 1n, ROLLBACK_TAG])).to.deep.equal([]);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    });

    it("ADV-02 waits for the first stage's time, and for each dwell, to the second", async () => {
      const fixture = await loadFixture(scheduledFixture);
      const { registry, plan, proposalId } = fixture;
      for (const step of [0, 1]) {
        const { notBefore } = await registry.stateOf(proposalId);
        await time.setNextBlockTimestamp(notBefore - 1n);
        await expect(registry.advance(plan), `step ${step}`)
          .to.be.revertedWithCustomError(registry, "NotYet")
          .withArgs(proposalId, notBefore, notBefore - 1n);
        await time.setNextBlockTimestamp(notBefore);
        await registry.advance(plan);
      }
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    });

    it("ADV-03 after the last stage's dwell needs one more advance to complete, whenever it comes", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const plan = await dialPlan(fixture, module, {
        stages: [await dialStage(module, 1n, { dwell: BigInt(DAY) })],
      });
      const proposalId = await toInProgress(fixture, plan);
      const { notBefore, notAfter, state } = await registry.stateOf(proposalId);
      expect([notAfter, state]).to.deep.equal([0n, State.InProgress]);
      await time.setNextBlockTimestamp(notBefore - 1n);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "NotYet")
        .withArgs(proposalId, notBefore, notBefore - 1n);
      await time.increaseTo(notBefore + 100n * plan.executionWindow);
      await expect(registry.advance(plan)).to.emit(registry, "PlanCompleted").withArgs(proposalId);
    });

    it("ADV-04 refuses a plan that was not scheduled, or was never proposed", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const plan = await dialPlan(fixture, module);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "ProposalUnknown")
        .withArgs(await registry.proposalIdOf(plan));
      const proposalId = await propose(fixture, plan);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Voting, State.Scheduled);
    });

    it("ADV-05 expires before the first stage when its window lapses; sweep clears the timelock", async () => {
      const fixture = await loadFixture(scheduledFixture);
      const { registry, timelock, plan, proposalId } = fixture;
      const { notAfter } = await registry.stateOf(proposalId);
      await time.increaseTo(notAfter);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
      await time.increaseTo(notAfter + 1n);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Expired, State.Scheduled);
      await expect(registry.sweep(plan)).to.emit(registry, "OperationsSwept").withArgs(proposalId);
      expect(await pendingTags(timelock, proposalId, [0n, 1n, ROLLBACK_TAG])).to.deep.equal([]);
    });

    it("ADV-06 expired_mid_canary_can_roll_back: a window that lapses after the first stage stalls the plan", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const { registry, module, plan, proposalId } = fixture;
      const { notAfter } = await registry.stateOf(proposalId);
      await time.increaseTo(notAfter + 1n);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Stalled, State.InProgress);
      await registry.rollback(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
      expect(await module.value()).to.equal(0n);
    });

    it("ADV-07 undoes everything when one call of the batch fails", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const target = await module.getAddress();
      const stage = await dialStage(module, 1n);
      const calls = [...stage.calls, { target, value: 0n, data: "0xdeadbeef" }];
      const plan = await dialPlan(fixture, module, { stages: [{ ...stage, calls }], rollbacks: [] });
      const proposalId = await toScheduled(fixture, plan);
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "FailedCall");
      expect(await module.value()).to.equal(0n);
      const { nextStage, state } = await registry.stateOf(proposalId);
      expect([nextStage, state]).to.deep.equal([0n, State.Scheduled]);
      expect((await registry.moduleOf(MODULE)).lockedBy).to.equal(ZeroHash);
    });

    it("ADV-08 stranger_executes_on_open_executor: no batch runs past the registry", async () => {
      const actors = await namedActors();
      const parameters = registryParameters(actors);
      // A timelock as teams have it: its executor role is open to anyone.
      const adopted = await ethers.deployContract("UpgradeTimelock", [HOUR, actors.deployer.address, ZeroAddress]);
      const timelockAddress = await adopted.getAddress();
      const deployment = await deployRegistry(
        { artifacts, signer: actors.deployer, log: silent },
        { ...parameters, timelock: timelockAddress },
      );
      await ethers.provider.send("hardhat_impersonateAccount", [timelockAddress]);
      await ethers.provider.send("hardhat_setBalance", [timelockAddress, "0xde0b6b3a7640000"]);
      const self = adopted.connect(await ethers.getSigner(timelockAddress)) as unknown as UpgradeTimelock;
      await self.grantRole(await adopted.getFunction("PROPOSER_ROLE")(), deployment.registry);
      await self.grantRole(await adopted.getFunction("CANCELLER_ROLE")(), deployment.registry);
      await self.grantRole(await adopted.getFunction("EXECUTOR_ROLE")(), ZeroAddress);

      const connected = await connectRegistry(deployment, actors.stranger);
      const fixture: RegistryFixture = { ...actors, ...connected, deployment, parameters };
      const { registry, timelock, stranger } = fixture;
      const module = await addModule(fixture);
      const plan = await dialPlan(fixture, module);
      const proposalId = await toScheduled(fixture, plan);
      await toNextStep(fixture, proposalId);

      const execute = (tag: bigint, calls: Plan["stages"][number]["calls"]) =>
        timelock
          .connect(stranger)
          .executeBatch(
            [deployment.registry, ...calls.map(({ target }) => target)],
            [0n, ...calls.map(({ value }) => value)],
            [
              registry.interface.encodeFunctionData("onlyWhileAdvancing", [proposalId, tag]),
              ...calls.map(({ data }) => data),
            ],
            ZeroHash,
            keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [proposalId, tag])),
          );
      await expect(execute(0n, plan.stages[0]?.calls ?? []))
        .to.be.revertedWithCustomError(registry, "NotAdvancing")
        .withArgs(proposalId, 0);
      await expect(execute(ROLLBACK_TAG, plan.rollbacks[0]?.calls ?? []))
        .to.be.revertedWithCustomError(registry, "NotAdvancing")
        .withArgs(proposalId, ROLLBACK_TAG);
      await registry.advance(plan);
      expect(await module.value()).to.equal(1n);
    });

    it("ADV-09 keeps its roles in the timelock: a stage that takes one away reverts", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, timelock, module, deployment } = fixture;
      for (const role of [
        await timelock.PROPOSER_ROLE(),
        await timelock.CANCELLER_ROLE(),
        await timelock.EXECUTOR_ROLE(),
      ]) {
        const data = timelock.interface.encodeFunctionData("revokeRole", [role, deployment.registry]);
        const calls = [{ target: deployment.timelock, value: 0n, data }];
        const stage = await dialStage(module, 1n, { calls, pins: [] });
        const plan = await dialPlan(fixture, module, {
          planClass: PlanClass.Critical,
          nonce: BigInt(role),
          stages: [stage],
          rollbacks: [],
        });
        const proposalId = await toScheduled(fixture, plan);
        await toNextStep(fixture, proposalId);
        await expect(registry.advance(plan))
          .to.be.revertedWithCustomError(registry, "RolesLost")
          .withArgs(deployment.timelock, role);
      }
    });

    it("ADV-10 refuses to start with less gas than the stage asks for", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const stage = await dialStage(module, 1n, { minGas: 2_000_000n });
      const plan = await dialPlan(fixture, module, { stages: [stage], rollbacks: [] });
      const proposalId = await toScheduled(fixture, plan);
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(plan, { gasLimit: 1_900_000 }))
        .to.be.revertedWithCustomError(registry, "InsufficientGas")
        .withArgs(2_000_000, (available: bigint) => available < 2_000_000n);
      await registry.advance(plan, { gasLimit: 3_000_000 });
    });

    it("ADV-11 refuses a first stage on a module that another plan took or moved", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const first = await dialPlan(fixture, module);
      const second = await dialPlan(fixture, module, { nonce: 1n, executionWindow: BigInt(30 * DAY) });
      await toScheduled(fixture, second);
      const firstId = await toInProgress(fixture, first);
      await expect(registry.advance(second))
        .to.be.revertedWithCustomError(registry, "ModuleLocked")
        .withArgs(MODULE, firstId);
      await toNextStep(fixture, firstId);
      await registry.advance(first);
      await expect(registry.advance(second))
        .to.be.revertedWithCustomError(registry, "StaleBase")
        .withArgs(MODULE, 0, 1);
    });

    it("ADV-12 is no way into itself: a call of the batch that comes back finds the lock", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module, deployment } = fixture;
      const target = await module.getAddress();
      await module.setCanary(6);
      const freeze = new ethers.Interface(["function traffic(bytes)", "function freeze(string)"]);
      const data = freeze.encodeFunctionData("traffic", [freeze.encodeFunctionData("freeze", ["x"])]);
      const stage = await dialStage(module, 1n, { calls: [{ target, value: 0n, data }], dwell: BigInt(DAY) });
      const plan = await dialPlan(fixture, module, { stages: [stage, await dialStage(module, 2n)] });
      const proposalId = await toScheduled(fixture, plan);
      await toNextStep(fixture, proposalId);
      const { interface: iface } = registry;
      for (const callback of [
        iface.encodeFunctionData("rollback", [plan]),
        iface.encodeFunctionData("advance", [plan]),
        iface.encodeFunctionData("schedule", [plan]),
        iface.encodeFunctionData("invalidate", [plan, 1, 0]),
        iface.encodeFunctionData("sweep", [plan]),
        iface.encodeFunctionData("poke", [plan, ZeroHash]),
        iface.encodeFunctionData("propose", [plan]),
        iface.encodeFunctionData("cancel", [proposalId]),
        iface.encodeFunctionData("veto", [proposalId, "", 0, []]),
        iface.encodeFunctionData("halt", [ZeroHash, "", 0, []]),
        iface.encodeFunctionData("freeze", [MODULE]),
        iface.encodeFunctionData("rollbackByCouncil", [plan, "why", 0, []]),
      ]) {
        await module.setCallback(deployment.registry, callback);
        const snapshot = await ethers.provider.send("evm_snapshot", []);
        await registry.advance(plan);
        expect(await module.hasCallbackWorked()).to.equal(false);
        expect(registry.interface.parseError(await module.callbackAnswer())?.name).to.equal("Reentered");
        await ethers.provider.send("evm_revert", [snapshot]);
      }
    });

    it("ADV-13 hands the native value sent along to the batch", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const stage = await dialStage(module, 1n);
      const calls = stage.calls.map((call) => ({ ...call, value: 5n }));
      const plan = await dialPlan(fixture, module, { stages: [{ ...stage, calls }], rollbacks: [] });
      const proposalId = await toScheduled(fixture, plan);
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "FailedCall");
      await registry.advance(plan, { value: 5n });
      expect(await ethers.provider.getBalance(await module.getAddress())).to.equal(5n);
    });
  });

  describe("pins", () => {
    it("PIN-05 reverts with CodeHashMismatch when pinned code changed after scheduling", async () => {
      const fixture = await loadFixture(scheduledFixture);
      const { registry, module, plan, proposalId } = fixture;
      const account = await module.getAddress();
      await setCode(account, "0x60016000f3");
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "CodeHashMismatch")
        .withArgs(account, plan.stages[0]?.pins[0]?.codeHash, keccak256("0x60016000f3"));
    });

    it("PIN-06 a call's target that lost its code stops the stage: the timelock would report success", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const account = await module.getAddress();
      const stage = await dialStage(module, 1n);
      const plan = await dialPlan(fixture, module, { stages: [stage], rollbacks: [] });
      const proposalId = await toScheduled(fixture, plan);
      await setCode(account, "0x");
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "CodeHashMismatch")
        .withArgs(account, stage.pins[0]?.codeHash, keccak256("0x"));
    });
  });

  describe("invalidate", () => {
    it("PIN-07 closes a scheduled plan for ever on proof; code put back does not open it again", async () => {
      const fixture = await loadFixture(scheduledFixture);
      const { registry, timelock, module, plan, proposalId } = fixture;
      const account = await module.getAddress();
      const code = await ethers.provider.getCode(account);
      await setCode(account, "0x60016000f3");
      await expect(registry.invalidate(plan, 1, 0))
        .to.emit(registry, "PlanInvalidated")
        .withArgs(proposalId, account, keccak256(code), keccak256("0x60016000f3"));
      await setCode(account, code);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Invalidated);
      expect(await pendingTags(timelock, proposalId, [0n, 1n, ROLLBACK_TAG])).to.deep.equal([]);
      await time.increase(2 * DAY);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Invalidated, State.Scheduled);
    });

    it("PIN-08 stalls a plan in progress, which then only goes back", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const other = await ethers.deployContract("Module__MockForRegistry", [ZeroAddress]);
      const account = await other.getAddress();
      const codeHash = keccak256(await ethers.provider.getCode(account));
      const plan = await dialPlan(fixture, module);
      plan.stages[1]?.pins.push({ account, codeHash });
      const proposalId = await toInProgress(fixture, plan);
      await setCode(account, "0x00");
      await registry.invalidate(plan, 1, 1);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      await registry.rollback(plan);
      expect(await module.value()).to.equal(0n);
    });

    it("PIN-09 refuses where the pin holds, the stage is over or does not exist", async () => {
      const { registry, module, plan } = await loadFixture(inProgressFixture);
      const account = await module.getAddress();
      await expect(registry.invalidate(plan, 1, 0))
        .to.be.revertedWithCustomError(registry, "PinHolds")
        .withArgs(account, plan.stages[1]?.pins[0]?.codeHash);
      for (const stage of [0, 2]) {
        await expect(registry.invalidate(plan, stage, 0))
          .to.be.revertedWithCustomError(registry, "StageUnknown")
          .withArgs(stage, 1, 2);
      }
      for (const pin of [1, 2n ** 256n - 1n]) {
        await expect(registry.invalidate(plan, 1, pin))
          .to.be.revertedWithCustomError(registry, "PinUnknown")
          .withArgs(1, pin, 1);
      }
    });

    it("PIN-09 refuses a plan that is not scheduled", async () => {
      const fixture = await loadFixture(moduleFixture);
      const plan = await dialPlan(fixture, fixture.module);
      const proposalId = await propose(fixture, plan);
      await expect(fixture.registry.invalidate(plan, 0, 0))
        .to.be.revertedWithCustomError(fixture.registry, "ProposalInState")
        .withArgs(proposalId, State.Voting, State.Scheduled);
    });
  });

  describe("gates", () => {
    const builtIn = (signature: string, bound: bigint): Gate => ({
      probe: { target: ZeroAddress, data: id(signature).slice(0, 10), gas: 0n },
      op: Op.Gte,
      bound,
    });

    async function gated(gate: Gate) {
      const fixture = await loadFixture(moduleFixture);
      const { module } = fixture;
      const plan = await dialPlan(fixture, module, {
        stages: [await dialStage(module, 1n, { gates: [gate] })],
        rollbacks: [],
      });
      const proposalId = await toScheduled(fixture, plan);
      await toNextStep(fixture, proposalId);
      return { ...fixture, plan, proposalId };
    }

    it("GATE-02 lets the plan wait until its probe meets the bound", async () => {
      const { module } = await loadFixture(moduleFixture);
      const target = await module.getAddress();
      const probe = { target, data: module.interface.encodeFunctionData("value"), gas: 50_000n };
      const { registry, plan } = await gated({ probe, op: Op.Eq, bound: 7n });
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "GateNotMet")
        .withArgs(0, target, Op.Eq, 7, 0, true);
      await module.corrupt(7n);
      await registry.advance(plan);
    });

    it("GATE-03 waits, too, while its probe gives no word", async () => {
      const { module } = await loadFixture(moduleFixture);
      const target = await module.getAddress();
      const { registry, plan } = await gated({
        probe: { target, data: "0xdeadbeef", gas: 50_000n },
        op: Op.Gte,
        bound: 0n,
      });
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "GateNotMet")
        .withArgs(0, target, Op.Gte, 0, 0, false);
    });

    it("GATE-04 counts blocks since the plan was scheduled", async () => {
      const { registry, plan } = await gated(builtIn("blocksSinceSchedule()", 10n));
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "GateNotMet")
        .withArgs(0, ZeroAddress, Op.Gte, 10, 2, true);
      await ethers.provider.send("hardhat_mine", ["0x8"]);
      await registry.advance(plan);
    });

    it("GATE-05 counts ready power, signals given after scheduling too", async () => {
      const { registry, electors, plan, proposalId } = await gated(builtIn("readyPower()", 9n * POWER));
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "GateNotMet")
        .withArgs(0, ZeroAddress, Op.Gte, 9n * POWER, 8n * POWER, true);
      await registry.connect(electors[8]).signalReady(proposalId, 8);
      await registry.advance(plan);
    });

    it("GATE-06 has no canary calls where no router answers", async () => {
      const { module } = await loadFixture(moduleFixture);
      const data = new ethers.Interface(["function canaryCalls(address)"]).encodeFunctionData("canaryCalls", [
        await module.getAddress(),
      ]);
      const { registry, plan } = await gated({
        probe: { target: ZeroAddress, data, gas: 0n },
        op: Op.Gte,
        bound: 0n,
      });
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "GateNotMet")
        .withArgs(0, ZeroAddress, Op.Gte, 0, 0, false);
    });
  });

  describe("invariants of a stage", () => {
    async function citing(over: Parameters<typeof dialInvariant>[1], value = 1n) {
      const fixture = await loadFixture(moduleFixture);
      const { module } = fixture;
      await module.corrupt(5n);
      const invariant = await define(fixture, await dialInvariant(module, over));
      const stage = await dialStage(module, value, { invariants: [invariant] });
      const plan = await dialPlan(fixture, module, { stages: [stage], rollbacks: [] });
      const proposalId = await toScheduled(fixture, plan);
      await toNextStep(fixture, proposalId);
      return { ...fixture, invariant, plan, proposalId };
    }

    it("INV-17 undo a stage that breaks one", async () => {
      const { registry, module, invariant, plan } = await citing({ op: Op.Lte, bound: 10n }, 11n);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "InvariantViolated")
        .withArgs(invariant, 11, 10, true);
      expect(await module.value()).to.equal(5n);
    });

    it("INV-17 compare with the word just before the batch", async () => {
      const { registry, module, invariant, plan } = await citing({ op: Op.Gte, rightKind: RightKind.Before });
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "InvariantViolated")
        .withArgs(invariant, 1, 5, true);
      await module.corrupt(1n);
      await registry.advance(plan);
    });

    it("INV-17 compare with the word that the plan found", async () => {
      const { registry, module, invariant, plan } = await citing({ op: Op.Eq, rightKind: RightKind.AtPropose });
      await module.corrupt(1n);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "InvariantViolated")
        .withArgs(invariant, 1, 5, true);
    });

    it("INV-17 stop a stage whose probe gives no word", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const good = await dialInvariant(module);
      const left = { ...good.condition.left, data: "0xdeadbeef" };
      const invariant = await define(fixture, { ...good, condition: { ...good.condition, left } });
      const stage = await dialStage(module, 1n, { invariants: [invariant] });
      const plan = await dialPlan(fixture, module, { stages: [stage], rollbacks: [] });
      const proposalId = await toScheduled(fixture, plan);
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "InvariantViolated")
        .withArgs(invariant, 0, 0, false);
    });
  });

  describe("rollback", () => {
    it("RBK-01 is closed to people while the plan goes well", async () => {
      const { registry, plan, proposalId } = await loadFixture(inProgressFixture);
      await expect(registry.rollback(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.InProgress, State.Stalled);
    });

    it("RBK-02 undoes a stalled plan at once, moves the version, and clears the timelock", async () => {
      const fixture = await loadFixture(inProgressFixture);
      const { registry, timelock, module, stranger, plan, proposalId } = fixture;
      const { notAfter } = await registry.stateOf(proposalId);
      await time.increaseTo(notAfter + 1n);
      const transaction = registry.rollback(plan);
      await expect(transaction)
        .to.emit(registry, "PlanRolledBack")
        .withArgs(proposalId, 0, 1, stranger.address, RollbackReason.Window, "");
      await expect(transaction).to.emit(registry, "ModuleVersionMoved").withArgs(MODULE, 1, proposalId);
      expect(await module.value()).to.equal(0n);
      expect((await registry.moduleOf(MODULE)).lockedBy).to.equal(ZeroHash);
      expect(await pendingTags(timelock, proposalId, [0n, 1n, ROLLBACK_TAG])).to.deep.equal([]);
      await expect(registry.rollback(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.RolledBack, State.Stalled);
    });

    it("RBK-03 picks the way back that serves the last executed stage", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const back = async (from: number, to: number, value: bigint) => {
        const { calls, pins } = await dialStage(module, value);
        return { from, to, kind: RollbackKind.Clean, calls, pins, invariants: [], minGas: 0n };
      };
      const dwell = BigInt(DAY);
      const plan = await dialPlan(fixture, module, {
        stages: [
          await dialStage(module, 1n, { dwell }),
          await dialStage(module, 2n, { dwell }),
          await dialStage(module, 3n, { dwell }),
        ],
        rollbacks: [await back(1, 2, 22n), await back(0, 0, 11n)],
      });
      const proposalId = await toInProgress(fixture, plan);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      const { notAfter } = await registry.stateOf(proposalId);
      await time.increaseTo(notAfter + 1n);
      await expect(registry.rollback(plan)).to.emit(registry, "PlanRolledBack");
      expect(await module.value()).to.equal(22n);
    });

    it("RBK-04 checks its own pins, and nothing of the stages", async () => {
      const { registry, module, plan, proposalId } = await loadFixture(inProgressFixture);
      const account = await module.getAddress();
      const { notAfter } = await registry.stateOf(proposalId);
      await time.increaseTo(notAfter + 1n);
      const code = await ethers.provider.getCode(account);
      await setCode(account, "0x60016000f3");
      await expect(registry.rollback(plan))
        .to.be.revertedWithCustomError(registry, "CodeHashMismatch")
        .withArgs(account, plan.rollbacks[0]?.pins[0]?.codeHash, keccak256("0x60016000f3"));
      await setCode(account, code);
      await registry.rollback(plan);
    });

    it("RBK-05 rollback_not_blocked_by_broken_invariant: what was broken before is reported", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const over = { category: Category.Authorization, op: Op.Eq, bound: 1n, action: Action.Rollback } as const;
      const inStage = await define(fixture, await dialInvariant(module, over));
      const inRollback = await define(
        fixture,
        await dialInvariant(module, { ...over, name: "never true again", bound: 77n }),
      );
      const plan = await dialPlan(fixture, module);
      plan.stages[0]?.invariants.push(inStage);
      plan.rollbacks[0]?.invariants.push(inRollback);
      const proposalId = await toInProgress(fixture, plan);
      await module.corrupt(9n);
      await registry.poke(plan, inStage);
      await registry.poke(plan, inStage);
      await expect(registry.rollback(plan))
        .to.emit(registry, "InvariantReported")
        .withArgs(proposalId, inRollback, false, 0, 77);
      expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
    });

    it("RBK-06 is blocked where it would break, itself, who owns the module or which code it runs", async () => {
      for (const [category, isBlocked] of [
        [Category.Authorization, true],
        [Category.Upgrade, true],
        [Category.Asset, false],
      ] as const) {
        const fixture = await loadFixture(moduleFixture);
        const { registry, module } = fixture;
        // Holds while the stage's value stands; the rollback to 0 ends it.
        const invariant = await define(fixture, await dialInvariant(module, { category, op: Op.Eq, bound: 1n }));
        const plan = await dialPlan(fixture, module);
        plan.rollbacks[0]?.invariants.push(invariant);
        const proposalId = await toInProgress(fixture, plan);
        const { notAfter } = await registry.stateOf(proposalId);
        await time.increaseTo(notAfter + 1n);
        if (isBlocked) {
          await expect(registry.rollback(plan))
            .to.be.revertedWithCustomError(registry, "InvariantViolated")
            .withArgs(invariant, 0, 1, true);
        } else {
          await expect(registry.rollback(plan))
            .to.emit(registry, "InvariantReported")
            .withArgs(proposalId, invariant, false, 0, 1);
        }
      }
    });

    it("RBK-07 closes when the last dwell ends", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, council, module } = fixture;
      const stage = await dialStage(module, 1n, { dwell: BigInt(DAY) });
      const plan = await dialPlan(fixture, module, { stages: [stage] });
      const proposalId = await toInProgress(fixture, plan);
      const { notBefore } = await registry.stateOf(proposalId);
      await time.setNextBlockTimestamp(notBefore);
      await expect(registry.connect(council[0]).rollbackByCouncil(plan, "why", 0, []))
        .to.be.revertedWithCustomError(registry, "RollbackClosed")
        .withArgs(proposalId, notBefore, notBefore);
    });

    it("RBK-08 refuses to start with less gas than it asks for", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry } = fixture;
      const plan = await dialPlan(fixture, fixture.module);
      const [back] = plan.rollbacks;
      if (back !== undefined) back.minGas = 2_000_000n;
      const proposalId = await toInProgress(fixture, plan);
      const { notAfter } = await registry.stateOf(proposalId);
      await time.increaseTo(notAfter + 1n);
      await expect(registry.rollback(plan, { gasLimit: 1_900_000 }))
        .to.be.revertedWithCustomError(registry, "InsufficientGas")
        .withArgs(2_000_000, (available: bigint) => available < 2_000_000n);
      await registry.rollback(plan, { gasLimit: 3_000_000 });
    });
  });

  describe("sweep", () => {
    it("ADV-14 clears what a vetoed plan left in the timelock", async () => {
      const { registry, timelock, council, plan, proposalId } = await loadFixture(scheduledFixture);
      for (const member of council.slice(0, 3)) await registry.connect(member).veto(proposalId, "no", 0, []);
      expect(await pendingTags(timelock, proposalId, [0n, 1n, ROLLBACK_TAG])).to.have.length(3);
      await registry.sweep(plan);
      expect(await pendingTags(timelock, proposalId, [0n, 1n, ROLLBACK_TAG])).to.deep.equal([]);
    });

    it("ADV-14 refuses while the plan lives", async () => {
      const { registry, plan, proposalId } = await loadFixture(scheduledFixture);
      await expect(registry.sweep(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Scheduled, State.Expired);
    });
  });

  describe("revalidate", () => {
    it("PIN-10 shows every pin and gate still to come, with expected and actual", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, module } = fixture;
      const target = await module.getAddress();
      const probe = { target, data: module.interface.encodeFunctionData("value"), gas: 50_000n };
      const gates = [{ probe, op: Op.Eq, bound: 1n }];
      const first = await dialStage(module, 1n, { dwell: BigInt(DAY) });
      const plan = await dialPlan(fixture, module, { stages: [first, await dialStage(module, 2n, { gates })] });
      const proposalId = await toScheduled(fixture, plan);
      const expected = first.pins[0]?.codeHash;
      let found = await registry.revalidate(plan);
      expect(found.pins.map((pin) => [...pin])).to.deep.equal([
        [0n, target, expected, expected, true],
        [1n, target, expected, expected, true],
      ]);
      expect(found.gates.map((gate) => [...gate])).to.deep.equal([[1n, target, BigInt(Op.Eq), 1n, 0n, true, false]]);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      const code = await ethers.provider.getCode(target);
      await setCode(target, `${code}00`);
      found = await registry.revalidate(plan);
      expect(found.pins.map((pin) => [...pin])).to.deep.equal([[1n, target, expected, keccak256(`${code}00`), false]]);
      expect(found.gates.map((gate) => [...gate])).to.deep.equal([[1n, target, BigInt(Op.Eq), 1n, 1n, true, true]]);
    });
  });

  describe("onlyWhileAdvancing", () => {
    it("ADV-08 reverts for everyone outside a batch", async () => {
      const { registry, proposalId } = await loadFixture(scheduledFixture);
      await expect(registry.onlyWhileAdvancing(proposalId, 0))
        .to.be.revertedWithCustomError(registry, "NotAdvancing")
        .withArgs(proposalId, 0);
      await expect(registry.onlyWhileAdvancing(encodeBytes32String("x"), ROLLBACK_TAG))
        .to.be.revertedWithCustomError(registry, "NotAdvancing")
        .withArgs(encodeBytes32String("x"), ROLLBACK_TAG);
    });
  });
});
