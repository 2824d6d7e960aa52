import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { ModuleKind } from "../../src/plan/types";
import type { Distributor__MockForIncident } from "../../typechain-types";
import { exhibitFixture } from "../helpers/exhibit";
import { record } from "../helpers/exhibits";
import { incidents } from "../helpers/incidentWorld";

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

describe("incident: a stolen deployer key, and a token that anybody mints", () => {
  const exhibit = incidents();
  const MINTED = 60n * 10n ** 12n;

  async function token() {
    const { world } = exhibit;
    const token = await world.proxied("Token");
    await world.send(token, world.people.deployer, "mint", world.user(1), 1_000n);
    return { world, token };
  }

  it("INC-49 as it happened, the key gives the token other code, and its thief mints without end", async () => {
    const { world, token: before } = await token();
    const next = await world.upgrade(before, "TokenOpenMint");
    await world.send(next, world.thief, "mintTo", world.thief, MINTED);
    expect(await world.read(next, "balanceOf", world.thief)).to.equal(MINTED);
  });

  it("INC-50 the key upgrades nothing that the timelock owns", async () => {
    const change = async (off?: string) => {
      const { world, token: before } = await token();
      if (off !== "timelock") await world.govern(before);
      const code = await (await world.deploy("TokenOpenMint")).getAddress();
      const harm = async () => {
        const next = await world.at("TokenOpenMint", await before.getAddress());
        await world.tries(before, world.people.deployer, "upgradeToAndCall", code, "0x");
        await world.tries(next, world.thief, "mintTo", world.thief, MINTED);
        return world.read(before, "balanceOf", world.thief);
      };
      return { harm };
    };
    const layers = ["timelock"];
    const { lost } = await exhibit.attempt(change);
    expect(lost).to.equal(0n);
    await exhibit.matrix("M31", change, layers);
    record({
      id: "M31",
      incident: "Ankr",
      year: 2022,
      reported: "$5M, and $15M at a lender",
      cause: "the deployer's key was stolen, and it could upgrade",
      outcome: "stopped",
      layers,
      loss: { unit: "tokens minted", of: MINTED, asItHappened: MINTED, withSlipway: lost },
    });
  });
});
