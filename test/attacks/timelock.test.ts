import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { hashPlan } from "../../src/plan/eip712";
import { Op, PlanClass, type Call, type Plan } from "../../src/plan/types";
import { deployRegistry } from "../../src/registry/deployRegistry";
import {
  artifacts,
  connectRegistry,
  DAY,
  HOUR,
  registryFixture,
  silent,
  type RegistryFixture,
} from "../fixtures/registry";
import { adoptedFixture, batchOf, ROLLBACK_TAG, type Batch } from "../helpers/adopted";
import { asTimelock } from "../helpers/asTimelock";
import { interfaces } from "../helpers/canary";
import { propose, State, stateOf, toApproved, toInProgress, toNextStep, toScheduled, vote } from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage, MODULE } from "../helpers/plans";
import { domainOf } from "../helpers/signatures";

async function own() {
  const fixture = await registryFixture();
  return { ...fixture, module: await addModule(fixture) };
}

async function adopted() {
  const fixture = await adoptedFixture();
  return { ...fixture, module: await addModule(fixture) };
}

type Own = Awaited<ReturnType<typeof own>>;

/** One stage with these calls, no dwell and no way back. */
async function single(fixture: Own, calls: Call[], over: Partial<Plan> = {}): Promise<Plan> {
  const stage = await dialStage(fixture.module, 1n, { calls, pins: [] });
  return dialPlan(fixture, fixture.module, { stages: [stage], rollbacks: [], planClass: PlanClass.Critical, ...over });
}

async function veto({ registry, council }: RegistryFixture, proposalId: string): Promise<void> {
  for (const member of council.slice(0, 3)) await registry.connect(member).veto(proposalId, "no", 0, []);
}

/** Runs a plan up to the moment of its first stage. */
async function toFirstStage(fixture: RegistryFixture, plan: Plan): Promise<string> {
  const proposalId = await toScheduled(fixture, plan);
  await toNextStep(fixture, proposalId);
  return proposalId;
}

