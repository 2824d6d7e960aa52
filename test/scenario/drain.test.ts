import { loadFixture, mine, setBalance, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers, network } from "hardhat";
import { labelText } from "../../src/plan/labelText";
import { escrowFixture, escrowPlan, ESCROW_PLAN, type EscrowFixture } from "../fixtures/escrowModule";
import { withOwnFolder } from "../fixtures/bridgeModule";
import { DAY } from "../fixtures/registry";
import { steer, step } from "../helpers/canary";
import { expectError } from "../helpers/expectError";
import { State, stateOf, toNextStep, toScheduled } from "../helpers/lifecycle";

const ONE = 10n ** 18n;
const DrainState = { active: 0, draining: 1, drained: 2 } as const;
const Phase = { settled: 3n, refunded: 4n } as const;

/** Opens an intent that ends in `seconds`, and returns its id. */
async function open({ escrow, others }: EscrowFixture, seconds: number, value = ONE): Promise<bigint> {
  const user = escrow.connect(others[0]!);
  const deadline = (await time.latest()) + seconds;
  const id = await user.open.staticCall(deadline, { value });
  await user.open(deadline, { value });
  return id;
}

describe("scenario: an upgrade that waits for what is in flight", () => {
  const fresh = async () => withOwnFolder(await loadFixture(escrowFixture));

  it("LAN-20 from a plan file: entries close, timeouts move, what is in flight gets out, and then the code is promoted", async () => {
    const fixture = await fresh();
    const { registry, escrow, escrowAt, others } = fixture;
    const [user, solver] = [others[0]!, others[1]!];
    const plan = await escrowPlan(fixture);
    expect(plan.stages.map(({ label }) => labelText(label))).to.deep.equal(["canary 10%", "promote"]);
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    // One would time out in the middle of the drain, one was not taken yet.
    const [taken, untaken] = [await open(fixture, 8 * 3600), await open(fixture, 20 * DAY)];
    await escrow.connect(solver).take(taken, { value: ONE / 10n });
    const before = await escrow.deadlineOf(taken);

    await registry.advance(plan);
    await mine();
    const control = await steer(escrowAt);
    const { drainDeadline } = await control.limits();
    const router = await ethers.getContractAt("TrafficRouter", escrowAt);
    await expect(escrow.connect(user).open((await time.latest()) + DAY, { value: ONE }))
      .to.be.revertedWithCustomError({ interface: router.interface }, "Draining")
      .withArgs(drainDeadline);
    expect(await escrow.deadlineOf(taken)).to.equal(before + BigInt(DAY));
    expect(await control.drainState()).to.equal(DrainState.draining);

    // Due, but somebody is still in: the gate keeps the stage, and the user cannot be timed out meanwhile.
    await toNextStep(fixture, proposalId);
    await time.increaseTo(before + 1n);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "GateNotMet");
    await expect(escrow.connect(user).refund(taken)).to.be.revertedWithCustomError(escrow, "NotTimedOut");
    await escrow.connect(solver).take(untaken, { value: ONE });
    await expect(() => escrow.connect(user).settle(taken)).to.changeEtherBalance(solver, ONE + ONE / 10n);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "GateNotMet");
    await expect(() => escrow.connect(user).settle(untaken)).to.changeEtherBalance(solver, 2n * ONE);
    expect(await control.drainState()).to.equal(DrainState.drained);

    await registry.advance(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);
    expect(await escrow.version()).to.equal(2n);
    expect((await escrow.intentOf(taken)).phase).to.equal(Phase.settled);
    const [again, more] = [await open(fixture, DAY), await open(fixture, DAY)];
    for (const id of [again, more]) await escrow.connect(solver).take(id, { value: ONE });
    await escrow.connect(user).settleMany([again, more]);
    expect(await escrow.inFlight()).to.equal(0n);
  });

  it("LAN-21 the count is exact while those who are paid call back, and what is closed is closed before they are", async () => {
    const fixture = await fresh();
    const { escrow, escrowAt } = fixture;
    const puppet = await ethers.deployContract("Puppet__MockForRouter");
    const at = await puppet.getAddress();
    await setBalance(at, 10n * ONE);
    const call = (name: string, args: unknown[], over = {}) =>
      step(escrowAt, escrow.interface.encodeFunctionData(name as "open", args as [number]), over);
    const deadline = (await time.latest()) + DAY;
    // The puppet is user and solver of two intents.
    await puppet.run([
      call("open", [deadline], { value: ONE }),
      call("open", [deadline], { value: ONE }),
      call("take", [1], { value: ONE }),
      call("take", [2], { value: ONE }),
    ]);
    expect(await escrow.inFlight()).to.equal(2n);
    // While it is paid for the first it tries everything, and reads the count.
    await puppet.setReaction(
      [
        call("inFlight", [], { isStatic: true }),
        ...["settle", "refund"].flatMap((name) => [1, 2].map((id) => call(name, [id], { isCaught: true }))),
        call("open", [deadline], { value: 1n, isCaught: true }),
      ],
      1,
    );
    await puppet.run([call("settle", [1])]);
    const outcomes = await puppet.outcomes();
    expect(BigInt(outcomes[0]!.data)).to.equal(1n);
    expect(outcomes.slice(1, 6).map(({ isOk }) => isOk)).to.deep.equal([false, false, false, false, false]);
    expect(await escrow.inFlight()).to.equal(1n);
    expect(await escrow.inFlightIds(0, 10)).to.deep.equal([2n]);
    expect(await ethers.provider.getBalance(escrowAt)).to.equal(2n * ONE);
    await puppet.run([call("settle", [2])]);
    expect(await escrow.inFlight()).to.equal(0n);
  });

  it("LAN-22 in the block that begins the drain: who comes before it is in and counted, who comes after it is refused", async () => {
    const fixture = await fresh();
    const { registry, escrow, escrowAt, others, stranger } = fixture;
    const plan = await escrowPlan(fixture);
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    const deadline = (await time.latest()) + 20 * DAY;
    await network.provider.send("evm_setAutomine", [false]);
    const sent = [];
    try {
      const gas = { gasPrice: 10n ** 10n, gasLimit: 500_000n };
      sent.push(await escrow.connect(others[0]!).open(deadline, { value: ONE, ...gas, gasPrice: 3n * 10n ** 10n }));
      sent.push(await registry.connect(stranger).advance(plan, { gasLimit: 8_000_000n, gasPrice: 2n * 10n ** 10n }));
      sent.push(await escrow.connect(others[1]!).open(deadline, { value: ONE, ...gas }));
      await mine();
    } finally {
      await network.provider.send("evm_setAutomine", [true]);
    }
    const receipts = await Promise.all(sent.map(({ hash }) => ethers.provider.getTransactionReceipt(hash)));
    expect(new Set(receipts.map((receipt) => receipt!.blockNumber)).size).to.equal(1);
    expect(receipts.map((receipt) => receipt!.status)).to.deep.equal([1, 1, 0]);
    await mine();
    expect(await escrow.inFlight()).to.equal(1n);
    expect(await (await steer(escrowAt)).drainState()).to.equal(DrainState.draining);
  });

  it("LAN-23 an extension is the timelock's, bounded, and concerns what is in flight and nothing that comes later", async () => {
    const fixture = await fresh();
    const { escrow, deployment, stranger } = fixture;
    await expect(escrow.connect(stranger).extendTimeouts(1)).to.be.revertedWithCustomError(
      escrow,
      "OwnableUnauthorizedAccount",
    );
    await setBalance(deployment.timelock, ONE);
    const timelock = await ethers.getImpersonatedSigner(deployment.timelock);
    for (const seconds of [0, 30 * DAY + 1]) {
      await expect(escrow.connect(timelock).extendTimeouts(seconds))
        .to.be.revertedWithCustomError(escrow, "ExtensionInvalid")
        .withArgs(seconds, 30 * DAY);
    }
    const early = await open(fixture, DAY);
    const due = await escrow.deadlineOf(early);
    await expect(escrow.connect(timelock).extendTimeouts(30 * DAY))
      .to.emit(escrow, "TimeoutsExtended")
      .withArgs(30 * DAY, 1);
    const late = await open(fixture, DAY);
    expect(await escrow.deadlineOf(early)).to.equal(due + BigInt(30 * DAY));
    expect(await escrow.deadlineOf(late)).to.equal((await escrow.intentOf(late)).deadline);
  });

  it("LAN-24 the way back opens the entries again, and loses nobody who was in", async () => {
    const fixture = await fresh();
    const { registry, council, escrow, others } = fixture;
    const plan = await escrowPlan(fixture);
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    const id = await open(fixture, 20 * DAY);
    await registry.advance(plan);
    await mine();
    for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(plan, "late", 0, []);
    expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
    expect(await escrow.inFlight()).to.equal(1n);
    await open(fixture, DAY);
    await expect(() => escrow.connect(others[0]!).refund(id)).to.changeEtherBalance(others[0]!, ONE);
  });

  it("LAN-25 a step that resumes opens what an earlier one closed", async () => {
    const fixture = await fresh();
    const { registry, escrow, escrowAt } = fixture;
    const text = ESCROW_PLAN.replace(/^gates:[\s\S]*?\n\n/m, "\n").replace(
      "    - { share: 10%, dwell: 6h, drain: 3d }\n",
      "    - { share: 10%, dwell: 6h, drain: 3d }\n    - { share: 100%, dwell: 6h, resume: true }\n",
    );
    const plan = await escrowPlan(fixture, text);
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    await registry.advance(plan);
    await mine();
    await expect(open(fixture, DAY)).to.be.reverted;
    await toNextStep(fixture, proposalId);
    await registry.advance(plan);
    await mine();
    expect((await (await steer(escrowAt)).limits()).drainDeadline).to.equal(0n);
    await open(fixture, DAY);
    expect(await escrow.inFlight()).to.equal(1n);
  });

  for (const [key, line] of [
    ["drain", "{ share: 10%, dwell: 6h, drain: 3d }"],
    ["resume", "{ share: 10%, dwell: 6h, resume: true }"],
  ] as const) {
    it(`LAN-26 a plan file cannot ${key} without lanes`, async () => {
      const fixture = await fresh();
      const text = ESCROW_PLAN.replace(/^ {2}lanes:[\s\S]*?\n\n/m, "\n").replace(/\{ share: 10%.*\}/, line);
      await expectError(() => escrowPlan(fixture, text), "PlanFileInvalid", {
        where: `key canary.steps.0.${key}`,
        expected: "canary.lanes",
      });
    });
  }

  it("LAN-27 a stage's further calls are pinned with what they call, and one that would revert is refused", async () => {
    const fixture = await fresh();
    const lane = await ethers.deployContract("Lane__MockForContainment", [
      fixture.deployment.timelock,
      fixture.others[0]!.address,
    ]);
    const at = await lane.getAddress();
    const withCall = (name: string) =>
      ESCROW_PLAN.replace("calls:\n", `calls:\n  - { stage: "0", target: "${at}", function: "${name}" }\n`);
    const plan = await escrowPlan(fixture, withCall("pause()"));
    const codeHash = ethers.keccak256(await ethers.provider.getCode(at));
    for (const stage of plan.stages) expect(stage.pins).to.deep.include({ account: at, codeHash });
    expect(plan.rollbacks[0]!.pins.some(({ account }) => account === at)).to.equal(false);
    expect(plan.stages[0]!.calls.slice(-2)).to.deep.equal([
      { target: at, value: 0n, data: lane.interface.encodeFunctionData("pause") },
      {
        target: fixture.escrowAt,
        value: 0n,
        data: fixture.escrow.interface.encodeFunctionData("extendTimeouts", [DAY]),
      },
    ]);
    // Only the timelock's `unpause` would be taken, and only of a lane that is paused.
    await expectError(() => escrowPlan(fixture, withCall("unpause()")), "CallReverts", { where: "stage 0, call 2" });
  });
});
