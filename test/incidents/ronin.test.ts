import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import { Op } from "../../src/plan/types";
import type { Bridge__MockForIncident } from "../../typechain-types";
import { asTimelock } from "../helpers/asTimelock";
import { agreed, exhibitFixture, exhibitPlan } from "../helpers/exhibit";
import { define, dialInvariant } from "../helpers/plans";

const fixture = () => exhibitFixture<Bridge__MockForIncident>("Bridge__MockForIncident");

/*
 * Ronin, 2024: the bridge went from version 2 to 4; the initialiser of 3, which set the weight that signatures are measured
 * against, never ran, and a weight of nothing was enough. Here the plan cites "the least weight is not zero", and both
 * initialisers are calls of one stage.
 */
describe("incident: Ronin's skipped initialiser", () => {
  it("ATK-91 ronin_skipped_vN: as it happened, no signature at all is enough", async () => {
    const world = await loadFixture(fixture);
    await asTimelock(world);
    await world.exhibit.connect(await ethers.getSigner(world.deployment.timelock)).initializeV4();
    await world.exhibit.connect(world.stranger).withdraw(0);
    expect(await world.exhibit.withdrawals()).to.equal(1n);
  });

  it("ATK-91 ronin_skipped_vN: an invariant of the plan undoes the upgrade that left the weight at zero", async () => {
    const world = await loadFixture(fixture);
    const { registry, exhibit, spare } = world;
    const base = await dialInvariant(spare, { name: "weight-is-set", op: Op.Gt, bound: 0n });
    const left = {
      target: await exhibit.getAddress(),
      data: exhibit.interface.encodeFunctionData("minimumVoteWeight"),
      gas: 100_000n,
    };
    const invariant = await define(world, { ...base, condition: { ...base.condition, left } });
    const skipped = await exhibitPlan(world, [["initializeV4", []]], { invariants: [invariant] });
    await agreed(world, skipped);
    await expect(registry.advance(skipped))
      .to.be.revertedWithCustomError(registry, "InvariantViolated")
      .withArgs(invariant, 0, 0, true);
    expect(await exhibit.version()).to.equal(2n);

    const both = {
      ...(await exhibitPlan(
        world,
        [
          ["initializeV3", [100]],
          ["initializeV4", []],
        ],
        { invariants: [invariant] },
      )),
      nonce: 1n,
    };
    await agreed(world, both);
    await registry.advance(both);
    await expect(exhibit.withdraw(0)).to.be.revertedWithCustomError(exhibit, "WeightTooLow").withArgs(0, 70);
  });
});
