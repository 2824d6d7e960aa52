import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Contract, type Signer } from "ethers";
import { ethers } from "hardhat";
import { deployArtifact, proxyArtifact } from "../../../scripts/remote/artifact";
import type { Candidate__MockForRouter, Puppet__MockForRouter } from "../../../typechain-types";
import {
  act,
  addressIn,
  coder,
  deployRouter,
  deployVersions,
  Kind,
  ran,
  slotAt,
  Slots,
  steer,
  step,
  type Canary,
  type PolicyStruct,
} from "../../helpers/canary";

interface Behind extends Canary {
  admin: Contract;
  /** Through the ProxyAdmin, which only its owner moves. */
  upgrade(as: Signer, implementation: string, data: string): Promise<unknown>;
}

/** OpenZeppelin 4.8.3: the admin sits in the ERC-1967 slot and is asked for at every call. */
async function version4(owner: string, implementation: string, init: string, deployer: HardhatEthersSigner) {
  const admin = await deployArtifact(deployer, proxyArtifact("ProxyAdmin"));
  const proxy = await deployArtifact(deployer, proxyArtifact("TransparentUpgradeableProxy"), [
    implementation,
    await admin.getAddress(),
    init,
  ]);
  await (admin as Contract).getFunction("transferOwnership")(owner);
  return { proxy: await proxy.getAddress(), admin: admin as Contract };
}

/** OpenZeppelin 5: the proxy makes its own admin, and keeps it in its code. */
async function version5(owner: string, implementation: string, init: string) {
  const proxy = await ethers.deployContract("TransparentUpgradeableProxy", [implementation, owner, init]);
  const address = await proxy.getAddress();
  const admin = await ethers.getContractAt("ProxyAdmin", addressIn(await slotAt(address, Slots.admin)));
  return { proxy: address, admin: admin as unknown as Contract };
}

async function deployBehind(make: typeof version4): Promise<Behind> {
  const signers = (await ethers.getSigners()) as HardhatEthersSigner[];
  const [deployer, controller, guardian, user, other] = signers as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const { stable, candidate } = await deployVersions();
  const init = stable.interface.encodeFunctionData("initialize", [controller.address]);
  const { proxy, admin } = await make(controller.address, await stable.getAddress(), init, deployer);
  const router = await deployRouter({ stable, candidate, controller, guardian }, {}, { kind: Kind.transparent });
  const puppet = (await ethers.deployContract("Puppet__MockForRouter")) as unknown as Puppet__MockForRouter;
  return {
    proxy,
    admin,
    router,
    stable,
    candidate,
    puppet,
    app: candidate.attach(proxy) as Candidate__MockForRouter,
    control: await steer(proxy),
    controller,
    guardian,
    user,
    other,
    upgrade: (as, implementation, data) =>
      (admin.connect(as) as Contract).getFunction("upgradeAndCall")(proxy, implementation, data) as Promise<unknown>,
  };
}

async function install(behind: Behind, overrides: Partial<PolicyStruct> = {}, init = "0x") {
  const router = await deployRouter(behind, overrides, { kind: Kind.transparent });
  return behind.upgrade(behind.controller, await router.getAddress(), behind.control.installData(init));
}

