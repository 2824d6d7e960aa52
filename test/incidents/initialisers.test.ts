import { expect } from "chai";
import { ethers } from "hardhat";
import { Interface } from "ethers";
import { checkInitializers } from "../../src/plan/checkInitializers";
import { removeClients, testClient } from "../helpers/client";
import { expectSlipwayError } from "../helpers/errors";

/*
 * Parity's library in 2017 and Wormhole's implementation in 2022 stood there without an owner; Audius' proxy in 2022 kept its
 * admin where the implementation keeps "initialised". In each anyone could call an initialiser. Before a plan is built, every
 * initialiser is tried as a stranger, on the implementation and through the proxy, and one that succeeds refuses the plan.
 */
describe("incidents: initialisers that were open", () => {
  after(removeClients);

  async function check(target: string, abi: Interface, place: string): Promise<void> {
    const client = await testClient();
    await checkInitializers(client, {
      abi,
      knownCalls: [],
      target,
      someContract: target,
      before: [],
      place,
      where: "plan",
    });
  }

  it("ATK-95 wormhole_uninit_impl: as it happened, a stranger owns the code that everybody runs; the builder refuses such code", async () => {
    const shared = await ethers.deployContract("Library__MockForIncident");
    const [, stranger] = await ethers.getSigners();
    const facts = await expectSlipwayError(
      check(await shared.getAddress(), shared.interface as unknown as Interface, "the implementation"),
      "InitializerOpen",
    );
    expect(facts.expected).to.contain("initialize(address) to revert for a stranger");
    await shared.connect(stranger).initialize(stranger!.address);
    await shared.connect(stranger).kill();
    expect(await shared.isDead()).to.equal(true);
    // Used up, it is refused no more.
    await check(await shared.getAddress(), shared.interface as unknown as Interface, "the implementation");
  });

  it("ATK-96 initializer_replay: as it happened, the proxy's admin makes the flags read true, and initialize runs again", async () => {
    const logic = await ethers.deployContract("Governance__MockForIncident");
    const [, guardian, stranger] = await ethers.getSigners();
    const init = logic.interface.encodeFunctionData("initialize", [guardian!.address]);
    const deploy = async (admin: string) => {
      const proxy = await ethers.deployContract("AdminSlotProxy__MockForIncident", [
        admin,
        await logic.getAddress(),
        init,
      ]);
      return logic.attach(await proxy.getAddress()) as typeof logic;
    };
    // The address that it had: its last two bytes are the flags, and both are true.
    const hit = await deploy("0x4DEcA517D6817B6510798b7328F2314d3003AbAC");
    await expectSlipwayError(
      check(await hit.getAddress(), logic.interface as unknown as Interface, "the proxy"),
      "InitializerOpen",
    );
    await hit.connect(stranger).initialize(stranger!.address);
    expect(await hit.guardian()).to.equal(stranger!.address);
    // With its flags in a slot of their own it would have refused: an admin whose last bytes are those of the flags.
    const lucky = await deploy("0x4DEcA517D6817B6510798b7328F2314d30030001");
    await check(await lucky.getAddress(), logic.interface as unknown as Interface, "the proxy");
  });
});
