import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id, ZeroAddress, ZeroHash, type Result } from "ethers";
import { ethers } from "hardhat";
import { ModuleKind } from "../../src/plan/types";
import { DAY, registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { propose, toInProgress } from "../helpers/lifecycle";
import { addModule, dialPlan, MODULE } from "../helpers/plans";

const OTHER = encodeBytes32String("other");

async function moduleFixture() {
  const fixture = await registryFixture();
  return { ...fixture, module: await addModule(fixture) };
}

describe("ModuleFacet", () => {
  describe("registerModule", () => {
    it("MOD-01 names a module at version zero, free", async () => {
      const { registry, module, deployment } = await loadFixture(moduleFixture);
      const stored = await registry.moduleOf(MODULE);
      expect((stored as unknown as Result).toObject()).to.deep.equal({
        number: 1n,
        endedAt: 0n,
        kind: BigInt(ModuleKind.Uups),
        account: await module.getAddress(),
        authority: deployment.timelock,
        version: 0n,
        isRetired: false,
        hasRequirements: false,
        lockedBy: ZeroHash,
      });
      expect([...(await registry.moduleNames())]).to.deep.equal([MODULE]);
    });

    it("MOD-02 refuses an empty name, a taken name, and a taken account", async () => {
      const { registry, release, module, deployment } = await loadFixture(moduleFixture);
      const account = await module.getAddress();
      const register = (name: string, at: string) =>
        registry.connect(release).registerModule(name, ModuleKind.Uups, at, deployment.timelock);
      await expect(register(ZeroHash, deployment.registry)).to.be.revertedWithCustomError(registry, "ModuleNameEmpty");
      await expect(register(MODULE, deployment.registry))
        .to.be.revertedWithCustomError(registry, "ModuleExists")
        .withArgs(MODULE);
      await expect(register(OTHER, account))
        .to.be.revertedWithCustomError(registry, "AccountTaken")
        .withArgs(account, MODULE);
    });

    it("MOD-03 refuses an account without code, and an authority that is none", async () => {
      const { registry, release, stranger, deployment } = await loadFixture(moduleFixture);
      const other = await (await ethers.deployContract("Module__MockForRegistry", [ZeroAddress])).getAddress();
      const register = (account: string, authority: string) =>
        registry.connect(release).registerModule(OTHER, ModuleKind.Uups, account, authority);
      await expect(register(stranger.address, deployment.timelock))
        .to.be.revertedWithCustomError(registry, "NoCode")
        .withArgs(stranger.address);
      for (const authority of [ZeroAddress, other]) {
        await expect(register(other, authority))
          .to.be.revertedWithCustomError(registry, "AuthorityInvalid")
          .withArgs(authority);
      }
    });

    it("ACC-11 is open to the release role and the timelock", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, risk, stranger, deployment } = fixture;
      const other = await (await ethers.deployContract("Module__MockForRegistry", [ZeroAddress])).getAddress();
      for (const caller of [risk, stranger]) {
        await expect(registry.connect(caller).registerModule(OTHER, 0, other, deployment.timelock))
          .to.be.revertedWithCustomError(registry, "Unauthorized")
          .withArgs(caller.address, id("RELEASE"));
      }
      await (await asTimelock(fixture)).registerModule(OTHER, 0, other, deployment.timelock);
    });
  });

  describe("retireModule", () => {
    it("MOD-04 takes a module out of use; plans may not target it, and nothing else may have its account", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, release, module, deployment } = fixture;
      const timelock = await asTimelock(fixture);
      await expect(timelock.retireModule(MODULE)).to.emit(registry, "ModuleRetirement").withArgs(MODULE);
      await expect(propose(fixture, await dialPlan(fixture, module)))
        .to.be.revertedWithCustomError(registry, "ModuleRetired")
        .withArgs(MODULE);
      const account = await module.getAddress();
      await expect(registry.connect(release).registerModule(OTHER, 0, account, deployment.timelock))
        .to.be.revertedWithCustomError(registry, "AccountTaken")
        .withArgs(account, MODULE);
      await expect(timelock.retireModule(MODULE))
        .to.be.revertedWithCustomError(registry, "ModuleRetired")
        .withArgs(MODULE);
    });

    it("MOD-05 waits until no plan holds the module", async () => {
      const fixture = await loadFixture(moduleFixture);
      const plan = await dialPlan(fixture, fixture.module);
      const proposalId = await toInProgress(fixture, plan);
      const timelock = await asTimelock(fixture);
      await expect(timelock.retireModule(MODULE))
        .to.be.revertedWithCustomError(fixture.registry, "ModuleLocked")
        .withArgs(MODULE, proposalId);
      await time.increase(DAY);
      await fixture.registry.advance(plan);
      await timelock.retireModule(MODULE);
    });

    it("MOD-06 refuses a module that nobody registered", async () => {
      const fixture = await loadFixture(moduleFixture);
      await expect((await asTimelock(fixture)).retireModule(OTHER))
        .to.be.revertedWithCustomError(fixture.registry, "ModuleUnknown")
        .withArgs(OTHER);
      await expect(fixture.registry.moduleOf(OTHER))
        .to.be.revertedWithCustomError(fixture.registry, "ModuleUnknown")
        .withArgs(OTHER);
    });

    it("ACC-01 is the timelock's alone", async () => {
      const { registry, release, deployment } = await loadFixture(moduleFixture);
      await expect(registry.connect(release).retireModule(MODULE))
        .to.be.revertedWithCustomError(registry, "NotTimelock")
        .withArgs(release.address, deployment.timelock);
    });
  });
});
