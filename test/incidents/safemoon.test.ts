import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const POOL = 1_000_000n;

/*
 * SafeMoon, March 2023: the new version has a public `burn(from, amount)`. Burn what the pool holds, and a few tokens buy its money.
 */
describe("incident: a new function that touches others' balances", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const token = await world.proxied("Token");
    const money = await world.deploy("Money");
    const pool = await world.proxied("Pool");
    const address = await pool.getAddress();
    const { deployer } = world.people;
    await world.send(token, deployer, "mint", address, POOL);
    await world.send(token, deployer, "mint", world.thief, 1_000n);
    await world.send(money, deployer, "mint", address, POOL);
    await world.send(pool, deployer, "open", await token.getAddress(), await money.getAddress());
    return { world, token, money, pool, address };
  }

  it("INC-21 as it happened, a thousand tokens buy nearly all the pool's money", async () => {
    const { world, token, money, pool, address } = await protocol();
    const next = await world.upgrade(token, "TokenBurn");
    await world.send(next, world.thief, "burn", address, POOL - 1n);
    await world.send(pool, world.thief, "sync");
    await world.send(next, world.thief, "transfer", address, 1_000n);
    await world.send(pool, world.thief, "swap", 0, 998_000n);
    expect(await world.read(money, "balanceOf", world.thief)).to.equal(998_000n);
  });

  it("INC-22 a stranger's calls of the new function take from a holder, and the rehearsal fails", async () => {
    const change = async () => {
      const { world, token, money, pool, address } = await protocol();
      await world.govern(token);
      const harm = async () => {
        const next = await world.at("TokenBurn", await token.getAddress());
        await world.send(next, world.thief, "burn", address, POOL - 1n);
        await world.send(pool, world.thief, "sync");
        await world.send(next, world.thief, "transfer", address, 1_000n);
        await world.send(pool, world.thief, "swap", 0, 998_000n);
        return world.read(money, "balanceOf", world.thief);
      };
      return { text: await planText("Token", "TokenBurn"), harm };
    };
    const { endedBy, lost, verdict } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["exposure"]);
    const found = verdict?.report?.checks.find(({ id }) => id === "exposure");
    expect(found?.evidence.join("\n")).to.contain("burn(address,uint256) by a stranger");
    await exhibit.matrix("M20", change, endedBy);
    // Checks only look: with this one switched off the others say what they said.
    const without = await exhibit.attempt(async () => ({
      ...(await change()),
      rehearsal: { without: ["exposure"] },
      harm: () => Promise.resolve(0n),
    }));
    const others = ({ verdict: one }: typeof without) =>
      one?.report?.checks.filter(({ id }) => id !== "exposure").map(({ id, status }) => [id, status]);
    expect(without.verdict?.report?.checks.some(({ id }) => id === "exposure")).to.equal(false);
    expect(others(without)).to.deep.equal(others({ endedBy, lost, verdict }));
    record({
      id: "M20",
      incident: "SafeMoon",
      year: 2023,
      reported: "$8.9M",
      cause: "a new public function burns anybody's tokens, the pool's too",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "money in the pool", of: POOL, asItHappened: 998_000n, withSlipway: lost },
    });
  });
});