for (const [name, make] of [
  ["OpenZeppelin 4.8.3", version4],
  ["OpenZeppelin 5", version5],
] as const) {
  describe(`TrafficRouter > behind a transparent proxy of ${name}`, () => {
    async function behind() {
      return deployBehind(make);
    }

    it("RTR-31 is installed by the proxy's admin, who is the sender of the candidate's init", async () => {
      const canary = await loadFixture(behind);
      await install(canary, {}, canary.candidate.interface.encodeFunctionData("migrate", [3]));
      expect(await canary.app.connect(canary.user).total()).to.equal(3n);
      expect(addressIn(await slotAt(canary.proxy, 0n))).to.equal(await canary.admin.getAddress());
      await canary.app.connect(canary.user).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 1n });
    });

    it("RTR-31 is steered by the controller straight through the proxy, and the admin has no say in it", async () => {
      const canary = await loadFixture(behind);
      await install(canary);
      await canary.control.setShare(canary.controller, 1, 100);
      expect((await canary.control.status()).share).to.equal(100n);
      await expect(canary.control.setShare(canary.user, 1, 10_000))
        .to.be.revertedWithCustomError(canary.router, "TrafficUnauthorized")
        .withArgs(canary.user.address);
      await canary.control.freeze(canary.guardian);
      await canary.app.connect(canary.user).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
    });

    it("RTR-31 is not installed by strangers", async () => {
      const canary = await loadFixture(behind);
      await canary.upgrade(
        canary.controller,
        await canary.stable.getAddress(),
        canary.app.interface.encodeFunctionData("ping"),
      );
      await expect(canary.upgrade(canary.user, await canary.router.getAddress(), canary.control.installData())).to.be
        .reverted;
      await expect(canary.control.install(canary.user)).to.be.reverted;
    });

    it("RTR-26 transparent: the admin takes the router out, back to stable or on to the candidate", async () => {
      const canary = await loadFixture(behind);
      await install(canary);
      const ping = canary.app.interface.encodeFunctionData("ping");
      await canary.upgrade(canary.controller, await canary.candidate.getAddress(), ping);
      expect(await canary.app.connect(canary.user).version()).to.equal(2n);
      await canary.upgrade(canary.controller, await canary.stable.getAddress(), ping);
      expect(await canary.app.connect(canary.user).version()).to.equal(1n);
    });

    it("RTR-26 transparent: upgradeToAndCall is the protocol's selector, also for the controller", async () => {
      const canary = await loadFixture(behind);
      await install(canary);
      const next = await canary.candidate.getAddress();
      for (const sender of [canary.controller, canary.user]) {
        await expect(canary.app.connect(sender).upgradeToAndCall(next, "0x")).to.be.reverted;
      }
      // At its own address it does not pass for a UUPS implementation either.
      const uuid = canary.stable.interface.encodeFunctionData("proxiableUUID");
      await expect(
        ethers.provider.call({ to: await canary.router.getAddress(), data: uuid }),
      ).to.be.revertedWithCustomError(canary.router, "DirectCall");
    });

    for (const slot of ["implementation", "admin"] as const) {
      it(`RTR-21 a candidate that writes the ERC-1967 ${slot} slot is undone, and it counts`, async () => {
        const canary = await loadFixture(behind);
        await install(canary, { errorBudget: 2 });
        const before = await slotAt(canary.proxy, Slots[slot]);
        const word = coder.encode(["address"], [canary.user.address]);
        const data = await act(canary, "WRITE", ["bytes32", "bytes32"], [Slots[slot], word]);
        await expect(canary.user.sendTransaction({ to: canary.proxy, data }))
          .to.emit(canary.router.attach(canary.proxy), "SlotBroken")
          .withArgs(canary.app.interface.getFunction("act").selector, Slots[slot], 1);
        expect(await slotAt(canary.proxy, Slots[slot])).to.equal(before);
      });
    }

    it("RTR-29 a batch that sets the share first cannot take the router out from inside a call", async () => {
      const canary = await loadFixture(behind);
      // Whoever owns the admin and steers the router: here a contract that a user can make act.
      const puppet = await canary.puppet.getAddress();
      const router = await deployRouter({ ...canary, controller: puppet }, {}, { kind: Kind.transparent });
      await canary.upgrade(canary.controller, await router.getAddress(), canary.control.installData());
      await (canary.admin.connect(canary.controller) as Contract).getFunction("transferOwnership")(puppet);
      const takeOut = canary.admin.interface.encodeFunctionData("upgradeAndCall", [
        canary.proxy,
        await canary.candidate.getAddress(),
        canary.app.interface.encodeFunctionData("ping"),
      ]);
      const batch = canary.puppet.interface.encodeFunctionData("run", [
        [step(canary.proxy, canary.control.shareData(1, 10_000)), step(await canary.admin.getAddress(), takeOut)],
      ]);
      await canary.puppet.setReaction([step(puppet, batch, { isCaught: true })], 1);
      const react = canary.puppet.interface.encodeFunctionData("react");
      await canary.app.connect(canary.user).callOut(puppet, react);
      const outcomes = await canary.puppet.outcomes();
      expect(outcomes.map((outcome) => outcome.data)).to.deep.equal([
        router.interface.getError("CallInProgress")?.selector,
      ]);
      expect((await canary.control.status()).breaks).to.equal(0n);
      await canary.puppet.run([step(puppet, batch)]);
      expect(await canary.app.connect(canary.user).version()).to.equal(2n);
    });
  });
}
