import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

/** The address that it had: its last two bytes lie where the flags do, and both read true. */
const ADMIN = "0x4DEcA517D6817B6510798b7328F2314d3003AbAC";
const STAKED = 1_000n;

/*
 * Audius, July 2022: the proxy keeps its admin in slot 0, the implementation its flags. Comparing two implementations says nothing of
 * it, nor did comparing hashes of code: their governance did that.
 */
describe("incident: flags where the proxy keeps its admin", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const logic = await world.deploy("Staking");
    const init = logic.interface.encodeFunctionData("initialize", [world.people.deployer]);
    const proxy = await world.deploy("AdminSlotProxy", [ADMIN, await logic.getAddress(), init]);
    const address = await proxy.getAddress();
    await world.provider.send("hardhat_setBalance", [address, `0x${STAKED.toString(16)}`]);
    return { world, staking: await world.at("Staking", address), address };
  }

  it("INC-05 as it happened, the guardian is set a second time by a stranger, who takes everything", async () => {
    const { world, staking, address } = await protocol();
    const next = await world.upgrade(staking, "StakingFlags", ["initializeGuardian", [world.user(1)]]);
    await world.send(next, world.thief, "initializeGuardian", world.thief);
    await world.send(next, world.thief, "withdraw");
    expect(await world.ether(address)).to.equal(0n);
  });

  it("INC-06 no plan comes of it: through the proxy, after the upgrade and its own init, a stranger initialises again", async () => {
    const change = async () => {
      const { world, staking, address } = await protocol();
      await world.govern(staking);
      const init = `init: { function: "initializeGuardian(address)", args: ["${world.user(1)}"] }`;
      const harm = async () => {
        const next = await world.at("StakingFlags", address);
        await world.send(next, world.thief, "initializeGuardian", world.thief);
        await world.send(next, world.thief, "withdraw");
        return STAKED - (await world.ether(address));
      };
      return { text: await planText("Staking", "StakingFlags", init), harm };
    };
    const { endedBy, lost, verdict } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["plan:InitializerOpen"]);
    expect(verdict?.error?.facts.expected).to.contain(
      "initializeGuardian(address) to revert for a stranger on the proxy",
    );
    await exhibit.matrix("M04", change, endedBy);
    record({
      id: "M04",
      incident: "Audius",
      year: 2022,
      reported: "$6M, of which $1M was kept",
      cause: "proxy and implementation keep two things in slot 0",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "wei staked", of: STAKED, asItHappened: STAKED, withSlipway: lost },
    });
  });
});
