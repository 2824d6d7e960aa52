import { loadFixture, mine, setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, Interface, keccak256, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { Action, Category, RightKind } from "../../src/invariants/types";
import { BreachClass, Op, PlanClass, type Call, type Containment, type Plan } from "../../src/plan/types";
import type { Lane__MockForContainment } from "../../typechain-types";
import { adoptedFixture, batchOf } from "../helpers/adopted";
import { DAY, registryFixture, type RegistryFixture } from "../fixtures/registry";
import { vaultFixture } from "../fixtures/vaultModule";
import { propose, State, stateOf, toApproved, toInProgress, toNextStep, toScheduled } from "../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, pinned } from "../helpers/plans";

const CONTAINMENT_TAG = 1n << 254n;
const NAMES = ["Asset", "Authorization", "Pricing", "Upgrade", "Liveness"] as const;

async function laneOf({ deployment, others }: RegistryFixture): Promise<Lane__MockForContainment> {
  const args = [deployment.timelock, others[0]!.address];
  return (await ethers.deployContract("Lane__MockForContainment", args)) as unknown as Lane__MockForContainment;
}

async function laneCall(lane: Lane__MockForContainment, verb: "pause" | "unpause"): Promise<Call> {
  return { target: await lane.getAddress(), value: 0n, data: lane.interface.encodeFunctionData(verb as "pause") };
}

async function revokeCall(lane: Lane__MockForContainment, payer: string): Promise<Call> {
  const data = lane.interface.encodeFunctionData("revokeRole", [await lane.PAYER(), payer]);
  return { target: await lane.getAddress(), value: 0n, data };
}

const containment = (calls: Call[], over: Partial<Containment> = {}): Containment => ({
  breach: BreachClass.Asset,
  label: encodeBytes32String("stop the lane"),
  calls,
  pins: [],
  minGas: 0n,
  ...over,
});

/** A dial with an invariant of assets, a lane, and a plan with two containments: pause (assets), revoke (authorization). */
async function base(fixture: RegistryFixture) {
  const module = await addModule(fixture);
  const lane = await laneOf(fixture);
  const payer = fixture.others[0]!;
  const invariant = await define(fixture, await dialInvariant(module));
  const shape = await dialPlan(fixture, module);
  shape.stages[0]!.invariants = [invariant];
  shape.stages[1]!.dwell = BigInt(DAY);
  shape.rollbacks[0]!.to = 1;
  const plan = await pinned({
    ...shape,
    containments: [
      containment([await laneCall(lane, "pause")]),
      containment([await revokeCall(lane, payer.address)], { breach: BreachClass.Authorization }),
    ],
  });
  return { ...fixture, module, lane, payer, invariant, plan };
}

const own = async () => base(await registryFixture());
const adopted = async () => base(await adoptedFixture());
const running = async () => {
  const fixture = await own();
  return { ...fixture, proposalId: await toInProgress(fixture, fixture.plan) };
};
type Running = Awaited<ReturnType<typeof running>>;

/** Breaks the dial and proves it, in two blocks. */
async function prove({ registry, module, plan, invariant }: Running): Promise<void> {
  await module.corrupt(11);
  await registry.poke(plan, invariant);
  await mine();
  await registry.poke(plan, invariant);
}

async function veto({ registry, council }: RegistryFixture, proposalId: string): Promise<void> {
  for (const member of council.slice(0, 3)) await registry.connect(member).veto(proposalId, "no", 0, []);
}

const changed = async (plan: Plan, over: Partial<Containment>, more: Partial<Plan> = {}): Promise<Plan> =>
  pinned({ ...plan, ...more, containments: [{ ...plan.containments[0]!, ...over }] });

describe("containments", () => {
  describe("what anyone may run after proof", () => {
    it("CTN-01 a vault whose books break: poke proves it, and a stranger stops the lane and takes the payer's role, at once", async () => {
      const fixture = await loadFixture(vaultFixture);
      const { registry, vault, asset, stable, stranger, others } = fixture;
      const lane = await laneOf(fixture);
      const [payer, thief, user] = others;
      const candidate = await ethers.deployContract("VaultV2LyingAssets", [thief!.address]);
      const uups = new Interface(["function upgradeToAndCall(address,bytes)"]);
      const upgrade = async (to: string): Promise<Call> => ({
        target: vault,
        value: 0n,
        data: uups.encodeFunctionData("upgradeToAndCall", [to, "0x"]),
      });
      // What it holds against what it owes, by the token's word and not by the candidate's.
      const invariant = await define(fixture, {
        ...(await dialInvariant(await addModule(fixture))),
        name: "vault-covers-shares",
        category: Category.Asset,
        action: Action.Freeze,
        condition: {
          left: {
            target: asset,
            data: new Interface(["function balanceOf(address)"]).encodeFunctionData("balanceOf", [vault]),
            gas: 100_000n,
          },
          op: Op.Gte,
          rightKind: RightKind.Probe,
          right: { target: vault, data: "0x18160ddd", gas: 100_000n },
          constantValue: 0n,
          tolerance: 0n,
          toleranceBps: 0,
        },
      });
      const shape = await dialPlan(fixture, await addModule(fixture, encodeBytes32String("spare")), {
        targets: [{ module: encodeBytes32String("vault"), baseVersion: 0n }],
      });
      const plan = await pinned({
        ...shape,
        stages: [
          {
            ...shape.stages[0]!,
            calls: [await upgrade(await candidate.getAddress())],
            pins: [],
            invariants: [invariant],
          },
        ],
        rollbacks: [{ ...shape.rollbacks[0]!, calls: [await upgrade(stable)], pins: [] }],
        containments: [containment([await laneCall(lane, "pause"), await revokeCall(lane, payer!.address)])],
      });
      const proposalId = await toInProgress(fixture, plan);
      await lane.connect(payer!).pay(1);
      const token = await ethers.getContractAt("HookToken__MockForRouter", asset);
      await token.getFunction("mint")(user!.address, 1_000n);
      await token.connect(user!).getFunction("approve")(vault, 1_000n);
      await expect(registry.connect(stranger).contain(plan, 0)).to.be.revertedWithCustomError(
        registry,
        "BreachUnproven",
      );
      await (await ethers.getContractAt("VaultV1", vault)).connect(user!).deposit(1_000n, user!.address);
      await registry.poke(plan, invariant);
      await expect(registry.connect(stranger).contain(plan, 0)).to.be.revertedWithCustomError(
        registry,
        "BreachUnproven",
      );
      await mine();
      await registry.poke(plan, invariant);

      await expect(registry.connect(stranger).contain(plan, 0))
        .to.emit(registry, "ContainmentExecuted")
        .withArgs(proposalId, 0, BreachClass.Asset, true, stranger.address);
      expect(await lane.paused()).to.equal(true);
      expect(await lane.hasRole(await lane.PAYER(), payer!.address)).to.equal(false);
      await expect(lane.connect(payer!).pay(1)).to.be.reverted;
      expect(await lane.paid()).to.equal(1n);
      // The way back is still there, and the vault's code is the old one again.
      await veto(fixture, proposalId);
      await registry.rollback(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
      expect(await lane.paused()).to.equal(true);
      expect(await (await ethers.getContractAt("VaultV1", vault)).version()).to.equal(1n);
    });

    it("CTN-02 a break of one class opens the containments of that class, and of no other", async () => {
      const fixture = await loadFixture(own);
      const { registry, stranger, module } = fixture;
      for (const [category, name] of NAMES.entries()) {
        const snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
        const invariant = await define(
          fixture,
          await dialInvariant(module, { name, category: Category[name], isIrreversible: true }),
        );
        const calls = fixture.plan.containments[0]!.calls;
        const plan = await pinned({
          ...fixture.plan,
          stages: [{ ...fixture.plan.stages[0]!, invariants: [invariant] }, fixture.plan.stages[1]!],
          containments: NAMES.map((breach) => containment(calls, { breach: BreachClass[breach] })),
        });
        const proposalId = await toInProgress(fixture, plan);
        await module.corrupt(11);
        // Irreversible: seen once is proven.
        await registry.poke(plan, invariant);
        expect((await registry.responseOf(proposalId)).provenBreaches).to.equal(1 << category);
        for (const [index] of NAMES.entries()) {
          const run = registry.connect(stranger).contain(plan, index);
          if (index === category) await run;
          else await expect(run).to.be.revertedWithCustomError(registry, "BreachUnproven").withArgs(proposalId, index);
        }
        await ethers.provider.send("evm_revert", [snapshot]);
      }
    });

    it("CTN-03 needs the proof that poke needs: one sighting, or two in one block, or none, open nothing to a stranger", async () => {
      const fixture = await loadFixture(running);
      const { registry, stranger, plan, proposalId, invariant, module } = fixture;
      const refused = () =>
        expect(registry.connect(stranger).contain(plan, 0))
          .to.be.revertedWithCustomError(registry, "BreachUnproven")
          .withArgs(proposalId, BreachClass.Asset);
      await refused();
      await module.corrupt(11);
      await refused();
      await registry.poke(plan, invariant);
      await mine();
      // Broken, and seen broken once; nobody has shown that it still is.
      await refused();
      await module.corrupt(0);
      await registry.poke(plan, invariant);
      await refused();
      await prove(fixture);
      await registry.connect(stranger).contain(plan, 0);
    });

    it("CTN-04 stays open once proven, though the breach no longer shows", async () => {
      const fixture = await loadFixture(running);
      await prove(fixture);
      await fixture.module.corrupt(0);
      await fixture.registry.contain(fixture.plan, 0);
      expect(await fixture.lane.paused()).to.equal(true);
    });
  });

  describe("what the incident role may run without proof", () => {
    it("CTN-10 the incident role and each member of the council, alone; nobody else", async () => {
      const fixture = await loadFixture(running);
      const { registry, plan, proposalId, lane, incident, council, release, risk, attesters, electors, stranger } =
        fixture;
      for (const other of [release, risk, attesters[0]!, electors[0]!, stranger]) {
        await expect(registry.connect(other).contain(plan, 1))
          .to.be.revertedWithCustomError(registry, "BreachUnproven")
          .withArgs(proposalId, BreachClass.Authorization);
      }
      await expect(registry.connect(incident).contain(plan, 1))
        .to.emit(registry, "ContainmentExecuted")
        .withArgs(proposalId, 1, BreachClass.Authorization, false, incident.address);
      await registry.connect(council[4]!).contain(plan, 0);
      expect(await lane.paused()).to.equal(true);
      expect((await registry.responseOf(proposalId)).containments).to.equal(3n);
    });
  });

  describe("when", () => {
    it("CTN-20 once each", async () => {
      const { registry, incident, plan, proposalId, lane, payer } = await loadFixture(running);
      await registry.connect(incident).contain(plan, 0);
      await expect(registry.connect(incident).contain(plan, 0))
        .to.be.revertedWithCustomError(registry, "ContainmentRan")
        .withArgs(proposalId, 0);
      await registry.connect(incident).contain(plan, 1);
      expect(await lane.hasRole(await lane.PAYER(), payer.address)).to.equal(false);
    });

    it("CTN-21 not before the first stage, and not after the plan has ended or can only complete", async () => {
      const fixture = await loadFixture(own);
      const { registry, incident, plan } = fixture;
      const contain = () => registry.connect(incident).contain(plan, 0);
      await expect(contain()).to.be.revertedWithCustomError(registry, "ProposalUnknown");
      const proposalId = await toApproved(fixture, plan);
      const refusedIn = (state: bigint) =>
        expect(contain())
          .to.be.revertedWithCustomError(registry, "ProposalInState")
          .withArgs(proposalId, state, State.InProgress);
      await refusedIn(State.Approved);
      await registry.schedule(plan);
      await refusedIn(State.Scheduled);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      const begun = (await ethers.provider.send("evm_snapshot", [])) as string;
      await veto(fixture, proposalId);
      await contain();
      await registry.rollback(plan);
      await refusedIn(State.RolledBack);
      await ethers.provider.send("evm_revert", [begun]);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      const last = (await ethers.provider.send("evm_snapshot", [])) as string;
      // In the last dwell, yes.
      await contain();
      await ethers.provider.send("evm_revert", [last]);
      await toNextStep(fixture, proposalId);
      await expect(contain()).to.be.revertedWithCustomError(registry, "RollbackClosed");
      await registry.advance(plan);
      await refusedIn(State.Completed);
    });

    it("CTN-22 a halt does not stop it", async () => {
      const fixture = await loadFixture(running);
      const { registry, council, incident, plan, proposalId, lane } = fixture;
      for (const member of council.slice(0, 2)) await registry.connect(member).halt(ZeroHash, "look", 0, []);
      expect((await registry.stateOf(proposalId)).isHalted).to.equal(true);
      await registry.connect(incident).contain(plan, 0);
      expect(await lane.paused()).to.equal(true);
    });

    it("CTN-23 no stage runs after it: the plan waits for its way back, lapses into it, or completes after its last dwell", async () => {
      const fixture = await loadFixture(running);
      const { registry, council, incident, plan, proposalId, module } = fixture;
      await registry.connect(incident).contain(plan, 0);
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "PlanContained")
        .withArgs(proposalId);
      expect(await stateOf(fixture, proposalId)).to.equal(State.InProgress);
      const snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
      for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(plan, "why", 0, []);
      expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
      await ethers.provider.send("evm_revert", [snapshot]);
      await time.increase(3 * DAY);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      await registry.rollback(plan);
      expect(await module.value()).to.equal(0n);
    });

    it("CTN-23 after the last stage a contained plan completes, and what was contained stays so", async () => {
      const fixture = await loadFixture(running);
      const { registry, incident, plan, proposalId, lane } = fixture;
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      await registry.connect(incident).contain(plan, 0);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
      expect(await lane.paused()).to.equal(true);
    });
  });

  describe("nothing but what was agreed", () => {
    it("CTN-30 refuses every other call: another plan's, one more, one changed, an index that is not there", async () => {
      const fixture = await loadFixture(running);
      const { registry, incident, plan, proposalId, lane, stranger } = fixture;
      await prove(fixture);
      const [first, second] = plan.containments;
      const others: Containment[][] = [
        [{ ...first!, calls: [await laneCall(lane, "unpause")] }, second!],
        [{ ...first!, calls: [...first!.calls, ...second!.calls] }, second!],
        [{ ...first!, pins: [] }, second!],
        [{ ...first!, breach: BreachClass.Liveness }, second!],
        [second!, first!],
        [first!, second!, containment([await revokeCall(lane, stranger.address)])],
      ];
      for (const containments of others) {
        const forged = { ...plan, containments };
        for (const by of [incident, stranger]) {
          for (const index of containments.keys()) {
            await expect(registry.connect(by).contain(forged, index))
              .to.be.revertedWithCustomError(registry, "ProposalUnknown")
              .withArgs(await registry.proposalIdOf(forged));
          }
        }
      }
      for (const index of [2n, 31n, 256n, 2n ** 256n - 1n]) {
        await expect(registry.connect(incident).contain(plan, index))
          .to.be.revertedWithCustomError(registry, "ContainmentUnknown")
          .withArgs(proposalId, index, 2);
      }
      expect(await lane.paused()).to.equal(false);
    });

    it("CTN-31 waits in the timelock from scheduling on, and nobody runs it past the registry, not even through an open executor", async () => {
      const fixture = await loadFixture(adopted);
      const { registry, timelock, plan, stranger, incident } = fixture;
      const proposalId = await toScheduled(fixture, plan);
      const batch = batchOf(fixture, proposalId, CONTAINMENT_TAG, plan.containments[0]!.calls);
      const operation = await timelock.hashOperationBatch(...batch);
      expect(await timelock.isOperationPending(operation)).to.equal(true);
      await toNextStep(fixture, proposalId);
      await expect(timelock.connect(stranger).executeBatch(...batch)).to.be.revertedWithCustomError(
        registry,
        "NotAdvancing",
      );
      await registry.advance(plan);
      await expect(timelock.connect(stranger).executeBatch(...batch)).to.be.revertedWithCustomError(
        registry,
        "NotAdvancing",
      );
      await registry.connect(incident).contain(plan, 0);
      expect(await timelock.isOperationDone(operation)).to.equal(true);
    });

    it("CTN-32 is cancelled with the plan, however that ends", async () => {
      const fixture = await loadFixture(running);
      const { registry, timelock, plan, proposalId } = fixture;
      const operations = await Promise.all(
        plan.containments.map(({ calls }, index) =>
          timelock.hashOperationBatch(...batchOf(fixture, proposalId, CONTAINMENT_TAG | BigInt(index), calls)),
        ),
      );
      const pending = () => Promise.all(operations.map((operation) => timelock.isOperationPending(operation)));
      expect(await pending()).to.deep.equal([true, true]);
      const snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
      await veto(fixture, proposalId);
      await registry.rollback(plan);
      expect(await pending()).to.deep.equal([false, false]);
      await ethers.provider.send("evm_revert", [snapshot]);
      for (let i = 0; i < 2; ++i) {
        await toNextStep(fixture, proposalId);
        await registry.advance(plan);
      }
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
      expect(await pending()).to.deep.equal([false, false]);
    });

    it("CTN-32 a plan that expires before its first stage leaves none after a sweep", async () => {
      const fixture = await loadFixture(own);
      const { registry, timelock, plan } = fixture;
      const proposalId = await toScheduled(fixture, plan);
      const batch = batchOf(fixture, proposalId, CONTAINMENT_TAG, plan.containments[0]!.calls);
      await time.increase(9 * DAY);
      await registry.sweep(plan);
      expect(await timelock.isOperation(await timelock.hashOperationBatch(...batch))).to.equal(false);
    });

    it("CTN-33 its pins hold when the plan is scheduled, when it begins, and when the containment runs", async () => {
      const fixture = await loadFixture(own);
      const { registry, incident, plan, lane } = fixture;
      const target = await lane.getAddress();
      const honest = await ethers.provider.getCode(target);
      const broken = "0x600160005500";
      const refused = (call: Promise<unknown>) =>
        expect(call)
          .to.be.revertedWithCustomError(registry, "CodeHashMismatch")
          .withArgs(target, keccak256(honest), keccak256(broken));
      const proposalId = await toApproved(fixture, plan);
      await setCode(target, broken);
      await refused(registry.schedule(plan));
      await setCode(target, honest);
      await registry.schedule(plan);
      await toNextStep(fixture, proposalId);
      await setCode(target, broken);
      await refused(registry.advance(plan));
      await setCode(target, honest);
      await registry.advance(plan);
      await setCode(target, broken);
      await refused(registry.connect(incident).contain(plan, 0));
      expect((await registry.responseOf(proposalId)).containments).to.equal(0n);
    });

    it("CTN-34 a sender who brings too little gas does not use it up", async () => {
      const fixture = await loadFixture(own);
      const { registry, incident } = fixture;
      const plan = await changed(fixture.plan, { minGas: 2_000_000n });
      await toInProgress(fixture, plan);
      const contain = registry.connect(incident).contain;
      await expect(contain(plan, 0, { gasLimit: 2_000_000 })).to.be.revertedWithCustomError(
        registry,
        "InsufficientGas",
      );
      await contain(plan, 0, { gasLimit: 3_000_000 });
    });

    it("CTN-35 a call of its batch cannot move the plan from within", async () => {
      const fixture = await loadFixture(own);
      const { registry, incident, module, deployment } = fixture;
      const target = await module.getAddress();
      const freeze = new Interface(["function freeze(string)"]).encodeFunctionData("freeze", ["from within"]);
      const data = module.interface.encodeFunctionData("traffic", [freeze]);
      const plan = await changed(fixture.plan, { calls: [{ target, value: 0n, data }], pins: [] });
      await toInProgress(fixture, plan);
      await module.setCanary(6);
      for (const call of [
        registry.interface.encodeFunctionData("contain", [plan, 0]),
        registry.interface.encodeFunctionData("advance", [plan]),
        registry.interface.encodeFunctionData("rollback", [plan]),
      ]) {
        const snapshot = (await ethers.provider.send("evm_snapshot", [])) as string;
        await module.setCallback(deployment.registry, call);
        await registry.connect(incident).contain(plan, 0);
        expect(await module.hasCallbackWorked()).to.equal(false);
        expect(registry.interface.parseError(await module.callbackAnswer())?.name).to.equal("Reentered");
        await ethers.provider.send("evm_revert", [snapshot]);
      }
    });
  });

  describe("what propose refuses", () => {
    it("CTN-40 an empty one, too many, too much gas, an account that it does not pin, a module that the plan does not name", async () => {
      const fixture = await loadFixture(own);
      const { registry, plan, lane, module } = fixture;
      const refused = async (bad: Plan, error: string, ...args: unknown[]) =>
        expect(propose(fixture, bad))
          .to.be.revertedWithCustomError(registry, error)
          .withArgs(...args);
      const target = await lane.getAddress();
      await refused(await changed(plan, { calls: [] }), "ContainmentEmpty", 0);
      const many = Array.from({ length: 17 }, () => plan.containments[0]!);
      await refused({ ...plan, containments: many }, "ContainmentCountInvalid", 17, 16);
      await refused(await changed(plan, { minGas: 12_000_001n }), "MinGasTooHigh", 12_000_001, 12_000_000);
      const unpinned = { ...plan, containments: [{ ...plan.containments[0]!, pins: [] }] };
      await refused(unpinned, "CallUnpinned", "containments", 0, target);
      const empty = { account: target, codeHash: ZeroHash };
      await refused(await changed(plan, { pins: [empty] }), "PinEmpty", target);
      const other = await addModule(fixture, encodeBytes32String("other"));
      const data = module.interface.encodeFunctionData("set", [1n]);
      const foreign = { target: await other.getAddress(), value: 0n, data };
      await refused(await changed(plan, { calls: [foreign], pins: [] }), "ModuleNotTargeted", foreign.target);
    });

    it("CTN-41 one that could never run: a single stage without a dwell is over as it begins", async () => {
      const fixture = await loadFixture(own);
      const { registry, plan } = fixture;
      const stage = { ...plan.stages[0]!, dwell: 0n };
      await expect(propose(fixture, { ...plan, stages: [stage], rollbacks: [] })).to.be.revertedWithCustomError(
        registry,
        "ContainmentUnreachable",
      );
    });

    it("CTN-42 one that gives: native value, more rights in registry or timelock, more traffic for a candidate", async () => {
      const fixture = await loadFixture(own);
      const { registry, timelock, module, plan, deployment, stranger } = fixture;
      const role = await timelock.PROPOSER_ROLE();
      const critical = { planClass: PlanClass.Critical };
      const loosening = (target: string, data: string): [Call, string] => [
        { target, value: 0n, data },
        data.slice(0, 10),
      ];
      const governed = (name: string, args: unknown[]) =>
        loosening(deployment.registry, (registry.interface as Interface).encodeFunctionData(name, args));
      const lock = (name: string, args: unknown[]) =>
        loosening(deployment.timelock, (timelock.interface as Interface).encodeFunctionData(name, args));
      const control = new Interface([
        "function setShare(uint32,uint16)",
        "function install(bytes)",
        "function freeze(string)",
      ]);
      const account = await module.getAddress();
      const widen = control.encodeFunctionData("setShare", [1, 10_000]);
      const traffic = module.interface.encodeFunctionData("traffic", [widen]);
      // As above, but with the message behind another one: whoever reads the usual place sees a freeze.
      const freeze = control.encodeFunctionData("freeze", [""]);
      const hidden = ethers.concat([
        traffic.slice(0, 10),
        ethers.toBeHex(0xa0, 32),
        ethers.toBeHex(4, 32),
        ethers.zeroPadBytes(freeze.slice(0, 10), 32),
        ethers.toBeHex(0, 64),
        `0x${traffic.slice(10 + 64)}`,
      ]);
      for (const [call, selector] of [
        governed("grantRole", [role, stranger.address]),
        governed("setMinInterval", [0]),
        governed("lift", [ZeroHash, 0, []]),
        governed("refillHaltBudget", [ZeroHash]),
        governed("diamondCut", [[], ethers.ZeroAddress, "0x"]),
        governed("enableFlag", [ZeroHash, 1]),
        lock("grantRole", [role, stranger.address]),
        lock("updateDelay", [0]),
        lock("cancel", [ZeroHash]),
        loosening(account, traffic),
        loosening(account, hidden),
        loosening(
          account,
          module.interface.encodeFunctionData("traffic", [control.encodeFunctionData("install", ["0x"])]),
        ),
        loosening(account, `${traffic.slice(0, 10)}`),
      ]) {
        await expect(propose(fixture, await changed(plan, { calls: [call], pins: [] }, critical)), call.data)
          .to.be.revertedWithCustomError(registry, "ContainmentLoosens")
          .withArgs(0, call.target, selector);
      }
      const [pause] = plan.containments[0]!.calls;
      for (const call of [
        { ...pause!, value: 1n },
        { ...pause!, data: "0x" },
      ]) {
        await expect(propose(fixture, await changed(plan, { calls: [call] })))
          .to.be.revertedWithCustomError(registry, "ContainmentPays")
          .withArgs(0, call.target, call.value);
      }
    });

    it("CTN-43 registry and timelock outside of class Critical; there a role is revoked and a flag cleared", async () => {
      const fixture = await loadFixture(own);
      const { registry, plan, deployment, incident, attesters } = fixture;
      const role = ethers.id("ATTESTER");
      const data = registry.interface.encodeFunctionData("revokeRole", [role, attesters[1]!.address]);
      const calls = [
        { target: deployment.registry, value: 0n, data },
        {
          target: deployment.registry,
          value: 0n,
          data: registry.interface.encodeFunctionData("clearFlag", [encodeBytes32String("fast lane")]),
        },
      ];
      await expect(propose(fixture, await changed(plan, { calls, pins: [] })))
        .to.be.revertedWithCustomError(registry, "CriticalClassRequired")
        .withArgs(deployment.registry);
      const critical = await changed(plan, { calls: [calls[0]!], pins: [] }, { planClass: PlanClass.Critical });
      const proposalId = await toInProgress(fixture, critical);
      await registry.connect(incident).contain(critical, 0);
      expect(await registry.hasRole(role, attesters[1]!.address)).to.equal(false);
      expect(await stateOf(fixture, proposalId)).to.equal(State.InProgress);
    });

    it("CTN-44 one whose batch would cost the registry its hand on the timelock does not run", async () => {
      const fixture = await loadFixture(own);
      const { registry, timelock, plan, deployment, incident } = fixture;
      const role = await timelock.CANCELLER_ROLE();
      const data = timelock.interface.encodeFunctionData("revokeRole", [role, deployment.registry]);
      const calls = [{ target: deployment.timelock, value: 0n, data }];
      const critical = await changed(plan, { calls, pins: [] }, { planClass: PlanClass.Critical });
      await toInProgress(fixture, critical);
      await expect(registry.connect(incident).contain(critical, 0))
        .to.be.revertedWithCustomError(registry, "RolesLost")
        .withArgs(deployment.timelock, role);
    });
  });

  it("CTN-50 classes of breach are the categories of invariants, one to one and in the same order", () => {
    expect(BreachClass).to.deep.equal(Category);
  });
});
