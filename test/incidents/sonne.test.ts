import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import type { Market__MockForIncident } from "../../typechain-types";
import { DAY } from "../fixtures/registry";
import { agreed, exhibitFixture, exhibitPlan } from "../helpers/exhibit";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const fixture = () => exhibitFixture<Market__MockForIncident>("Market__MockForIncident");

/*
 * Onyx, 2023, and Sonne, 2024: listing a market and seeding it were separate operations of a timelock whose executor is anyone.
 * The attacker executed the first himself and took the market before the second. Here both are calls of one stage.
 */
describe("incident: Sonne's separable operations", () => {
  it("ATK-92 separable_operations: as it happened, whoever executes the listing alone takes the empty market", async () => {
    const [proposer, attacker] = await ethers.getSigners();
    const timelock = await ethers.deployContract("OpenTimelock__MockForIncident", [proposer!.address]);
    const market = await ethers.deployContract("Market__MockForIncident", [await timelock.getAddress()]);
    const call = (name: "list" | "seed") =>
      [market, 0, market.interface.encodeFunctionData(name as "list"), ZeroHash, id(name)] as const;
    for (const name of ["list", "seed"] as const) await timelock.schedule(...call(name), DAY);
    await time.increase(DAY);
    await timelock.connect(attacker).execute(...call("list"));
    await market.connect(attacker).drain();
    expect(await market.drainedBy()).to.equal(attacker?.address);
  });

  it("ATK-92 separable_operations: a stage lists and seeds in one transaction, whoever advances it", async () => {
    const world = await loadFixture(fixture);
    const { registry, exhibit, stranger } = world;
    const plan = await exhibitPlan(world, [
      ["list", []],
      ["seed", []],
    ]);
    await agreed(world, plan);
    await registry.connect(stranger).advance(plan);
    expect([await exhibit.isListed(), await exhibit.isSeeded()]).to.deep.equal([true, true]);
    await expect(exhibit.connect(stranger).drain()).to.be.revertedWithCustomError(exhibit, "NotListed");
    expect(await exhibit.drainedBy()).to.equal(ZeroAddress);
  });
});

describe("incident: Sonne's separable operations, as an upgrade", () => {
  const exhibit = incidents();

  it("INC-82 the upgrade, the listing and the first deposit are one stage, whoever advances it; as two plans, the market is taken between them", async () => {
    const change = async (off?: string) => {
      const { world } = exhibit;
      const listings = await world.proxied("Listings");
      await world.govern(listings);
      const calls = (off === "stage:atomic" ? ["list"] : ["list", "seed"]).map(
        (name) => `{ stage: "0", function: "${name}()" }`,
      );
      const text = await planText("Listings", "ListingsNext", "", `calls: [${calls.join(", ")}]`);
      const harm = async () => ((await world.tries(listings, world.thief, "drain")) ? 1n : 0n);
      return { text, harm };
    };
    const layers = ["stage:atomic"];
    const { endedBy, lost } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal([]);
    expect(lost).to.equal(0n);
    await exhibit.matrix("M13", change, layers);
    record({
      id: "M13",
      incident: "Onyx, and Sonne",
      year: 2023,
      reported: "$2.1M, and $20M",
      cause: "a market is listed by one operation and seeded by another, and anybody executes the first alone",
      outcome: "stopped",
      layers,
      loss: { unit: "markets drained", of: 1n, asItHappened: 1n, withSlipway: lost },
    });
  });
});
