import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { RollbackKind, type Plan, type Stage } from "../../src/plan/types";
import { packSeats } from "../../src/registry/seats";
import type { Module__MockForRegistry } from "../../typechain-types";
import { DAY, HOUR, POWER, registryFixture, TOTAL, UNIT, type RegistryFixture } from "../fixtures/registry";
import { builtIn, nodeArtifact, PROTOCOL, REPORT_TIME, reported, VERSION } from "../helpers/artifact";
import { asTimelock } from "../helpers/asTimelock";
import { attest, propose, State, stateOf, toApproved, toNextStep, toScheduled, vote } from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage } from "../helpers/plans";

const GATEWAY = encodeBytes32String("gateway");
const ACTOR = encodeBytes32String("subnet-actor");
const SWITCH = encodeBytes32String("node-switch");

/** Blocks after scheduling at which the first step of the upgrade is due. */
const HEIGHT = 40n;
const QUORUM = 8n * POWER;

/** Two contracts of a subnet, and the switch that its nodes read: at 3 they run protocol 3. */
async function subnetFixture() {
  const fixture = await registryFixture();
  const gateway = await addModule(fixture, GATEWAY);
  const actor = await addModule(fixture, ACTOR);
  const nodeSwitch = await addModule(fixture, SWITCH);
  return { ...fixture, gateway, actor, nodeSwitch };
}

type Subnet = Awaited<ReturnType<typeof subnetFixture>>;

async function joined(parts: readonly [Module__MockForRegistry, bigint][], over: Partial<Stage> = {}): Promise<Stage> {
  const [first, ...others] = await Promise.all(parts.map(([module, value]) => dialStage(module, value)));
  if (first === undefined) throw new Error("a stage has a call");
  return {
    ...first,
    calls: [...first.calls, ...others.flatMap(({ calls }) => calls)],
    pins: [...first.pins, ...others.flatMap(({ pins }) => pins)],
    ...over,
  };
}

/** Contracts and node artifact in one plan, in either order; everything goes back together. */
async function linkedPlan(fixture: Subnet, upgradeContractsFirst: boolean): Promise<Plan> {
  const { gateway, actor, nodeSwitch } = fixture;
  const contracts = (over: Partial<Stage>) =>
    joined(
      [
        [gateway, 2n],
        [actor, 2n],
      ],
      { label: encodeBytes32String("contracts"), ...over },
    );
  const node = (over: Partial<Stage>) =>
    joined([[nodeSwitch, PROTOCOL]], { label: encodeBytes32String("node"), ...over });
  const atHeight = { gates: [builtIn("blocksSinceSchedule()", HEIGHT)] };
  const whenAdopted = { gates: [builtIn("adoptedPower()", QUORUM)] };
  const dwell = BigInt(DAY);
  const stages = upgradeContractsFirst
    ? [await contracts({ ...atHeight, dwell: 600n }), await node({ ...whenAdopted, dwell })]
    : [await node({ ...atHeight, dwell: 600n }), await contracts({ ...whenAdopted, dwell })];
  const { calls, pins } = await joined([
    [gateway, 0n],
    [actor, 0n],
    [nodeSwitch, 0n],
  ]);
  return dialPlan(fixture, gateway, {
    targets: [GATEWAY, ACTOR, SWITCH].map((module) => ({ module, baseVersion: 0n })),
    stages,
    rollbacks: [{ from: 0, to: 1, kind: RollbackKind.Clean, calls, pins, invariants: [], minGas: 0n }],
    artifact: reported({ successDeadline: REPORT_TIME, successThreshold: { numerator: 2, denominator: 3 } }),
  });
}

const values = async ({ gateway, actor, nodeSwitch }: Subnet) => [
  await gateway.value(),
  await actor.value(),
  await nodeSwitch.value(),
];

async function adopt({ registry, electors }: RegistryFixture, proposalId: string, from: number, to: number) {
  for (let seat = from; seat < to; ++seat) {
    await registry.connect(electors[seat]).advertise(proposalId, seat, VERSION, PROTOCOL);
  }
}

async function report({ registry, electors }: RegistryFixture, proposalId: string, count: number) {
  for (const [seat, elector] of electors.slice(0, count).entries()) {
    await registry.connect(elector).reportSuccess(proposalId, 1, seat, true);
  }
}

/*
 * A network of twelve validators upgrades its node program and the contracts that go with it, in one plan.
 */
