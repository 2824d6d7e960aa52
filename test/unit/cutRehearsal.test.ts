import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { AbiCoder, id, Interface, toBeHex, ZeroAddress } from "ethers";
import { ethers } from "hardhat";
import { selectorsOf } from "../../src/registry/deployRegistry";
import { CutAction, facetCuts } from "../../src/registry/facetCuts";
import { artifacts, registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { expectSlipwayError } from "../helpers/errors";

const Fault = { Idle: 0, Owned: 1, Burning: 2, Pretending: 3 } as const;
const ROUTES = 0x32c42f7ead32e6027193ffead051da42db945eb66bc81f6521ad40b600000000n;
const PROTECTED = 1n << 254n;
/** Length of the diamond's list of selectors. */
const SELECTORS = "0xf4384bab0bd32784fe3c8ed10ded720b133fb2dda59256a9d752c3602a781400";

async function cutFixture() {
  const fixture = await registryFixture();
  const { registry } = fixture;
  const self = await asTimelock(fixture);
  const selector = (name: string) => registry.interface.getFunction(name as "facets").selector;
  const cut = (action: number, facet: string, selectors: string[], init = ZeroAddress, data = "0x") =>
    self.diamondCut([{ facetAddress: facet, action, functionSelectors: selectors }], init, data);
  const route = async (of: string) =>
    toBeHex(BigInt(await ethers.provider.getStorage(registry, ROUTES | BigInt(of))), 32);
  const init = await ethers.deployContract("Init__MockForRegistry");
  const loupe = await selectorsOf(artifacts, "DiamondLoupeFacet");
  return { ...fixture, self, selector, cut, route, init, initAddress: await init.getAddress(), loupe };
}

describe("DiamondCutFacet: the way back from a cut", () => {
  it("ATK-10 uups_to_sterile: refuses a diamondCut that takes every cut and does nothing", async () => {
    const { registry, cut, selector, deployment } = await loadFixture(cutFixture);
    const sterile = await ethers.deployContract("CutFacet__MockForRegistry", [Fault.Idle]);
    await expect(cut(CutAction.Replace, await sterile.getAddress(), [selector("diamondCut")]))
      .to.be.revertedWithCustomError(registry, "RouteNotRestored")
      .withArgs(selector("diamondCut"), deployment.facets.DiamondCutFacet, await sterile.getAddress());
    expect(await registry.facetAddress(selector("diamondCut"))).to.equal(deployment.facets.DiamondCutFacet);
  });

  it("ATK-11 uups_to_sterile: refuses a diamondCut that obeys someone else than the timelock", async () => {
    const { registry, cut, selector, deployment } = await loadFixture(cutFixture);
    const owned = await ethers.deployContract("CutFacet__MockForRegistry", [Fault.Owned]);
    await expect(cut(CutAction.Replace, await owned.getAddress(), [selector("diamondCut")]))
      .to.be.revertedWithCustomError(registry, "InverseCutRefused")
      .withArgs(owned.interface.encodeErrorResult("NotOwner", [deployment.timelock]));
  });

  it("ATK-12 uups_to_sterile: is not deceived by a diamondCut that claims to have worked, or that burns all gas", async () => {
    const { registry, cut, selector } = await loadFixture(cutFixture);
    const pretending = await ethers.deployContract("CutFacet__MockForRegistry", [Fault.Pretending]);
    await expect(cut(CutAction.Replace, await pretending.getAddress(), [selector("diamondCut")]))
      .to.be.revertedWithCustomError(registry, "InverseCutRefused")
      .withArgs(id("CutRehearsed()").slice(0, 10));
    const burning = await ethers.deployContract("CutFacet__MockForRegistry", [Fault.Burning]);
    const parts = [
      {
        facetAddress: await burning.getAddress(),
        action: CutAction.Replace,
        functionSelectors: [selector("diamondCut")],
      },
    ];
    const { self } = await loadFixture(cutFixture);
    await expect(self.diamondCut(parts, ZeroAddress, "0x", { gasLimit: 8_000_000 })).to.be.reverted;
  });

  it("ATK-13 loupe_lies: refuses a loupe that tells something else than what the diamond does", async () => {
    const { registry, cut, selector, deployment, loupe } = await loadFixture(cutFixture);
    const lying = await ethers.deployContract("Loupe__MockForRegistry", [deployment.facets.ConfigFacet]);
    await expect(cut(CutAction.Replace, await lying.getAddress(), loupe))
      .to.be.revertedWithCustomError(registry, "LoupeWrong")
      .withArgs(
        selector("diamondCut"),
        deployment.facets.DiamondCutFacet,
        AbiCoder.defaultAbiCoder().encode(["address"], [deployment.facets.ConfigFacet]),
      );
  });

  it("ATK-14 refuses a cut whose initialiser moves diamondCut away behind it", async () => {
    const { registry, cut, selector, init, initAddress } = await loadFixture(cutFixture);
    const sterile = await ethers.deployContract("CutFacet__MockForRegistry", [Fault.Idle]);
    const slot = toBeHex(ROUTES | BigInt(selector("diamondCut")), 32);
    const store = init.interface.encodeFunctionData("store", [slot, toBeHex(await sterile.getAddress(), 32)]);
    const one = await ethers.deployContract("Facet__MockForDiamond", [1]);
    await expect(
      cut(CutAction.Add, await one.getAddress(), ["0x11111111"], initAddress, store),
    ).to.be.revertedWithCustomError(registry, "RouteNotRestored");
    const { self } = await loadFixture(cutFixture);
    await expect(self.diamondCut([], initAddress, store), "without a cut too").to.be.revertedWithCustomError(
      registry,
      "RouteNotRestored",
    );
  });

  it("ATK-15 leaves nothing of the trial: routes are those of the cut, and one event tells of one cut", async () => {
    const { registry, cut, selector, route, deployment } = await loadFixture(cutFixture);
    const one = await ethers.deployContract("Facet__MockForDiamond", [1]);
    const address = await one.getAddress();
    const before = await registry.facets();
    const sent = await cut(CutAction.Add, address, ["0x11111111"]);
    const receipt = await sent.wait();
    expect(receipt?.logs.filter(({ address: by }) => by === deployment.registry).length).to.equal(1);
    const after = await registry.facets();
    expect(after.length).to.equal(before.length + 1);
    expect(after[after.length - 1]).to.deep.equal([address, ["0x11111111"]]);
    expect(await registry.facetAddress(id("slipway.diamond.trial").slice(0, 10))).to.equal(ZeroAddress);
    // Protected and first in the list, as before.
    expect(BigInt(await route(selector("diamondCut"))) >> 160n).to.equal(1n << 94n);
    // Nor is the next cut taken for a trial.
    const sterile = await ethers.deployContract("CutFacet__MockForRegistry", [Fault.Idle]);
    await expect(
      cut(CutAction.Replace, await sterile.getAddress(), [selector("diamondCut")]),
    ).to.be.revertedWithCustomError(registry, "RouteNotRestored");
  });

  it("ATK-16 takes cuts of every kind together, a selector named twice among them", async () => {
    const { registry, self, selector } = await loadFixture(cutFixture);
    const one = await (await ethers.deployContract("Facet__MockForDiamond", [1])).getAddress();
    const config = await (await ethers.deployContract("ConfigFacet")).getAddress();
    const [removed, replaced, moved] = [selector("minInterval"), selector("grantRole"), selector("sweep")];
    await self.diamondCut(
      [
        { facetAddress: ZeroAddress, action: CutAction.Remove, functionSelectors: [removed, moved] },
        { facetAddress: one, action: CutAction.Add, functionSelectors: ["0x11111111", moved] },
        { facetAddress: config, action: CutAction.Replace, functionSelectors: [replaced] },
      ],
      ZeroAddress,
      "0x",
    );
    expect(await registry.facetAddress(removed)).to.equal(ZeroAddress);
    expect(await registry.facetAddress(moved)).to.equal(one);
    expect(await registry.facetAddress(replaced)).to.equal(config);
  });

  it("ATK-17 rehearseCut leaves nothing behind, whoever calls it", async () => {
    const { registry, self, deployment, stranger, selector } = await loadFixture(cutFixture);
    await expect(registry.rehearseCut([], []))
      .to.be.revertedWithCustomError(registry, "NotTimelock")
      .withArgs(stranger.address, deployment.timelock);
    await expect(
      self.rehearseCut([selector("grantRole")], [deployment.facets.StageFacet]),
    ).to.be.revertedWithCustomError(registry, "CutRehearsed");
    expect(await registry.facetAddress(selector("grantRole"))).to.equal(deployment.facets.ConfigFacet);
  });
});

describe("DiamondCutFacet: what a cut's initialiser did to the selectors it added", () => {
  const added = "0x11111111";
  const slot = toBeHex(ROUTES | BigInt(added), 32);

  async function addWith(data: (route: bigint, fixture: Awaited<ReturnType<typeof cutFixture>>) => string) {
    const first = await loadFixture(cutFixture);
    const facet = await (await ethers.deployContract("Facet__MockForDiamond", [1])).getAddress();
    await first.cut(CutAction.Add, facet, [added]);
    const route = BigInt(await first.route(added));
    const again = await loadFixture(cutFixture);
    await ethers.deployContract("Facet__MockForDiamond", [1]);
    return { ...again, facet, sent: again.cut(CutAction.Add, facet, [added], again.initAddress, data(route, again)) };
  }

  it("ATK-159 a selector that its own cut protects stays, for that was meant", async () => {
    const { registry, facet, sent, self } = await addWith((route, { init }) =>
      init.interface.encodeFunctionData("store", [slot, toBeHex(route | PROTECTED, 32)]),
    );
    await sent;
    expect(await registry.facetAddress(added)).to.equal(facet);
    await expect(
      self.diamondCut(
        [{ facetAddress: ZeroAddress, action: CutAction.Remove, functionSelectors: [added] }],
        ZeroAddress,
        "0x",
      ),
    ).to.be.revertedWithCustomError(registry, "SelectorIsProtected");
  });

  it("ATK-19 refuses a cut after which the selector that it added cannot be removed", async () => {
    const { registry, sent } = await addWith((_, { init }) =>
      // The list of selectors, emptied: nothing in it can be removed, though another can be added.
      init.interface.encodeFunctionData("store", [SELECTORS, toBeHex(0, 32)]),
    );
    await expect(sent)
      .to.be.revertedWithCustomError(registry, "InverseCutRefused")
      .withArgs(new Interface(["error Panic(uint256)"]).encodeErrorResult("Panic", [0x11]));
  });
});

describe("facetCuts", () => {
  const iface = new Interface(["function a()", "function b()", "function c()"]);
  const [a, b, c] = ["a", "b", "c"].map((name) => iface.getFunction(name)!.selector) as [string, string, string];
  const [one, two] = ["0x" + "11".repeat(20), "0x" + "22".repeat(20)] as [string, string];

  it("ATK-18 orphan_selector: leads to the whole of the desired map, and back", () => {
    const live = [{ facetAddress: one, functionSelectors: [a, b] }];
    const desired = [
      { facetAddress: one, functionSelectors: [a] },
      { facetAddress: two, functionSelectors: [c] },
    ];
    const { cuts, inverse, removed } = facetCuts(live, desired, [b]);
    expect(removed).to.deep.equal([b]);
    expect(cuts).to.deep.equal([
      { facetAddress: two, action: CutAction.Add, functionSelectors: [c] },
      { facetAddress: ZeroAddress, action: CutAction.Remove, functionSelectors: [b] },
    ]);
    expect(inverse).to.deep.equal([
      { facetAddress: one, action: CutAction.Add, functionSelectors: [b] },
      { facetAddress: ZeroAddress, action: CutAction.Remove, functionSelectors: [c] },
    ]);
    expect(facetCuts(desired, [{ facetAddress: two, functionSelectors: [a, c] }]).cuts).to.deep.equal([
      { facetAddress: two, action: CutAction.Replace, functionSelectors: [a] },
    ]);
  });

  it("ATK-18 accidental_removal: a function that goes has to be named", async () => {
    const live = [{ facetAddress: one, functionSelectors: [a, b] }];
    const facts = await expectSlipwayError(
      Promise.resolve().then(() => facetCuts(live, [{ facetAddress: two, functionSelectors: [a] }])),
      "RemovalUnconfirmed",
    );
    expect(facts.where).to.equal(`${b} of ${one}`);
  });

  it("ATK-18 selector_clash: two facets that serve one selector are refused", async () => {
    const desired = [
      { facetAddress: one, functionSelectors: [a] },
      { facetAddress: two, functionSelectors: [a] },
    ];
    await expectSlipwayError(
      Promise.resolve().then(() => facetCuts([], desired)),
      "SelectorClash",
    );
  });
});
