import { expect } from "chai";
import { toBeHex, zeroPadValue } from "ethers";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 500n;

/*
 * For an hour the proxy ran other code, which wrote where the next version will keep its guardian. Nothing reads that slot until then.
 */
describe("incident: a field that is not empty when it begins", () => {
  const exhibit = incidents();

  async function protocol(slot: number) {
    const { world } = exhibit;
    const reserve = await world.proxied("Reserve");
    const stable = await world.deploy("Reserve");
    const address = await reserve.getAddress();
    await (await world.signer().sendTransaction({ to: address, value: HELD })).wait();
    const planting = await world.upgrade(reserve, "ReservePlanter");
    await world.send(planting, world.people.deployer, "plant", slot, world.thief);
    await world.send(reserve, world.people.deployer, "upgradeToAndCall", await stable.getAddress(), "0x");
    return { world, reserve, address };
  }

  it("CHK-45a as it would happen, who planted himself as guardian takes everything out", async () => {
    const { world, reserve, address } = await protocol(0);
    const next = await world.upgrade(reserve, "ReserveGuarded");
    await world.send(next, world.thief, "sweep");
    expect(await world.ether(address)).to.equal(0n);
  });

  it("CHK-45b the rehearsal names field, slot and word, and who served before", async () => {
    const change = async () => {
      const { world, reserve, address } = await protocol(0);
      await world.govern(reserve);
      const harm = async () => {
        await world.send(await world.at("ReserveGuarded", address), world.thief, "sweep");
        return HELD - (await world.ether(address));
      };
      return { text: await planText("Reserve", "ReserveGuarded"), harm };
    };
    const { endedBy, verdict } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["planted"]);
    const { evidence } = verdict!.report!.checks.find(({ id }) => id === "planted")!;
    const word = zeroPadValue(exhibit.world.thief.toLowerCase(), 32);
    expect(evidence[0]?.replace(/0x\w{40} /, "")).to.equal(
      `storage.guardian (address) of is new, and not empty: slot ${toBeHex(0)}, word ${word}`,
    );
    expect(evidence.join("\n")).to.match(/served before: \S+:ReservePlanter__MockForIncident/);
    await exhibit.matrix("S03", change, endedBy, "a value planted before");
  });

  it("CHK-45c what was written where the candidate keeps nothing is no field of it", async () => {
    const { world, reserve } = await protocol(77);
    await world.govern(reserve);
    const { layers, report } = await world.rehearse(await planText("Reserve", "ReserveGuarded"));
    expect(layers).to.deep.equal([]);
    expect(report?.checks.find(({ id }) => id === "planted")?.status).to.equal("pass");
  });
});
