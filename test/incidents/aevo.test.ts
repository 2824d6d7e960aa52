import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText, type IncidentWorld } from "../helpers/incidentWorld";

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
    const change = (more: (world: IncidentWorld, account: string) => string) => async () => {
      const { world, oracle, vault, asset, address, account } = await protocol();
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
      const harm = async () => {
        await world.send(vault, world.thief, "exercise", OPTIONS);
        return HELD - (await world.ether(account));
      };
      return { text: await planText("AssetOracle", "AssetOracleWide", "", more(world, account)), harm };
    };
    const journey = change(
      (world, account) => `journeys:
  - { name: exercise, as: "${world.thief}", steps: [{ call: "exercise(uint256)", target: "${account}", args: ["1"] }] }`,
    );
    expect((await exhibit.attempt(journey)).lost).to.equal(HELD);
    const cited = change(() => "invariants: [price-kept]");
    const { endedBy } = await exhibit.attempt(cited);
    expect(endedBy).to.deep.equal(["lifecycle"]);
    const unseen = await exhibit.attempt(async () => ({ ...(await cited()), isUnseen: true }));
    expect(unseen.endedBy).to.deep.equal(["stage:invariant"]);
    await exhibit.matrix("M39", cited, endedBy);
    record({
      id: "M39",
      incident: "Aevo, Ribbon's vaults",
      year: 2025,
      reported: "$2.7M",
      cause: "an oracle answers in other decimals, and older vaults still ask it",
      outcome: "stopped",
      layers: [...endedBy, ...unseen.endedBy],
      loss: { unit: "wei in the vault", of: HELD, asItHappened: HELD, withSlipway: unseen.lost },
    });
  });
});
