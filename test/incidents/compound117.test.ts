import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const FROZEN = 830n;

/*
 * Compound, August 2022: the new price feed asks each market for its underlying token. The ether market has none, its fallback answers
 * nothing, and every action on ether reverts until governance has taken it back, a week later.
 */
describe("incident: an oracle that one market has no answer for", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const oracle = await world.proxied("MarketOracle");
    const market = await world.deploy("EtherMarket", [await oracle.getAddress()]);
    const address = await market.getAddress();
    await world.send(oracle, world.people.deployer, "setQuote", address, 1_500n);
    await (await world.signer(world.user(1)).sendTransaction({ to: address, value: FROZEN })).wait();
    return { world, oracle, market, address };
  }

  it("INC-01 as it happened, nobody gets his ether out any more", async () => {
    const { world, oracle, market, address } = await protocol();
    await world.upgrade(oracle, "UnderlyingOracle");
    await expect(world.send(market, world.user(1), "redeem", 1n)).to.be.rejectedWith("revert");
    expect(await world.ether(address)).to.equal(FROZEN);
  });

  it("INC-02 a journey of an ether depositor fails after the stage, and so does the rehearsal", async () => {
    const change = async () => {
      const { world, oracle, market, address } = await protocol();
      await world.govern(oracle);
      const journeys = `journeys:
  - name: ether out
    as: "${world.user(1)}"
    steps: [{ call: "redeem(uint256)", target: "${address}", args: ["100"] }]`;
      const harm = async () => ((await world.tries(market, world.user(1), "redeem", FROZEN)) ? 0n : FROZEN);
      return { text: await planText("MarketOracle", "UnderlyingOracle", "", journeys), harm };
    };
    const { endedBy, lost } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["journeys"]);
    await exhibit.matrix("M02", change, endedBy);
    record({
      id: "M02",
      incident: "Compound, proposal 117",
      year: 2022,
      reported: "$830M frozen for a week",
      cause: "the new oracle asks every market for something that one of them does not have",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "wei frozen", of: FROZEN, asItHappened: FROZEN, withSlipway: lost },
    });
  });
});
