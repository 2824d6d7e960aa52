import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { deployRegistry } from "../../src/registry/deployRegistry";
import { PlanClass, type Plan } from "../../src/plan/types";
import {
  artifacts,
  connectRegistry,
  DAY,
  namedActors,
  registryParameters,
  silent,
  type RegistryFixture,
} from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { State, stateOf, toInProgress, toNextStep, toScheduled } from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage, MODULE } from "../helpers/plans";
import { domainOf, signApproval } from "../helpers/signatures";
import type { RecoveryProposer } from "../../typechain-types";

const ROLES = ["PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"].map(id);
const MONTH = 30 * DAY;
const VETO = id("veto");
const Status = { None: 0n, Waiting: 1n, Ready: 2n, Lapsed: 3n, Cancelled: 4n } as const;

/** A registry whose timelock has a recovery proposer, and a second registry made for the same timelock. */
async function recoveryFixture() {
  const actors = await namedActors();
  const owner = actors.others[0] as HardhatEthersSigner;
  const parameters = { ...registryParameters(actors), recoveryOwner: owner.address };
  const client = { artifacts, signer: actors.deployer, log: silent };
  const deployment = await deployRegistry(client, parameters);
  const fixture: RegistryFixture = {
    ...actors,
    ...(await connectRegistry(deployment, actors.stranger)),
    deployment,
    parameters,
  };
  const recovery = (await ethers.getContractAt(
    "RecoveryProposer",
    deployment.recovery ?? "",
    owner,
  )) as RecoveryProposer;
  const successorOf = async () => {
    const next = { ...parameters, timelock: deployment.timelock, recoveryOwner: undefined };
    return deployRegistry(client, next, { known: deployment.facets });
  };
  return { ...fixture, owner, recovery, successorOf, successor: await successorOf(), domain: await domainOf(fixture) };
}

type Fixture = Awaited<ReturnType<typeof recoveryFixture>>;

/** Points the verbs that carry a plan at code that does not know them: nothing can ever be repaired through a plan. */
async function brick(fixture: RegistryFixture): Promise<void> {
  const { registry, deployment } = fixture;
  const selectors = ["propose", "schedule", "advance", "rollback"].map(
    (name) => registry.interface.getFunction(name as "propose")?.selector ?? "",
  );
  const cut = { facetAddress: deployment.facets.DiamondLoupeFacet, action: 1, functionSelectors: selectors };
  await (await asTimelock(fixture)).diamondCut([cut], ZeroAddress, "0x");
}

/** The successor in the place of the old registry, for the helpers. */
async function withSuccessor(fixture: Fixture): Promise<RegistryFixture> {
  const deployment = { ...fixture.successor, timelock: fixture.deployment.timelock };
  return { ...fixture, ...(await connectRegistry(deployment, fixture.stranger)), deployment };
}

type Batch = [targets: string[], values: bigint[], payloads: string[], predecessor: string, salt: string];

async function batchOf({ recovery, deployment }: Fixture, successor: string, number: bigint): Promise<Batch> {
  const grants = new ethers.Interface(["function grantRole(bytes32,address)"]);
  const proposer = await recovery.getAddress();
  const coder = ethers.AbiCoder.defaultAbiCoder();
  return [
    [proposer, ...ROLES.map(() => deployment.timelock)],
    [0n, 0n, 0n, 0n],
    [
      recovery.interface.encodeFunctionData("onlyWhileExecuting", [number]),
      ...ROLES.map((role) => grants.encodeFunctionData("grantRole", [role, successor])),
    ],
    ZeroHash,
    ethers.keccak256(coder.encode(["string", "address", "uint256"], ["slipway.recovery", proposer, number])),
  ];
}

