import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { hashPlan } from "../../../src/plan/eip712";
import type { Plan } from "../../../src/plan/types";
import { toJson } from "../../../src/report/toJson";
import { DAY, POWER, registryFixture, type RegistryFixture } from "../../fixtures/registry";
import { artifactPlan, noArtifact, reported, toLastDwell } from "../../helpers/artifact";
import { propose, State, stateOf, toApproved, toInProgress } from "../../helpers/lifecycle";
import { addModule } from "../../helpers/plans";
import { domainOf } from "../../helpers/signatures";
import { runJson, runTask, temporaryDeployments, type TaskRun } from "../../helpers/tasks";

const CHILD = encodeBytes32String("child");

interface World extends RegistryFixture {
  plan: Plan;
  proposalId: string;
  /** First six digits. */
  id: string;
  child: Plan;
}

async function world(): Promise<World> {
  const fixture = await registryFixture();
  const plan = await artifactPlan(fixture, await addModule(fixture), { artifact: reported({ graceBlocks: 100n }) });
  const proposalId = hashPlan(plan, await domainOf(fixture));
  const child = await artifactPlan(fixture, await addModule(fixture, CHILD), {
    title: "Follow the dial",
    nonce: 1n,
    targets: [{ module: CHILD, baseVersion: 0n }],
    artifact: noArtifact({ parentPlan: proposalId }),
  });
  return { ...fixture, plan, proposalId, id: proposalId.slice(2, 8), child };
}

