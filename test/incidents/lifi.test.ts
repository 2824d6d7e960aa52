import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 10_000n;
const UNLIMITED = 2n ** 256n - 1n;

/*
 * LI.FI, July 2024: users let a gateway spend their tokens without limit, and a new swap calls whatever it is told to.
 */
describe("incident: allowances behind a call of anything", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const gateway = await world.proxied("Gateway");
    const money = await world.deploy("Money");
    const victim = world.user(1);
    await world.send(money, world.people.deployer, "mint", victim, HELD);
    await world.send(money, victim, "approve", await gateway.getAddress(), UNLIMITED);
    return { world, gateway, money, victim };
  }

  it("INC-23 as it happened, the swap is a transfer of the victim's tokens", async () => {
    const { world, gateway, money, victim } = await protocol();
    const next = await world.upgrade(gateway, "GatewaySwap");
    const steal = money.interface.encodeFunctionData("transferFrom", [victim, world.thief, HELD]);
    await world.send(next, world.thief, "swapAndBridge", await money.getAddress(), steal);
    expect(await world.read(money, "balanceOf", world.thief)).to.equal(HELD);
  });

  it("INC-24 allowances to the module are tried against every new function; one that lists its targets passes", async () => {
    const change = (candidate: string) => async () => {
      const { world, gateway, money, victim } = await protocol();
      await world.govern(gateway);
      const harm = async () => {
        const next = await world.at(candidate, await gateway.getAddress());
        const steal = money.interface.encodeFunctionData("transferFrom", [victim, world.thief, HELD]);
        await world.tries(next, world.thief, "swapAndBridge", await money.getAddress(), steal);
        return world.read(money, "balanceOf", world.thief);
      };
      return { text: await planText("Gateway", candidate), harm };
    };
    const { endedBy, lost } = await exhibit.attempt(change("GatewaySwap"));
    expect(endedBy).to.deep.equal(["exposure"]);
    await exhibit.matrix("M21", change("GatewaySwap"), endedBy);
    expect(await exhibit.attempt(change("GatewayListed")))
      .to.include({ lost: 0n })
      .and.to.deep.include({ endedBy: [] });
    record({
      id: "M21",
      incident: "LI.FI",
      year: 2024,
      reported: "$11.6M",
      cause: "a new function calls what it is told to, by an account that users let spend their tokens",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "tokens of one user", of: HELD, asItHappened: HELD, withSlipway: lost },
    });
  });
});
