import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 513_774n;

/*
 * Parity, November 2017: wallets leave their work to a library that nobody initialised. Somebody did, and ended it; every wallet's money
 * stands still since.
 */
describe("incident: a library that anybody owns", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const wallet = await world.proxied("Wallet");
    const address = await wallet.getAddress();
    await (await world.signer().sendTransaction({ to: address, value: HELD })).wait();
    const shared = await world.deploy("WalletLibrary");
    return { world, wallet, address, shared, library: await shared.getAddress() };
  }

  it("INC-19 as it happened, once the library is gone payments pay nothing", async () => {
    const { world, wallet, address, shared, library } = await protocol();
    const next = await world.upgrade(wallet, "WalletStub", undefined, [library]);
    await world.send(shared, world.thief, "initWallet", world.thief);
    await world.send(shared, world.thief, "kill");
    // Before Cancun the code went with it.
    await world.provider.send("hardhat_setCode", [library, "0x"]);
    await world.send(next, world.people.deployer, "pay", world.user(1), HELD);
    expect(await world.ether(address)).to.equal(HELD);
  });

  it("INC-20 what the candidate delegates to is tried for open initialisers too, and fails where it can end itself", async () => {
    const { world, wallet, library, shared } = await protocol();
    await world.govern(wallet);
    const text = await planText("Wallet", "WalletStub", `args: ["${library}"]`);
    const { layers } = await world.rehearse(text);
    expect(layers).to.deep.equal(["initializers"]);
    await world.send(shared, world.people.deployer, "initWallet", world.timelock);
    expect((await world.rehearse(text, { without: ["access"] })).layers).to.deep.equal([]);
    record({
      id: "M08",
      incident: "Parity's library",
      year: 2017,
      reported: "513,774 ETH frozen",
      cause: "nobody initialised the library that all wallets delegate to",
      outcome: "stopped",
      layers,
      loss: { unit: "wei frozen", of: HELD, asItHappened: HELD, withSlipway: 0n },
    });
  });
});