describe("scenario: a node program and its contracts", () => {
  for (const upgradeContractsFirst of [true, false]) {
    const order = upgradeContractsFirst ? "contracts before the nodes" : "nodes before the contracts";
    it(`STG-20 ${order}: a height that follows from scheduling, then the power that runs the program`, async () => {
      const fixture = await loadFixture(subnetFixture);
      const { registry } = fixture;
      const plan = await linkedPlan(fixture, upgradeContractsFirst);
      const proposalId = await toScheduled(fixture, plan);
      const scheduledAt = (await registry.proposalOf(proposalId)).scheduledAtBlock;
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "GateNotMet");
      const blocks = scheduledAt + HEIGHT - BigInt(await time.latestBlock());
      await mine(blocks - 1n);
      await registry.advance(plan);
      expect(BigInt(await time.latestBlock())).to.equal(scheduledAt + HEIGHT);
      expect(await values(fixture)).to.deep.equal(upgradeContractsFirst ? [2n, 2n, 0n] : [0n, 0n, PROTOCOL]);

      await adopt(fixture, proposalId, 0, 7);
      await time.increase(600);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "GateNotMet");
      await adopt(fixture, proposalId, 7, 8);
      await registry.advance(plan);
      expect(await values(fixture)).to.deep.equal([2n, 2n, PROTOCOL]);

      await report(fixture, proposalId, 8);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    });
  }

  it("STG-21 nodes that report too little success take the contracts back with them", async () => {
    const fixture = await loadFixture(subnetFixture);
    const { registry } = fixture;
    const plan = await linkedPlan(fixture, true);
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    await mine(HEIGHT);
    await registry.advance(plan);
    await adopt(fixture, proposalId, 0, 8);
    await time.increase(600);
    await registry.advance(plan);
    await report(fixture, proposalId, 7);
    await time.increase(REPORT_TIME);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
    await registry.rollback(plan);
    expect(await values(fixture)).to.deep.equal([0n, 0n, 0n]);
  });

  it("STG-22 linked modules are held, moved on and given back together, and a stage that fails on one moves none", async () => {
    const fixture = await loadFixture(subnetFixture);
    const { registry, gateway, actor, nodeSwitch, release } = fixture;
    const plan = await linkedPlan(fixture, true);
    const failing = { target: await actor.getAddress(), value: 0n, data: "0xdeadbeef" };
    const [contracts, node] = plan.stages as [Stage, Stage];
    const broken: Plan = { ...plan, nonce: 1n, stages: [{ ...contracts, calls: [...contracts.calls, failing] }, node] };
    const brokenId = await toApproved(fixture, broken);
    const proposalId = await toApproved(fixture, plan);
    await registry.schedule(broken);
    await registry.schedule(plan);
    await toNextStep(fixture, proposalId);
    await mine(HEIGHT);
    await expect(registry.advance(broken)).to.be.revertedWithCustomError(registry, "FailedCall");
    expect(await values(fixture)).to.deep.equal([0n, 0n, 0n]);
    for (const name of [GATEWAY, ACTOR, SWITCH])
      expect((await registry.moduleOf(name)).lockedBy).to.equal(`0x${"00".repeat(32)}`);

    await registry.advance(plan);
    for (const name of [GATEWAY, ACTOR, SWITCH]) expect((await registry.moduleOf(name)).lockedBy).to.equal(proposalId);
    // The switch was not touched yet, and is held all the same.
    const single = await dialPlan(fixture, nodeSwitch, {
      nonce: 2n,
      targets: [{ module: SWITCH, baseVersion: 0n }],
      stages: [await dialStage(nodeSwitch, 9n)],
      rollbacks: [],
    });
    await expect(registry.connect(release).propose(single))
      .to.be.revertedWithCustomError(registry, "ModuleLocked")
      .withArgs(SWITCH, proposalId);
    await expect(registry.advance(broken))
      .to.be.revertedWithCustomError(registry, "ModuleLocked")
      .withArgs(GATEWAY, proposalId);

    await time.increase(3 * DAY);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
    await registry.rollback(plan);
    expect(await gateway.value()).to.equal(0n);
    for (const name of [GATEWAY, ACTOR, SWITCH]) {
      const { lockedBy, version } = await registry.moduleOf(name);
      expect([lockedBy, version]).to.deep.equal([`0x${"00".repeat(32)}`, 1n]);
    }
    expect(await stateOf(fixture, brokenId)).to.equal(State.Expired);
  });
});

async function votedFixture() {
  const fixture = await subnetFixture();
  const plan = await linkedPlan(fixture, true);
  const readiness = { ...plan.readiness, schedulingWindow: BigInt(2 * DAY) };
  const voted: Plan = { ...plan, readiness, artifact: nodeArtifact() };
  const proposalId = await propose(fixture, voted);
  await vote(fixture, proposalId, 10);
  await attest(fixture, proposalId);
  await time.increase(3 * DAY);
  return { ...fixture, plan: voted, proposalId };
}

