import { expect } from "chai";
import { incidents, planText } from "../helpers/incidentWorld";

/** The upgrade of roninUpgrade.test.ts, and no invariant that somebody thought of. */
describe("incident: Ronin's skipped initialiser, and nobody who states what it sets", () => {
  const exhibit = incidents();

  it("CHK-46a the rehearsal names the initialiser that is skipped; with both, one after the other, it fails nowhere", async () => {
    const { world } = exhibit;
    await world.govern(await world.proxied("Weights"));
    const skipping = await planText("Weights", "WeightsFourth", 'init: { function: "initializeV4()" }');
    const { layers, report } = await world.rehearse(skipping);
    expect(layers).to.deep.equal(["continuity"]);
    expect(report?.checks.find(({ id }) => id === "continuity")?.evidence[0]).to.match(
      /^stage 0 "upgrade": 0x\S+ goes from version 1 to 4, past initializeV3 \(3\)$/,
    );
    expect((await world.rehearse(skipping, { without: ["continuity"] })).layers, "nothing else sees it").to.deep.equal(
      [],
    );
    const both = 'init: { function: "initializeBoth(uint256)", args: ["100"] }';
    const sound = await world.rehearse(await planText("Weights", "WeightsWhole", both));
    expect(sound.layers).to.deep.equal([]);
    // Nobody has a second version: that number was never in use.
    expect(sound.report?.checks.find(({ id }) => id === "continuity")?.status).to.equal("warn");
  });
});
