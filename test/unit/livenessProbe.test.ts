import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Interface, type BaseContract } from "ethers";
import { ethers } from "hardhat";
import type { HookToken__MockForRouter, LivenessProbe, Puppet__MockForRouter, VaultV2 } from "../../typechain-types";
import { act, conditionOf, deployCanary, deployProtocol, installOn, Op, step } from "../helpers/canary";

const GAS = 1_000_000;
const HOUR = 3_600;
const ALIVE = new Interface(["function alive() view returns (uint256)"]).encodeFunctionData("alive");

interface Step {
  target: string;
  value: bigint;
  data: string;
}

const call = async (contract: BaseContract, name: string, args: unknown[]): Promise<Step> => ({
  target: await contract.getAddress(),
  value: 0n,
  data: contract.interface.encodeFunctionData(name, args),
});

async function deployProbe(steps: Step[], gas = GAS, age = HOUR): Promise<LivenessProbe> {
  return (await ethers.deployContract("LivenessProbe", [steps, gas, age])) as unknown as LivenessProbe;
}

/** A vault whose probe deposits ten and takes them out again. */
async function deployWatched() {
  const [deployer, owner, stranger] = (await ethers.getSigners()) as [
    HardhatEthersSigner,
    HardhatEthersSigner,
    HardhatEthersSigner,
  ];
  const asset = (await ethers.deployContract("HookToken__MockForRouter")) as unknown as HookToken__MockForRouter;
  const implementation = await ethers.deployContract("VaultV1");
  const init = implementation.interface.encodeFunctionData("initialize", [await asset.getAddress(), owner.address]);
  const proxy = await ethers.deployContract("ERC1967Proxy", [await implementation.getAddress(), init]);
  const vault = (await ethers.getContractAt("VaultV2", await proxy.getAddress())) as unknown as VaultV2;
  const nonce = await deployer.getNonce();
  const self = ethers.getCreateAddress({ from: deployer.address, nonce });
  const probe = await deployProbe([
    await call(asset, "approve", [await vault.getAddress(), 10]),
    await call(vault, "deposit", [10, self]),
    await call(vault, "withdraw", [10, stranger.address, self]),
  ]);
  expect(await probe.getAddress()).to.equal(self);
  await asset.mint(self, 10);
  return { asset, vault, probe, owner, stranger, self };
}

