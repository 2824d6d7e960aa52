import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 232_000n;

/*
 * USPD, December 2025: a proxy was initialised by somebody else first. Between it and its implementation stands code of his, which forwards
 * everything, for months.
 */
describe("incident: a proxy between proxy and implementation", () => {
  const exhibit = incidents();

  async function protocol(code = "Shadow") {
    const { world } = exhibit;
    const money = await world.deploy("Money");
    const real = await world.deploy("Core");
    const shadow = await world.deploy(code);
    const init = real.interface.encodeFunctionData("initialize", [world.people.deployer]);
    const plant = shadow.interface.encodeFunctionData("plant", [await real.getAddress(), init]);
    const proxy = await world.deploy("ERC1967Proxy", [await shadow.getAddress(), plant]);
    const address = await proxy.getAddress();
    await world.send(money, world.people.deployer, "mint", address, HELD);
    return { world, money, address, core: await world.at("Core", address) };
  }

  it("INC-29 as it happened, everything answers as it should until he takes it all", async () => {
    const { world, money, address, core } = await protocol();
    expect(await world.read(core, "version")).to.equal(1n);
    const shadow = await world.at("Shadow", address);
    await world.send(shadow, world.thief, "drain", await money.getAddress(), world.thief);
    expect(await world.read(money, "balanceOf", world.thief)).to.equal(HELD);
  });

  it("INC-30 no plan comes of it: what the proxy runs is not the code that its slot names", async () => {
    const change = (code: string) => async () => {
      const { world, money, core, address } = await protocol(code);
      await world.govern(core);
      const text = (await planText("Core", "Core")).replace(/\n *replaces:.*/, "");
      const harm = async () => {
        const shadow = await world.at(code, address);
        if (!(await world.tries(shadow, world.thief, "drain", await money.getAddress(), world.thief))) return 0n;
        return world.read(money, "balanceOf", world.thief);
      };
      return { text, harm };
    };
    const careless = await exhibit.attempt(change("Shadow"));
    expect(careless.endedBy).to.deep.equal(["register"]);
    // One that answers for itself what registering asks.
    const { endedBy, lost } = await exhibit.attempt(change("ShadowCareful"));
    expect(endedBy).to.deep.equal(["plan:HiddenDelegate"]);
    await exhibit.matrix("M28", change("ShadowCareful"), endedBy);
    record({
      id: "M28",
      incident: "USPD",
      year: 2025,
      reported: "$1M",
      cause: "an initialisation was front-run, and a hidden proxy forwards to the real code",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "tokens held", of: HELD, asItHappened: HELD, withSlipway: lost },
    });
  });
});
