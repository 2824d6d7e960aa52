import { loadFixture, setCode } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { AbiCoder, concat, id, Interface, ZeroAddress } from "ethers";
import { ethers } from "hardhat";
import { selectorsOf } from "../../src/registry/deployRegistry";
import { FACETS } from "../../src/registry/registryAbi";
import { artifacts, registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";

const Cut = { Add: 0, Replace: 1, Remove: 2 } as const;
const NAMES = ["one", "two", "three", "four", "echo", "fail", "failSilently"] as const;

/** A diamond with a loupe and one facet whose functions are all cut in; a second facet stands by. */
async function diamondFixture() {
  const loupe = await ethers.deployContract("DiamondLoupeFacet");
  const first = await ethers.deployContract("Facet__MockForDiamond", [1]);
  const second = await ethers.deployContract("Facet__MockForDiamond", [2]);
  const selector = (name: (typeof NAMES)[number]) => first.interface.getFunction(name).selector;
  const loupeSelectors: string[] = [];
  loupe.interface.forEachFunction((f) => loupeSelectors.push(f.selector));
  const harness = await ethers.deployContract("Diamond__Harness", [
    [
      { facetAddress: await loupe.getAddress(), action: Cut.Add, functionSelectors: loupeSelectors },
      { facetAddress: await first.getAddress(), action: Cut.Add, functionSelectors: NAMES.map(selector) },
    ],
  ]);
  const address = await harness.getAddress();
  const cut = (action: number, facetAddress: string, functionSelectors: string[], init = ZeroAddress, data = "0x") =>
    harness.cut([{ facetAddress, action, functionSelectors }], init, data);
  return {
    harness,
    address,
    cut,
    selector,
    loupeSelectors,
    loupe: loupe.attach(address) as typeof loupe,
    facet: first.attach(address) as typeof first,
    loupeAddress: await loupe.getAddress(),
    first: await first.getAddress(),
    second: await second.getAddress(),
  };
}

describe("Diamond", () => {
  describe("dispatch", () => {
    it("DIA-01 hands sender, value and data to the facet, and its answer back", async () => {
      const { facet } = await loadFixture(diamondFixture);
      const [sender] = await ethers.getSigners();
      expect(await facet.echo.staticCall("0x1234", { value: 7n })).to.deep.equal([sender?.address, 7n, "0x1234"]);
    });

    it("DIA-01 hands the facet's error back, an empty one too", async () => {
      const { facet } = await loadFixture(diamondFixture);
      await expect(facet.fail(42)).to.be.revertedWithCustomError(facet, "Failed").withArgs(42);
      await expect(facet.failSilently()).to.be.revertedWithoutReason();
    });

    it("DIA-02 refuses a selector that no facet serves with FunctionUnknown, a plain transfer too", async () => {
      const { harness, address } = await loadFixture(diamondFixture);
      const [sender] = await ethers.getSigners();
      await expect(sender?.sendTransaction({ to: address, data: "0xdeadbeef" }))
        .to.be.revertedWithCustomError(harness, "FunctionUnknown")
        .withArgs("0xdeadbeef");
      await expect(sender?.sendTransaction({ to: address, value: 1n }))
        .to.be.revertedWithCustomError(harness, "FunctionUnknown")
        .withArgs("0x00000000");
    });
  });

  describe("cut", () => {
    it("DIA-04 reports the cut as ERC-2535 says", async () => {
      const { harness, cut, second, selector } = await loadFixture(diamondFixture);
      const iface = new Interface((await artifacts.read("UpgradeRegistry")).abi);
      await expect(cut(Cut.Replace, second, [selector("one")]))
        .to.emit(new ethers.Contract(await harness.getAddress(), iface, harness.runner), "DiamondCut")
        .withArgs([[second, BigInt(Cut.Replace), [selector("one")]]], ZeroAddress, "0x");
    });

    it("DIA-05 refuses to add a selector that another facet serves", async () => {
      const { harness, cut, first, second, selector } = await loadFixture(diamondFixture);
      await expect(cut(Cut.Add, second, [selector("two")]))
        .to.be.revertedWithCustomError(harness, "SelectorExists")
        .withArgs(selector("two"), first);
    });

    it("DIA-05 refuses to add a selector twice in one cut", async () => {
      const { harness, cut, second } = await loadFixture(diamondFixture);
      await expect(cut(Cut.Add, second, ["0x11111111", "0x11111111"]))
        .to.be.revertedWithCustomError(harness, "SelectorExists")
        .withArgs("0x11111111", second);
    });

    for (const [action, name] of [
      [Cut.Add, "adding"],
      [Cut.Replace, "replacing"],
    ] as const) {
      it(`DIA-06 refuses ${name} with an account without code, the diamond itself, or a delegated key`, async () => {
        const { harness, address, cut, selector } = await loadFixture(diamondFixture);
        const selectors = action === Cut.Add ? ["0x11111111"] : [selector("one")];
        const delegated = ethers.Wallet.createRandom().address;
        await setCode(delegated, concat(["0xef0100", address]));
        for (const facet of [ethers.Wallet.createRandom().address, address, delegated]) {
          await expect(cut(action, facet, selectors))
            .to.be.revertedWithCustomError(harness, "FacetInvalid")
            .withArgs(facet);
        }
      });
    }

    it("DIA-07 refuses to replace what is not there, or by the same facet", async () => {
      const { harness, cut, first, selector } = await loadFixture(diamondFixture);
      await expect(cut(Cut.Replace, first, ["0x11111111"]))
        .to.be.revertedWithCustomError(harness, "SelectorUnknown")
        .withArgs("0x11111111");
      await expect(cut(Cut.Replace, first, [selector("one")]))
        .to.be.revertedWithCustomError(harness, "SelectorUnchanged")
        .withArgs(selector("one"), first);
    });

    it("DIA-07 refuses to remove what is not there, or a removal that names a facet", async () => {
      const { harness, cut, first, selector } = await loadFixture(diamondFixture);
      await expect(cut(Cut.Remove, ZeroAddress, ["0x11111111"]))
        .to.be.revertedWithCustomError(harness, "SelectorUnknown")
        .withArgs("0x11111111");
      await expect(cut(Cut.Remove, first, [selector("one")]))
        .to.be.revertedWithCustomError(harness, "RemovalNamesFacet")
        .withArgs(first);
    });

    it("DIA-07 refuses a cut that does nothing", async () => {
      const { harness, cut, second } = await loadFixture(diamondFixture);
      await expect(harness.cut([], ZeroAddress, "0x")).to.be.revertedWithCustomError(harness, "CutEmpty");
      await expect(cut(Cut.Add, second, []))
        .to.be.revertedWithCustomError(harness, "FacetWithoutSelectors")
        .withArgs(second);
    });

    it("DIA-08 never removes a protected selector, and lets it be replaced", async () => {
      const { harness, cut, facet, second, selector } = await loadFixture(diamondFixture);
      await harness.protect(selector("one"));
      const removal = () => cut(Cut.Remove, ZeroAddress, [selector("one")]);
      await expect(removal()).to.be.revertedWithCustomError(harness, "SelectorIsProtected").withArgs(selector("one"));
      await cut(Cut.Replace, second, [selector("one")]);
      expect(await facet.one()).to.equal(21n);
      await expect(removal()).to.be.revertedWithCustomError(harness, "SelectorIsProtected").withArgs(selector("one"));
    });

    it("DIA-08 protects only what exists", async () => {
      const { harness } = await loadFixture(diamondFixture);
      await expect(harness.protect("0x11111111"))
        .to.be.revertedWithCustomError(harness, "SelectorUnknown")
        .withArgs("0x11111111");
    });

    it("DIA-09 runs the initialiser in the diamond's storage after the cut", async () => {
      const { cut, facet, loupe, second, selector } = await loadFixture(diamondFixture);
      expect(await loupe.supportsInterface("0x12345678")).to.equal(false);
      const init = facet.interface.encodeFunctionData("announce", ["0x12345678"]);
      await cut(Cut.Replace, second, [selector("one")], second, init);
      expect(await loupe.supportsInterface("0x12345678")).to.equal(true);
    });

    it("DIA-09 undoes the cut when the initialiser fails, and hands its error on", async () => {
      const { harness, cut, facet, second, selector } = await loadFixture(diamondFixture);
      const failing = facet.interface.encodeFunctionData("fail", [7]);
      await expect(cut(Cut.Replace, second, [selector("one")], second, failing))
        .to.be.revertedWithCustomError(facet, "Failed")
        .withArgs(7);
      const silent = facet.interface.encodeFunctionData("failSilently");
      await expect(cut(Cut.Replace, second, [selector("one")], second, silent))
        .to.be.revertedWithCustomError(harness, "InitReverted")
        .withArgs(second);
      const nobody = ethers.Wallet.createRandom().address;
      await expect(cut(Cut.Replace, second, [selector("one")], nobody, "0x"))
        .to.be.revertedWithCustomError(harness, "InitWithoutCode")
        .withArgs(nobody);
      expect(await facet.one()).to.equal(11n);
    });
  });

  describe("pause", () => {
    it("DIA-10 refuses calls of a paused selector until it is admitted again", async () => {
      const { harness, facet, selector } = await loadFixture(diamondFixture);
      await expect(harness.setPaused(selector("one"), true))
        .to.emit(harness, "SelectorPaused")
        .withArgs(selector("one"));
      await expect(facet.one()).to.be.revertedWithCustomError(harness, "FunctionIsPaused").withArgs(selector("one"));
      expect(await facet.two()).to.equal(12n);
      await expect(harness.setPaused(selector("one"), false))
        .to.emit(harness, "SelectorUnpaused")
        .withArgs(selector("one"));
      expect(await facet.one()).to.equal(11n);
    });

    it("DIA-10 keeps a selector paused through a replacement, and through the removal of another", async () => {
      const { harness, cut, facet, second, selector } = await loadFixture(diamondFixture);
      await harness.setPaused(selector("failSilently"), true);
      await cut(Cut.Replace, second, [selector("failSilently")]);
      // The last selector of the list takes the place of the removed one.
      await cut(Cut.Remove, ZeroAddress, [selector("one")]);
      await expect(facet.failSilently())
        .to.be.revertedWithCustomError(harness, "FunctionIsPaused")
        .withArgs(selector("failSilently"));
    });

    it("DIA-10 refuses to pause a protected selector", async () => {
      const { harness, selector } = await loadFixture(diamondFixture);
      await harness.protect(selector("one"));
      await expect(harness.setPaused(selector("one"), true))
        .to.be.revertedWithCustomError(harness, "SelectorIsProtected")
        .withArgs(selector("one"));
    });
  });

  describe("loupe", () => {
    it("DIA-11 tells the truth after every one of 60 random cuts", async () => {
      const { cut, loupe, loupeAddress, loupeSelectors, first, second, selector } = await loadFixture(diamondFixture);
      const model = new Map<string, string>(NAMES.map((name) => [selector(name), first]));
      let seed = 1;
      const random = (below: number) => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed % below;
      };
      for (let round = 0; round < 60; ++round) {
        const picked = selector(NAMES[random(NAMES.length)] ?? "one");
        const present = model.get(picked);
        if (present === undefined) {
          const facet = random(2) === 0 ? first : second;
          await cut(Cut.Add, facet, [picked]);
          model.set(picked, facet);
        } else if (random(2) === 0) {
          await cut(Cut.Remove, ZeroAddress, [picked]);
          model.delete(picked);
        } else {
          const facet = present === first ? second : first;
          await cut(Cut.Replace, facet, [picked]);
          model.set(picked, facet);
        }
        const expected = new Map<string, string[]>([[loupeAddress, [...loupeSelectors]]]);
        for (const [s, facet] of model) expected.set(facet, [...(expected.get(facet) ?? []), s]);
        const facets = await loupe.facets();
        expect(facets.length).to.equal(expected.size);
        for (const { facetAddress, functionSelectors } of facets) {
          expect([...functionSelectors].sort()).to.deep.equal(expected.get(facetAddress)?.sort());
        }
        expect(await loupe.facetAddress(picked)).to.equal(model.get(picked) ?? ZeroAddress);
      }
      expect([...(await loupe.facetFunctionSelectors(ZeroAddress))]).to.deep.equal([]);
    });
  });
});

