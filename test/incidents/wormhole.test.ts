import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

/*
 * Wormhole, February 2022: the new implementation was left without an owner. Whoever became that could have it delegate to code that
 * ends it; before Cancun that bricked the bridge. It was reported for a bounty, and nothing was lost.
 */
describe("incident: an implementation that anybody owns", () => {
  const exhibit = incidents();

  it("INC-07 as it happened, a stranger owns the code that the proxy runs", async () => {
    const { world } = exhibit;
    const core = await world.proxied("Core");
    await world.upgrade(core, "CoreUnlocked");
    const word = await world.provider.getStorage(await core.getAddress(), SLOT);
    const logic = await world.at("CoreUnlocked", `0x${word.slice(26)}`);
    await world.send(logic, world.thief, "initialize", world.thief);
    expect(await logic.getFunction("owner").staticCall()).to.equal(world.thief);
  });

  it("INC-08 no plan comes of it, at the implementation's own address", async () => {
    const change = async () => {
      const { world } = exhibit;
      const core = await world.proxied("Core");
      await world.govern(core);
      const harm = async () => {
        const word = await world.provider.getStorage(await core.getAddress(), SLOT);
        const logic = await world.at("CoreUnlocked", `0x${word.slice(26)}`);
        await world.send(logic, world.thief, "initialize", world.thief);
        return (await logic.getFunction("owner").staticCall()) === world.thief ? 1n : 0n;
      };
      return { text: await planText("Core", "CoreUnlocked"), harm };
    };
    const { endedBy, lost, verdict } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["plan:InitializerOpen"]);
    expect(verdict?.error?.facts.expected).to.contain("on the implementation");
    await exhibit.matrix("M07", change, endedBy);
    record({
      id: "M07",
      incident: "Wormhole, uninitialised implementation",
      year: 2022,
      reported: "nothing; a bounty of $10M",
      cause: "nobody called the new implementation's initialiser",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "implementations that a stranger owns", of: 1n, asItHappened: 1n, withSlipway: lost },
    });
  });
});
