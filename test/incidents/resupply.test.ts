import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText, type Shipped } from "../helpers/incidentWorld";

const LENT = 9_600_000n;
const CAP = 10_000n;

/*
 * Resupply, June 2025: a pair on an empty vault. A donation makes its share so dear that the rate, one over the price, is rounded to zero,
 * and no debt is too large.
 */
describe("incident: a rate that is rounded to nothing", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const pairs = await world.proxied("Pairs");
    const address = await pairs.getAddress();
    const money = await world.deploy("Money");
    const vault = world.user(9);
    await world.send(pairs, world.people.deployer, "open", await money.getAddress());
    await world.send(money, world.people.deployer, "mint", address, LENT);
    const donate = async () => {
      await world.send(money, world.people.deployer, "mint", vault, 10n ** 19n);
      await world.send(pairs, world.thief, "addCollateral", 1);
    };
    return { world, pairs, money, vault, address, donate };
  }

  it("INC-41 as it happened, one unit of collateral borrows everything", async () => {
    const { world, pairs, money, vault, donate } = await protocol();
    const next = await world.upgrade(pairs, "PairsEmpty", ["addPair", [vault]]);
    await donate();
    await world.send(next, world.thief, "borrow", LENT);
    expect(await world.read(money, "balanceOf", world.thief)).to.equal(LENT);
  });

  it("INC-42 the canary's cap bounds what is borrowed while it runs, and the council takes it back", async () => {
    const change = async () => {
      const { world, pairs, money, vault, address, donate } = await protocol();
      await world.govern(pairs);
      const text = await planText(
        "Pairs",
        "PairsEmpty",
        `init: { function: "addPair(address)", args: ["${vault}"] }`,
        `canary:
  steps: [{ share: 100%, dwell: 7d }]
  budget: { per: 1d, cap: ${CAP}, meters: [{ function: "borrow(uint256)", arg: "0" }], free: ["addCollateral(uint256)"] }
  errorBudget: 3`,
      );
      const harm = async (shipped?: Shipped) => {
        await donate();
        const next = await world.at("PairsEmpty", address);
        if (!(await world.tries(next, world.thief, "borrow", LENT))) {
          await world.send(next, world.thief, "borrow", CAP);
          await expect(world.send(next, world.thief, "borrow", 1n)).to.be.rejectedWith("revert");
        }
        await world.rollback(shipped!);
        expect(await shipped!.state()).to.equal("RolledBack");
        await expect(world.send(next, world.thief, "borrow", 1n)).to.be.rejectedWith("revert");
        return world.read(money, "balanceOf", world.thief);
      };
      return { text, harm };
    };
    const layers = ["canary:cap"];
    const { endedBy, lost } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal([]);
    expect(lost).to.equal(CAP);
    await exhibit.matrix("M14", change, layers);
    record({
      id: "M14",
      incident: "Resupply",
      year: 2025,
      reported: "$9.6M",
      cause: "a pair on an empty vault, whose price can be pushed until the rate is zero",
      outcome: "bounded",
      layers,
      loss: { unit: "tokens to lend", of: LENT, asItHappened: LENT, withSlipway: lost },
      because:
        "nothing is wrong when the stages run, the price is pushed later. The cap bounds it to what the candidate may move in an interval, until the council goes back; whoever waits for the promotion is not bounded.",
    });
  });
});
