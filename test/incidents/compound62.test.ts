import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, ZeroHash } from "ethers";
import type { Distributor__MockForIncident } from "../../typechain-types";
import { ModuleKind } from "../../src/plan/types";
import { agreed, exhibitFixture, exhibitPlan } from "../helpers/exhibit";
import { State, stateOf } from "../helpers/lifecycle";

const fixture = () => exhibitFixture<Distributor__MockForIncident>("Distributor__MockForIncident");

/*
 * Compound, September 2021: proposal 62 had one comparison the wrong way round. Nothing could be paused, and the fix had to wait
 * seven days for governance while the money left. Here the way back was agreed together with the upgrade: the council runs it in
 * the block in which it agrees, halted or not.
 */
describe("incident: Compound's proposal 62", () => {
  it("ATK-93 halt_blocks_rollback: as it happened, a fix waits for a vote and a delay while claims go on", async () => {
    const world = await loadFixture(fixture);
    const { registry, release, exhibit } = world;
    const upgrade = await exhibitPlan(world, [["setVersion", [true]]]);
    await agreed(world, upgrade);
    await registry.advance(upgrade);
    const fix = { ...(await exhibitPlan(world, [["setVersion", [false]]])), nonce: 1n };
    fix.targets = [{ ...fix.targets[0]!, baseVersion: 1n }];
    await registry.connect(release).propose(fix);
    await expect(registry.schedule(fix)).to.be.revertedWithCustomError(registry, "ProposalInState");
    await exhibit.claim();
    expect(await exhibit.paid()).to.equal(10n ** 36n);
  });

  it("ATK-93 halt_blocks_rollback: the council takes the upgrade back at once, in the middle of a halt of everything", async () => {
    const world = await loadFixture(fixture);
    const { registry, council, exhibit, release, deployment } = world;
    await registry
      .connect(release)
      .registerModule(
        encodeBytes32String("comptroller"),
        ModuleKind.Uups,
        await exhibit.getAddress(),
        deployment.timelock,
      );
    const plan = await exhibitPlan(world, [["setVersion", [true]]], {}, ["setVersion", [false]]);
    plan.targets = [...plan.targets, { module: encodeBytes32String("comptroller"), baseVersion: 0n }];
    const proposalId = await agreed(world, plan);
    await registry.advance(plan);
    for (const member of council.slice(0, 2))
      await registry.connect(member).halt(ZeroHash, "claims are too large", 0, []);
    expect((await registry.stateOf(proposalId)).isHalted).to.equal(true);
    for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(plan, "why", 0, []);
    expect(await stateOf(world, proposalId)).to.equal(State.RolledBack);
    await exhibit.claim();
    expect(await exhibit.paid()).to.equal(1n);
  });
});
