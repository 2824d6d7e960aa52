import { expect } from "chai";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 3_300n;
const ID = 406;

/** Code that a plan writes into the module's storage is reached by a function that was there before, with a call inside of its bytes. */
describe("incident: a route by its number", () => {
  const exhibit = incidents();

  async function plan(routeName: string, args: unknown[] = []) {
    const { world } = exhibit;
    const gateway = await world.proxied("NumberedRoutes");
    const money = await world.deploy("Money");
    const route = await (await world.deploy(routeName, args)).getAddress();
    const victim = world.user(1);
    await world.send(money, world.people.deployer, "mint", victim, HELD);
    await world.send(money, victim, "approve", await gateway.getAddress(), HELD);
    await world.govern(gateway);
    const call = `calls: [{ stage: "0", function: "addRoute(uint32,address)", args: ["${ID}", "${route}"] }]`;
    const text = await planText("NumberedRoutes", "NumberedRoutesNext", "", call);
    return { world, text, route, victim, token: await money.getAddress() };
  }

  it("CHK-40d calls of the code that the plan plugs in are tried inside of those that hand them on, at the number it names", async () => {
    const { world, text, route, victim, token } = await plan("Route");
    const { layers, report } = await world.rehearse(text);
    expect(layers).to.deep.equal(["exposure"]);
    expect(report?.checks.find(({ id }) => id === "exposure")?.evidence.at(-1)).to.equal(
      `executeRoute(uint32,bytes) with performAction(address,bytes) of ${route} in its bytes by a stranger: ${victim} loses ${token}, which it let the module spend`,
    );
    expect((await world.rehearse(text, { without: ["exposure"] })).layers).to.deep.equal([]);
  });

  it("CHK-40e one that goes to its own market alone passes", async () => {
    const { world, text } = await plan("RouteListed", [exhibit.world.user(9)]);
    const { layers, report } = await world.rehearse(text);
    expect(layers).to.deep.equal([]);
    const found = report?.checks.find(({ id }) => id === "exposure");
    expect([found?.status, found?.evidence[0]?.split(", ")[1]]).to.deep.equal(["pass", "1 codes plugged in"]);
  });
});
