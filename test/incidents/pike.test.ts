import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const DEPOSITED = 10n ** 18n;

/*
 * Pike, April 2024: an emergency's fix was given a base that can be paused. It came first, so that every slot moved by one, and what
 * said "initialised" did not any more. Emergencies leave out no check here: class and delay are another, the rehearsal is the same.
 */
describe("incident: a base that shifts every slot", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const spoke = await world.proxied("Spoke");
    const connected = spoke.connect(world.signer(world.user(1))) as typeof spoke;
    await (await connected.getFunction("deposit")({ value: DEPOSITED })).wait();
    return { world, spoke, address: await spoke.getAddress() };
  }

  it("INC-09 as it happened, a stranger initialises the fix and sweeps what users deposited", async () => {
    const { world, spoke, address } = await protocol();
    const next = await world.upgrade(spoke, "SpokePausable");
    await world.send(next, world.thief, "initialize", world.thief);
    await world.send(next, world.thief, "sweep");
    expect(await world.ether(address)).to.equal(0n);
  });

  it("INC-10 no plan comes of it: what was stored is read as something else, and accepting that leaves the initialiser open", async () => {
    const { world, spoke } = await protocol();
    await world.govern(spoke);
    const layout = await world.rehearse(await planText("Spoke", "SpokePausable"));
    expect(layout.layers).to.deep.equal(["plan:StorageLayoutBroken"]);
    const fields = /acceptLayout: (\[.*\])/.exec(String(layout.error?.facts.next))![1]!;
    const accepted = await world.rehearse(await planText("Spoke", "SpokePausable", `acceptLayout: ${fields}`));
    expect(accepted.layers).to.deep.equal(["plan:CallReverts"]);
    record({
      id: "M17",
      incident: "Pike",
      year: 2024,
      reported: "$1.68M",
      cause: "an emergency's fix moved the slot that says it is initialised",
      outcome: "stopped",
      layers: [...layout.layers, ...accepted.layers],
      loss: { unit: "wei deposited", of: DEPOSITED, asItHappened: DEPOSITED, withSlipway: 0n },
    });
  });
});
