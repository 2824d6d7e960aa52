import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 401_346n;

/*
 * Bybit, February 2025: what signers took for a transfer was foreign code on the wallet's own storage, and it wrote the wallet's pointer.
 */
describe("incident: a transfer that moves the wallet's pointer", () => {
  const exhibit = incidents();

  async function protocol(code = "Sweeper") {
    const { world } = exhibit;
    const wallet = await world.proxied("ColdWallet", HELD);
    const address = await wallet.getAddress();
    const sweeper = await (await world.deploy(code)).getAddress();
    const trojan = await world.deploy("Trojan", [sweeper]);
    const transfer = trojan.interface.encodeFunctionData("transfer", [world.user(1), 0]);
    return { world, wallet, address, trojan: await trojan.getAddress(), transfer };
  }

  it("INC-17 as it happened, one approved transfer later the wallet is another's", async () => {
    const { world, wallet, address, trojan, transfer } = await protocol();
    await world.send(wallet, world.people.deployer, "execTransaction", trojan, transfer, 1);
    const swept = await world.at("Sweeper", address);
    await world.send(swept, world.thief, "sweepETH", world.thief);
    expect(await world.ether(address)).to.equal(0n);
  });

  it("INC-18 no plan comes of it, for there is no way back; from a more careful thief's code there is one, and the stage is seen to leave the proxy elsewhere", async () => {
    const change =
      (code: string, isPinned = false) =>
      async () => {
        const { world, wallet, address, trojan, transfer } = await protocol(code);
        await world.govern(wallet);
        const call = `calls:
  - { stage: "0", function: "execTransaction(address,bytes,uint8)", args: ["${trojan}", "${transfer}", "1"] }`;
        const harm = async () => {
          await world.send(await world.at(code, address), world.thief, "sweepETH", world.thief);
          return HELD - (await world.ether(address));
        };
        const pins = isPinned ? `pins: ["${trojan}"]\n` : "";
        return { text: await planText("ColdWallet", "ColdWalletNext", "", `${pins}${call}`), harm };
      };
    const bare = await exhibit.attempt(change("Sweeper"));
    expect(bare.endedBy).to.deep.equal(["plan:CallReverts"]);
    const careful = await exhibit.attempt(change("SweeperCareful"));
    expect(careful.endedBy).to.include("pointers");
    const pinned = await exhibit.attempt(change("SweeperCareful", true));
    expect(pinned.endedBy).to.deep.equal(["pointers"]);
    await exhibit.matrix("M29", change("Sweeper"), bare.endedBy, "with code that cannot be left");
    await exhibit.matrix("M29", change("SweeperCareful"), careful.endedBy, "with more careful code");
    await exhibit.matrix("M29", change("SweeperCareful", true), pinned.endedBy, "with that and a pin");
    record({
      id: "M29",
      incident: "Bybit",
      year: 2025,
      reported: "$1.46B",
      cause: "an approved transfer was foreign code that wrote the wallet's pointer",
      outcome: "stopped",
      layers: [...bare.endedBy, ...careful.endedBy],
      loss: { unit: "wei held", of: HELD, asItHappened: HELD, withSlipway: pinned.lost },
    });
  });
});
