import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { ModuleKind } from "../../../src/plan/types";
import { registryFixture } from "../../fixtures/registry";
import { asTimelock } from "../../helpers/asTimelock";
import { deployBeacon, deployStep, installStep, proxyOf, viewOf } from "../../helpers/beacon";
import { ran, steer } from "../../helpers/canary";

const MODULE = encodeBytes32String("tokens");

/** A beacon's canary steered by a registry: the router's guardian. */
async function beaconFixture() {
  const fixture = await registryFixture();
  const { registry, release, deployment } = fixture;
  const timelock = (await asTimelock(fixture)).runner as HardhatEthersSigner;
  const at = { ...(await deployBeacon(deployment.timelock)), controller: timelock };
  const proxy = await viewOf(at, await proxyOf(at));
  await registry
    .connect(release)
    .registerModule(MODULE, ModuleKind.Beacon, await at.beacon.getAddress(), deployment.timelock);
  const router = await deployStep(at, {}, { guardian: deployment.registry });
  const direct = await steer(await router.getAddress());
  return { ...fixture, at, proxy, router, direct };
}

describe("Registry > the canary of a beacon", () => {
  it("BCN-22 the incident key freezes what the beacon names, and there is nothing to freeze before and after", async () => {
    const { registry, incident, at, proxy, router, direct } = await loadFixture(beaconFixture);
    await expect(registry.connect(incident).freeze(MODULE)).to.be.revertedWithCustomError(registry, "CanaryAbsent");
    await installStep(at, router);
    await expect(registry.connect(incident).freeze(MODULE)).to.emit(registry, "CanaryFrozen").withArgs(MODULE);
    expect((await direct.status()).isFrozen).to.equal(true);
    await proxy.app.connect(at.user).ping();
    expect((await ran(proxy)).candidate).to.equal(0n);
    await at.beacon.connect(at.controller).getFunction("upgradeTo")(await at.stable.getAddress());
    await expect(registry.connect(incident).freeze(MODULE)).to.be.revertedWithCustomError(registry, "CanaryAbsent");
  });

  it("BCN-22 a halt of the module freezes it, and the incident key lowers its share", async () => {
    const fixture = await loadFixture(beaconFixture);
    const { registry, incident, council, parameters, at, router, direct } = fixture;
    await installStep(at, router);
    const lower = direct.control.encodeFunctionData("lowerShare", [100]);
    await registry.connect(incident).tighten(MODULE, lower, 0, []);
    expect((await direct.status()).share).to.equal(100n);
    const drain = direct.control.encodeFunctionData("drain", [60]);
    await expect(registry.connect(incident).tighten(MODULE, drain, 0, []))
      .to.be.revertedWithCustomError(registry, "TighteningRefused")
      .withArgs(MODULE, router.interface.getError("UnknownMessage")!.selector);
    for (const member of council.slice(0, parameters.council.haltThreshold)) {
      await registry.connect(member).halt(MODULE, "look", 0, []);
    }
    expect((await direct.status()).isFrozen).to.equal(true);
    expect((await registry.haltOf(ZeroHash)).until).to.equal(0n);
  });

  it("BCN-22 a beacon that answers nothing, or nonsense, is no canary, and holds up no halt", async () => {
    const { registry, release, deployment, incident, council, parameters } = await loadFixture(beaconFixture);
    const silent = await ethers.deployContract("HookToken__MockForRouter");
    const name = encodeBytes32String("silent");
    await registry
      .connect(release)
      .registerModule(name, ModuleKind.Beacon, await silent.getAddress(), deployment.timelock);
    await expect(registry.connect(incident).freeze(name)).to.be.revertedWithCustomError(registry, "CanaryAbsent");
    // Answers with a word that is no address.
    await ethers.provider.send("hardhat_setCode", [await silent.getAddress(), "0x5f195f5260205ff3"]);
    await expect(registry.connect(incident).freeze(name)).to.be.revertedWithCustomError(registry, "CanaryAbsent");
    for (const member of council.slice(0, parameters.council.haltThreshold)) {
      await registry.connect(member).halt(name, "look", 0, []);
    }
    expect((await registry.haltOf(name)).until).to.not.equal(0n);
  });
});
