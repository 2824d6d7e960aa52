import { loadFixture, setBalance, setCode, setStorageAt, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, Interface, keccak256, toBeHex, ZeroAddress, ZeroHash, AbiCoder } from "ethers";
import { ethers } from "hardhat";
import { Category, RightKind } from "../../src/invariants/types";
import { ModuleKind, Op, PlanClass, type Plan } from "../../src/plan/types";
import { DAY, HOUR, registryFixture, type RegistryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { attest, propose, ready, State, stateOf, toApproved, toInProgress, toNextStep, toScheduled, vote } from "../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, dialStage, MODULE, REPORT } from "../helpers/plans";
import { domainOf, signApproval, signAttestation } from "../helpers/signatures";

async function base() {
  const fixture = await registryFixture();
  return { ...fixture, module: await addModule(fixture) };
}
type Base = Awaited<ReturnType<typeof base>>;

async function halt({ registry, council }: RegistryFixture, scope: string) {
  for (const member of council.slice(0, 2)) await registry.connect(member).halt(scope, "look", 0, []);
}
async function veto({ registry, council }: RegistryFixture, id: string) {
  for (const member of council.slice(0, 3)) await registry.connect(member).veto(id, "no", 0, []);
}
const codeHash = async (a: string) => keccak256(await ethers.provider.getCode(a));
const call = (target: string, data: string, value = 0n) => ({ target, value, data });

/** One stage, no dwell, no way back. */
async function single(f: Base, calls: Plan["stages"][number]["calls"], over: Partial<Plan> = {}): Promise<Plan> {
  const plan = await dialPlan(f, f.module, over);
  return { ...plan, stages: [{ ...plan.stages[1]!, calls, pins: [] }], rollbacks: [], ...over };
}

describe("attack", () => {
  it("A01 two overlapping halts revive an EXPIRED scheduled plan, and it executes", async () => {
    const f = await loadFixture(base);
    const plan = await dialPlan(f, f.module);
    const id = await toScheduled(f, plan);
    const { notAfter } = await f.registry.stateOf(id);
    await time.increaseTo(notAfter + 3600n);
    expect(await stateOf(f, id)).to.equal(State.Expired);
    await halt(f, ZeroHash);
    await halt(f, MODULE);
    await time.increase(2 * DAY + 10);
    expect(await stateOf(f, id)).to.equal(State.Scheduled); // back from the dead
    await f.registry.advance(plan);
    expect(await f.module.value()).to.equal(1n);
  });

  it("A01b the same revives an Expired approval (schedule), and reopens a closed last dwell", async () => {
    const f = await loadFixture(base);
    const plan = await dialPlan(f, f.module);
    const id = await toApproved(f, plan);
    const { notAfter } = await f.registry.stateOf(id);
    await time.increaseTo(notAfter + 3600n);
    expect(await stateOf(f, id)).to.equal(State.Expired);
    await halt(f, ZeroHash);
    await halt(f, MODULE);
    await time.increase(2 * DAY + 10);
    expect(await stateOf(f, id)).to.equal(State.Approved);
    await f.registry.schedule(plan);
  });

  it("A02 a rollback that cites a `Before` asset invariant goes through when the candidate makes its probe revert", async () => {
    const f = await loadFixture(base);
    const other = await ethers.deployContract("Module__MockForRegistry", [f.release.address]);
    const inv = await define(f, await dialInvariant(other as never, { rightKind: RightKind.Before, op: Op.Gte, category: Category.Asset }));
    const plan = await dialPlan(f, f.module);
    plan.stages[0]!.invariants = [inv];
    plan.rollbacks[0]!.invariants = [inv];
    const id = await toInProgress(f, plan);
    await veto(f, id);
    expect(await stateOf(f, id)).to.equal(State.Stalled);
    await setCode(await other.getAddress(), "0x5f5ffd"); // the getter now reverts
    await expect(f.registry.rollback(plan)).to.emit(f.registry, "InvariantReported").withArgs(id, inv, false, 0, 0);
    expect(await stateOf(f, id)).to.equal(State.RolledBack);
  });

  it("A02b a candidate that burns gas in a probed getter pushes a rollback over EIP-7825's 16,777,216", async () => {
    const f = await loadFixture(base);
    const other = await ethers.deployContract("Module__MockForRegistry", [f.release.address]);
    const invs: string[] = [];
    for (let i = 0; i < 5; i++) {
      const d = await dialInvariant(other as never, { category: Category.Asset, name: `i${i}` });
      d.condition.left.gas = 2_000_000n;
      invs.push(await define(f, d));
    }
    const plan = await dialPlan(f, f.module);
    plan.rollbacks[0]!.invariants = invs;
    const id = await toInProgress(f, plan);
    await veto(f, id);
    await setCode(await other.getAddress(), "0x5b5f56"); // jumpdest, push0, jump: burns all
    await expect(f.registry.rollback(plan, { gasLimit: 16_777_216n })).to.be.reverted;
    const tx = await f.registry.rollback(plan, { gasLimit: 29_000_000n });
    console.log("      rollback gas", (await tx.wait())!.gasUsed);
  });

  it("A03 another canceller of an adopted timelock cancels the rollback: module locked for ever", async () => {
    const f = await loadFixture(base);
    await asTimelock(f);
    const tl = f.timelock.connect(await ethers.getSigner(await f.timelock.getAddress()));
    await tl.grantRole(await f.timelock.CANCELLER_ROLE(), f.others[0]!.address);
    const plan = await dialPlan(f, f.module);
    const id = await toInProgress(f, plan);
    await veto(f, id);
    const coder = AbiCoder.defaultAbiCoder();
    const tag = 1n << 255n;
    const salt = keccak256(coder.encode(["bytes32", "uint256"], [id, tag]));
    const c = plan.rollbacks[0]!.calls;
    const op = await f.timelock.hashOperationBatch(
      [await f.registry.getAddress(), ...c.map((x) => x.target)], [0n, ...c.map((x) => x.value)],
      [f.registry.interface.encodeFunctionData("onlyWhileAdvancing", [id, tag]), ...c.map((x) => x.data)], ZeroHash, salt);
    await f.timelock.connect(f.others[0]!).cancel(op);
    await expect(f.registry.rollback(plan)).to.be.revertedWithCustomError(f.timelock, "TimelockUnexpectedOperationState");
    await time.increase(365 * DAY);
    await expect(f.registry.rollback(plan)).to.be.reverted;
    for (const m of f.council.slice(0, 2)) await f.registry.connect(m).rollbackByCouncil(plan, 0, []);
    await expect(f.registry.connect(f.council[2]!).rollbackByCouncil(plan, 0, [])).to.be.reverted;
    expect((await f.registry.moduleOf(MODULE)).lockedBy).to.equal(id);
  });

  async function transparent() {
    const f = await base();
    const logic = await ethers.deployContract("Module__MockForRegistry", [f.deployment.timelock]);
    const proxy = await ethers.deployContract("TransparentUpgradeableProxy", [await logic.getAddress(), f.deployment.timelock, logic.interface.encodeFunctionData("setCanary", [0])]);
    const proxyAt = await proxy.getAddress();
    const slot = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
    const adminAt = ethers.getAddress(`0x${(await ethers.provider.getStorage(proxyAt, slot)).slice(-40)}`);
    const VAULT = encodeBytes32String("vault");
    await f.registry.connect(f.release).registerModule(VAULT, ModuleKind.Transparent, proxyAt, adminAt);
    const admin = await ethers.getContractAt("ProxyAdmin", adminAt);
    return { ...f, proxyAt, adminAt, VAULT, admin, logic };
  }

  it("A04 the release key registers the ProxyAdmin itself as a module: plans on it must still name the vault", async () => {
    const f = await loadFixture(transparent);
    // Plan A holds the vault.
    const a = await dialPlan(f, f.module, { targets: [{ module: f.VAULT, baseVersion: 0n }] });
    const up = (impl: string) => call(f.adminAt, f.admin.interface.encodeFunctionData("upgradeAndCall", [f.proxyAt, impl, "0x"]));
    const impl = async () => await (await ethers.deployContract("Module__MockForRegistry", [f.deployment.timelock])).getAddress();
    const candidate = await impl();
    a.stages = [{ ...a.stages[0]!, calls: [up(candidate)], pins: [], dwell: BigInt(20 * DAY) }];
    a.rollbacks = [{ ...a.rollbacks[0]!, calls: [up(await f.logic.getAddress())], pins: [] }];
    const idA = await toInProgress(f, a);
    expect((await f.registry.moduleOf(f.VAULT)).lockedBy).to.equal(idA);
    // Honest path: refused.
    const evil = await impl();
    const b = await single(f, [up(evil)], { targets: [], nonce: 7n });
    await expect(f.registry.connect(f.release).propose(b)).to.be.revertedWithCustomError(f.registry, "ModuleNotTargeted");
    // Bypass.
    const ADM = encodeBytes32String("harmless");
    await f.registry.connect(f.release).registerModule(ADM, ModuleKind.Redeploy, f.adminAt, f.deployment.timelock);
    const c = { ...b, targets: [{ module: ADM, baseVersion: 0n }] };
    await expect(f.registry.connect(f.release).propose(c)).to.be.revertedWithCustomError(f.registry, "ModuleNotTargeted").withArgs(f.proxyAt);
  });

  it("A05 a plan with no target gives the ProxyAdmin of a LOCKED vault away; the vault's plan can then neither go on nor back", async () => {
    const f = await loadFixture(transparent);
    const a = await dialPlan(f, f.module, { targets: [{ module: f.VAULT, baseVersion: 0n }] });
    const up = (impl: string) => call(f.adminAt, f.admin.interface.encodeFunctionData("upgradeAndCall", [f.proxyAt, impl, "0x"]));
    a.stages = [{ ...a.stages[0]!, calls: [up(await f.logic.getAddress())], pins: [], dwell: BigInt(20 * DAY) }];
    a.rollbacks = [{ ...a.rollbacks[0]!, calls: [up(await f.logic.getAddress())], pins: [] }];
    const idA = await toInProgress(f, a);
    const b = await single(f, [call(f.adminAt, f.admin.interface.encodeFunctionData("renounceOwnership"))], { targets: [], nonce: 7n });
    await toScheduled(f, b);
    await time.increase(DAY + 10);
    await f.registry.advance(b);
    await veto(f, idA);
    await expect(f.registry.rollback(a)).to.be.revertedWithCustomError(f.admin, "OwnableUnauthorizedAccount");
    expect((await f.registry.moduleOf(f.VAULT)).lockedBy).to.equal(idA);
  });

  it("A06 a plan proposed before its target was registered reaches the module while another plan holds it", async () => {
    const f = await loadFixture(base);
    const late = await ethers.deployContract("Module__MockForRegistry", [f.deployment.timelock]);
    const at = await late.getAddress();
    const b = await single(f, [call(at, late.interface.encodeFunctionData("set", [666n]))], { targets: [], nonce: 9n, executionWindow: BigInt(60 * DAY) });
    const LATE = encodeBytes32String("late");
    const idB = await propose(f, b);
    await vote(f, idB, 10);
    await attest(f, idB);
    await ready(f, idB);
    await f.registry.connect(f.release).registerModule(LATE, ModuleKind.Uups, at, f.deployment.timelock);
    await time.increase(3 * DAY);
    await f.registry.schedule(b);
    const a = await dialPlan(f, late as never, { targets: [{ module: LATE, baseVersion: 0n }] });
    a.stages[0]!.dwell = BigInt(20 * DAY);
    const idA = await toInProgress(f, a);
    expect((await f.registry.moduleOf(LATE)).lockedBy).to.equal(idA);
    await f.registry.advance(b);
    expect(await late.value()).to.equal(666n);
    expect((await f.registry.moduleOf(LATE)).lockedBy).to.equal(idA);
  });

  it("A07 value sent with the advance that completes stays in the registry for ever", async () => {
    const f = await loadFixture(base);
    const plan = await dialPlan(f, f.module);
    plan.stages[1]!.dwell = 60n;
    plan.rollbacks[0]!.to = 1;
    const id = await toInProgress(f, plan);
    await toNextStep(f, id);
    await f.registry.advance(plan);
    await toNextStep(f, id);
    await f.registry.advance(plan, { value: 10n ** 18n });
    expect(await ethers.provider.getBalance(await f.registry.getAddress())).to.equal(10n ** 18n);
  });

  it("A08 the release key's registrations make a global halt too dear for one transaction", async () => {
    const f = await loadFixture(base);
    const slot = 0x1c56778d0e46a66cd69606147fd28fbac4e014113682e5cf9da53efe7ac1db00n;
    const at = await f.registry.getAddress();
    const reg = f.registry.connect(f.release);
    let cost = 0n;
    for (let i = 0; i < 60; i++) {
      const a = ethers.getAddress(toBeHex(0xabcdef000000n + BigInt(i), 20));
      await setCode(a, "0x00");
      cost = (await (await reg.registerModule(encodeBytes32String(`m${i}`), 0, a, f.deployment.timelock)).wait())!.gasUsed;
    }
    await f.registry.connect(f.council[0]!).halt(ZeroHash, "x", 0, []);
    const g1 = await f.registry.connect(f.council[1]!).halt.estimateGas(ZeroHash, "x", 0, []);
    // The rest of the names straight into storage, as `names.push` would leave them.
    const data = BigInt(keccak256(toBeHex(slot + 2n, 32)));
    const count = 3800;
    for (let i = 61; i < count; i++) await setStorageAt(at, toBeHex(data + BigInt(i)), encodeBytes32String(`m${i}`));
    await setStorageAt(at, toBeHex(slot + 2n), toBeHex(count, 32));
    const g2 = await f.registry.connect(f.council[1]!).halt.estimateGas(ZeroHash, "x", 0, []);
    console.log("      register", cost, "halt@61", g1, `halt@${count}`, g2, "total", BigInt(count) * cost);
    expect(g2).to.be.greaterThan(16_777_216n);
    await expect(f.registry.connect(f.council[1]!).halt(ZeroHash, "x", 0, [], { gasLimit: 16_777_216n })).to.be.reverted;
  }).timeout(600_000);

  it("A09 module number 65,537 is taken for number 1: a plan locks the wrong module", async () => {
    const f = await loadFixture(base);
    const slot = 0x1c56778d0e46a66cd69606147fd28fbac4e014113682e5cf9da53efe7ac1db00n;
    await setStorageAt(await f.registry.getAddress(), toBeHex(slot + 2n), toBeHex(65_536, 32));
    const BIG = encodeBytes32String("big");
    const big = await addModule(f, BIG);
    const plan = await dialPlan(f, big, { targets: [{ module: BIG, baseVersion: 0n }] });
    const id = await toInProgress(f, plan);
    expect((await f.registry.moduleOf(BIG)).lockedBy).to.equal(ZeroHash);
    expect((await f.registry.moduleOf(MODULE)).lockedBy).to.equal(id);
  });

  it("A10 delay_max_brick: a plan sets the timelock's delay to 2^200; nothing can ever be scheduled again", async () => {
    const f = await loadFixture(base);
    const p = await single(f, [call(f.deployment.timelock, f.timelock.interface.encodeFunctionData("updateDelay", [2n ** 256n - 1n]))], { targets: [], planClass: PlanClass.Critical });
    await toScheduled(f, p);
    await time.increase(2 * DAY + 10);
    await f.registry.advance(p);
    const next = await dialPlan(f, f.module, { nonce: 5n });
    await toApproved(f, next);
    await expect(f.registry.schedule(next)).to.be.revertedWithPanic(0x11);
  });

  it("A10b a delay above 2^48 makes eta wrap: the plan looks executable at once", async () => {
    const f = await loadFixture(base);
    const tl = await asTimelock(f);
    await f.timelock.connect(await ethers.getSigner(f.deployment.timelock)).updateDelay(2n ** 48n);
    const plan = await dialPlan(f, f.module);
    const id = await toScheduled(f, plan);
    void tl;
    const st = await f.registry.stateOf(id);
    expect(st.state).to.equal(State.Scheduled);
    expect(st.notBefore).to.be.lessThanOrEqual(await time.latest());
  });

  it("A11 governance makes class Critical unavailable: the registry can never change again", async () => {
    const f = await loadFixture(base);
    const tl = await asTimelock(f);
    const p = await f.registry.classPolicyOf(PlanClass.Critical);
    const off = { ...p.toObject(), approval: p.approval.toObject(), quorum: p.quorum.toObject(), votingPeriod: 0 };
    await tl.setClassPolicy(PlanClass.Critical, off as never);
    const fix = await single(f, [call(await f.registry.getAddress(), f.registry.interface.encodeFunctionData("refillHaltBudget", [ZeroHash]))], { targets: [], planClass: PlanClass.Critical });
    await expect(f.registry.connect(f.release).propose(fix)).to.be.revertedWithCustomError(f.registry, "ClassUnavailable");
  });

  it("A12 class Emergency can be switched on without any co-sign, and reaches the registry", async () => {
    const f = await loadFixture(base);
    const tl = await asTimelock(f);
    const p = await f.registry.classPolicyOf(PlanClass.Standard);
    await tl.setClassPolicy(PlanClass.Emergency, { ...p.toObject(), approval: { numerator: 51, denominator: 100 }, quorum: { numerator: 0, denominator: 1 }, delay: 0, votingPeriod: 600, integrityAttestations: 0, simulationAttestations: 0 } as never);
    const e = await single(f, [call(await f.registry.getAddress(), f.registry.interface.encodeFunctionData("grantRole", [ethers.id("RELEASE"), f.stranger.address]))], { targets: [], planClass: PlanClass.Emergency, readiness: { threshold: { numerator: 0, denominator: 1 }, deadline: 600n, schedulingWindow: 0n } });
    const id = await propose(f, e);
    await vote(f, id, 7);
    await time.increase(601);
    await f.registry.schedule(e);
    await time.increase(HOUR + 1);
    await f.registry.advance(e);
    expect(await f.registry.hasRole(ethers.id("RELEASE"), f.stranger.address)).to.equal(true);
  });

  it("A13 a rollback's minGas has no bound: the way back can never be paid for", async () => {
    const f = await loadFixture(base);
    const plan = await dialPlan(f, f.module);
    plan.rollbacks[0]!.minGas = 2n ** 64n - 1n;
    const id = await toInProgress(f, plan);
    await veto(f, id);
    await expect(f.registry.rollback(plan)).to.be.revertedWithCustomError(f.registry, "InsufficientGas");
    expect((await f.registry.moduleOf(MODULE)).lockedBy).to.equal(id);
  });

  it("A14 a stage starts although the code its way back is pinned to is gone, and nobody may invalidate", async () => {
    const f = await loadFixture(base);
    const old = await ethers.deployContract("Module__MockForRegistry", [f.release.address]);
    const oldAt = await old.getAddress();
    const plan = await dialPlan(f, f.module);
    plan.rollbacks[0]!.pins = [{ account: oldAt, codeHash: await codeHash(oldAt) }];
    const id = await toScheduled(f, plan);
    await setCode(oldAt, "0x00");
    await expect(f.registry.invalidate(plan, 0, 0)).to.be.revertedWithCustomError(f.registry, "PinHolds");
    await toNextStep(f, id);
    await f.registry.advance(plan);
    await veto(f, id);
    await expect(f.registry.rollback(plan)).to.be.revertedWithCustomError(f.registry, "CodeHashMismatch");
    expect((await f.registry.moduleOf(MODULE)).lockedBy).to.equal(id);
  });

  it("A15 the account of a retired module can never be called by a plan again", async () => {
    const f = await loadFixture(base);
    await (await asTimelock(f)).retireModule(MODULE);
    const at = await f.module.getAddress();
    const p = await single(f, [call(at, f.module.interface.encodeFunctionData("set", [3n]))], { targets: [] });
    await expect(f.registry.connect(f.release).propose(p)).to.be.revertedWithCustomError(f.registry, "ModuleNotTargeted");
    await expect(f.registry.connect(f.release).propose({ ...p, targets: [{ module: MODULE, baseVersion: 0n }] })).to.be.revertedWithCustomError(f.registry, "ModuleRetired");
    await expect(f.registry.connect(f.release).registerModule(encodeBytes32String("again"), 0, at, f.deployment.timelock)).to.be.revertedWithCustomError(f.registry, "AccountTaken");
  });

  it("A16 one front-run signature voids a whole batch of attestations", async () => {
    const f = await loadFixture(base);
    const plan = await dialPlan(f, f.module);
    const id = await propose(f, plan);
    const domain = await domainOf(f);
    const s = await Promise.all(f.attesters.slice(0, 2).map((a) => signAttestation(domain, a, id, 0, REPORT)));
    await f.registry.attestBySig(id, 0, REPORT, [s[0]!]);
    await expect(f.registry.attestBySig(id, 0, REPORT, s)).to.be.revertedWithCustomError(f.registry, "AlreadyAttested");
  });

  it("A17 a canaryCalls gate with dirty bits passes propose and schedule and can never be evaluated", async () => {
    const f = await loadFixture(base);
    const plan = await dialPlan(f, f.module);
    const data = new Interface(["function canaryCalls(address)"]).getFunction("canaryCalls")!.selector + "ff".repeat(32);
    plan.stages[0]!.gates = [{ probe: { target: ZeroAddress, data, gas: 0n }, op: Op.Gte, bound: 0n }];
    const id = await toScheduled(f, plan);
    await toNextStep(f, id);
    await expect(f.registry.advance(plan)).to.be.reverted;
    await expect(f.registry.revalidate(plan)).to.be.reverted;
  });

  it("A18 the release key names a bogus authority: the lock of a transparent proxy is void, and cannot be corrected", async () => {
    const f = await loadFixture(base);
    const logic = await ethers.deployContract("Module__MockForRegistry", [f.deployment.timelock]);
    const proxy = await ethers.deployContract("TransparentUpgradeableProxy", [await logic.getAddress(), f.deployment.timelock, logic.interface.encodeFunctionData("setCanary", [0])]);
    const at = await proxy.getAddress();
    const slot = "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103";
    const adminAt = ethers.getAddress(`0x${(await ethers.provider.getStorage(at, slot)).slice(-40)}`);
    await f.registry.connect(f.release).registerModule(encodeBytes32String("v"), ModuleKind.Transparent, at, "0x000000000000000000000000000000000000dEaD");
    const admin = await ethers.getContractAt("ProxyAdmin", adminAt);
    const p = await single(f, [call(adminAt, admin.interface.encodeFunctionData("upgradeAndCall", [at, await logic.getAddress(), "0x"]))], { targets: [] });
    await f.registry.connect(f.release).propose(p); // no ModuleNotTargeted
    const tl = await asTimelock(f);
    await tl.retireModule(encodeBytes32String("v"));
    await expect(tl.registerModule(encodeBytes32String("v2"), ModuleKind.Transparent, at, adminAt)).to.be.revertedWithCustomError(f.registry, "AccountTaken");
  });

  it("A01c overlapping halts reopen the way back after the last dwell ended", async () => {
    const f = await loadFixture(base);
    const plan = await dialPlan(f, f.module);
    plan.stages[1]!.dwell = 60n;
    plan.rollbacks[0]!.to = 1;
    const id = await toInProgress(f, plan);
    await toNextStep(f, id);
    await f.registry.advance(plan);
    await toNextStep(f, id);
    await time.increase(HOUR);
    await expect(f.registry.connect(f.council[0]!).rollbackByCouncil(plan, 0, [])).to.be.revertedWithCustomError(f.registry, "RollbackClosed");
    await halt(f, ZeroHash);
    await halt(f, MODULE);
    await time.increase(2 * HOUR);
    for (const m of f.council.slice(0, 3)) await f.registry.connect(m).rollbackByCouncil(plan, 0, []);
    expect(await stateOf(f, id)).to.equal(State.RolledBack);
  });

  it("A19 gas of 32 big stages: schedule, last stage with completion, rollback with cancelAll", async () => {
    const f = await loadFixture(base);
    const plan = await dialPlan(f, f.module);
    const big = async (v: bigint) => {
      const s = await dialStage(f.module, v, { dwell: 0n });
      s.calls[0]!.data += "11".repeat(6_000);
      return s;
    };
    plan.stages = [];
    for (let i = 0; i < 32; i++) plan.stages.push(await big(BigInt(i)));
    plan.stages[31]!.dwell = 1000n;
    plan.rollbacks[0]!.to = 31;
    const id = await propose(f, plan);
    await vote(f, id, 10); await attest(f, id); await ready(f, id);
    await time.increase(3 * DAY);
    const g = async (p: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>) => (await (await p).wait())!.gasUsed;
    console.log("      schedule", await g(f.registry.schedule(plan) as never));
    await toNextStep(f, id);
    console.log("      first", await g(f.registry.advance(plan) as never));
    await veto(f, id);
    console.log("      rollback", await g(f.registry.rollback(plan) as never));
  });

  it("A21 a council signature with a far deadline outlives the seven days, by being submitted again", async () => {
    const f = await loadFixture(base);
    const domain = await domainOf(f);
    const HALT = ethers.id("halt");
    const { act } = await f.registry.actOf(HALT, ZeroHash);
    const deadline = BigInt((await time.latest()) + 300 * DAY);
    const sig = await signApproval(domain, f.council[0]!, act, deadline);
    await f.registry.halt(ZeroHash, "x", deadline, [sig]);
    await time.increase(200 * DAY);
    const sig2 = await signApproval(domain, f.council[1]!, act, deadline);
    await expect(f.registry.halt(ZeroHash, "x", deadline, [sig, sig2])).to.emit(f.registry, "Halted");
  });

  it("A25 another proposer of an adopted timelock schedules the plan's own operation first: the plan can never be scheduled", async () => {
    const f = await loadFixture(base);
    await asTimelock(f);
    const tl = f.timelock.connect(await ethers.getSigner(f.deployment.timelock));
    await tl.grantRole(await f.timelock.PROPOSER_ROLE(), f.others[0]!.address);
    const plan = await dialPlan(f, f.module);
    const id = await toApproved(f, plan);
    const salt = keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [id, 1n << 255n]));
    const c = plan.rollbacks[0]!.calls;
    await f.timelock.connect(f.others[0]!).scheduleBatch(
      [await f.registry.getAddress(), ...c.map((x) => x.target)], [0n, ...c.map((x) => x.value)],
      [f.registry.interface.encodeFunctionData("onlyWhileAdvancing", [id, 1n << 255n]), ...c.map((x) => x.data)], ZeroHash, salt, HOUR);
    await expect(f.registry.schedule(plan)).to.be.revertedWithCustomError(f.timelock, "TimelockUnexpectedOperationState");
  });

  it("A26 the canceller role alone, taken away in an adopted timelock, blocks a rollback that needs only the executor role", async () => {
    const f = await loadFixture(base);
    const plan = await dialPlan(f, f.module);
    const id = await toInProgress(f, plan);
    await veto(f, id);
    await asTimelock(f);
    const tl = f.timelock.connect(await ethers.getSigner(f.deployment.timelock));
    await tl.revokeRole(await f.timelock.CANCELLER_ROLE(), await f.registry.getAddress());
    await expect(f.registry.rollback(plan)).to.be.revertedWithCustomError(f.registry, "RolesLost");
  });
});
void setBalance; void dialStage;
