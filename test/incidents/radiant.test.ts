import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 50_000n;

/*
 * Radiant, October 2024: three of eleven signed blindly, the protocol's owner became another, and its code with him, at once.
 */
describe("incident: an owner who becomes another by three blind signatures", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const wallet = await world.proxied("ColdWallet");
    const address = await wallet.getAddress();
    await (await world.signer().sendTransaction({ to: address, value: HELD })).wait();
    return { world, wallet, address };
  }

  it("INC-43 as it happened, one signed call later the thief's code serves and pays him", async () => {
    const { world, wallet, address } = await protocol();
    await world.send(wallet, world.people.deployer, "transferOwnership", world.thief);
    const code = await (await world.deploy("SweeperCareful")).getAddress();
    await world.send(wallet, world.thief, "upgradeToAndCall", code, "0x");
    await world.send(await world.at("SweeperCareful", address), world.thief, "sweepETH", world.thief);
    expect(await world.ether(address)).to.equal(0n);
  });

  it("INC-44 no plan gives a module away: the class refuses it, then the way back; and no signatures of the council move an owner", async () => {
    const { world, wallet, address } = await protocol();
    await world.govern(wallet);
    const call = `calls: [{ stage: "0", function: "transferOwnership(address)", args: ["${world.thief}"] }]`;
    const standard = await world.rehearse(await planText("ColdWallet", "ColdWalletNext", "", call));
    expect(standard.layers).to.deep.equal(["plan:PlanClassTooLow"]);
    const critical = await world.rehearse(
      await planText("ColdWallet", "ColdWalletNext", "", `class: critical\n${call}`),
    );
    expect(critical.layers).to.deep.equal(["plan:CallReverts"]);
    for (const member of world.people.council) {
      await expect(world.send(wallet, member, "transferOwnership", world.thief)).to.be.rejectedWith("revert");
    }
    expect(await world.ether(address)).to.equal(HELD);
    record({
      id: "M30",
      incident: "Radiant",
      year: 2024,
      reported: "$50M",
      cause: "three blind signatures gave the protocol another owner, without a delay",
      outcome: "stopped",
      layers: [...standard.layers, ...critical.layers, "timelock"],
      loss: { unit: "wei held", of: HELD, asItHappened: HELD, withSlipway: 0n },
    });
  });
});
