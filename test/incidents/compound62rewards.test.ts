import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const TREASURY = 1_000_000n;
const SUPPLIED = 100_000n;

/*
 * Compound, September 2021, what proposal 62 did: where a market's index is exactly the initial one, an account without an index is
 * taken to have been there since index zero. What may be done about it once it runs is in compound62.test.ts.
 */
describe("incident: rewards since index zero", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const rewards = await world.proxied("IndexRewards");
    const money = await world.deploy("Money");
    await world.send(money, world.people.deployer, "mint", await rewards.getAddress(), TREASURY);
    // Supplied before there were any rewards, and so without an index.
    for (const user of [world.user(1), world.thief]) await world.send(rewards, user, "supply", SUPPLIED);
    await world.send(rewards, world.people.deployer, "begin", await money.getAddress());
    return { world, rewards, money };
  }

  const bounded = (address: string, inline = true) => `name: paid-as-emitted
category: asset
severity: critical
owner: rewards
action: freeze
inline: ${inline}
left: { target: "${address}", call: "paid()(uint256)" }
op: "<="
right: { target: "${address}", call: "emitted()(uint256)" }
`;

  it("INC-03 as it happened, whoever supplied early is paid his whole supply in rewards", async () => {
    const { world, rewards, money } = await protocol();
    await world.send(rewards, world.thief, "claim", world.thief);
    expect(await world.read(money, "balanceOf", world.thief)).to.equal(0n);
    await world.upgrade(rewards, "IndexRewardsSign");
    await world.send(rewards, world.user(1), "claim", world.user(1));
    expect(await world.read(money, "balanceOf", world.user(1))).to.equal(SUPPLIED);
  });

  it("INC-04 random calls on the candidate find a claim that breaks `paid <= emitted`", async () => {
    const change = async () => {
      const { world, rewards, money } = await protocol();
      await world.govern(rewards, [bounded(await rewards.getAddress())]);
      const text = await planText(
        "IndexRewards",
        "IndexRewardsSign",
        "",
        `invariants: [paid-as-emitted]
journeys:
  - { name: claim, as: "${world.user(1)}", steps: [{ call: "claim(address)", args: [self] }] }`,
      );
      const harm = async () => {
        await world.send(rewards, world.user(1), "claim", world.user(1));
        return world.read(money, "balanceOf", world.user(1));
      };
      return { text, rehearsal: { fuzz: 40, seed: "0x01" }, harm };
    };
    const { endedBy, lost, verdict } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["fuzz"]);
    expect(verdict?.report?.fuzz?.found?.invariant).to.equal("paid-as-emitted");
    await exhibit.matrix("M01", change, endedBy);
    record({
      id: "M01",
      incident: "Compound, proposal 62",
      year: 2021,
      reported: "$80M to $147M",
      cause: "one comparison sign: an account without an index is paid from index zero on",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "reward tokens", of: TREASURY, asItHappened: SUPPLIED, withSlipway: lost },
    });
  });
});
