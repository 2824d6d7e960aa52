import { expect } from "chai";
import { AbiCoder, ZeroAddress } from "ethers";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 11_600n;

/*
 * Prisma, March 2024: users made a migration helper their delegate. Its flash loan's callback believes what it is told, by whomever.
 */
describe("incident: a callback that believes its data", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const zap = await world.proxied("Zap");
    const money = await world.deploy("Money");
    const troves = await world.deploy("Troves", [await money.getAddress()]);
    const victim = world.user(1);
    await world.send(money, world.people.deployer, "mint", victim, HELD);
    await world.send(money, victim, "approve", await troves.getAddress(), HELD);
    await world.send(troves, victim, "open", HELD);
    await world.send(troves, victim, "setDelegate", await zap.getAddress());
    await world.send(zap, world.people.deployer, "open", await troves.getAddress());
    return { world, zap, money, victim };
  }

  it("INC-27 as it happened, the callback closes the victim's position in the thief's favour", async () => {
    const { world, zap, money, victim } = await protocol();
    const next = await world.upgrade(zap, "ZapFlash");
    const data = AbiCoder.defaultAbiCoder().encode(["address", "address"], [victim, world.thief]);
    await world.send(next, world.thief, "onFlashLoan", ZeroAddress, ZeroAddress, 0, 0, data);
    expect(await world.read(money, "balanceOf", world.thief)).to.equal(HELD);
  });

  it("INC-28 no layer finds it by itself; a journey that has to be refused does", async () => {
    const change = (isAsked: boolean) => async () => {
      const { world, zap, money, victim } = await protocol();
      await world.govern(zap);
      const data = AbiCoder.defaultAbiCoder().encode(["address", "address"], [victim, world.thief]);
      const journey = `journeys:
  - name: a stranger calls back
    as: "${world.thief}"
    steps: [{ call: "onFlashLoan(address,address,uint256,uint256,bytes)", args: ["${ZeroAddress}", "${ZeroAddress}", "0", "0", "${data}"], expect: NotLender }]`;
      const harm = async () => {
        const next = await world.at("ZapFlash", await zap.getAddress());
        await world.send(next, world.thief, "onFlashLoan", ZeroAddress, ZeroAddress, 0, 0, data);
        return world.read(money, "balanceOf", world.thief);
      };
      return { text: await planText("Zap", "ZapFlash", "", isAsked ? journey : ""), harm };
    };
    const { endedBy: layers, lost } = await exhibit.attempt(change(false));
    expect(layers).to.deep.equal([]);
    expect((await exhibit.attempt(change(true))).endedBy).to.deep.equal(["journeys"]);
    record({
      id: "M24",
      incident: "Prisma",
      year: 2024,
      reported: "$11.6M",
      cause: "a flash loan's callback trusts its data, and users made its contract their delegate",
      outcome: "not stopped",
      layers,
      loss: { unit: "collateral of one user", of: HELD, asItHappened: HELD, withSlipway: lost },
      because:
        "power that users gave is kept by another contract in a form of its own, which no check knows, and the theft is an argument's meaning. A journey that has to be refused (a stranger calls back) fails the rehearsal, where somebody thinks of it.",
    });
  });
});
