import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import hre from "hardhat";
import { brokenPlan } from "../../scripts/demo/brokenPlan";
import { contain, promote, sabotage, untilScheduled, type GovernedWorld } from "../../scripts/demo/lifecycle";
import { governBridge, openWorld, PLAN_FILE } from "../../scripts/demo/openWorld";
import { Show } from "../../scripts/demo/show";
import { readSlots } from "../../src/chain/erc1967";
import { readStatus } from "../../src/registry/state";
import { artifactsOf } from "../../tasks/support/artifacts";

/** The demo's own steps, on a chain of their own each time; what they claim is asserted again in numbers. */
describe("demo, on a local node that plays the remote chain", () => {
  let world: GovernedWorld;
  let deploymentsDir: string;
  let lines: string[];
  let show: Show;

  beforeEach(async () => {
    deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-demo-"));
    const ground = await openWorld({ artifacts: artifactsOf(hre), deploymentsDir });
    await ground.traffic.prepare();
    ground.traffic.paysExitsAtOnce = true;
    await ground.traffic.run(30);
    world = { ...ground, registry: await governBridge(ground) };
    lines = [];
    show = new Show((line) => lines.push(line), false);
  });

  afterEach(async () => {
    await world.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  });

  const implementation = async () => (await readSlots(world.provider, world.bridge.gateway)).implementation;
  const stateOf = async (proposalId: string) => (await readStatus(world.registry, proposalId)).state;

  it("SIM-30 promotes the published 1.2.5 through 5%, 25% and 100% of real traffic, and takes the router out", async () => {
    const story = await untilScheduled(show, world, PLAN_FILE);
    await promote(show, world, story);
    expect(await stateOf(story.proposalId)).to.equal("Completed");
    expect(await implementation()).to.equal(story.plan.deployments.find(({ role }) => role === "candidate")?.address);
    expect(story.rounds.map(({ status }) => status.share)).to.deep.equal([500, 2_500, 10_000]);
    const [first, second, last] = story.rounds.map(({ status }) => status);
    // 90 transactions a round, each counted once by the router.
    expect(first!.stableCalls + first!.candidateCalls).to.equal(90n);
    expect(last!.stableCalls + last!.candidateCalls).to.equal(270n);
    expect(first!.candidateCalls > 0n && first!.candidateCalls < 30n, "about 5% on the candidate").to.equal(true);
    expect(second!.candidateCalls > first!.candidateCalls && last!.candidateCalls > second!.candidateCalls).to.equal(
      true,
    );
    for (const { status } of story.rounds)
      expect(status.usedPrevious + status.usedCurrent <= status.cap).to.equal(true);
    expect((await world.traffic.reconcile()).isBalanced).to.equal(true);
  });

  it("SIM-31 sabotage: code swapped after the vote is stopped by revalidation, and the plan is closed", async () => {
    const before = await implementation();
    const story = await untilScheduled(show, world, PLAN_FILE);
    await sabotage(show, world, story);
    expect(await stateOf(story.proposalId)).to.equal("Invalidated");
    expect(await implementation()).to.equal(before);
    expect(lines.some((line) => line.includes("error CodeHashMismatch (SLIP-301)"))).to.equal(true);
  });

  it("SIM-32 broken: double mints are undone, users are served by stable, the canary freezes, the plan goes back", async () => {
    const before = await implementation();
    const story = await untilScheduled(show, world, await brokenPlan(world));
    await contain(show, world, story);
    expect(await stateOf(story.proposalId)).to.equal("RolledBack");
    expect(await implementation()).to.equal(before);
    const status = story.rounds[0]!.status;
    expect([status.isFrozen, status.breaks]).to.deep.equal([true, 3]);
    const books = await world.traffic.reconcile();
    expect([books.isBalanced, books.surprises.length, books.escrow]).to.deep.equal([true, 0, books.supply]);
  });
});
