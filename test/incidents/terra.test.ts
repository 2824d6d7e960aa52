import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 6_400n;

/*
 * Terra, July 2024: a hole that was patched in April came back with the version of June, which was built from a branch without the patch.
 */
describe("incident: a patch that the next version lost", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const hooks = await world.proxied("HooksPatched", HELD);
    const address = await hooks.getAddress();
    return { world, hooks, address };
  }

  it("INC-33 as it happened, one message is paid until nothing is left", async () => {
    const { world, hooks, address } = await protocol();
    const next = await world.upgrade(hooks, "HooksNext");
    for (let i = 0; i < 4; ++i) await world.send(next, world.thief, "deliver", 1, HELD / 4n);
    expect(await world.ether(address)).to.equal(0n);
  });

  it("INC-34 the journey that came with the patch is made again, and fails", async () => {
    const change = (knowsApril: boolean) => async () => {
      const { world, hooks, address } = await protocol();
      await world.govern(hooks);
      const april = world.load(
        await planText(
          "Hooks",
          "HooksPatched",
          "",
          `journeys:
  - name: a message is paid once
    as: "${world.user(1)}"
    steps:
      - { call: "deliver(uint256,uint256)", args: ["7", "10"] }
      - { call: "deliver(uint256,uint256)", args: ["7", "10"], expect: PaidAlready }`,
        ),
      );
      const harm = async () => {
        for (let i = 0; i < 4; ++i) await world.send(hooks, world.thief, "deliver", 1, HELD / 4n);
        return HELD - (await world.ether(address));
      };
      const rehearsal = knowsApril ? { earlier: [april] } : {};
      return { text: await planText("HooksPatched", "HooksNext"), rehearsal, harm };
    };
    const { endedBy, lost, verdict } = await exhibit.attempt(change(true));
    expect(endedBy).to.deep.equal(["journeys"]);
    await exhibit.matrix("M34", change(true), endedBy);
    expect(verdict?.report?.journeys?.stated.map(({ name }) => name)).to.deep.equal([
      "a message is paid once (HooksPatched)",
    ]);
    expect(await exhibit.attempt(change(false)), "without what April knew").to.include({ lost: HELD });
    record({
      id: "M34",
      incident: "Terra, IBC hooks",
      year: 2024,
      reported: "$6.4M",
      cause: "a patch of April was lost in the version of June",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "wei held", of: HELD, asItHappened: HELD, withSlipway: lost },
    });
  });
});
