import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const POOL = 1_000_000n;
/** The product is compared with a hundredth of what it has to be. */
const TAKEN = 980_000n;

/*
 * Uranium, April 2021: the scale of the fee was edited on one side of the check that the pool's product does not fall.
 */
describe("incident: a product that is compared with a hundredth of itself", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const pool = await world.proxied("Pool");
    const address = await pool.getAddress();
    const [token, money] = [await world.deploy("Money"), await world.deploy("Money")];
    for (const one of [token, money]) {
      await world.send(one, world.people.deployer, "mint", address, POOL);
      for (const who of [world.user(1), world.thief]) await world.send(one, world.people.deployer, "mint", who, 1_000n);
    }
    await world.send(pool, world.people.deployer, "open", await token.getAddress(), await money.getAddress());
    return { world, pool, token, money, address };
  }

  it("INC-15 as it happened, a hundred tokens buy nearly all there is of the other", async () => {
    const { world, pool, token, money, address } = await protocol();
    await world.upgrade(pool, "PoolScale");
    await world.send(token, world.thief, "transfer", address, 100n);
    await world.send(pool, world.thief, "swap", 0, TAKEN);
    expect(await world.read(money, "balanceOf", address)).to.equal(POOL - TAKEN);
  });

  it("INC-16 random calls break `the product does not fall`; so does a journey that has to be refused", async () => {
    const change = async () => {
      const { world, pool, token, money, address } = await protocol();
      const kept = `name: product-kept
category: pricing
severity: critical
owner: pool
action: freeze
inline: true
left: { target: "${address}", call: "product()(uint256)" }
op: ">="
right: before
`;
      await world.govern(pool, [kept]);
      const steal = `journeys:
  - name: a swap that takes too much
    as: "${world.user(1)}"
    steps:
      - { call: "transfer(address,uint256)", target: "${await token.getAddress()}", args: ["${address}", "100"] }
      - { call: "swap(uint256,uint256)", args: ["0", "${TAKEN}"], expect: ProductFell }`;
      const harm = async () => {
        await world.send(token, world.thief, "transfer", address, 100n);
        await world.send(pool, world.thief, "swap", 0, TAKEN);
        return POOL - (await world.read(money, "balanceOf", address));
      };
      const text = await planText("Pool", "PoolScale", "", `invariants: [product-kept]\n${steal}`);
      return { text, rehearsal: { fuzz: 60, seed: "0x01" }, harm };
    };
    const { endedBy, lost } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["journeys", "fuzz"]);
    await exhibit.matrix("M26", change, endedBy);
    record({
      id: "M26",
      incident: "Uranium",
      year: 2021,
      reported: "$50M",
      cause: "a fee's scale edited on one side of the check of the product",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "tokens of one side", of: POOL, asItHappened: TAKEN, withSlipway: lost },
    });
  });
});
