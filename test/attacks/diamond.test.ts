import { loadFixture, setCode } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { concat, encodeBytes32String, id, Interface, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { ModuleKind, PlanClass, type Call } from "../../src/plan/types";
import { CutAction, type FacetCut } from "../../src/registry/facetCuts";
import { registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { State, stateOf, toNextStep, toScheduled } from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage } from "../helpers/plans";

const TEST_SELECTOR = "0x11111111";

async function base() {
  const fixture = await registryFixture();
  const { registry, deployment } = fixture;
  const module = await addModule(fixture);
  const facet = await ethers.deployContract("Facet__MockForDiamond", [7]);
  const init = await ethers.deployContract("Init__MockForRegistry");
  const selectorOf = (name: string) => registry.interface.getFunction(name as "facets").selector;
  /** A Critical plan whose only stage cuts the registry, due now. */
  const cutPlan = async (cuts: FacetCut[], target = ZeroAddress, data = "0x") => {
    const call: Call = {
      target: deployment.registry,
      value: 0n,
      data: registry.interface.encodeFunctionData("diamondCut", [cuts, target, data]),
    };
    const stage = await dialStage(module, 1n, { calls: [call], pins: [] });
    const plan = await dialPlan(fixture, module, { planClass: PlanClass.Critical, stages: [stage], rollbacks: [] });
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    return { plan, proposalId };
  };
  return { ...fixture, module, facet, facetAddress: await facet.getAddress(), init, selectorOf, cutPlan };
}

describe("attacks on the diamond", () => {
  it("ATK-80 cut_removes_diamondCut: an agreed plan that would lose the cut, the loupe or the timelock link does nothing", async () => {
    for (const name of ["diamondCut", "facets", "timelock", "advance", "cite"]) {
      const fixture = await loadFixture(base);
      const { registry, selectorOf, cutPlan } = fixture;
      const { plan, proposalId } = await cutPlan([
        { facetAddress: ZeroAddress, action: CutAction.Remove, functionSelectors: [selectorOf(name)] },
      ]);
      await expect(registry.advance(plan))
        .to.be.revertedWithCustomError(registry, "SelectorIsProtected")
        .withArgs(selectorOf(name));
      expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
    }
  });

  it("ATK-81 selector_clash: a facet that would shadow cut, cancel or halt cannot be added beside them", async () => {
    const { registry, deployment, facetAddress, selectorOf, cutPlan } = await loadFixture(base);
    const own: [string, string][] = [
      ["diamondCut", deployment.facets.DiamondCutFacet],
      ["cancel", deployment.facets.ProposalFacet],
      ["halt", deployment.facets.EmergencyFacet],
    ];
    const { plan } = await cutPlan([
      { facetAddress, action: CutAction.Add, functionSelectors: [TEST_SELECTOR, selectorOf("halt")] },
    ]);
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(registry, "SelectorExists")
      .withArgs(selectorOf("halt"), deployment.facets.EmergencyFacet);
    const self = await asTimelock(await loadFixture(base));
    for (const [name, present] of own) {
      const cut = { facetAddress, action: CutAction.Add, functionSelectors: [selectorOf(name)] };
      await expect(self.diamondCut([cut], ZeroAddress, "0x"))
        .to.be.revertedWithCustomError(registry, "SelectorExists")
        .withArgs(selectorOf(name), present);
    }
    expect(await registry.facetAddress(TEST_SELECTOR)).to.equal(ZeroAddress);
  });

  it("ATK-82 eoa_facet: an account without code, or with code that its key may change, serves nothing", async () => {
    const fixture = await loadFixture(base);
    const self = await asTimelock(fixture);
    const { registry, stranger, others } = fixture;
    const delegated = others[0]!.address;
    await setCode(delegated, concat(["0xef0100", fixture.facetAddress]));
    for (const facetAddress of [stranger.address, delegated, fixture.deployment.registry]) {
      const cut = { facetAddress, action: CutAction.Add, functionSelectors: [TEST_SELECTOR] };
      await expect(self.diamondCut([cut], ZeroAddress, "0x"))
        .to.be.revertedWithCustomError(registry, "FacetInvalid")
        .withArgs(facetAddress);
    }
  });

  it("ATK-83 init_data_without_target: a cut whose initialiser was forgotten does not pass as one without", async () => {
    const fixture = await loadFixture(base);
    const self = await asTimelock(fixture);
    const { registry, facetAddress, init } = fixture;
    const cut = { facetAddress, action: CutAction.Add, functionSelectors: [TEST_SELECTOR] };
    const data = init.interface.encodeFunctionData("store", [ZeroHash, ZeroHash]);
    await expect(self.diamondCut([cut], ZeroAddress, data))
      .to.be.revertedWithCustomError(registry, "InitWithoutCode")
      .withArgs(ZeroAddress);
    expect(await registry.facetAddress(TEST_SELECTOR)).to.equal(ZeroAddress);
  });

  it("ATK-84 init_returns_nothing: an initialiser that was not found, and a fallback that swallowed the call, undo the cut", async () => {
    const fixture = await loadFixture(base);
    const self = await asTimelock(fixture);
    const { registry, facetAddress, init } = fixture;
    const target = await init.getAddress();
    const cut = { facetAddress, action: CutAction.Add, functionSelectors: [TEST_SELECTOR] };
    await expect(self.diamondCut([cut], target, id("migrate()").slice(0, 10)))
      .to.be.revertedWithCustomError(registry, "InitUnanswered")
      .withArgs(target, "0x");
    const one = fixture.facet.interface.encodeFunctionData("one");
    await expect(self.diamondCut([cut], facetAddress, one))
      .to.be.revertedWithCustomError(registry, "InitUnanswered")
      .withArgs(facetAddress, toBeHex(71, 32));
    expect(await registry.facetAddress(TEST_SELECTOR)).to.equal(ZeroAddress);
    const slot = id("free");
    await self.diamondCut([cut], target, init.interface.encodeFunctionData("store", [slot, id("word")]));
    expect(await ethers.provider.getStorage(fixture.deployment.registry, slot)).to.equal(id("word"));
  });

  it("ATK-85 zero_selector: the selector 0x00000000 has a route of its own, and no plain transfer takes it", async () => {
    const fixture = await loadFixture(base);
    const self = await asTimelock(fixture);
    const { registry, facetAddress, deployment, stranger, selectorOf } = fixture;
    const cut = { facetAddress, action: CutAction.Add, functionSelectors: ["0x00000000", "0xffffffff"] };
    await self.diamondCut([cut], ZeroAddress, "0x");
    expect(await registry.facetAddress("0x00000000")).to.equal(facetAddress);
    expect(await registry.facetAddress("0xffffffff")).to.equal(facetAddress);
    expect(await registry.facetAddress("0x00000001")).to.equal(ZeroAddress);
    expect(await registry.facetAddress(selectorOf("diamondCut"))).to.equal(deployment.facets.DiamondCutFacet);
    await expect(stranger.sendTransaction({ to: deployment.registry, value: 1n }))
      .to.be.revertedWithCustomError(registry, "FunctionUnknown")
      .withArgs("0x00000000");
  });

  it("ATK-86 short_calldata: fewer than four bytes, or arguments cut short, call nothing", async () => {
    const fixture = await loadFixture(base);
    const self = await asTimelock(fixture);
    const { registry, facetAddress, deployment, stranger, release } = fixture;
    const cut = { facetAddress, action: CutAction.Add, functionSelectors: ["0x11000000"] };
    await self.diamondCut([cut], ZeroAddress, "0x");
    for (const data of ["0x11", "0x1100", "0x110000"]) {
      await expect(stranger.call({ to: deployment.registry, data }), data).to.be.rejected;
    }
    const grant = registry.interface.encodeFunctionData("grantRole", [id("RISK"), stranger.address]);
    const timelock = await ethers.getSigner(deployment.timelock);
    for (const length of [4, 35, 36, 55, 67]) {
      await expect(timelock.call({ to: deployment.registry, data: grant.slice(0, 2 + 2 * length) }), String(length)).to
        .be.rejected;
    }
    const register = registry.interface.encodeFunctionData("registerModule", [
      encodeBytes32String("short"),
      ModuleKind.Uups,
      await fixture.module.getAddress(),
      stranger.address,
    ]);
    await expect(release.call({ to: deployment.registry, data: register.slice(0, -2) })).to.be.rejected;
  });

  it("ATK-87 namespace_renamed: a facet that looks for its storage elsewhere finds the plan's history gone, and is taken back", async () => {
    const fixture = await loadFixture(base);
    const { registry, deployment, selectorOf } = fixture;
    const self = await asTimelock(fixture);
    // ConfigFacet as it would be with its namespace renamed: the slot in its code is another one.
    const { SLOT, OTHER } = {
      SLOT: "97eb238b15ea116a55fb811ab9d661a5610ff6a92c30fcdcf7186a94f1086e00",
      OTHER: "97eb238b15ea116a55fb811ab9d661a5610ff6a92c30fcdcf7186a94f1086f00",
    };
    const code = await ethers.provider.getCode(deployment.facets.DiamondCutFacet);
    expect(code).to.contain(SLOT);
    const renamed = ethers.Wallet.createRandom().address;
    await setCode(renamed, code.replaceAll(SLOT, OTHER));
    const cut = {
      facetAddress: renamed,
      action: CutAction.Replace,
      functionSelectors: [selectorOf("diamondCut"), selectorOf("rehearseCut")],
    };
    // There it finds no timelock, so nobody could ever cut again.
    await expect(self.diamondCut([cut], ZeroAddress, "0x"))
      .to.be.revertedWithCustomError(registry, "InverseCutRefused")
      .withArgs(
        new Interface(["error NotTimelock(address caller, address timelock)"]).encodeErrorResult("NotTimelock", [
          deployment.timelock,
          ZeroAddress,
        ]),
      );
  });
});
