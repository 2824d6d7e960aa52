import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { ethers } from "hardhat";
import { hashPlan } from "../../../src/plan/eip712";
import { BreachClass } from "../../../src/plan/types";
import { toJson } from "../../../src/report/toJson";
import { DAY, registryFixture } from "../../fixtures/registry";
import { attest, ready, vote } from "../../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, pinned } from "../../helpers/plans";
import { domainOf } from "../../helpers/signatures";
import { runJson, runTask, temporaryDeployments } from "../../helpers/tasks";

/** A plan of two stages with one containment, that is not proposed yet. */
async function world() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const lane = await ethers.deployContract("Lane__MockForContainment", [
    fixture.deployment.timelock,
    fixture.others[0]!.address,
  ]);
  const invariant = await define(fixture, await dialInvariant(module));
  await mine();
  const shape = await dialPlan(fixture, module);
  shape.stages[0]!.invariants = [invariant];
  const call = { target: await lane.getAddress(), value: 0n, data: lane.interface.encodeFunctionData("pause") };
  const label = encodeBytes32String("stop the lane");
  const plan = await pinned({
    ...shape,
    containments: [{ breach: BreachClass.Asset, label, calls: [call], pins: [], minGas: 0n }],
  });
  const proposalId = hashPlan(plan, await domainOf(fixture));
  return { ...fixture, module, lane, plan, proposalId, id: proposalId.slice(2, 8) };
}

describe("tasks of a containment", () => {
  let here: Awaited<ReturnType<typeof world>>;
  let folder: string;
  let remove: () => void;

  beforeEach(async () => {
    here = await loadFixture(world);
    ({ folder, remove } = temporaryDeployments());
    mkdirSync(join(folder, "hardhat"));
    const { registry, timelock, block } = here.deployment;
    writeFileSync(join(folder, "hardhat", "addresses.json"), JSON.stringify({ registry, timelock }));
    writeFileSync(join(folder, "hardhat", "registry.json"), JSON.stringify({ registry, timelock, block }));
    const file = join(folder, "dial.plan.json");
    writeFileSync(file, toJson(here.plan));
    expect((await runTask("upgrade propose", { file, as: here.release.address })).exitCode).to.equal(0);
    await vote(here, here.proposalId);
    await ready(here, here.proposalId);
    await attest(here, here.proposalId);
    await time.increase(3 * DAY);
    await here.registry.schedule(here.plan);
    await time.increase(DAY);
    await here.registry.advance(here.plan);
  });
  afterEach(() => remove());

  const contain = (containment: string, as: string) =>
    runTask("emergency contain", { proposal: here.id, containment, as });

  it("CTN-70 emergency contain runs one by label or index, once, and writes it to the journal", async () => {
    const refused = await contain("stop the lane", here.stranger.address);
    expect(refused.exitCode).to.equal(4);
    expect(refused.stderr).to.include("error BreachUnproven (SLIP-522)");
    const unknown = await contain("burn the lane", here.incident.address);
    expect(unknown.stderr).to.include("error ContainmentUnknown (SLIP-520)").and.to.include("one of stop the lane");
    const done = await contain("stop the lane", here.incident.address);
    expect(done.exitCode, done.stderr).to.equal(0);
    expect(await here.lane.getFunction("paused")()).to.equal(true);
    expect((await contain("0", here.incident.address)).stdout).to.include("already");
    const plans = join(folder, "hardhat", "plans");
    const journal = readdirSync(plans).find((entry) => entry.endsWith(".jsonl"));
    expect(readFileSync(join(plans, journal!), "utf8")).to.include('"contain 0"');
  });

  it("CTN-71 upgrade status tells what may be contained, by whom, and what ran; a contained plan only goes back", async () => {
    interface Status {
      containments: { label: string; breach: string; isProven: boolean; hasRun: boolean }[];
      blockers: { what: string }[];
      stop: { who: string; command: string }[];
      next: string;
    }
    const before = await runJson<Status>("upgrade status", { proposal: here.id });
    const command = `npx hardhat emergency contain ${here.id} --containment 0`;
    const waiting = { index: 0, label: "stop the lane", breach: "asset", isProven: false, hasRun: false };
    expect(before.json.containments).to.deep.equal([waiting]);
    expect(before.json.stop.find((step) => step.command === command)?.who).to.include("incident key");
    const emergency = await runJson<{ modules: { actions: { command: string }[] }[] }>("emergency status");
    expect(emergency.json.modules[0]!.actions.map((action) => action.command)).to.include(command);
    await here.module.corrupt(11);
    await here.registry.poke(here.plan, here.plan.stages[0]!.invariants[0]!);
    await mine();
    await here.registry.poke(here.plan, here.plan.stages[0]!.invariants[0]!);
    const proven = await runJson<Status>("upgrade status", { proposal: here.id });
    expect(proven.json.stop.find((step) => step.command === command)?.who).to.include("anyone");
    expect((await contain("0", here.stranger.address)).exitCode).to.equal(0);
    const after = await runTask("upgrade status", { proposal: here.id });
    expect(after.exitCode).to.equal(5);
    expect(after.stdout)
      .to.include("contain   0 stop the lane: ran; breach of class asset proven")
      .and.to.include("blocked   contained: stop the lane: no further stage runs")
      .and.to.include(`npx hardhat emergency rollback ${here.id}`);
    await time.increase(DAY);
    const refused = await runTask("upgrade advance", { proposal: here.id });
    expect(refused.stderr).to.include("error PlanContained (SLIP-231)");
  });

  it("CTN-72 keep runs a containment once its breach is proven, and not before", async () => {
    await here.module.corrupt(11);
    expect((await runTask("upgrade keep", { once: true })).stdout).to.include("poke, first sight sent");
    await mine();
    expect((await runTask("upgrade keep", { once: true })).stdout).to.include("poke, proof sent");
    expect(await here.lane.getFunction("paused")()).to.equal(false);
    await mine();
    expect((await runTask("upgrade keep", { once: true })).stdout).to.include("contain 0 sent");
    expect(await here.lane.getFunction("paused")()).to.equal(true);
  });
});
