import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 483_000n;

/*
 * Tornado Cash, May 2023: what was voted on ended itself, and other code came to its address before it ran.
 */
describe("incident: other code at the address that was voted on", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const wallet = await world.proxied("ColdWallet", HELD);
    const address = await wallet.getAddress();
    const payload = await world.deploy("Payload");
    const run = payload.interface.encodeFunctionData("run", [world.thief]);
    const swap = async () => {
      const other = await world.deploy("PayloadSwapped");
      // What a self-destruct and CREATE2 did before Cancun.
      const code = await world.provider.getCode(await other.getAddress());
      await world.provider.send("hardhat_setCode", [await payload.getAddress(), code]);
    };
    return { world, wallet, address, payload: await payload.getAddress(), run, swap };
  }

  it("INC-31 as it happened, what runs takes everything", async () => {
    const { world, wallet, address, payload, run, swap } = await protocol();
    await swap();
    await world.send(wallet, world.people.deployer, "execTransaction", payload, run, 1);
    expect(await world.ether(address)).to.equal(0n);
  });

  it("INC-32 code that a stage runs on the module's storage has to be pinned, and then the stage refuses other code", async () => {
    const change = (isPinned: boolean) => async () => {
      const { world, wallet, address, payload, run, swap } = await protocol();
      await world.govern(wallet);
      const call = `calls:
  - { stage: "0", function: "execTransaction(address,bytes,uint8)", args: ["${payload}", "${run}", "1"] }`;
      const pins = isPinned ? `pins: ["${payload}"]\n` : "";
      const harm = async () => HELD - (await world.ether(address));
      return { text: await planText("ColdWallet", "ColdWalletNext", "", `${pins}${call}`), meanwhile: swap, harm };
    };
    const loose = await exhibit.attempt(change(false));
    expect(loose.endedBy).to.deep.equal(["reached"]);
    const pinned = await exhibit.attempt(change(true));
    expect(pinned.endedBy).to.deep.equal(["stage:pin"]);
    await exhibit.matrix("M06", change(false), loose.endedBy, "without a pin");
    await exhibit.matrix("M06", change(true), pinned.endedBy, "with one");
    record({
      id: "M06",
      incident: "Tornado Cash governance",
      year: 2023,
      reported: "483,000 TORN",
      cause: "other code stood at the proposal's address when it ran",
      outcome: "stopped",
      layers: [...loose.endedBy, ...pinned.endedBy],
      loss: { unit: "wei held", of: HELD, asItHappened: HELD, withSlipway: pinned.lost },
    });
  });
});
