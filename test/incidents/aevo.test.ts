import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 2_700_000n;
const OPTIONS = 10n;

/*
 * Aevo and Ribbon, December 2025: an oracle was upgraded to eighteen decimals while vaults of yesterday still read eight.
 */
describe("incident: an oracle of other decimals, and a vault that is still live", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const oracle = await world.proxied("AssetOracle");
    const asset = world.user(9);
    await world.send(oracle, world.people.deployer, "setPrice", asset, 100n * 10n ** 8n);
    const vault = await world.deploy("LegacyVault", [await oracle.getAddress(), asset], { value: HELD });
    await world.send(vault, world.people.deployer, "give", world.thief, OPTIONS);
    return { world, oracle, vault, asset, address: await oracle.getAddress(), account: await vault.getAddress() };
  }

  it("INC-35 as it happened, ten options of a hundred each take all that the vault holds", async () => {
    const { world, oracle, vault, account } = await protocol();
    await world.upgrade(oracle, "AssetOracleWide");
    await world.send(vault, world.thief, "exercise", OPTIONS);
    expect(await world.ether(account)).to.equal(0n);
  });

  it("INC-36 a stage that moves the price is undone; a journey at the old vault warns", async () => {
    const { world, oracle, asset, address, account } = await protocol();
    await world.govern(oracle, [
      `name: price-kept
category: pricing
severity: critical
owner: oracle
action: rollback
left: { target: "${address}", call: "priceOf(address)(uint256)", args: ["${asset}"] }
op: "<="
right: at-propose
tolerance: 5%
`,
    ]);
    const journey = `journeys:
  - { name: exercise, as: "${world.thief}", steps: [{ call: "exercise(uint256)", target: "${account}", args: ["1"] }] }`;
    const told = await world.rehearse(await planText("AssetOracle", "AssetOracleWide", "", journey));
    expect(told.layers).to.deep.equal([]);
    const cited = await planText("AssetOracle", "AssetOracleWide", "", "invariants: [price-kept]");
    const { layers } = await world.rehearse(cited);
    expect(layers).to.deep.equal(["lifecycle"]);
    const shipped = await world.ship(cited);
    await expect(shipped.advance()).to.be.rejectedWith("InvariantViolated");
    record({
      id: "M39",
      incident: "Aevo, Ribbon's vaults",
      year: 2025,
      reported: "$2.7M",
      cause: "an oracle answers in other decimals, and older vaults still ask it",
      outcome: "stopped",
      layers: [...layers, "stage:invariant"],
      needs: ["stage:invariant"],
      loss: { unit: "wei in the vault", of: HELD, asItHappened: HELD, withSlipway: 0n },
    });
  });
});