describe("attacks on timelock and execution", () => {
  // CVE-2021-39167: the timelock looked at an operation's readiness after its calls, by which time they had scheduled it.
  it("ATK-40 ready_checked_late: a batch that ends the delay and schedules itself is not ready when it starts", async () => {
    const { timelock, stranger, deployment } = await loadFixture(adopted);
    const role = await timelock.PROPOSER_ROLE();
    const grant = timelock.interface.encodeFunctionData("grantRole", [role, stranger.address]);
    const zero = timelock.interface.encodeFunctionData("updateDelay", [0]);
    const targets = [deployment.timelock, deployment.timelock];
    const batch: Batch = [targets, [0n, 0n], [grant, zero], ZeroHash, ZeroHash];
    await expect(timelock.connect(stranger).executeBatch(...batch))
      .to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState")
      .withArgs(await timelock.hashOperationBatch(...batch), `0x${"00".repeat(31)}04`);
    expect(await timelock.hasRole(role, stranger.address)).to.equal(false);
  });

  it("ATK-40 ready_checked_late: a plan that would end the delay is itself held to the delay of its vote", async () => {
    const fixture = await loadFixture(own);
    const { registry, timelock, deployment } = fixture;
    const data = timelock.interface.encodeFunctionData("updateDelay", [0]);
    const plan = await single(fixture, [{ target: deployment.timelock, value: 0n, data }]);
    const proposalId = await toScheduled(fixture, plan);
    const { eta } = await registry.proposalOf(proposalId);
    expect(eta - BigInt(await time.latest())).to.equal(BigInt(2 * DAY));
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "NotYet");
  });

  it("ATK-41 reenter_execute: a call of the batch cannot run the next stage, the way back, or the timelock again", async () => {
    const fixture = await loadFixture(adopted);
    const { registry, timelock, module, deployment } = fixture;
    const target = await module.getAddress();
    const { control } = await interfaces();
    const freeze = control.encodeFunctionData("freeze", ["from within"]);
    const traffic = module.interface.encodeFunctionData("traffic", [freeze]);
    // Reentering: the module calls back what it is told to when its `traffic` runs.
    await module.setCanary(6);
    const plan = await dialPlan(fixture, module, {
      stages: [
        await dialStage(module, 1n, { dwell: BigInt(DAY), calls: [{ target, value: 0n, data: traffic }], pins: [] }),
        await dialStage(module, 2n),
      ],
    });
    const proposalId = await toFirstStage(fixture, plan);
    const stage = (tag: bigint) =>
      timelock.interface.encodeFunctionData(
        "executeBatch",
        batchOf(fixture, proposalId, tag, plan.stages[Number(tag)]!.calls),
      );
    const attempts: [string, string, string][] = [
      [deployment.registry, registry.interface.encodeFunctionData("advance", [plan]), "Reentered"],
      [deployment.registry, registry.interface.encodeFunctionData("rollback", [plan]), "Reentered"],
      [deployment.timelock, stage(1n), "NotAdvancing"],
    ];
    let snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
    for (const [to, data, error] of attempts) {
      await module.setCallback(to, data);
      await registry.advance(plan);
      expect(await module.hasCallbackWorked(), error).to.equal(false);
      expect(registry.interface.parseError(await module.callbackAnswer())?.name).to.equal(error);
      await ethers.provider.send("evm_revert", [snapshot]);
      snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
    }
    // This very batch, from within: run once inside, it is not run once more around it, so nothing of either stays.
    await module.setCallback(deployment.timelock, stage(0n));
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
    expect(await module.isFrozen()).to.equal(false);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
  });

  it("ATK-42 cancelled_then_executable: what the council cancelled runs through nobody, swept or not", async () => {
    const fixture = await loadFixture(adopted);
    const { registry, timelock, stranger, module } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toFirstStage(fixture, plan);
    await veto(fixture, proposalId);
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(proposalId, State.Cancelled, State.Scheduled);
    const batch = batchOf(fixture, proposalId, 0n, plan.stages[0]!.calls);
    await expect(timelock.connect(stranger).executeBatch(...batch))
      .to.be.revertedWithCustomError(registry, "NotAdvancing")
      .withArgs(proposalId, 0);
    await registry.sweep(plan);
    await expect(timelock.connect(stranger).executeBatch(...batch)).to.be.revertedWithCustomError(
      timelock,
      "TimelockUnexpectedOperationState",
    );
    expect(await module.value()).to.equal(0n);
  });

  it("ATK-43 executed_marked_cancelled: a completed plan stays completed, whoever wants otherwise", async () => {
    const fixture = await loadFixture(own);
    const { registry, council, release, module } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toInProgress(fixture, plan);
    await toNextStep(fixture, proposalId);
    await registry.advance(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    for (const call of [
      () => registry.connect(council[0]).veto(proposalId, "no", 0, []),
      () => registry.connect(council[0]).rollbackByCouncil(plan, "why", 0, []),
      () => registry.connect(release).cancel(proposalId),
      () => registry.rollback(plan),
      () => registry.advance(plan),
      () => registry.schedule(plan),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(registry, "ProposalInState");
    }
    await module.corrupt(9);
    await ethers.provider.send("hardhat_setCode", [await module.getAddress(), "0x6001"]);
    await expect(registry.invalidate(plan, 1, 0)).to.be.reverted;
    expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
  });

  it("ATK-44 boundary_grace: one second decides alike for state, advance, veto and sweep", async () => {
    const fixture = await loadFixture(own);
    const { registry, module } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toScheduled(fixture, plan);
    const { notAfter } = await registry.stateOf(proposalId);
    await time.setNextBlockTimestamp(notAfter);
    await expect(registry.sweep(plan)).to.be.revertedWithCustomError(registry, "ProposalInState");
    expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
    await time.setNextBlockTimestamp(notAfter + 1n);
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(proposalId, State.Expired, State.Scheduled);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Expired);
    await registry.sweep(plan);
  });

  it("ATK-44 boundary_grace: in the window's last second the stage runs", async () => {
    const fixture = await loadFixture(own);
    const { registry, module } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toScheduled(fixture, plan);
    const { notAfter } = await registry.stateOf(proposalId);
    await time.setNextBlockTimestamp(notAfter);
    await registry.advance(plan);
    expect(await module.value()).to.equal(1n);
  });

  it("ATK-45 delay_lowered_while_queued: a delay that is lowered later does not bring a scheduled plan forward", async () => {
    const fixture = await loadFixture(own);
    const { registry, timelock, module, parameters, deployment } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toScheduled(fixture, plan);
    const { eta } = await registry.proposalOf(proposalId);
    const self = await asTimelock(fixture);
    await self.setClassPolicy(PlanClass.Standard, { ...parameters.policies.standard, delay: 0 });
    await timelock.connect(await ethers.getSigner(deployment.timelock)).updateDelay(0);
    expect((await registry.stateOf(proposalId)).notBefore).to.equal(eta);
    await time.setNextBlockTimestamp(eta - 1n);
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(registry, "NotYet")
      .withArgs(proposalId, eta, eta - 1n);
    await registry.advance(plan);
  });

  it("ATK-46 skip_queue: an approved plan runs nowhere before it was scheduled", async () => {
    const fixture = await loadFixture(adopted);
    const { registry, timelock, stranger, module } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toApproved(fixture, plan);
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(proposalId, State.Approved, State.Scheduled);
    const batch = batchOf(fixture, proposalId, 0n, plan.stages[0]!.calls);
    await expect(timelock.connect(stranger).executeBatch(...batch)).to.be.revertedWithCustomError(
      timelock,
      "TimelockUnexpectedOperationState",
    );
    await expect(timelock.connect(stranger).scheduleBatch(...batch, 0)).to.be.revertedWithCustomError(
      timelock,
      "AccessControlUnauthorizedAccount",
    );
  });

  it("ATK-47 predecessor_cancelled: a stage that another canceller took out of the timelock stalls the plan, which then goes back", async () => {
    const fixture = await loadFixture(adopted);
    const { registry, timelock, rival, module } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toInProgress(fixture, plan);
    const operation = await timelock.hashOperationBatch(...batchOf(fixture, proposalId, 1n, plan.stages[1]!.calls));
    await timelock.connect(rival).cancel(operation);
    await toNextStep(fixture, proposalId);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
    const { notAfter } = await registry.stateOf(proposalId);
    await time.increaseTo(notAfter + 1n);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
    await registry.rollback(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
    expect((await registry.moduleOf(MODULE)).lockedBy).to.equal(ZeroHash);
  });

  it("ATK-48 second_canceller_reschedules: the same batch scheduled anew by another proposer neither runs early nor past the registry", async () => {
    const fixture = await loadFixture(adopted);
    const { registry, timelock, rival, stranger, module } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toScheduled(fixture, plan);
    const batch = batchOf(fixture, proposalId, 0n, plan.stages[0]!.calls);
    await timelock.connect(rival).cancel(await timelock.hashOperationBatch(...batch));
    await timelock.connect(rival).scheduleBatch(...batch, HOUR);
    await time.increase(2 * HOUR);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "NotYet");
    await expect(timelock.connect(stranger).executeBatch(...batch)).to.be.revertedWithCustomError(
      registry,
      "NotAdvancing",
    );
    // What was rescheduled is the batch that was voted on, or it would be another operation: it may run in its time.
    await toNextStep(fixture, proposalId);
    await registry.advance(plan);
    expect(await module.value()).to.equal(1n);
  });

  it("ATK-49 same_hash_twice: a plan is proposed once, whatever became of it", async () => {
    const fixture = await loadFixture(own);
    const { registry, release, module } = fixture;
    const plan = await dialPlan(fixture, module, { stages: [await dialStage(module, 1n)], rollbacks: [] });
    const proposalId = await toFirstStage(fixture, plan);
    await registry.advance(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    await expect(registry.connect(release).propose(plan))
      .to.be.revertedWithCustomError(registry, "ProposalExists")
      .withArgs(proposalId);
    await expect(registry.schedule(plan)).to.be.revertedWithCustomError(registry, "ProposalInState");
  });

  it("ATK-50 plan_replay and plan_wrong_chain: registry and chain are part of a proposal's id", async () => {
    const fixture = await loadFixture(own);
    const { deployer, stranger, module, parameters } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toApproved(fixture, plan);
    const second = await deployRegistry({ artifacts, signer: deployer, log: silent }, parameters);
    const twin = (await connectRegistry(second, stranger)).registry;
    expect(await twin.proposalIdOf(plan)).to.not.equal(proposalId);
    await expect(twin.schedule(plan)).to.be.revertedWithCustomError(twin, "ProposalUnknown");
    const domain = await domainOf(fixture);
    expect(hashPlan(plan, domain)).to.equal(proposalId);
    expect(hashPlan(plan, { ...domain, chainId: 1n })).to.not.equal(proposalId);
  });

  it("ATK-51 executor_rotated_after_vote: a plan whose executor was changed meanwhile waits, and a plan cannot change it", async () => {
    const fixture = await loadFixture(own);
    const { registry, timelock, module, deployment } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toFirstStage(fixture, plan);
    const role = await timelock.EXECUTOR_ROLE();
    await asTimelock(fixture);
    const self = timelock.connect(await ethers.getSigner(deployment.timelock));
    await self.revokeRole(role, deployment.registry);
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
      .withArgs(deployment.registry, role);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
    await self.grantRole(role, deployment.registry);
    await registry.advance(plan);
    expect(await module.value()).to.equal(1n);
  });

  it("ATK-52 return_bomb: a gate that answers a megabyte costs its own gas, and is no word longer than one", async () => {
    const fixture = await loadFixture(own);
    const { registry, module } = fixture;
    const payload = await ethers.deployContract("Payload__MockForRegistry");
    const probe = {
      target: await payload.getAddress(),
      data: payload.interface.encodeFunctionData("flood", [1_000_000]),
      gas: 4_000_000n,
    };
    const stage = await dialStage(module, 1n, { gates: [{ probe, op: Op.Eq, bound: 0n }] });
    const plan = await dialPlan(fixture, module, { stages: [stage], rollbacks: [] });
    await toFirstStage(fixture, plan);
    // Its first word is zero, as the gate wants: what follows is not looked at.
    const receipt = await (await registry.advance(plan, { gasLimit: 8_000_000 })).wait();
    // The bomb's own memory costs 2.2 million; a second copy would cost as much again.
    expect(receipt?.gasUsed).to.be.lessThan(3_200_000n);
    expect(await module.value()).to.equal(1n);
  });

  it("ATK-53 gas_starved: whoever brings too little gas moves nothing at all", async () => {
    const fixture = await loadFixture(own);
    const { registry, module } = fixture;
    const payload = await ethers.deployContract("Payload__MockForRegistry");
    const target = await payload.getAddress();
    const burn = payload.interface.encodeFunctionData("burn", [1_000_000]);
    const dial = await dialStage(module, 1n);
    const plan = await single(fixture, [{ target, value: 0n, data: burn }, ...dial.calls]);
    const proposalId = await toFirstStage(fixture, plan);
    const needed = await registry.advance.estimateGas(plan);
    for (const gasLimit of [needed / 4n, needed / 2n, (needed * 3n) / 4n, (needed * 9n) / 10n]) {
      await expect(registry.advance(plan, { gasLimit })).to.be.reverted;
      expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
      expect(await payload.word()).to.equal(ZeroHash);
      expect(await module.value()).to.equal(0n);
    }
    await registry.advance(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
  });

  it("ATK-54 value_mismatch: the value of a call is what was voted on, and less than it moves nothing", async () => {
    const fixture = await loadFixture(own);
    const { registry } = fixture;
    const payload = await ethers.deployContract("Payload__MockForRegistry");
    const target = await payload.getAddress();
    const pay = payload.interface.encodeFunctionData("pay");
    const plan = await single(fixture, [{ target, value: 1_000n, data: pay }]);
    const proposalId = await toFirstStage(fixture, plan);
    const richer = { ...plan, stages: [{ ...plan.stages[0]!, calls: [{ target, value: 9_999n, data: pay }] }] };
    await expect(registry.advance(richer, { value: 9_999n }))
      .to.be.revertedWithCustomError(registry, "ProposalUnknown")
      .withArgs(await registry.proposalIdOf(richer));
    await expect(registry.advance(plan, { value: 999n })).to.be.reverted;
    expect(await ethers.provider.getBalance(target)).to.equal(0n);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
    await registry.advance(plan, { value: 1_000n });
    expect(await ethers.provider.getBalance(target)).to.equal(1_000n);
  });

  // Sonne 2024: five operations that anyone may execute in any order; the market was opened before it was seeded.
  it("ATK-55 separable_operations: nobody runs a stage before the one in front of it, or one call of a batch alone", async () => {
    const fixture = await loadFixture(adopted);
    const { registry, timelock, stranger, module } = fixture;
    const first = await dialStage(module, 1n, { dwell: BigInt(DAY) });
    const both = [...first.calls, ...(await dialStage(module, 5n)).calls];
    const plan = await dialPlan(fixture, module, { stages: [{ ...first, calls: both }, await dialStage(module, 2n)] });
    const proposalId = await toFirstStage(fixture, plan);
    const run = (tag: bigint, calls: Call[]) =>
      timelock.connect(stranger).executeBatch(...batchOf(fixture, proposalId, tag, calls));
    await expect(run(1n, plan.stages[1]!.calls)).to.be.revertedWithCustomError(registry, "NotAdvancing");
    await expect(run(0n, both)).to.be.revertedWithCustomError(registry, "NotAdvancing");
    await expect(run(ROLLBACK_TAG, plan.rollbacks[0]!.calls)).to.be.revertedWithCustomError(registry, "NotAdvancing");
    for (const part of both) {
      await expect(run(0n, [part])).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
      await expect(
        timelock.connect(stranger).execute(part.target, 0, part.data, ZeroHash, ZeroHash),
      ).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
    }
    await registry.advance(plan);
    expect(await module.value()).to.equal(5n);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "NotYet");
  });

  it("ATK-56 plan_expired: a plan that nobody scheduled or started in its time is over for good", async () => {
    const fixture = await loadFixture(own);
    const { registry, module } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toApproved(fixture, plan);
    const { notAfter } = await registry.stateOf(proposalId);
    await time.increaseTo(notAfter + 1n);
    await expect(registry.schedule(plan))
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(proposalId, State.Expired, State.Approved);
    await time.increase(365 * DAY);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Expired);
  });

  it("ATK-57 delegatecall_clobbers_registry: what a plan calls writes to its own storage, not to timelock or registry", async () => {
    const fixture = await loadFixture(own);
    const { registry, deployment } = fixture;
    const payload = await ethers.deployContract("Payload__MockForRegistry");
    const target = await payload.getAddress();
    const plan = await single(fixture, [{ target, value: 0n, data: payload.interface.encodeFunctionData("clobber") }]);
    await toFirstStage(fixture, plan);
    const slots = async (address: string) =>
      Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((slot) => ethers.provider.getStorage(address, slot)));
    const before = [await slots(deployment.timelock), await slots(deployment.registry)];
    await registry.advance(plan);
    expect([await slots(deployment.timelock), await slots(deployment.registry)]).to.deep.equal(before);
    expect(new Set(await slots(target))).to.deep.equal(new Set([`0x${"ff".repeat(32)}`]));
  });

  it("ATK-58 payload_selfdestructs_executor: neither timelock nor registry has code that a payload could destroy", async () => {
    const fixture = await loadFixture(own);
    const { registry, deployment } = fixture;
    const bomb = ethers.Wallet.createRandom().address;
    // CALLER SELFDESTRUCT.
    await ethers.provider.send("hardhat_setCode", [bomb, "0x33ff"]);
    const { interface: iface } = registry;
    const cut = iface.encodeFunctionData("diamondCut" as never, [[], bomb, "0x"] as never);
    const plan = await single(fixture, [
      { target: bomb, value: 0n, data: "0x00" },
      { target: deployment.registry, value: 0n, data: cut },
    ]);
    await toFirstStage(fixture, plan);
    // The initialiser ended in the registry's own name, and answered nothing.
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "InitUnanswered").withArgs(bomb, "0x");
    const called = await single(fixture, [{ target: bomb, value: 0n, data: "0x00" }], { nonce: 1n });
    await toFirstStage(fixture, called);
    await registry.advance(called);
    expect((await ethers.provider.getCode(deployment.timelock)).length).to.be.greaterThan(2);
    expect((await ethers.provider.getCode(deployment.registry)).length).to.be.greaterThan(2);
    const targets = [{ module: MODULE, baseVersion: 1n }];
    await propose(fixture, await dialPlan(fixture, fixture.module, { nonce: 2n, targets }));
  });

  it("ATK-59 a stranger who votes, attests or executes on what he proposes himself gets nowhere", async () => {
    const fixture = await loadFixture(own);
    const { registry, stranger, module } = fixture;
    const plan = { ...(await dialPlan(fixture, module)), proposer: stranger.address };
    await expect(registry.connect(stranger).propose(plan)).to.be.revertedWithCustomError(registry, "Unauthorized");
    const proposalId = await propose(fixture, await dialPlan(fixture, module));
    await vote(fixture, proposalId, 3);
    await expect(registry.connect(stranger).castVote(proposalId, 1, 3)).to.be.revertedWithCustomError(
      registry,
      "SeatMismatch",
    );
  });
});
