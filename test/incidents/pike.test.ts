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
    const change = (upgrade: string) => async () => {
      const { world, spoke, address } = await protocol();
      await world.govern(spoke);
      const harm = async () => {
        const next = await world.at("SpokePausable", address);
        await world.send(next, world.thief, "initialize", world.thief);
        await world.send(next, world.thief, "sweep");
        return DEPOSITED - (await world.ether(address));
      };
      return { text: await planText("Spoke", "SpokePausable", upgrade), harm };
    };
    const layout = await exhibit.attempt(change(""));
    expect(layout.endedBy).to.deep.equal(["plan:StorageLayoutBroken"]);
    const fields = /acceptLayout: (\[.*\])/.exec(String(layout.verdict?.error?.facts.next))![1]!;
    const accepting = change(`acceptLayout: ${fields}`);
    const accepted = await exhibit.attempt(accepting);
    expect(accepted.endedBy).to.deep.equal(["plan:CallReverts"]);
    await exhibit.matrix("M17", change(""), layout.endedBy);
    await exhibit.matrix("M17", accepting, accepted.endedBy, "with the layout accepted");
    record({
      id: "M17",
      incident: "Pike",
      year: 2024,
      reported: "$1.68M",
      cause: "an emergency's fix moved the slot that says it is initialised",
      outcome: "stopped",
      layers: [...layout.endedBy, ...accepted.endedBy],
      loss: { unit: "wei deposited", of: DEPOSITED, asItHappened: DEPOSITED, withSlipway: accepted.lost },
    });
  });
});

describe("incident: a base that shifts the one plain slot", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const till = await world.proxied("Till");
    const user = till.connect(world.signer(world.user(1))) as typeof till;
    await (await user.getFunction("deposit")({ value: DEPOSITED })).wait();
    return { world, till, address: await till.getAddress() };
  }

  it("INC-86 where nothing opens by it, the comparison of layouts alone tells: what was deposited is read as a time that never comes", async () => {
    const change = async () => {
      const { world, till, address } = await protocol();
      await world.govern(till);
      const harm = async () => {
        await world.tries(till, world.user(1), "payOut", world.user(1), DEPOSITED);
        return world.ether(address);
      };
      return { text: await planText("Till", "TillClosable"), harm };
    };
    const { endedBy } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["plan:StorageLayoutBroken"]);
    await exhibit.matrix("M17", change, endedBy, "where nothing opens");
  });
});
