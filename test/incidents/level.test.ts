import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const FUNDS = 100_000n;
const REWARD = 1_000n;

/*
 * Level Finance, May 2023: rewards of several epochs in one call, and the same epoch may be named twice. It lay there for two weeks.
 */
describe("incident: one reward, claimed as often as it is named", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const rewards = await world.proxied("EpochRewards");
    const address = await rewards.getAddress();
    const money = await world.deploy("Money");
    const { deployer } = world.people;
    await world.send(money, deployer, "mint", address, FUNDS);
    await world.send(rewards, deployer, "setReward", await money.getAddress());
    await world.send(rewards, deployer, "grant", 1, world.thief, REWARD);
    return { world, rewards, money, address };
  }

  const many = Array.from({ length: 100 }, () => 1);

  it("INC-39 as it happened, a hundred times the reward", async () => {
    const { world, rewards, money } = await protocol();
    const next = await world.upgrade(rewards, "EpochRewardsBatch");
    await world.send(next, world.thief, "claimMultiple", many);
    expect(await world.read(money, "balanceOf", world.thief)).to.equal(FUNDS);
  });

  it("INC-40 while the canary runs, the router undoes the call that pays more than was granted", async () => {
    const change = async () => {
      const { world, rewards, money, address } = await protocol();
      const kept = `name: paid-as-granted
category: asset
severity: critical
owner: rewards
action: freeze
inline: true
left: { target: "${address}", call: "paid()(uint256)" }
op: "<="
right: { target: "${address}", call: "granted()(uint256)" }
`;
      await world.govern(rewards, [kept]);
      const text = await planText(
        "EpochRewards",
        "EpochRewardsBatch",
        "",
        `canary:
  steps: [{ share: 100%, dwell: 14d }]
  errorBudget: 2
invariants: [paid-as-granted]`,
      );
      const harm = async () => {
        const next = await world.at("EpochRewardsBatch", address);
        if (!(await world.tries(next, world.thief, "claimMultiple", many))) {
          await world.send(next, world.thief, "claimMultiple", [1]);
        }
        return (await world.read(money, "balanceOf", world.thief)) - REWARD;
      };
      return { text, harm };
    };
    const layers = ["canary:invariant"];
    const { endedBy, lost } = await exhibit.attempt(change);
    expect(endedBy, "the rehearsal does not think of it").to.deep.equal([]);
    await exhibit.matrix("M11", change, layers);
    record({
      id: "M11",
      incident: "Level Finance",
      year: 2023,
      reported: "$1.1M",
      cause: "a batch of claims looks at all before it marks any",
      outcome: "bounded",
      layers,
      loss: { unit: "tokens over what was granted", of: FUNDS, asItHappened: FUNDS - REWARD, withSlipway: lost },
      because:
        "the inline invariant undoes the call for as long as the canary runs; after the promotion no router looks any more. In life twelve days passed, a canary of two weeks would have met it. A journey that claims twice and has to be refused stops it before.",
    });
  });
});