describe("LivenessProbe", () => {
  const fresh = () => loadFixture(deployWatched);

  it("LIV-01 answers 1 where the action goes through, and 0 where users could not carry it out", async () => {
    const { probe, vault, owner, stranger } = await fresh();
    await expect(probe.connect(stranger).check()).to.emit(probe, "LivenessChecked").withArgs(true, 3);
    expect(await probe.alive()).to.equal(1n);
    // V2 before its migration lets nobody withdraw.
    const next = await ethers.deployContract("VaultV2");
    await vault.connect(owner).upgradeToAndCall(await next.getAddress(), "0x");
    await expect(probe.connect(stranger).check()).to.emit(probe, "LivenessChecked").withArgs(false, 2);
    expect(await probe.alive()).to.equal(0n);
  });

  it("LIV-02 leaves no trace: no balance, share, allowance or event of the action stays", async () => {
    const { probe, vault, asset, self } = await fresh();
    const facts = async () => [
      await asset.balanceOf(self),
      await asset.balanceOf(await vault.getAddress()),
      await asset.allowance(self, await vault.getAddress()),
      await vault.totalSupply(),
    ];
    const before = await facts();
    const receipt = await (await probe.check()).wait();
    expect(await facts()).to.deep.equal(before);
    expect(receipt?.logs.map(({ address }) => address)).to.deep.equal([self]);
    // The same action alone does leave one: the approval is a step of its own.
    const [approve] = await probe.action();
    const signer = await ethers.getImpersonatedSigner(self);
    await ethers.provider.send("hardhat_setBalance", [self, "0xde0b6b3a7640000"]);
    await signer.sendTransaction({ to: approve!.target, data: approve!.data });
    expect(await facts()).to.not.deep.equal(before);
  });

  it("LIV-03 nobody acts through it: the frame opens for the probe alone, and not while it is open", async () => {
    const { probe, stranger } = await fresh();
    await expect(probe.connect(stranger).tryAction())
      .to.be.revertedWithCustomError(probe, "FrameOnly")
      .withArgs(stranger.address);
    // A target that calls back, to check again or to open the frame itself.
    const puppet = (await ethers.deployContract("Puppet__MockForRouter")) as unknown as Puppet__MockForRouter;
    const target = await puppet.getAddress();
    const watched = await deployProbe([await call(puppet, "react", [])]);
    const at = await watched.getAddress();
    for (const name of ["check", "tryAction"] as const) {
      const data = watched.interface.encodeFunctionData(name as "check");
      await puppet.setReaction([step(at, data)], 1);
      await expect(watched.check()).to.emit(watched, "LivenessChecked").withArgs(false, 0);
    }
    await expect(deployProbe([{ target: at, value: 0n, data: "0x" }])).to.not.be.reverted;
    const nonce = await stranger.getNonce();
    const self = ethers.getCreateAddress({ from: stranger.address, nonce });
    const factory = (await ethers.getContractFactory("LivenessProbe")).connect(stranger);
    await expect(factory.deploy([{ target: self, value: 0n, data: "0x" }], GAS, HOUR)).to.be.revertedWithCustomError(
      probe,
      "ActionInvalid",
    );
    expect(target).to.not.equal(self);
  });

  it("LIV-04 a step cannot pass a failure off as success, whatever it reverts with", async () => {
    const { probe } = await fresh();
    const { candidate } = await deployProtocol();
    const undone = probe.interface.getError("Undone")!.selector;
    const at = { app: candidate, candidate } as unknown as Parameters<typeof act>[0];
    const data = await act(at, "REVERT", [], [undone]);
    const watched = await deployProbe([{ target: await candidate.getAddress(), value: 0n, data }]);
    await expect(watched.check()).to.emit(watched, "LivenessChecked").withArgs(false, 0);
    expect(await watched.alive()).to.equal(0n);
  });

  it("LIV-05 gas is capped: what burns all of it is dead, costs the caller no more, and bombs no memory", async () => {
    const { candidate } = await deployProtocol();
    const at = { app: candidate, candidate } as unknown as Parameters<typeof act>[0];
    for (const what of ["BURN_ALL", "REVERT_BOMB", "INVALID"]) {
      const watched = await deployProbe(
        [{ target: await candidate.getAddress(), value: 0n, data: await act(at, what) }],
        200_000,
      );
      const receipt = await (await watched.check({ gasLimit: 5_000_000 })).wait();
      expect(Number(receipt?.gasUsed), what).to.be.lessThan(200_000 + 100_000);
      expect(await watched.alive()).to.equal(0n);
    }
  });

  it("LIV-06 a poor caller cannot make it look dead: nothing is recorded", async () => {
    const { probe } = await fresh();
    await probe.check();
    for (const gasLimit of [GAS, GAS + 30_000, 100_000]) {
      await expect(probe.check({ gasLimit })).to.be.reverted;
    }
    await expect(probe.check.staticCall({ gasLimit: GAS + 30_000 })).to.be.revertedWithCustomError(
      probe,
      "LivenessStarved",
    );
    expect(await probe.alive()).to.equal(1n);
    await probe.check({ gasLimit: GAS + Math.ceil(GAS / 63) + 100_000 });
    expect(await probe.alive()).to.equal(1n);
  });

  it("LIV-07 an outcome that is too old is none: the probe is unavailable", async () => {
    const { probe } = await fresh();
    await expect(probe.alive()).to.be.revertedWithCustomError(probe, "LivenessUnknown").withArgs(0);
    await probe.check();
    const checkedAt = await time.latest();
    await time.increaseTo(checkedAt + HOUR);
    expect(await probe.alive()).to.equal(1n);
    await time.increase(1);
    await expect(probe.alive()).to.be.revertedWithCustomError(probe, "LivenessUnknown").withArgs(checkedAt);
  });

  it("LIV-08 refuses an action that could not fail, or could not run", async () => {
    const { probe, stranger } = await fresh();
    const good = { target: await probe.getAddress(), value: 0n, data: "0x" };
    for (const [steps, gas, age] of [
      [[], GAS, HOUR],
      [[{ ...good, target: stranger.address }], GAS, HOUR],
      [[good], 0, HOUR],
      [[good], 8_388_609, HOUR],
      [[good], GAS, 0],
      [[good], GAS, 30 * 24 * HOUR + 1],
    ] as const) {
      await expect(deployProbe([...steps], gas, age)).to.be.revertedWithCustomError(probe, "ActionInvalid");
    }
  });

  it("LIV-09 goes through a canary as any user does, and is an inline invariant: no candidate is blamed for what stable breaks too", async () => {
    const canary = await deployCanary({ errorBudget: 1 });
    // The candidate refuses `fail`, stable serves it: users are served.
    const watched = await deployProbe([
      { target: canary.proxy, value: 0n, data: canary.app.interface.encodeFunctionData("fail") },
    ]);
    await watched.check({ gasLimit: 3_000_000 });
    expect(await watched.alive()).to.equal(1n);
    expect((await canary.control.status()).fallbacks).to.equal(0n);

    const target = await watched.getAddress();
    const guarded = await deployProtocol();
    await installOn(guarded, { errorBudget: 1, invariants: [conditionOf(target, ALIVE, Op.eq, 1)] });
    await expect(guarded.app.connect(guarded.user).ping()).to.not.be.reverted;
    expect((await guarded.control.status()).breaks).to.equal(0n);
    await time.increase(2 * HOUR);
    await expect(guarded.app.connect(guarded.user).ping()).to.emit(
      guarded.router.attach(guarded.proxy),
      "BreakNotCounted",
    );
  });
});