describe("RecoveryProposer", () => {
  it("EMG-64 a bricked registry's modules are upgraded again, thirty days later, through a new registry", async () => {
    const fixture = await loadFixture(recoveryFixture);
    const { registry, recovery, timelock, successor } = fixture;
    const module = await addModule(fixture);
    await brick(fixture);
    const plan = await dialPlan(fixture, module);
    await expect(registry.connect(fixture.release).propose(plan)).to.be.reverted;

    const start = (await time.latest()) + 10;
    await time.setNextBlockTimestamp(start);
    await expect(recovery.start(successor.registry))
      .to.emit(recovery, "RecoveryStarted")
      .withArgs(1, successor.registry, () => true, start + MONTH, start + 2 * MONTH);
    await time.setNextBlockTimestamp(start + MONTH - 1);
    await expect(recovery.execute())
      .to.be.revertedWithCustomError(recovery, "RecoveryInStatus")
      .withArgs(Status.Waiting, Status.Ready);
    for (const role of ROLES) expect(await timelock.hasRole(role, successor.registry)).to.equal(false);
    await time.setNextBlockTimestamp(start + MONTH);
    await expect(recovery.execute()).to.emit(recovery, "RecoveryExecuted").withArgs(1, successor.registry);
    for (const role of ROLES) expect(await timelock.hasRole(role, successor.registry)).to.equal(true);
    expect(await timelock.hasRole(ZeroHash, successor.registry)).to.equal(false);

    // The very module, under the very timelock: named anew, upgraded through a plan of the new registry.
    const next = await withSuccessor(fixture);
    await next.registry
      .connect(fixture.release)
      .registerModule(MODULE, 0, await module.getAddress(), fixture.deployment.timelock);
    const again = await dialPlan(next, module);
    const proposalId = await toInProgress(next, again);
    await toNextStep(next, proposalId);
    await next.registry.advance(again);
    expect(await stateOf(next, proposalId)).to.equal(State.Completed);
    expect(await module.value()).to.equal(2n);
  });

  it("EMG-65 holds no role but proposer and executor, on a timelock that nobody else administers", async () => {
    const { timelock, deployment, recovery, owner } = await loadFixture(recoveryFixture);
    const address = await recovery.getAddress();
    const held = await Promise.all([...ROLES, ZeroHash].map((role) => timelock.hasRole(role, address)));
    expect(held).to.deep.equal([true, false, true, false]);
    for (const role of [...ROLES, ZeroHash]) expect(await timelock.hasRole(role, owner.address)).to.equal(false);
    expect([await recovery.timelock(), await recovery.owner()]).to.deep.equal([deployment.timelock, owner.address]);
    expect([await recovery.DELAY(), await recovery.WINDOW()]).to.deep.equal([BigInt(MONTH), BigInt(MONTH)]);
  });

  it("EMG-65 has no other verb that writes, and none that takes a call, a delay or a role", async () => {
    const { recovery } = await loadFixture(recoveryFixture);
    const writing: string[] = [];
    recovery.interface.forEachFunction((fragment) => {
      if (!fragment.constant) writing.push(fragment.format("sighash"));
    });
    expect(writing.sort()).to.deep.equal(["bind()", "execute()", "start(address)", "withdraw()"]);
  });

  it("EMG-65 schedules three grants to the timelock and nothing else", async () => {
    const fixture = await loadFixture(recoveryFixture);
    const { recovery, timelock, successor } = fixture;
    const batch = await batchOf(fixture, successor.registry, 1n);
    const operation = await timelock.hashOperationBatch(...batch);
    const transaction = recovery.start(successor.registry);
    for (const [index, target] of batch[0].entries()) {
      await expect(transaction)
        .to.emit(timelock, "CallScheduled")
        .withArgs(operation, index, target, 0, batch[2][index], ZeroHash, MONTH);
    }
    expect(await recovery.operation()).to.equal(operation);
    expect(await fixture.registry.recoveryOperationOf(await recovery.getAddress(), successor.registry, 1)).to.equal(
      operation,
    );
  });

  it("EMG-66 obeys its owner alone", async () => {
    const { recovery, owner, successor, stranger, release, council } = await loadFixture(recoveryFixture);
    await recovery.start(successor.registry);
    await time.increase(MONTH);
    for (const caller of [stranger, release, council[0] as HardhatEthersSigner]) {
      const other = recovery.connect(caller);
      for (const attempt of [() => other.start(successor.registry), () => other.withdraw(), () => other.execute()]) {
        await expect(attempt())
          .to.be.revertedWithCustomError(recovery, "NotRecoveryOwner")
          .withArgs(caller.address, owner.address);
      }
    }
    await recovery.execute();
  });

  it("EMG-66 no executor runs the batch past it, not even an open one", async () => {
    const fixture = await loadFixture(recoveryFixture);
    const { recovery, timelock, successor, stranger, deployment } = fixture;
    const self = timelock.connect((await asTimelock(fixture)).runner as HardhatEthersSigner);
    await self.grantRole(ROLES[2] ?? "", ZeroAddress);
    await recovery.start(successor.registry);
    await time.increase(MONTH);
    const batch = await batchOf(fixture, successor.registry, 1n);
    const run = () => timelock.connect(stranger).executeBatch(...batch);
    await expect(run()).to.be.revertedWithCustomError(recovery, "RecoveryNotExecuting").withArgs(1);
    await recovery.withdraw();
    await expect(run()).to.be.revertedWithCustomError(recovery, "RecoveryNotExecuting").withArgs(1);
    expect(await timelock.hasRole(ROLES[0] ?? "", successor.registry)).to.equal(false);
    expect(await recovery.timelock()).to.equal(deployment.timelock);
  });

  it("EMG-66 a shorter way of another proposer does not shorten it", async () => {
    const fixture = await loadFixture(recoveryFixture);
    const { recovery, timelock, successor, others } = fixture;
    const self = timelock.connect((await asTimelock(fixture)).runner as HardhatEthersSigner);
    const rogue = others[1] as HardhatEthersSigner;
    await self.grantRole(ROLES[0] ?? "", rogue.address);
    await self.grantRole(ROLES[2] ?? "", ZeroAddress);
    const [targets, values, payloads, predecessor, salt] = await batchOf(fixture, successor.registry, 1n);
    await timelock.connect(rogue).scheduleBatch(targets, values, payloads, predecessor, salt, 3_600);
    await time.increase(3_600);
    await expect(
      timelock.connect(rogue).executeBatch(targets, values, payloads, predecessor, salt),
    ).to.be.revertedWithCustomError(recovery, "RecoveryNotExecuting");
    await expect(recovery.execute()).to.be.revertedWithCustomError(recovery, "RecoveryInStatus");
  });

  it("EMG-67 refuses a successor that is no registry of this timelock", async () => {
    const fixture = await loadFixture(recoveryFixture);
    const { recovery, owner, timelock, deployment, stranger } = fixture;
    const foreign = await deployRegistry(
      { artifacts, signer: fixture.deployer, log: silent },
      registryParameters(fixture),
      { known: deployment.facets },
    );
    const vault = await ethers.deployContract("VaultV1");
    await ethers.provider.send("hardhat_setCode", [stranger.address, `0xef0100${fixture.successor.registry.slice(2)}`]);
    for (const wrong of [
      owner.address,
      ZeroAddress,
      foreign.registry,
      await timelock.getAddress(),
      await vault.getAddress(),
      stranger.address,
    ]) {
      await expect(recovery.start(wrong)).to.be.revertedWithCustomError(recovery, "SuccessorInvalid").withArgs(wrong);
    }
    expect(await recovery.number()).to.equal(0n);
  });

  it("EMG-68 has one recovery under way, and none that lingers", async () => {
    const { recovery, successor, successorOf } = await loadFixture(recoveryFixture);
    await recovery.start(successor.registry);
    const notBefore = await recovery.notBefore();
    const other = (await successorOf()).registry;
    for (const wanted of [successor.registry, other]) {
      await expect(recovery.start(wanted))
        .to.be.revertedWithCustomError(recovery, "RecoveryPending")
        .withArgs(successor.registry, notBefore);
    }
    await time.increaseTo(await recovery.notAfter());
    expect(await recovery.status()).to.equal(Status.Ready);
    await time.increase(1);
    expect(await recovery.status()).to.equal(Status.Lapsed);
    await expect(recovery.execute())
      .to.be.revertedWithCustomError(recovery, "RecoveryInStatus")
      .withArgs(Status.Lapsed, Status.Ready);
    // The same successor again: another operation, and again thirty days.
    await recovery.start(successor.registry);
    expect(await recovery.status()).to.equal(Status.Waiting);
    expect(await recovery.notBefore()).to.equal(BigInt((await time.latest()) + MONTH));
    await recovery.withdraw();
    expect(await recovery.status()).to.equal(Status.None);
    await expect(recovery.withdraw()).to.be.revertedWithCustomError(recovery, "RecoveryInStatus");
    await recovery.start(other);
    await time.increase(MONTH);
    await recovery.execute();
    await expect(recovery.execute()).to.be.revertedWithCustomError(recovery, "RecoveryInStatus");
  });

  it("EMG-68 waits as long as the timelock does, where that is longer", async () => {
    const fixture = await loadFixture(recoveryFixture);
    const { recovery, timelock, successor } = fixture;
    const self = timelock.connect((await asTimelock(fixture)).runner as HardhatEthersSigner);
    await self.updateDelay(45 * DAY);
    await recovery.start(successor.registry);
    expect(await recovery.notBefore()).to.equal(BigInt((await time.latest()) + 45 * DAY));
  });

  it("EMG-69 a registry that lives vetoes it by its council, halted or not", async () => {
    const fixture = await loadFixture(recoveryFixture);
    const { registry, recovery, timelock, council, successor, domain, stranger } = fixture;
    const proposer = await recovery.getAddress();
    const args = [proposer, successor.registry, 1] as const;
    await expect(registry.connect(council[0]).vetoRecovery(...args, 0, []))
      .to.be.revertedWithCustomError(registry, "RecoveryUnknown")
      .withArgs(...args);
    await recovery.start(successor.registry);
    for (const member of council.slice(0, 2)) await registry.connect(member).halt(ZeroHash, "look", 0, []);
    await expect(registry.connect(stranger).vetoRecovery(...args, 0, []))
      .to.be.revertedWithCustomError(registry, "NotCouncilMember")
      .withArgs(stranger.address);
    const operation = await recovery.operation();
    const { act, need } = await registry.actOf(VETO, operation);
    expect(need).to.equal(3n);
    for (const member of council.slice(0, 2)) await registry.connect(member).vetoRecovery(...args, 0, []);
    expect(await recovery.status()).to.equal(Status.Waiting);
    const deadline = BigInt((await time.latest()) + 3_600);
    const signature = await signApproval(domain, council[2] as HardhatEthersSigner, act, deadline);
    const transaction = registry.vetoRecovery(...args, deadline, [signature]);
    await expect(transaction).to.emit(registry, "RecoveryVetoed").withArgs(operation, proposer, successor.registry);
    await expect(transaction).to.emit(timelock, "Cancelled").withArgs(operation);
    expect(await recovery.status()).to.equal(Status.Cancelled);
    await time.increase(MONTH);
    await expect(recovery.execute())
      .to.be.revertedWithCustomError(recovery, "RecoveryInStatus")
      .withArgs(Status.Cancelled, Status.Ready);
    // What was vetoed may be tried again, and takes its thirty days again.
    await recovery.start(successor.registry);
    expect(await recovery.status()).to.equal(Status.Waiting);
  });

  it("EMG-69 a registry that lives vetoes it by a plan, well within the thirty days", async () => {
    const fixture = await loadFixture(recoveryFixture);
    const { registry, recovery, successor, deployment } = fixture;
    const module = await addModule(fixture);
    await recovery.start(successor.registry);
    const stage = await dialStage(module, 1n);
    const data = registry.interface.encodeFunctionData("vetoRecovery", [
      await recovery.getAddress(),
      successor.registry,
      1,
      0,
      [],
    ]);
    const calls = [{ target: deployment.registry, value: 0n, data }];
    const plan: Plan = await dialPlan(fixture, module, {
      planClass: PlanClass.Critical,
      stages: [{ ...stage, calls }],
      rollbacks: [],
    });
    const proposalId = await toInProgress(fixture, plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    expect(await recovery.status()).to.equal(Status.Cancelled);
    expect(await time.latest()).to.be.lessThan(Number(await recovery.notBefore()));
  });

  it("EMG-69 the veto of a recovery cancels nothing of a plan", async () => {
    const fixture = await loadFixture(recoveryFixture);
    const { registry, council, deployment } = fixture;
    const module = await addModule(fixture);
    const plan = await dialPlan(fixture, module);
    const proposalId = await toScheduled(fixture, plan);
    for (const proposer of [deployment.registry, await module.getAddress(), fixture.release.address]) {
      for (const number of [0n, 1n, BigInt(proposalId)]) {
        await expect(
          registry.connect(council[0]).vetoRecovery(proposer, deployment.registry, number, 0, []),
        ).to.be.revertedWithCustomError(registry, "RecoveryUnknown");
      }
    }
  });

  it("EMG-70 serves one timelock for good: who takes it first keeps a registry from being made with it, and gains nothing", async () => {
    const { recovery, timelock, owner, stranger, deployment } = await loadFixture(recoveryFixture);
    await expect(recovery.connect(stranger).bind())
      .to.be.revertedWithCustomError(recovery, "RecoveryBound")
      .withArgs(deployment.timelock);
    const free = await ethers.deployContract("RecoveryProposer", [ZeroAddress, owner.address]);
    await free.connect(stranger).getFunction("bind")();
    const factory = await ethers.getContractFactory("UpgradeTimelock");
    await expect(factory.deploy(3_600, stranger.address, await free.getAddress()))
      .to.be.revertedWithCustomError(recovery, "RecoveryBound")
      .withArgs(stranger.address);
    expect(await timelock.hasRole(ROLES[0] ?? "", await free.getAddress())).to.equal(false);
  });

  it("EMG-70 a timelock has none unless the configuration asks for it, and a foreign timelock is given none", async () => {
    const { registry, ...actors } = await loadFixture(recoveryFixture);
    const client = { artifacts, signer: actors.deployer, log: silent };
    const plain = await deployRegistry(client, registryParameters(actors), { known: actors.deployment.facets });
    expect(plain.recovery).to.equal(undefined);
    const parameters = { ...actors.parameters, timelock: actors.deployment.timelock };
    await expect(deployRegistry(client, parameters, { known: actors.deployment.facets }))
      .to.be.revertedWithCustomError(registry, "RecoveryUnused")
      .withArgs(actors.deployment.timelock, (recovery: string) => recovery !== ZeroAddress);
    const factory = await ethers.getContractFactory("RecoveryProposer");
    await expect(factory.deploy(plain.timelock, ZeroAddress)).to.be.revertedWithCustomError(
      factory,
      "RecoveryOwnerZero",
    );
  });
});
