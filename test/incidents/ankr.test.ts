import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { ModuleKind } from "../../src/plan/types";
import type { Distributor__MockForIncident } from "../../typechain-types";
import { exhibitFixture } from "../helpers/exhibit";

const fixture = () => exhibitFixture<Distributor__MockForIncident>("Distributor__MockForIncident");

/*
 * Ankr, December 2022: the deployer's key was stolen, and it could upgrade. Here the module belongs to the timelock, the timelock
 * obeys the registry, and the key that deployed all of it may do nothing.
 */
describe("incident: a stolen deployer key", () => {
  it("ATK-98 the key that deployed registry, timelock and module upgrades nothing, and gives nobody the right to", async () => {
    const { registry, timelock, deployer, exhibit } = await loadFixture(fixture);
    const thief = deployer;
    await expect(exhibit.connect(thief).setVersion(true)).to.be.revertedWithCustomError(exhibit, "NotOwner");
    await expect(registry.connect(thief).diamondCut([], thief.address, "0x")).to.be.revertedWithCustomError(
      registry,
      "NotTimelock",
    );
    await expect(registry.connect(thief).grantRole(id("RELEASE"), thief.address)).to.be.revertedWithCustomError(
      registry,
      "NotTimelock",
    );
    await expect(
      registry.connect(thief).registerModule(id("m"), ModuleKind.Uups, await exhibit.getAddress(), thief.address),
    ).to.be.revertedWithCustomError(registry, "Unauthorized");
    for (const role of [await timelock.PROPOSER_ROLE(), await timelock.DEFAULT_ADMIN_ROLE()]) {
      await expect(timelock.connect(thief).grantRole(role, thief.address)).to.be.revertedWithCustomError(
        timelock,
        "AccessControlUnauthorizedAccount",
      );
    }
  });
});