describe("tasks of a node program", () => {
  let here: World;
  let folder: string;
  let remove: () => void;

  beforeEach(async () => {
    here = await loadFixture(world);
    ({ folder, remove } = temporaryDeployments());
    mkdirSync(join(folder, "hardhat"));
    const { registry, timelock, block } = here.deployment;
    writeFileSync(join(folder, "hardhat", "addresses.json"), JSON.stringify({ registry, timelock }));
    writeFileSync(join(folder, "hardhat", "registry.json"), JSON.stringify({ registry, timelock, block }));
    writeFileSync(join(folder, "dial.plan.json"), toJson(here.plan));
  });
  afterEach(() => remove());

  const ok = async (command: string, args: Record<string, string | boolean> = {}): Promise<TaskRun> => {
    const run = await runTask(command, args);
    expect(run.exitCode, run.stderr).to.equal(0);
    return run;
  };

  it("ART-30 upgrade advertise takes the plan's version, or the one stated, and refuses what does not count", async () => {
    await propose(here, here.plan);
    const as = here.electors[0]!.address;
    const wrong = await runTask("upgrade advertise", { proposal: here.id, as, node: "v0.2.0" });
    expect(wrong.exitCode).to.equal(1);
    expect(wrong.stderr)
      .to.include("error VersionNotAdopted (SLIP-240)")
      .and.to.include("found     v0.2.0, protocol 3");
    await ok("upgrade advertise", { proposal: here.id, as });
    expect((await ok("upgrade advertise", { proposal: here.id, as })).stdout).to.include("already done");
    const later = { proposal: here.id, as: here.electors[1]!.address, node: "v0.4.0", protocol: "4" };
    await ok("upgrade advertise", later);
    expect((await here.registry.artifactOf(here.proposalId)).adoptedPower).to.equal(2n * POWER);
    const { json } = await runJson<{ artifact: { version: string; adopted: string } }>("upgrade status", {
      proposal: here.id,
    });
    expect(json.artifact).to.include({ version: "v0.3.0", adopted: "200/1200 = 16.6%" });
    const odd = await runTask("upgrade advertise", { proposal: here.id, as, protocol: "three" });
    expect(odd.stderr).to.include("error OptionInvalid").and.to.include("--protocol");
  });

  it("ART-31 advertise, report and override are signed, collected and submitted in one transaction each", async () => {
    await toInProgress(here, here.plan);
    await toLastDwell(here, here.plan);
    for (const [verb, args, counted] of [
      ["advertise", {}, "adoptedSeats"],
      ["report", { outcome: "success" }, "successSeats"],
      ["override", {}, "overrideSeats"],
    ] as const) {
      const signed = join(folder, verb);
      for (const [index, elector] of here.electors.slice(0, 3).entries()) {
        const sign = join(signed, `${index}.json`);
        const run = await ok(`upgrade ${verb}`, { proposal: here.id, ...args, as: elector.address, sign });
        expect(run.stdout).to.include("signed, in").and.to.include(`upgrade ${verb} ${here.id}`);
      }
      expect((await here.registry.artifactOf(here.proposalId))[counted], verb).to.equal(0n);
      const submit = { proposal: here.id, ...args, submit: signed, as: here.stranger.address };
      await ok(`upgrade ${verb}`, submit);
      expect((await here.registry.artifactOf(here.proposalId))[counted], verb).to.equal(3n);
      expect((await ok(`upgrade ${verb}`, submit)).stdout).to.include("already done");
    }
    const failure = { proposal: here.id, outcome: "failure", submit: join(folder, "report") };
    const refused = await runTask("upgrade report", { ...failure, as: here.stranger.address });
    expect(refused.stderr).to.include("SignatureFileInvalid").and.to.include("expected  outcome failure");
  });

  it("ART-32 upgrade status tells who has not reported, until when, and how to keep the upgrade all the same", async () => {
    await toInProgress(here, here.plan);
    await toLastDwell(here, here.plan);
    for (const elector of here.electors.slice(0, 11)) {
      await ok("upgrade report", { proposal: here.id, outcome: "success", as: elector.address });
    }
    const waiting = await runTask("upgrade status", { proposal: here.id });
    expect(waiting.exitCode).to.equal(4);
    expect(waiting.stdout).to.include("reports of success: 1100/1200 = 91.6%, needs 95/100");
    expect(waiting.stdout.toLowerCase()).to.include(`missing ${here.electors[11]!.address.toLowerCase()}`);
    expect(waiting.stdout).to.include(`npx hardhat upgrade report ${here.id} --outcome success`);
    expect(waiting.stdout).to.include(`npx hardhat upgrade override ${here.id}`);
    await ok("upgrade report", { proposal: here.id, outcome: "success", as: here.electors[11]!.address });
    expect((await runTask("upgrade status", { proposal: here.id })).stdout).not.to.include("reports of success:");
    await time.increase(DAY);
    await ok("upgrade advance", { proposal: here.id });
    expect(await stateOf(here, here.proposalId)).to.equal(State.Completed);
  });

  it("ART-33 a child waits for its parent's window, and invalidate finds the parent that is lost", async () => {
    await toApproved(here, here.plan);
    const childId = await toApproved(here, here.child);
    const child = childId.slice(2, 8);
    const early = await runTask("upgrade schedule", { proposal: child });
    expect(early.exitCode).to.equal(4);
    expect(early.stderr).to.include("error ParentInState (SLIP-244)").and.to.include(`parent ${here.id}`);
    expect((await runTask("upgrade status", { proposal: child })).stdout).to.include(`the window of parent ${here.id}`);
    await here.registry.schedule(here.plan);
    await ok("upgrade schedule", { proposal: child });
    await time.increase(DAY);
    await here.registry.advance(here.plan);
    const closed = await runTask("upgrade advance", { proposal: child });
    expect(closed.exitCode).to.equal(4);
    expect(closed.stderr).to.include("error CompatibilityClosed (SLIP-243)").and.to.include("the parent's last stage");
    const standing = await runTask("upgrade invalidate", { proposal: child });
    expect(standing.stderr).to.include("error NothingBroken");
    for (const member of here.council.slice(0, 3)) {
      await here.registry.connect(member).rollbackByCouncil(here.plan, "why", 0, []);
    }
    await ok("upgrade invalidate", { proposal: child });
    expect(await stateOf(here, childId)).to.equal(State.Invalidated);
  });

  it("ART-43 keep closes a plan whose parent is lost, before and after it was scheduled, and no other", async () => {
    await toApproved(here, here.plan);
    const childId = await toApproved(here, here.child);
    const other = { ...here.child, title: "Follow the dial too", nonce: 2n };
    const otherId = await toApproved(here, other);
    await here.registry.schedule(here.plan);
    await here.registry.schedule(here.child);
    expect((await ok("upgrade keep", { once: true, dryRun: true })).stdout).not.to.include("invalidate");
    expect([await stateOf(here, childId), await stateOf(here, otherId)]).to.deep.equal([
      State.Scheduled,
      State.Approved,
    ]);
    for (const member of here.council.slice(0, 3)) {
      await here.registry.connect(member).veto(here.proposalId, "no", 0, []);
    }
    const dry = await ok("upgrade keep", { once: true, dryRun: true });
    expect(dry.stdout).to.include("the plan that it follows ended without its upgrade");
    expect(await stateOf(here, childId)).to.equal(State.Scheduled);
    const kept = await ok("upgrade keep", { once: true, as: here.stranger.address });
    expect(kept.stdout).to.include("invalidate sent");
    for (const proposalId of [childId, otherId]) {
      expect(await stateOf(here, proposalId)).to.equal(State.Invalidated);
    }
    expect(await stateOf(here, here.proposalId)).to.equal(State.Cancelled);
    expect((await ok("upgrade keep", { once: true })).stdout).not.to.include("invalidate");
  });
});
