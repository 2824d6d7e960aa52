import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

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
    const slot = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
    const word = await world.provider.getStorage(await core.getAddress(), slot);
    const logic = await world.at("CoreUnlocked", `0x${word.slice(26)}`);
    await world.send(logic, world.thief, "initialize", world.thief);
    expect(await logic.getFunction("owner").staticCall()).to.equal(world.thief);
  });

  it("INC-08 no plan comes of it, at the implementation's own address", async () => {
    const { world } = exhibit;
    const core = await world.proxied("Core");
    await world.govern(core);
    const { layers, error } = await world.rehearse(await planText("Core", "CoreUnlocked"));
    expect(layers).to.deep.equal(["plan:InitializerOpen"]);
    expect(error?.facts.expected).to.contain("on the implementation");
    record({
      id: "M07",
      incident: "Wormhole, uninitialised implementation",
      year: 2022,
      reported: "nothing; a bounty of $10M",
      cause: "nobody called the new implementation's initialiser",
      outcome: "stopped",
      layers,
      loss: { unit: "implementations that a stranger owns", of: 1n, asItHappened: 1n, withSlipway: 0n },
    });
  });
});
