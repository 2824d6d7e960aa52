import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const ONE = 10n ** 18n;
const POOL = 100n * ONE;
const OWN = ONE;
/** Withdrawn over what was deposited. */
const TAKEN = (8n * ONE) / 100n;

/*
 * Euler, March 2023: every function that makes an account poorer asks afterwards whether it is still healthy, but the one that was added
 * seven months before.
 */
describe("incident: a function without the check of its siblings", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const lending = await world.proxied("Lending");
    const address = await lending.getAddress();
    const money = await world.deploy("Money");
    await world.send(lending, world.people.deployer, "open", await money.getAddress());
    await world.send(money, world.people.deployer, "mint", address, POOL);
    for (const who of [world.user(1), world.user(3), world.user(4), world.thief]) {
      await world.send(money, world.people.deployer, "mint", who, OWN);
      await world.send(money, who, "approve", address, OWN);
    }
    return { world, lending, money, address };
  }

  it("INC-37 as it happened, he makes himself unhealthy and takes himself over for a fifth less", async () => {
    const { world, lending, money } = await protocol();
    const next = await world.upgrade(lending, "LendingDonate");
    const partner = world.user(2);
    await world.send(next, world.thief, "deposit", OWN);
    await world.send(next, world.thief, "leverage", OWN * 9n);
    await world.send(next, world.thief, "donateToReserves", OWN);
    await world.send(next, partner, "liquidate", world.thief);
    await world.send(next, partner, "withdraw", OWN + TAKEN);
    expect(await world.read(money, "balanceOf", partner)).to.equal(OWN + TAKEN);
  });

  it("INC-38 random calls with a depositor's journey break `no debt without collateral`", async () => {
    const change = async () => {
      const { world, lending, money, address } = await protocol();
      const covered = `name: no-shortfall
category: asset
severity: critical
owner: lending
action: freeze
inline: true
left: { target: "${address}", call: "shortfall()(uint256)" }
op: "=="
right: 0
`;
      await world.govern(lending, [covered]);
      const journey = `invariants: [no-shortfall]
journeys:
  - name: leverage
    as: ["${world.user(1)}", "${world.user(3)}", "${world.user(4)}"]
    steps:
      - { call: "deposit(uint256)", args: ["${OWN}"] }
      - { call: "leverage(uint256)", args: ["${OWN * 9n}"] }`;
      const partner = world.user(2);
      const harm = async () => {
        const next = await world.at("LendingDonate", address);
        await world.send(next, world.thief, "deposit", OWN);
        await world.send(next, world.thief, "leverage", OWN * 9n);
        await world.send(next, world.thief, "donateToReserves", OWN);
        await world.send(next, partner, "liquidate", world.thief);
        await world.send(next, partner, "withdraw", OWN + TAKEN);
        return (await world.read(money, "balanceOf", partner)) - OWN;
      };
      const text = await planText("Lending", "LendingDonate", "", journey);
      return { text, rehearsal: { fuzz: 200, seed: "0x01" }, harm };
    };
    const { endedBy, lost } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["fuzz"]);
    await exhibit.matrix("M09", change, endedBy);
    record({
      id: "M09",
      incident: "Euler",
      year: 2023,
      reported: "$197M",
      cause: "a new function lacks the check of health that every sibling has",
      outcome: "stopped",
      layers: endedBy,
      because:
        "random calls draw it, or not: of four seeds two found it within 200 calls. What was drawn is in the report.",
      loss: { unit: "wei of the pool", of: POOL, asItHappened: TAKEN, withSlipway: lost },
    });
  });
});
