import { expect } from "chai";
import type { Contract } from "ethers";
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
    const wallet = await world.proxied("ColdWallet", HELD);
    const address = await wallet.getAddress();
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
    const take = async (wallet: Contract) => {
      const { world } = exhibit;
      const address = await wallet.getAddress();
      const code = await (await world.deploy("SweeperCareful")).getAddress();
      await world.send(wallet, world.thief, "upgradeToAndCall", code, "0x");
      await world.send(await world.at("SweeperCareful", address), world.thief, "sweepETH", world.thief);
      return HELD - (await world.ether(address));
    };
    const change = (planClass: string) => async () => {
      const { world, wallet } = await protocol();
      await world.govern(wallet);
      const call = `class: ${planClass}
calls: [{ stage: "0", function: "transferOwnership(address)", args: ["${world.thief}"] }]`;
      return { text: await planText("ColdWallet", "ColdWalletNext", "", call), harm: () => take(wallet) };
    };
    const standard = await exhibit.attempt(change("standard"));
    expect(standard.endedBy).to.deep.equal(["plan:PlanClassTooLow"]);
    const critical = await exhibit.attempt(change("critical"));
    expect(critical.endedBy).to.deep.equal(["plan:CallReverts"]);
    // Without a plan: whoever signs, the owner is the timelock.
    const signed = async (off?: string) => {
      const { world, wallet } = await protocol();
      if (off !== "timelock") await world.govern(wallet);
      const harm = async () => {
        for (const member of [world.people.deployer, ...world.people.council]) {
          if (await world.tries(wallet, member, "transferOwnership", world.thief)) return take(wallet);
        }
        return 0n;
      };
      return { harm };
    };
    const { lost } = await exhibit.attempt(signed);
    await exhibit.matrix("M30", change("standard"), standard.endedBy);
    await exhibit.matrix("M30", change("critical"), critical.endedBy, "as a critical plan");
    await exhibit.matrix("M30", signed, ["timelock"], "without a plan");
    record({
      id: "M30",
      incident: "Radiant",
      year: 2024,
      reported: "$50M",
      cause: "three blind signatures gave the protocol another owner, without a delay",
      outcome: "stopped",
      layers: [...standard.endedBy, ...critical.endedBy, "timelock"],
      loss: { unit: "wei held", of: HELD, asItHappened: HELD, withSlipway: lost },
    });
  });
});
