import { expect } from "chai";
import { warp } from "../../src/chain/devChain";
import { record } from "../helpers/exhibits";
import { incidents, planText, type IncidentWorld, type ShipOptions } from "../helpers/incidentWorld";

const HELD = 25_000n;

/*
 * Atlantis, June 2023: nobody was left who voted. A few tokens proposed an upgrade of tokens that users still let spend theirs, and a few
 * tokens were a quorum.
 */
describe("incident: a proposal that nobody reads", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const { deployer } = world.people;
    const votes = await world.deploy("Money");
    await world.send(votes, deployer, "mint", deployer, 98n);
    await world.send(votes, deployer, "mint", world.thief, 2n);
    const gateway = await world.proxied("Gateway");
    const money = await world.deploy("Money");
    const victim = world.user(1);
    await world.send(money, deployer, "mint", victim, HELD);
    await world.send(money, victim, "approve", await gateway.getAddress(), HELD);
    return { world, votes, gateway, money, victim };
  }

  it("INC-45 as it happened, two tokens in a hundred upgrade the module, and its users' allowances are used up", async () => {
    const { world, votes, gateway, money, victim } = await protocol();
    const governor = await world.deploy("QuietGovernor", [await votes.getAddress()]);
    await world.send(gateway, world.people.deployer, "transferOwnership", await governor.getAddress());
    const code = await (await world.deploy("GatewaySwap")).getAddress();
    const upgrade = gateway.interface.encodeFunctionData("upgradeToAndCall", [code, "0x"]);
    await world.send(governor, world.thief, "propose", await gateway.getAddress(), upgrade);
    await warp(world.provider, 3 * 86_400);
    await world.send(governor, world.thief, "execute", 0);
    const next = await world.at("GatewaySwap", await gateway.getAddress());
    const steal = money.interface.encodeFunctionData("transferFrom", [victim, world.thief, HELD]);
    await world.send(next, world.thief, "swapAndBridge", await money.getAddress(), steal);
    expect(await world.read(money, "balanceOf", world.thief)).to.equal(HELD);
  });

  it("INC-46 who has no office proposes nothing; a plan for which two of twelve vote is rejected by nobody's voting", async () => {
    const change = (ship: (world: IncidentWorld) => ShipOptions) => async () => {
      const { world, gateway, money, victim } = await protocol();
      await world.govern(gateway);
      const harm = async () => {
        const next = await world.at("GatewaySwap", await gateway.getAddress());
        const steal = money.interface.encodeFunctionData("transferFrom", [victim, world.thief, HELD]);
        await world.send(next, world.thief, "swapAndBridge", await money.getAddress(), steal);
        return world.read(money, "balanceOf", world.thief);
      };
      return { text: await planText("Gateway", "GatewaySwap"), isUnseen: true, ship: ship(world), harm };
    };
    const stranger = change((world) => ({ proposer: world.thief }));
    const quiet = change(() => ({ voters: 2 }));
    const [proposed, voted] = [await exhibit.attempt(stranger), await exhibit.attempt(quiet)];
    expect(proposed.endedBy).to.deep.equal(["propose"]);
    expect(voted.endedBy).to.deep.equal(["vote"]);
    await exhibit.matrix("M35", stranger, proposed.endedBy, "though everybody votes for it");
    await exhibit.matrix("M35", quiet, voted.endedBy, "though it is proposed by one who may");
    record({
      id: "M35",
      incident: "Atlantis Loans",
      year: 2023,
      reported: "$1M to $2.5M",
      cause: "a governor whose voters had left, and a quorum of a few tokens",
      outcome: "stopped",
      layers: [...proposed.endedBy, ...voted.endedBy],
      loss: { unit: "tokens of one user", of: HELD, asItHappened: HELD, withSlipway: voted.lost },
    });
  });
});
