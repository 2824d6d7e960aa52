import { expect } from "chai";
import type { Contract } from "ethers";
import { impersonate } from "../../src/chain/devChain";
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
    const wallet = await world.proxied("Wallet", HELD);
    const address = await wallet.getAddress();
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
    const change = (isOpen: boolean) => async () => {
      const { world, wallet, address, library, shared } = await protocol();
      await world.govern(wallet);
      if (!isOpen) await world.send(shared, world.people.deployer, "initWallet", world.timelock);
      const text = await planText("Wallet", "WalletStub", `args: ["${library}"]`);
      const harm = async () => {
        if (!(await world.tries(shared, world.thief, "initWallet", world.thief))) return 0n;
        await world.send(shared, world.thief, "kill");
        await world.provider.send("hardhat_setCode", [library, "0x"]);
        const timelock = await impersonate(world.provider, world.timelock);
        const next = (await world.at("WalletStub", address)).connect(timelock) as Contract;
        await (await next.getFunction("pay")(world.user(1), HELD)).wait();
        return world.ether(address);
      };
      return { text, harm };
    };
    const { endedBy, lost } = await exhibit.attempt(change(true));
    expect(endedBy).to.deep.equal(["initializers"]);
    await exhibit.matrix("M08", change(true), endedBy);
    const sound = async () => ({ ...(await change(false)()), rehearsal: { without: ["access"] } });
    expect((await exhibit.attempt(sound)).endedBy, "initialised").to.deep.equal([]);
    record({
      id: "M08",
      incident: "Parity's library",
      year: 2017,
      reported: "513,774 ETH frozen",
      cause: "nobody initialised the library that all wallets delegate to",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "wei frozen", of: HELD, asItHappened: HELD, withSlipway: lost },
    });
  });
});