describe("UpgradeRegistry as a diamond", () => {
  it("DIA-12 serves exactly the functions of its facets, each from its own facet", async () => {
    const { registry, deployment } = await loadFixture(registryFixture);
    expect([...(await registry.facetAddresses())]).to.deep.equal(FACETS.map((name) => deployment.facets[name]));
    for (const name of FACETS) {
      const facet = deployment.facets[name];
      expect([...(await registry.facetFunctionSelectors(facet))]).to.deep.equal(await selectorsOf(artifacts, name));
    }
  });

  it("DIA-03 costs one cold read and one delegatecall: under 4,900 gas more than the facet itself [gas]", async () => {
    const { registry, deployment, stranger } = await loadFixture(registryFixture);
    const data = registry.interface.encodeFunctionData("timelock");
    // Sent, not estimated: an estimate adds the 64th that each delegatecall keeps back.
    const cost = async (to: string) => (await (await stranger.sendTransaction({ to, data })).wait())?.gasUsed ?? 0n;
    const overhead = (await cost(deployment.registry)) - (await cost(deployment.facets.ConfigFacet));
    expect(overhead).to.be.within(4_700n, 4_900n);
  });

  it("DIA-13 lets nobody but the timelock cut", async () => {
    const { registry, deployment, deployer, council, release } = await loadFixture(registryFixture);
    for (const caller of [deployer, release, council[0]]) {
      await expect(registry.connect(caller).diamondCut([], ZeroAddress, "0x"))
        .to.be.revertedWithCustomError(registry, "NotTimelock")
        .withArgs(caller?.address, deployment.timelock);
    }
  });

  it("DIA-14 cannot lose by accident its cut, its loupe, or what carries a plan to its end", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry, deployment } = fixture;
    const timelock = await asTimelock(fixture);
    const names = ["diamondCut", "facets", "facetFunctionSelectors", "facetAddresses", "facetAddress", "timelock"];
    names.push("propose", "castVote", "attest", "signalReady", "schedule", "advance", "rollback", "onlyWhileAdvancing");
    const selectors = names.map((name) => registry.interface.getFunction(name as "facets").selector);
    selectors.push(id("supportsInterface(bytes4)").slice(0, 10));
    for (const selector of selectors) {
      await expect(
        timelock.diamondCut(
          [{ facetAddress: ZeroAddress, action: Cut.Remove, functionSelectors: [selector] }],
          ZeroAddress,
          "0x",
        ),
      )
        .to.be.revertedWithCustomError(registry, "SelectorIsProtected")
        .withArgs(selector);
    }
    const next = await ethers.deployContract("DiamondCutFacet");
    const [cutSelector] = selectors as [string];
    await timelock.diamondCut(
      [{ facetAddress: await next.getAddress(), action: Cut.Replace, functionSelectors: [cutSelector] }],
      ZeroAddress,
      "0x",
    );
    expect(await registry.facetAddress(cutSelector)).to.equal(await next.getAddress());
    expect(await registry.facetAddress(cutSelector)).to.not.equal(deployment.facets.DiamondCutFacet);
  });

  it("DIA-15 announces ERC-165, the cut and the loupe, and not 0xffffffff", async () => {
    const { registry } = await loadFixture(registryFixture);
    const loupe = await ethers.getContractAt("DiamondLoupeFacet", await registry.getAddress());
    const ids = {
      erc165: "0x01ffc9a7",
      cut: "0x1f931c1c",
      loupe: "0x48e2b093",
    };
    for (const interfaceId of Object.values(ids)) expect(await loupe.supportsInterface(interfaceId)).to.equal(true);
    expect(await loupe.supportsInterface("0xffffffff")).to.equal(false);
  });

  it("DIA-16 ABI-decodes a route as facet, position and flags where the layout says", async () => {
    const { registry, deployment } = await loadFixture(registryFixture);
    const base = 0x32c42f7ead32e6027193ffead051da42db945eb66bc81f6521ad40b600000000n;
    const { selector } = registry.interface.getFunction("diamondCut");
    const word = BigInt(await ethers.provider.getStorage(await registry.getAddress(), base | BigInt(selector)));
    expect(AbiCoder.defaultAbiCoder().decode(["address"], ethers.toBeHex(word & ((1n << 160n) - 1n), 32))[0]).to.equal(
      deployment.facets.DiamondCutFacet,
    );
    expect((word >> 160n) & 0xffffffffn).to.equal(0n);
    expect(word >> 254n).to.equal(1n);
  });
});
