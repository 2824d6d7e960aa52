import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText, type Shipped } from "../helpers/incidentWorld";

const HELD = 3_300n;
const UNLIMITED = 2n ** 256n - 1n;

/*
 * Socket, January 2024: a route that was added three days before calls what it is told to. The function that runs routes was there all the time.
 */
describe("incident: a route behind a function that was there before", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const gateway = await world.proxied("GatewayRoutes");
    const money = await world.deploy("Money");
    const route = await world.deploy("Route");
    const victim = world.user(1);
    await world.send(money, world.people.deployer, "mint", victim, HELD);
    await world.send(money, victim, "approve", await gateway.getAddress(), UNLIMITED);
    const transfer = money.interface.encodeFunctionData("transferFrom", [victim, world.thief, HELD]);
    const steal = route.interface.encodeFunctionData("performAction", [await money.getAddress(), transfer]);
    return { world, gateway, money, steal, route: await route.getAddress() };
  }

  it("INC-25 as it happened, the route is a transfer of the victim's tokens", async () => {
    const { world, gateway, money, steal, route } = await protocol();
    await world.send(gateway, world.people.deployer, "addRoute", route);
    await world.send(gateway, world.thief, "executeRoute", 0, steal);
    expect(await world.read(money, "balanceOf", world.thief)).to.equal(HELD);
  });

  it("INC-26 the route's calls are tried inside of those that run routes, and one of them takes the victim's tokens", async () => {
    const change = async () => {
      const { world, gateway, money, steal, route } = await protocol();
      await world.govern(gateway);
      const call = `promote: { dwell: 0 }
calls: [{ stage: "0", function: "addRoute(address)", args: ["${route}"] }]`;
      const harm = async (shipped?: Shipped) => {
        if (shipped !== undefined) expect(await shipped.state()).to.equal("Completed");
        await world.tries(gateway, world.thief, "executeRoute", 0, steal);
        return world.read(money, "balanceOf", world.thief);
      };
      return { text: await planText("GatewayRoutes", "GatewayRoutesNext", "", call), harm };
    };
    const { endedBy: layers, lost } = await exhibit.attempt(change);
    expect(layers).to.deep.equal(["exposure"]);
    await exhibit.matrix("M22", change, layers);
    record({
      id: "M22",
      incident: "Socket",
      year: 2024,
      reported: "$3.3M",
      cause: "a new route calls what it is told to, by an account that users let spend their tokens",
      outcome: "stopped",
      layers,
      loss: { unit: "tokens of one user", of: HELD, asItHappened: HELD, withSlipway: lost },
    });
  });
});
