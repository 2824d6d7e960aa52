import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import type { HookToken__MockForRouter, VaultV2 } from "../../../typechain-types";
import {
  cohortNumber,
  conditionOf,
  deployRouter,
  keyOf,
  ONE,
  Op,
  policyOf,
  Right,
  steer,
  step,
  type PolicyStruct,
} from "../../helpers/canary";

const LIMIT = 1_000n * ONE;

async function deployVault() {
  const [, owner, guardian, alice, bob, thief] = (await ethers.getSigners()) as HardhatEthersSigner[] &
    [
      HardhatEthersSigner,
      HardhatEthersSigner,
      HardhatEthersSigner,
      HardhatEthersSigner,
      HardhatEthersSigner,
      HardhatEthersSigner,
    ];
  const asset = (await ethers.deployContract("HookToken__MockForRouter")) as unknown as HookToken__MockForRouter;
  const stable = await ethers.deployContract("VaultV1");
  const init = stable.interface.encodeFunctionData("initialize", [await asset.getAddress(), owner.address]);
  const proxy = await (await ethers.deployContract("ERC1967Proxy", [await stable.getAddress(), init])).getAddress();
  const vault = (await ethers.getContractAt("VaultV2", proxy)) as unknown as VaultV2;
  for (const user of [alice, bob]) {
    await asset.mint(user.address, 10_000n * ONE);
    await asset.connect(user).approve(proxy, ethers.MaxUint256);
  }
  await vault.connect(alice).deposit(1_000n * ONE, alice.address);
  return { owner, guardian, alice, bob, thief, asset, stable, proxy, vault, control: await steer(proxy) };
}

type Vault = Awaited<ReturnType<typeof deployVault>>;

async function startCanary(at: Vault, name: string, args: unknown[] = [], overrides: Partial<PolicyStruct> = {}) {
  const candidate = await ethers.deployContract(name, args);
  const router = await deployRouter({ ...at, candidate, controller: at.owner }, overrides);
  const migrate = at.vault.interface.encodeFunctionData("migrateV2", [LIMIT]);
  const data = at.control.installData(migrate);
  await at.vault.connect(at.owner).upgradeToAndCall(await router.getAddress(), data);
  // So that reads at the latest block see the policy in force as well.
  await ethers.provider.send("hardhat_mine", ["0x1"]);
  return { router: router.attach(at.proxy) as typeof router, candidate };
}

/** What a share is worth does not fall in a call. */
const sharePriceKept = (at: Vault) =>
  conditionOf(at.proxy, at.vault.interface.encodeFunctionData("convertToAssets", [ONE]), Op.gte, 0, {
    rightKind: Right.before,
    toleranceBps: 1,
  });