describe("scenario: readiness around the globe", () => {
  it("STG-23 twelve validators in three time zones: anyone schedules at the eighth, the rest have the window to follow", async () => {
    const fixture = await loadFixture(votedFixture);
    const { registry, electors, others, plan, proposalId } = fixture;
    const zones = [electors.slice(0, 4), electors.slice(4, 8), electors.slice(8, 12)];
    let seat = 0;
    for (const [zone, morning] of zones.slice(0, 2).entries()) {
      for (const elector of morning) {
        await expect(registry.connect(others[0]).schedule(plan)).to.be.revertedWithCustomError(registry, "NotReady");
        await registry.connect(elector).signalReady(proposalId, seat++);
      }
      if (zone === 0) await time.increase(8 * HOUR);
    }
    await registry.connect(others[0]).schedule(plan);
    const { eta, scheduledAt } = await registry.proposalOf(proposalId);
    expect(eta - scheduledAt).to.equal(2 * DAY);
    await time.increase(8 * HOUR);
    for (const elector of zones[2] ?? []) await registry.connect(elector).signalReady(proposalId, seat++);
    expect((await registry.proposalOf(proposalId)).readyPower).to.equal(TOTAL);
    await time.increaseTo(eta);
    await mine(HEIGHT);
    await registry.advance(plan);
  });

  it("STG-24 threshold_floor_rounding: 8 of 12 is two thirds, and 7 of 12 is not, whatever a percentage rounds to", async () => {
    const fixture = await loadFixture(votedFixture);
    const { registry, electors, plan, proposalId } = fixture;
    for (const [seat, elector] of electors.slice(0, 7).entries()) {
      await registry.connect(elector).signalReady(proposalId, seat);
    }
    await expect(registry.schedule(plan))
      .to.be.revertedWithCustomError(registry, "NotReady")
      .withArgs(proposalId, 7n * POWER, TOTAL, 2, 3);
    await registry.connect(electors[7]).signalReady(proposalId, 7);
    // Cut to 66%, it would not meet a threshold of 67%.
    await registry.schedule(plan);
  });

  it("STG-25 readiness_flap: no signal is ever taken back, before scheduling or after", async () => {
    const fixture = await loadFixture(votedFixture);
    const { registry, electors, plan, proposalId } = fixture;
    for (const [seat, elector] of electors.slice(0, 8).entries()) {
      await registry.connect(elector).signalReady(proposalId, seat);
    }
    const again = () => registry.connect(electors[7]).signalReady(proposalId, 7);
    await expect(again()).to.be.revertedWithCustomError(registry, "AlreadyReady").withArgs(proposalId, 7);
    await registry.schedule(plan);
    await expect(again()).to.be.revertedWithCustomError(registry, "AlreadyReady").withArgs(proposalId, 7);
    expect((await registry.proposalOf(proposalId)).readyPower).to.equal(8n * POWER);
    const verbs: string[] = [];
    registry.interface.forEachFunction(({ name }) => verbs.push(name));
    expect(verbs.filter((name) => /unready|withdraw|revokeReady/i.test(name))).to.deep.equal([]);
  });

  it("STG-26 restake_double_readiness: power that moved to another account counts where it was, once", async () => {
    const fixture = await loadFixture(votedFixture);
    const { registry, electors, others, plan, proposalId } = fixture;
    for (const [seat, elector] of electors.slice(0, 7).entries()) {
      await registry.connect(elector).signalReady(proposalId, seat);
    }
    const heir = others[1]!;
    const seats = electors.map(({ address }, seat) => ({ account: seat === 0 ? heir.address : address, power: POWER }));
    await (await asTimelock(fixture)).setElectorate(packSeats(seats), UNIT);
    for (let seat = 0; seat < 12; ++seat) {
      await expect(registry.connect(heir).signalReady(proposalId, seat)).to.be.revertedWithCustomError(
        registry,
        "SeatMismatch",
      );
    }
    await expect(registry.connect(electors[0]).signalReady(proposalId, 0)).to.be.revertedWithCustomError(
      registry,
      "AlreadyReady",
    );
    await expect(registry.schedule(plan)).to.be.revertedWithCustomError(registry, "NotReady");
  });

  it("STG-27 reschedule_forever: more readiness after scheduling moves no time, and nobody schedules twice", async () => {
    const fixture = await loadFixture(votedFixture);
    const { registry, electors, plan, proposalId } = fixture;
    for (const [seat, elector] of electors.slice(0, 8).entries()) {
      await registry.connect(elector).signalReady(proposalId, seat);
    }
    await registry.schedule(plan);
    const { eta } = await registry.proposalOf(proposalId);
    for (let seat = 8; seat < 12; ++seat) {
      await time.increase(HOUR);
      await registry.connect(electors[seat]).signalReady(proposalId, seat);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Scheduled, State.Approved);
    }
    expect((await registry.proposalOf(proposalId)).eta).to.equal(eta);
    const { notAfter } = await registry.stateOf(proposalId);
    await time.increaseTo(notAfter + 1n);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Expired);
    await expect(registry.schedule(plan)).to.be.revertedWithCustomError(registry, "ProposalInState");
  });

  it("STG-28 a plan that is not ready by its deadline expires, to the second, and no later signal revives it", async () => {
    const fixture = await loadFixture(votedFixture);
    const { registry, electors, plan, proposalId } = fixture;
    for (const [seat, elector] of electors.slice(0, 7).entries()) {
      await registry.connect(elector).signalReady(proposalId, seat);
    }
    const { notAfter } = await registry.stateOf(proposalId);
    await time.increaseTo(notAfter);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Approved);
    await time.increaseTo(notAfter + 1n);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Expired);
    await expect(registry.connect(electors[7]).signalReady(proposalId, 7)).to.be.revertedWithCustomError(
      registry,
      "ProposalInState",
    );
    await expect(registry.schedule(plan)).to.be.revertedWithCustomError(registry, "ProposalInState");
  });
});
