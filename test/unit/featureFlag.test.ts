import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id, ZeroHash } from "ethers";
import { Op } from "../../src/plan/types";
import { registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { State, stateOf, toInProgress, toNextStep, toScheduled } from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage, MODULE } from "../helpers/plans";

const FLAG = encodeBytes32String("dial-v2");
const OTHER = encodeBytes32String("other");

async function flagFixture() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const other = await addModule(fixture, OTHER);
  return { ...fixture, module, other, plan: await dialPlan(fixture, module), timelocked: await asTimelock(fixture) };
}

describe("FeatureFlagFacet", () => {
  it("FLG-01 a flag is off until the timelock turns it on, and nobody else may", async () => {
    const { registry, timelocked, release, incident } = await loadFixture(flagFixture);
    expect(await registry.isEnabled(FLAG)).to.equal(false);
    for (const signer of [release, incident]) {
      await expect(registry.connect(signer).enableFlag(FLAG, 0)).to.be.revertedWithCustomError(registry, "NotTimelock");
    }
    await expect(timelocked.enableFlag(ZeroHash, 0)).to.be.revertedWithCustomError(registry, "FlagNameEmpty");
    await expect(timelocked.enableFlag(FLAG, 0)).to.emit(registry, "FlagEnabled").withArgs(FLAG, 0);
    expect(await registry.isEnabled(FLAG)).to.equal(true);
  });

  it("FLG-02 the incident key and each council member turn it off, and only off; a stranger does neither", async () => {
    const { registry, timelocked, incident, council, stranger } = await loadFixture(flagFixture);
    await timelocked.enableFlag(FLAG, 0);
    await expect(registry.connect(stranger).clearFlag(FLAG))
      .to.be.revertedWithCustomError(registry, "Unauthorized")
      .withArgs(stranger.address, id("INCIDENT"));
    await expect(registry.connect(incident).clearFlag(FLAG))
      .to.emit(registry, "FlagCleared")
      .withArgs(FLAG, 1, incident.address);
    expect(await registry.isEnabled(FLAG)).to.equal(false);
    await registry.connect(council[0]).clearFlag(FLAG);
    expect(await registry.flagEpoch(FLAG)).to.equal(2n);
  });

  it("FLG-03 what was agreed before a clearing does not turn the flag on after it", async () => {
    const { registry, timelocked, incident } = await loadFixture(flagFixture);
    await registry.connect(incident).clearFlag(FLAG);
    await expect(timelocked.enableFlag(FLAG, 0))
      .to.be.revertedWithCustomError(registry, "StaleFlag")
      .withArgs(FLAG, 0, 1);
    await timelocked.enableFlag(FLAG, 1);
    expect(await registry.isEnabled(FLAG)).to.equal(true);
  });

  it("FLG-04 a plan on a module that requires a flag waits for it, at each stage; its way back does not", async () => {
    const fixture = await loadFixture(flagFixture);
    const { registry, timelocked, incident, module, plan, council } = fixture;
    await timelocked.setRequirements(MODULE, FLAG, []);
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "FlagDisabled").withArgs(MODULE, FLAG);
    await timelocked.enableFlag(FLAG, 0);
    await registry.advance(plan);
    await registry.connect(incident).clearFlag(FLAG);
    await toNextStep(fixture, proposalId);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "FlagDisabled").withArgs(MODULE, FLAG);
    for (const member of council.slice(0, 3)) await registry.connect(member).veto(proposalId, "flag", 0, []);
    await registry.rollback(plan);
    expect(await module.value()).to.equal(0n);
    expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
  });

  it("FLG-05 a plan begins only when the modules it depends on are at their versions", async () => {
    const fixture = await loadFixture(flagFixture);
    const { registry, timelocked, other, plan } = fixture;
    await timelocked.setRequirements(MODULE, ZeroHash, [{ module: OTHER, minVersion: 1 }]);
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(registry, "DependencyNotMet")
      .withArgs(MODULE, OTHER, 1, 0);
    const first = await dialPlan(fixture, other, {
      targets: [{ module: OTHER, baseVersion: 0n }],
      stages: [await dialStage(other, 5n)],
      rollbacks: [],
    });
    await toInProgress(fixture, first);
    expect((await registry.moduleOf(OTHER)).version).to.equal(1n);
    await toInProgress(fixture, { ...plan, nonce: 1n });
  });

  it("FLG-05 a plan that has begun goes on, whatever is required of its module since", async () => {
    const fixture = await loadFixture(flagFixture);
    const { registry, timelocked, plan } = fixture;
    const proposalId = await toInProgress(fixture, plan);
    await timelocked.setRequirements(MODULE, ZeroHash, [{ module: OTHER, minVersion: 1 }]);
    await toNextStep(fixture, proposalId);
    await registry.advance(plan);
    expect((await registry.stateOf(proposalId)).state).to.equal(State.Completed);
  });

  it("FLG-06 requirements are the timelock's, name modules that exist, not themselves, and at most eight", async () => {
    const { registry, timelocked, release } = await loadFixture(flagFixture);
    await expect(registry.connect(release).setRequirements(MODULE, FLAG, [])).to.be.revertedWithCustomError(
      registry,
      "NotTimelock",
    );
    await expect(timelocked.setRequirements(MODULE, ZeroHash, [{ module: MODULE, minVersion: 1 }]))
      .to.be.revertedWithCustomError(registry, "DependencyOnItself")
      .withArgs(MODULE);
    await expect(timelocked.setRequirements(MODULE, ZeroHash, [{ module: id("unknown"), minVersion: 1 }]))
      .to.be.revertedWithCustomError(registry, "ModuleUnknown")
      .withArgs(id("unknown"));
    const nine = Array.from({ length: 9 }, () => ({ module: OTHER, minVersion: 1 }));
    await expect(timelocked.setRequirements(MODULE, ZeroHash, nine))
      .to.be.revertedWithCustomError(registry, "TooManyDependencies")
      .withArgs(MODULE, 8);
    await timelocked.setRequirements(MODULE, FLAG, nine.slice(1));
    expect((await registry.requirementsOf(MODULE)).dependencies.length).to.equal(8);
    await timelocked.setRequirements(MODULE, ZeroHash, []);
    expect((await registry.moduleOf(MODULE)).hasRequirements).to.equal(false);
  });

  it("FLG-07 a stage's gate can ask for a flag", async () => {
    const fixture = await loadFixture(flagFixture);
    const { registry, timelocked, module } = fixture;
    const gate = {
      probe: {
        target: await registry.getAddress(),
        data: registry.interface.encodeFunctionData("isEnabled", [FLAG]),
        gas: 50_000n,
      },
      op: Op.Eq,
      bound: 1n,
    };
    const stages = [await dialStage(module, 1n, { gates: [gate] })];
    const plan = await dialPlan(fixture, module, { stages, rollbacks: [] });
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "GateNotMet");
    await timelocked.enableFlag(FLAG, 0);
    await registry.advance(plan);
    expect(await module.value()).to.equal(1n);
  });
});