describe("TrafficRouter > a vault's canary", () => {
  const fresh = () => loadFixture(deployVault);

  it("RTR-33 healthy: V2 serves its cohort, its tightened rule reaches the user, and V1 reads what it wrote", async () => {
    const at = await fresh();
    const { candidate } = await startCanary(at, "VaultV2", [], {
      expectedErrors: [at.vault.interface.getError("LimitExceeded")!.selector],
      invariants: [sharePriceKept(at)],
    });
    await at.vault.connect(at.bob).deposit(2_000n * ONE, at.bob.address);
    await expect(at.vault.connect(at.bob).withdraw(LIMIT + 1n, at.bob.address, at.bob.address))
      .to.be.revertedWithCustomError(candidate, "LimitExceeded")
      .withArgs(LIMIT + 1n, LIMIT);
    await at.vault.connect(at.bob).withdraw(LIMIT, at.bob.address, at.bob.address);
    expect((await at.control.status()).breaks).to.equal(0n);
    // The way back: V1 over the same storage.
    await at.vault.connect(at.owner).upgradeToAndCall(await at.stable.getAddress(), "0x");
    expect(await at.vault.version()).to.equal(1n);
    expect(await at.vault.totalAssets()).to.equal(2_000n * ONE);
    await at.vault.connect(at.bob).redeem(await at.vault.balanceOf(at.bob.address), at.bob.address, at.bob.address);
  });

  it("RTR-09 candidate_init_through_router: V2's migration ran with the installation and is closed to users", async () => {
    const at = await fresh();
    await startCanary(at, "VaultV2");
    expect(await at.vault.withdrawalLimit()).to.equal(LIMIT);
    await expect(at.vault.connect(at.thief).migrateV2(ethers.MaxUint256)).to.be.reverted;
    await expect(
      at.vault.connect(at.thief).getFunction("initialize")(at.thief.address, at.thief.address),
    ).to.be.revertedWithCustomError(at.stable, "InvalidInitialization");
    expect(await at.vault.withdrawalLimit()).to.equal(LIMIT);
  });

  it("RTR-30 a candidate that mints shares twice is undone call by call, and users get what V1 gives", async () => {
    const at = await fresh();
    const { router } = await startCanary(at, "VaultV2DoubleMint", [], {
      errorBudget: 2,
      invariants: [sharePriceKept(at)],
    });
    const deposit = () => at.vault.connect(at.bob).deposit(100n * ONE, at.bob.address);
    await expect(deposit()).to.emit(router, "InvariantBroken");
    await expect(deposit()).to.emit(router, "CanaryFrozen").withArgs(2, 2, "error budget spent");
    await deposit();
    expect(await at.vault.balanceOf(at.bob.address)).to.equal(300n * ONE);
    expect(await at.vault.totalSupply()).to.equal(await at.vault.totalAssets());
  });

  it("RTR-30 without the invariant the same candidate does its harm: it is the condition that tells", async () => {
    const at = await fresh();
    await startCanary(at, "VaultV2DoubleMint");
    await at.vault.connect(at.bob).deposit(100n * ONE, at.bob.address);
    expect(await at.vault.balanceOf(at.bob.address)).to.equal(200n * ONE);
  });

  it("RTR-11 lying_candidate: a candidate that hides its theft in totalAssets is judged by V1's code", async () => {
    const at = await fresh();
    const { router, candidate } = await startCanary(at, "VaultV2LyingAssets", [at.thief.address], {
      invariants: [sharePriceKept(at)],
    });
    const tx = at.vault.connect(at.bob).deposit(100n * ONE, at.bob.address);
    await expect(tx).to.emit(router, "InvariantBroken");
    expect(await at.asset.balanceOf(at.thief.address)).to.equal(0n);
    expect(await at.vault.balanceOf(at.bob.address)).to.equal(100n * ONE);

    // Asked by itself, the candidate would have passed: made the implementation, it steals and keeps its price. The
    // router, frozen by the break, gives way to stable alone.
    await at.vault.connect(at.owner).upgradeToAndCall(await at.stable.getAddress(), "0x");
    await at.vault.connect(at.owner).upgradeToAndCall(await candidate.getAddress(), "0x");
    const before = await at.vault.convertToAssets(ONE);
    await at.vault.connect(at.bob).deposit(100n * ONE, at.bob.address);
    expect(await at.vault.convertToAssets(ONE)).to.equal(before);
    expect(await at.asset.balanceOf(at.thief.address)).to.equal(10n * ONE);
  });

  describe("cross_version_reentrancy", () => {
    /** Two contracts of one attacker, one in each cohort, with shares; the first withdraws, its hook makes the second. */
    async function attack(at: Vault, share: number, firstIsCandidate: boolean) {
      const inCohort = async (wanted: boolean) => {
        for (;;) {
          const puppet = await ethers.deployContract("Puppet__MockForRouter");
          const number = cohortNumber(policyOf().salt as string, keyOf(await puppet.getAddress()));
          if (number < BigInt(share) === wanted) return puppet;
        }
      };
      const first = await inCohort(firstIsCandidate);
      const second = await inCohort(!firstIsCandidate);
      const firstAddress = await first.getAddress();
      await at.vault.connect(at.bob).deposit(100n * ONE, firstAddress);
      // The second may spend the first's shares: they burn after the payment, so both payments see them.
      await first.run([
        step(at.proxy, at.vault.interface.encodeFunctionData("approve", [await second.getAddress(), 100n * ONE])),
      ]);
      const redeem = at.vault.interface.encodeFunctionData("redeem", [50n * ONE, firstAddress, firstAddress]);
      const inner = second.interface.encodeFunctionData("run", [[step(at.proxy, redeem, { isCaught: true })]]);
      await first.setReaction([step(await second.getAddress(), inner)], 1);
      await first.run([step(at.proxy, redeem)]);
      return second.outcomes();
    }

    for (const firstIsCandidate of [true, false]) {
      it(`RTR-08 cross_version_reentrancy: a callback from ${firstIsCandidate ? "V2" : "V1"} meets the same guard`, async () => {
        const at = await fresh();
        await startCanary(at, "VaultV2MovedGuard", [], { share: 5_000 });
        const outcomes = await attack(at, 5_000, firstIsCandidate);
        const entered = at.stable.interface.getError("ReentrancyGuardReentrantCall")!.selector;
        expect(outcomes.map((outcome) => [outcome.isOk, outcome.data])).to.deep.equal([[false, entered]]);
      });
    }

    it("RTR-08 the two versions side by side, without the router's rule, would let it through", async () => {
      const at = await fresh();
      // What a naive split does: each caller its own code.
      const moved = await ethers.deployContract("VaultV2MovedGuard");
      const split = await ethers.deployContract("NaiveSplit__MockForRouter", [
        await at.stable.getAddress(),
        await moved.getAddress(),
        5_000,
        policyOf().salt as string,
      ]);
      const migrate = at.vault.interface.encodeFunctionData("migrateV2", [LIMIT]);
      await at.vault.connect(at.owner).upgradeToAndCall(await split.getAddress(), "0x");
      await ethers.provider.send("hardhat_setBalance", [at.owner.address, "0x8ac7230489e80000"]);
      await at.owner.sendTransaction({
        to: at.proxy,
        data: split.interface.encodeFunctionData("toCandidate", [migrate]),
      });
      const outcomes = await attack(at, 5_000, true);
      expect(outcomes.map((outcome) => outcome.isOk)).to.deep.equal([true]);
    });
  });
});
