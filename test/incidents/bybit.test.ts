import { expect } from "chai";
import { revertTo, takeSnapshot } from "../../src/chain/devChain";
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
    const wallet = await world.proxied("ColdWallet");
    const address = await wallet.getAddress();
    await (await world.signer().sendTransaction({ to: address, value: HELD })).wait();
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
    const rehearsed = async (code: string) => {
      const { world, wallet, trojan, transfer } = await protocol(code);
      await world.govern(wallet);
      const call = `calls:
  - { stage: "0", function: "execTransaction(address,bytes,uint8)", args: ["${trojan}", "${transfer}", "1"] }`;
      return world.rehearse(await planText("ColdWallet", "ColdWalletNext", "", call));
    };
    const { world } = exhibit;
    const before = await takeSnapshot(world.provider);
    const bare = await rehearsed("Sweeper");
    expect(bare.layers).to.deep.equal(["plan:CallReverts"]);
    await revertTo(world.provider, before);
    const careful = await rehearsed("SweeperCareful");
    expect(careful.layers).to.include("pointers");
    record({
      id: "M29",
      incident: "Bybit",
      year: 2025,
      reported: "$1.46B",
      cause: "an approved transfer was foreign code that wrote the wallet's pointer",
      outcome: "stopped",
      layers: [...bare.layers, ...careful.layers],
      needs: [],
      loss: { unit: "wei held", of: HELD, asItHappened: HELD, withSlipway: 0n },
    });
  });
});
