import { loadFixture, setCode, setStorageAt, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, keccak256, toBeHex, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { Category, RightKind } from "../../src/invariants/types";
import { ModuleKind, Op, PlanClass, type Plan } from "../../src/plan/types";
import { DAY, registryFixture, type RegistryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import {
  attest,
  propose,
  ready,
  State,
  stateOf,
  toApproved,
  toInProgress,
  toNextStep,
  toScheduled,
  vote,
} from "../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, MODULE, pinned } from "../helpers/plans";

/*
 * What a hostile review of the control plane found, each with the setup that showed the harm, now with the defence.
 */

async function base() {
  const fixture = await registryFixture();
  return { ...fixture, module: await addModule(fixture) };
}

async function halt({ registry, council }: RegistryFixture, scope: string): Promise<void> {
  for (const member of council.slice(0, 2)) await registry.connect(member).halt(scope, "look", 0, []);
}

async function veto({ registry, council }: RegistryFixture, id: string): Promise<void> {
  for (const member of council.slice(0, 3)) await registry.connect(member).veto(id, "no", 0, []);
}

/** One stage without dwell, and no way back. */
async function single(
  fixture: Awaited<ReturnType<typeof base>>,
  calls: Plan["stages"][number]["calls"],
  over: Partial<Plan> = {},
): Promise<Plan> {
  const plan = await dialPlan(fixture, fixture.module, over);
  return pinned({ ...plan, stages: [{ ...plan.stages[1]!, calls, pins: [] }], rollbacks: [], ...over });
}

/** A transparent proxy named "vault", its ProxyAdmin with the timelock. */
async function transparent() {
  const fixture = await base();
  const { timelock } = fixture.deployment;
  const logic = await ethers.deployContract("Module__MockForRegistry", [timelock]);
  const init = logic.interface.encodeFunctionData("setCanary", [0]);
  const proxy = await ethers.deployContract("TransparentUpgradeableProxy", [await logic.getAddress(), timelock, init]);
  const vault = await proxy.getAddress();
  const slot = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
  const adminAt = ethers.getAddress(`0x${(await ethers.provider.getStorage(vault, slot)).slice(-40)}`);
  await fixture.registry
    .connect(fixture.release)
    .registerModule(encodeBytes32String("vault"), ModuleKind.Transparent, vault, adminAt);
  const admin = await ethers.getContractAt("ProxyAdmin", adminAt);
  return { ...fixture, vault, adminAt, admin, logic: await logic.getAddress() };
}

describe("regressions of the control plane", () => {
  it("EMG-40 overlapping halts count once: an expired plan stays expired, whatever is halted at the same time", async () => {
    const fixture = await loadFixture(base);
    const plan = await dialPlan(fixture, fixture.module);
    const id = await toScheduled(fixture, plan);
    const { notAfter } = await fixture.registry.stateOf(id);
    await time.increaseTo(notAfter + 3_600n);
    expect(await stateOf(fixture, id)).to.equal(State.Expired);
    await halt(fixture, ZeroHash);
    await halt(fixture, MODULE);
    await time.increase(2 * DAY + 10);
    expect(await stateOf(fixture, id)).to.equal(State.Expired);
    await expect(fixture.registry.advance(plan))
      .to.be.revertedWithCustomError(fixture.registry, "ProposalInState")
      .withArgs(id, State.Expired, State.Scheduled);
  });

  it("EMG-41 two halts that overlap extend a window by their union, to the second", async () => {
    const fixture = await loadFixture(base);
    const id = await toScheduled(fixture, await dialPlan(fixture, fixture.module));
    const before = await fixture.registry.stateOf(id);
    await halt(fixture, ZeroHash);
    const first = await fixture.registry.haltOf(ZeroHash);
    await time.increase(DAY);
    await halt(fixture, MODULE);
    const second = await fixture.registry.haltOf(MODULE);
    await time.increaseTo(second.until + 10n);
    const { council } = fixture.parameters;
    const union = second.until - (first.until - BigInt(council.haltDuration));
    expect((await fixture.registry.stateOf(id)).notAfter - before.notAfter).to.equal(union);
  });

  it("RBK-20 a word that the candidate made unreadable does not block the way back from it", async () => {
    const fixture = await loadFixture(base);
    const other = await ethers.deployContract("Module__MockForRegistry", [fixture.release.address]);
    const rule = { rightKind: RightKind.Before, op: Op.Gte, category: Category.Asset };
    const invariant = await define(fixture, await dialInvariant(other as never, rule));
    const plan = await dialPlan(fixture, fixture.module);
    plan.stages[0]!.invariants = [invariant];
    plan.rollbacks[0]!.invariants = [invariant];
    const id = await toInProgress(fixture, plan);
    await veto(fixture, id);
    await setCode(await other.getAddress(), "0x5f5ffd");
    await expect(fixture.registry.rollback(plan))
      .to.emit(fixture.registry, "InvariantReported")
      .withArgs(id, invariant, false, 0, 0);
    expect(await stateOf(fixture, id)).to.equal(State.RolledBack);
  });

  it("RBK-21 probes that burn all of their gas do not push the way back over one transaction's cap", async () => {
    const fixture = await loadFixture(base);
    const other = await ethers.deployContract("Module__MockForRegistry", [fixture.release.address]);
    const plan = await dialPlan(fixture, fixture.module);
    for (let i = 0; i < 5; ++i) {
      const row = await dialInvariant(other as never, { category: Category.Asset, name: `row ${i}` });
      row.condition.left.gas = 2_000_000n;
      plan.rollbacks[0]!.invariants.push(await define(fixture, row));
    }
    const id = await toInProgress(fixture, plan);
    await veto(fixture, id);
    await setCode(await other.getAddress(), "0x5b5f56");
    await fixture.registry.rollback(plan, { gasLimit: 16_777_216n });
    expect(await stateOf(fixture, id)).to.equal(State.RolledBack);
  });

  it("RBK-22 a plan does not begin while the code that its way back is pinned to is gone", async () => {
    const fixture = await loadFixture(base);
    const old = await (await ethers.deployContract("Module__MockForRegistry", [fixture.release.address])).getAddress();
    const plan = await dialPlan(fixture, fixture.module);
    const codeHash = keccak256(await ethers.provider.getCode(old));
    plan.rollbacks[0]!.pins.push({ account: old, codeHash });
    const id = await toScheduled(fixture, plan);
    await setCode(old, "0x00");
    await toNextStep(fixture, id);
    await expect(fixture.registry.advance(plan))
      .to.be.revertedWithCustomError(fixture.registry, "CodeHashMismatch")
      .withArgs(old, codeHash, keccak256("0x00"));
    expect((await fixture.registry.moduleOf(MODULE)).lockedBy).to.equal(ZeroHash);
  });

  it("RBK-23 a way back asks for no more gas than one transaction can bring", async () => {
    const fixture = await loadFixture(base);
    const plan = await dialPlan(fixture, fixture.module);
    plan.rollbacks[0]!.minGas = 12_000_001n;
    await expect(fixture.registry.connect(fixture.release).propose(plan))
      .to.be.revertedWithCustomError(fixture.registry, "MinGasTooHigh")
      .withArgs(12_000_001n, 12_000_000n);
  });

  it("MOD-20 an authority that is registered as a module does not hide the modules it upgrades", async () => {
    const fixture = await loadFixture(transparent);
    const harmless = encodeBytes32String("harmless");
    await fixture.registry
      .connect(fixture.release)
      .registerModule(harmless, ModuleKind.Redeploy, fixture.adminAt, fixture.deployment.timelock);
    const data = fixture.admin.interface.encodeFunctionData("upgradeAndCall", [fixture.vault, fixture.logic, "0x"]);
    const calls = [{ target: fixture.adminAt, value: 0n, data }];
    const plan = await single(fixture, calls, { targets: [{ module: harmless, baseVersion: 0n }] });
    await expect(fixture.registry.connect(fixture.release).propose(plan))
      .to.be.revertedWithCustomError(fixture.registry, "ModuleNotTargeted")
      .withArgs(fixture.vault);
  });

  it("MOD-21 a call to an authority that names none of its proxies belongs in a Critical plan", async () => {
    const fixture = await loadFixture(transparent);
    const data = fixture.admin.interface.encodeFunctionData("renounceOwnership");
    const plan = await single(fixture, [{ target: fixture.adminAt, value: 0n, data }], { targets: [] });
    await expect(fixture.registry.connect(fixture.release).propose(plan))
      .to.be.revertedWithCustomError(fixture.registry, "CriticalClassRequired")
      .withArgs(fixture.adminAt);
  });

  it("MOD-22 a module registered after a plan was proposed is not reached while another plan holds it", async () => {
    const fixture = await loadFixture(base);
    const { registry, release, deployment } = fixture;
    const late = await ethers.deployContract("Module__MockForRegistry", [deployment.timelock]);
    const account = await late.getAddress();
    const calls = [{ target: account, value: 0n, data: late.interface.encodeFunctionData("set", [666n]) }];
    const early = await single(fixture, calls, { targets: [], nonce: 9n, executionWindow: BigInt(60 * DAY) });
    const id = await propose(fixture, early);
    await vote(fixture, id, 10);
    await attest(fixture, id);
    await ready(fixture, id);
    const name = encodeBytes32String("late");
    await registry.connect(release).registerModule(name, ModuleKind.Uups, account, deployment.timelock);
    await time.increase(3 * DAY);
    await registry.schedule(early);
    const holder = await dialPlan(fixture, late as never, { targets: [{ module: name, baseVersion: 0n }] });
    holder.stages[0]!.dwell = BigInt(20 * DAY);
    const holderId = await toInProgress(fixture, holder);
    await expect(registry.advance(early))
      .to.be.revertedWithCustomError(registry, "ModuleLocked")
      .withArgs(name, holderId);
    expect(await late.value()).to.not.equal(666n);
  });

  it("STG-01 an unscoped call to an account that became an authority after the vote waits for a Critical plan", async () => {
    const fixture = await loadFixture(base);
    const { registry, release, deployment } = fixture;
    const [admin, proxy] = await Promise.all(
      [1, 2].map(() => ethers.deployContract("Module__MockForRegistry", [deployment.timelock])),
    );
    const account = await admin!.getAddress();
    const calls = [{ target: account, value: 0n, data: admin!.interface.encodeFunctionData("set", [7n]) }];
    const plans = await Promise.all(
      [PlanClass.Standard, PlanClass.Critical].map((planClass, i) =>
        single(fixture, calls, { targets: [], nonce: BigInt(50 + i), planClass }),
      ),
    );
    const shape = await dialPlan(fixture, fixture.module, { nonce: 52n });
    const back = await pinned({ ...shape, rollbacks: [{ ...shape.rollbacks[0]!, calls, pins: [] }] });
    for (const plan of [...plans, back]) {
      const id = await propose(fixture, plan);
      await vote(fixture, id, 10);
      await attest(fixture, id);
      await ready(fixture, id);
    }
    await time.increase(3 * DAY);
    for (const plan of [...plans, back]) await registry.schedule(plan);
    await time.increase(2 * DAY);
    await registry
      .connect(release)
      .registerModule(encodeBytes32String("late"), ModuleKind.Transparent, await proxy!.getAddress(), account);
    for (const plan of [plans[0]!, back]) {
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "CriticalClassRequired")
        .withArgs(account);
    }
    await registry.advance(plans[1]!);
    expect(await admin!.getFunction("value")()).to.equal(7n);
  });

  it("STG-02 an authority registered in mid-plan holds up the next stage, and never the way back", async () => {
    const fixture = await loadFixture(base);
    const { registry, release, deployment, module } = fixture;
    const [admin, proxy] = await Promise.all(
      [1, 2].map(() => ethers.deployContract("Module__MockForRegistry", [deployment.timelock])),
    );
    const account = await admin!.getAddress();
    const calls = [{ target: account, value: 0n, data: admin!.interface.encodeFunctionData("set", [7n]) }];
    const shape = await dialPlan(fixture, module);
    shape.stages[1]!.calls = calls;
    shape.rollbacks[0]!.calls = calls;
    const plan = await pinned(shape);
    const id = await toInProgress(fixture, plan);
    await registry
      .connect(release)
      .registerModule(encodeBytes32String("late"), ModuleKind.Transparent, await proxy!.getAddress(), account);
    await toNextStep(fixture, id);
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(registry, "CriticalClassRequired")
      .withArgs(account);
    await veto(fixture, id);
    await expect(registry.rollback(plan)).to.emit(registry, "PlanRolledBack");
    expect(await admin!.getFunction("value")()).to.equal(7n);
  });

  it("STG-03 a way back whose batch and probes could ask for more than a transaction is refused at propose", async () => {
    const fixture = await loadFixture(base);
    const { registry, release, module } = fixture;
    const rule = async (category: Category, rightKind: RightKind, gas: bigint) => {
      const invariant = await dialInvariant(module, { category, rightKind, name: `${category} ${rightKind} ${gas}` });
      invariant.condition.left.gas = gas;
      if (rightKind === RightKind.Probe) invariant.condition.right = { ...invariant.condition.left, gas: 300_000n };
      return define(fixture, invariant);
    };
    // What blocks is read twice, `Before` once more, and a right probe each time: 8,000,000, 3,000,000 and 700,000.
    const cited = [
      await rule(Category.Authorization, RightKind.Constant, 4_000_000n),
      await rule(Category.Upgrade, RightKind.Before, 1_000_000n),
      await rule(Category.Asset, RightKind.Probe, 400_000n),
    ];
    const plan = await dialPlan(fixture, module);
    plan.rollbacks[0]!.invariants = cited;
    plan.rollbacks[0]!.minGas = 300_001n;
    await expect(registry.connect(release).propose(plan))
      .to.be.revertedWithCustomError(registry, "RollbackGasTooHigh")
      .withArgs(0, 12_000_001n, 12_000_000n);
    plan.rollbacks[0]!.minGas = 300_000n;
    await registry.connect(release).propose(plan);
  });

  it("STG-04 the dearest way back that may be proposed fits a transaction while the candidate burns every probe", async () => {
    const fixture = await loadFixture(base);
    const { registry, module } = fixture;
    const burner = await ethers.deployContract("Module__MockForRegistry", [fixture.release.address]);
    const cited: string[] = [];
    for (const category of [Category.Authorization, Category.Upgrade]) {
      const invariant = await dialInvariant(burner as never, { category });
      invariant.condition.left.gas = 2_900_000n;
      cited.push(await define(fixture, invariant));
    }
    const plan = await dialPlan(fixture, module);
    plan.rollbacks[0]!.invariants = cited;
    plan.rollbacks[0]!.minGas = 400_000n;
    const id = await toInProgress(fixture, plan);
    await veto(fixture, id);
    // An endless loop: whatever a probe is given is gone.
    await setCode(await burner.getAddress(), "0x5b5f56");
    const receipt = await (await registry.rollback(plan, { gasLimit: 16_777_216n })).wait();
    expect(receipt!.gasUsed).to.be.greaterThan(11_600_000n);
    expect(await stateOf(fixture, id)).to.equal(State.RolledBack);
  });

  it("MOD-23 a registry has at most 512 modules: a global halt visits each, and a plan packs their numbers", async () => {
    const fixture = await loadFixture(base);
    const { registry, release, deployment } = fixture;
    // The length of `names`, as 512 registrations would leave it.
    const length = 0x1c56778d0e46a66cd69606147fd28fbac4e014113682e5cf9da53efe7ac1db00n + 1n;
    expect(BigInt(await ethers.provider.getStorage(deployment.registry, length))).to.equal(1n);
    await setStorageAt(deployment.registry, toBeHex(length), toBeHex(512, 32));
    const account = await (await ethers.deployContract("Module__MockForRegistry", [release.address])).getAddress();
    await expect(registry.connect(release).registerModule(encodeBytes32String("more"), 0, account, deployment.timelock))
      .to.be.revertedWithCustomError(registry, "TooManyModules")
      .withArgs(512);
  });

  it("SCH-20 delay_max_brick: a plan cannot leave the timelock with a delay that no plan would outlive", async () => {
    const fixture = await loadFixture(base);
    const { registry, timelock, deployment } = fixture;
    const forever = 2n ** 256n - 1n;
    const data = timelock.interface.encodeFunctionData("updateDelay", [forever]);
    const calls = [{ target: deployment.timelock, value: 0n, data }];
    const plan = await single(fixture, calls, { targets: [], planClass: PlanClass.Critical });
    await toNextStep(fixture, await toScheduled(fixture, plan));
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(registry, "DelayTooLong")
      .withArgs(forever, 90 * DAY);
    expect(await timelock.getMinDelay()).to.be.lessThan(BigInt(90 * DAY));
  });

  it("SCH-21 a timelock whose delay was raised past all bounds by other hands schedules nothing", async () => {
    const fixture = await loadFixture(base);
    const { registry, timelock, deployment } = fixture;
    const plan = await dialPlan(fixture, fixture.module);
    await toApproved(fixture, plan);
    await asTimelock(fixture);
    await timelock.connect(await ethers.getSigner(deployment.timelock)).updateDelay(2n ** 48n);
    await expect(registry.schedule(plan))
      .to.be.revertedWithCustomError(registry, "DelayTooLong")
      .withArgs(2n ** 48n, 90 * DAY);
  });

  it("ADV-20 value sent along with a completion is refused: nothing is left to pay for", async () => {
    const fixture = await loadFixture(base);
    const plan = await dialPlan(fixture, fixture.module);
    plan.stages[1]!.dwell = 60n;
    plan.rollbacks[0]!.to = 1;
    const id = await toInProgress(fixture, plan);
    await toNextStep(fixture, id);
    await fixture.registry.advance(plan);
    await toNextStep(fixture, id);
    await expect(fixture.registry.advance(plan, { value: 5n }))
      .to.be.revertedWithCustomError(fixture.registry, "ValueUnused")
      .withArgs(5n);
    await fixture.registry.advance(plan);
    expect(await stateOf(fixture, id)).to.equal(State.Completed);
  });
});
