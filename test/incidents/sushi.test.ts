import { expect } from "chai";
import { tighten, tighteningOf } from "../../src/canary/tighten";
import { record } from "../helpers/exhibits";
import { incidents, planText, type Shipped } from "../helpers/incidentWorld";

const HELD = 1_650n;
const UNLIMITED = 2n ** 256n - 1n;

/*
 * Sushi, April 2023: a processor of routes asked nobody whether a pool was one. It could not be paused, so that every user had to be told to
 * take his allowance back.
 */
describe("incident: allowances, and nothing that stops", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const processor = await world.proxied("Processor");
    const address = await processor.getAddress();
    const money = await world.deploy("Money");
    const pools: string[] = [];
    for (const victim of [world.user(1), world.user(2)]) {
      await world.send(money, world.people.deployer, "mint", victim, HELD);
      await world.send(money, victim, "approve", address, UNLIMITED);
      pools.push(await (await world.deploy("FalsePool", [victim])).getAddress());
    }
    return { world, processor, money, token: await money.getAddress(), pools };
  }

  it("INC-55 as it happened, one after the other loses what he let it spend", async () => {
    const { world, processor, money, token, pools } = await protocol();
    const next = await world.upgrade(processor, "ProcessorUnlisted");
    for (const pool of pools) await world.send(next, world.thief, "processRoute", pool, token, HELD);
    const taken = await Promise.all(pools.map((pool) => world.read(money, "balanceOf", pool)));
    expect(taken).to.deep.equal([HELD, HELD]);
  });

  it("INC-56 the incident key closes the lane after the first of them, with either version behind it", async () => {
    const change = async () => {
      const { world, processor, money, token, pools } = await protocol();
      await world.govern(processor);
      const text = await planText(
        "Processor",
        "ProcessorUnlisted",
        "",
        `canary:
  steps: [{ share: 100%, dwell: 7d }]
  lanes: { pause: 1d, groups: [{ name: route, functions: ["processRoute(address,address,uint256)"] }] }`,
      );
      const harm = async (shipped?: Shipped) => {
        const steal = (pool: string) => world.tries(processor, world.thief, "processRoute", pool, token, HELD);
        expect(await steal(pools[0]!)).to.equal(true);
        const incident = world.as(world.people.incident);
        const message = await tighteningOf(incident, world.registry, "module", { pause: "route" });
        await tighten(incident, world.registry, { module: "module", ...message });
        await steal(pools[1]!);
        await world.rollback(shipped!);
        await steal(pools[1]!);
        const kept = [world.user(1), world.user(2)].map((victim) => world.read(money, "balanceOf", victim));
        return (await Promise.all(kept)).reduce((sum, left) => sum - left, 2n * HELD);
      };
      return { text, harm };
    };
    const layers = ["canary:lane"];
    const { endedBy, lost } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal([]);
    expect(lost).to.equal(HELD);
    await exhibit.matrix("M23", change, layers);
    record({
      id: "M23",
      incident: "Sushi, RouteProcessor2",
      year: 2023,
      reported: "$3.3M",
      cause: "anything passes for a pool, and what users had let spend could not be stopped",
      outcome: "bounded",
      layers,
      loss: { unit: "tokens of two users", of: 2n * HELD, asItHappened: 2n * HELD, withSlipway: lost },
      because:
        "no check thinks of a false pool: it has to be a contract that calls back. What bounds it is how soon somebody closes the lane, one transaction of the incident key, and goes back; after the promotion there is neither.",
    });
  });
});
