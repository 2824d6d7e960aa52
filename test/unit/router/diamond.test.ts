import { loadFixture, mine } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Contract, id, Interface, ZeroAddress, zeroPadBytes } from "ethers";
import { artifacts, ethers } from "hardhat";
import { CutAction } from "../../../src/registry/facetCuts";
import { cohortNumber, coder, conditionOf, keyOf, ONE, Op, ruleOf, step } from "../../helpers/canary";
import {
  ADDED,
  backCuts,
  cut,
  CUT_ABI,
  deployDiamond,
  deployDiamondRouter,
  deployRouters,
  DIAMOND_CUT,
  diamondCanary,
  FACET_ADDRESS,
  FIRST,
  installCuts,
  promoteCuts,
  routesOf,
  routeSlot,
  SECOND,
  TRAFFIC,
  type DiamondCanary,
  type InstalledDiamond,
} from "../../helpers/diamond";

const MOVE = id("move(uint256)").slice(0, 10);
const MOVE_FOR = id("moveFor(address,uint256)").slice(0, 10);
const SALT = id("salt");
const HALF = 5_000;

describe("DiamondRouter", () => {
  let errors: Interface;
  before(async () => {
    const names = ["TrafficErrors", "TrafficEvents", "Candidate__MockForRouter"];
    const all = await Promise.all(names.map((name) => artifacts.readArtifact(name)));
    errors = new Interface(all.flatMap(({ abi }) => abi as never[]).filter(({ type }) => type !== "constructor"));
  });
  const at = (canary: DiamondCanary) => new Contract(canary.diamond, errors, ethers.provider);

  const plain = () => diamondCanary({ share: 10_000 });
  const half = () => diamondCanary({ share: HALF });
  const off = () => diamondCanary({ share: 0 });

  /** A signer inside the cohort of half, and one outside. */
  async function bothSides() {
    const signers = await ethers.getSigners();
    const isIn = (address: string) => cohortNumber(SALT, keyOf(address)) < BigInt(HALF);
    return { inside: signers.find(({ address }) => isIn(address))!, outside: signers.find((s) => !isIn(s.address))! };
  }

  async function versions(canary: InstalledDiamond, address: string) {
    const view = canary.app.connect(await ethers.getSigner(address));
    return [await view.move.staticCall(1), await view.moveFor.staticCall(address, 1)].map(Number);
  }

  /** How a transaction ended, with the breaks after it. */
  async function breaks(canary: InstalledDiamond) {
    const { breaks: count, isFrozen } = await canary.control.status();
    return [Number(count), isFrozen];
  }

  async function write(canary: InstalledDiamond, slot: string, word: string) {
    const data = coder.encode(["bytes32", "bytes32"], [slot, word]);
    return canary.app.connect(canary.user).act(2, data);
  }

  describe("install", () => {
    it("DIA-41 one cut and one message start a canary over every changed facet, and one policy serves all of them", async () => {
      const canary = await loadFixture(half);
      const status = await canary.control.status();
      expect([status.isInstalled, status.share, status.epoch]).to.deep.equal([true, BigInt(HALF), 1n]);
      const { inside, outside } = await bothSides();
      expect(await versions(canary, inside.address)).to.deep.equal([2, 2]);
      expect(await versions(canary, outside.address)).to.deep.equal([1, 1]);
      await canary.control.setShare(canary.controller, 1, 10_000);
      await mine(1);
      expect(await versions(canary, outside.address)).to.deep.equal([2, 2]);
    });

    it("DIA-42 is for the controller alone, once, through the leader that the diamond leads to", async () => {
      const canary = await loadFixture(deployDiamond);
      const routers = await deployRouters(canary);
      await cut(canary.diamond, canary.controller, installCuts(routers));
      for (const signer of [canary.guardian, canary.user]) {
        await expect(canary.control.install(signer)).to.be.revertedWithCustomError(at(canary), "TrafficUnauthorized");
      }
      await canary.control.install(canary.controller);
      await expect(canary.control.install(canary.controller)).to.be.revertedWithCustomError(
        at(canary),
        "AlreadyInstalled",
      );
    });

    for (const [name, overrides] of Object.entries({
      "another loupe": (canary: DiamondCanary) => ({ loupe: canary.cutFacet }),
      "another cut facet": (canary: DiamondCanary) => ({ cutFacet: canary.loupe }),
      "another leader": (canary: DiamondCanary) => ({ leader: canary.loupe }),
    })) {
      it(`DIA-43 refuses a router that was made for ${name} with RouteWrong`, async () => {
        const canary = await loadFixture(deployDiamond);
        const router = await deployDiamondRouter(canary, {}, overrides(canary));
        const facetAddress = await router.getAddress();
        const install = [{ facetAddress, action: CutAction.Add, functionSelectors: [TRAFFIC] }];
        await cut(canary.diamond, canary.controller, install);
        await expect(canary.control.install(canary.controller)).to.be.revertedWithCustomError(at(canary), "RouteWrong");
      });
    }

    it("DIA-43 refuses a candidate's init that moves a route", async () => {
      const canary = await loadFixture(deployDiamond);
      await cut(canary.diamond, canary.controller, installCuts(await deployRouters(canary)));
      const data = coder.encode(["bytes32", "bytes32"], [routeSlot(DIAMOND_CUT), ethers.ZeroHash]);
      const init = canary.app.interface.encodeFunctionData("act", [2, data]);
      await expect(canary.control.install(canary.controller, init)).to.be.revertedWithCustomError(
        at(canary),
        "RouteWrong",
      );
    });
  });

  describe("one version a call", () => {
    it("DIA-44 a call from one facet to another stays on the version of the outermost, whoever calls", async () => {
      const canary = await loadFixture(half);
      const { inside, outside } = await bothSides();
      const inner = canary.app.interface.encodeFunctionData("moveFor", [inside.address, 1]);
      for (const [signer, version] of [
        [inside, 2],
        [outside, 1],
      ] as const) {
        const app = canary.app.connect(signer);
        const [outer, answer] = await app.callOut.staticCall(canary.diamond, inner);
        expect([Number(outer), Number(answer)]).to.deep.equal([version, version]);
        // Through a stranger's contract, whose own cohort is another matter.
        const target = await canary.puppet.getAddress();
        await canary.puppet.setReaction([step(canary.diamond, inner)], 1);
        await app.callOut(target, canary.puppet.interface.encodeFunctionData("react"));
        const [{ data }] = (await canary.puppet.outcomes()) as unknown as [{ data: string }];
        expect(Number(data)).to.equal(version);
      }
    });

    it("DIA-45 two_routers_in_one_diamond: a second canary is refused by the diamond, and forced in it keeps to itself while the first one ends", async () => {
      const canary = await loadFixture(plain);
      const policyId = id("another");
      const leader = await (
        await deployDiamondRouter(canary, { errorBudget: 1 }, { policyId, stable: await canary.stable[1].getAddress() })
      ).getAddress();
      const steal = (action: number) => [{ facetAddress: leader, action, functionSelectors: [TRAFFIC] }];
      await expect(cut(canary.diamond, canary.controller, steal(CutAction.Add))).to.be.reverted;
      // Its owner may do anything. The first canary's frames find that nobody could freeze them, and end.
      await cut(canary.diamond, canary.controller, [
        ...steal(CutAction.Replace),
        { facetAddress: leader, action: CutAction.Replace, functionSelectors: SECOND },
      ]);
      await canary.control.install(canary.controller);
      await mine(1);
      const status = await canary.control.status();
      expect([status.policyId, status.breaks, status.isFrozen]).to.deep.equal([policyId, 0n, false]);
      await expect(canary.app.connect(canary.user).move(1))
        .to.emit(at(canary), "SlotBroken")
        .withArgs(MOVE, zeroPadBytes(TRAFFIC, 32), 1);
      expect(Number(await canary.app.connect(canary.user).move.staticCall(1))).to.equal(1);
      expect(Number(await canary.app.connect(canary.user).moveFor.staticCall(canary.user.address, 1))).to.equal(2);
      expect((await canary.control.status()).breaks).to.equal(0n);
    });
  });

  describe("one budget", () => {
    it("DIA-46 what one facet's calls are charged leaves less for another's", async () => {
      const rules = [MOVE, MOVE_FOR].map((selector, i) => ruleOf(selector, { meterWord: i + 1, weight: ONE }));
      const canary = await diamondCanary({ cap: 10, interval: 3_600, rules });
      const app = canary.app.connect(canary.user);
      await app.move(6);
      expect((await canary.control.status()).usedCurrent).to.equal(6n);
      expect(Number(await app.moveFor.staticCall(canary.user.address, 4))).to.equal(2);
      expect(Number(await app.moveFor.staticCall(canary.user.address, 5))).to.equal(1);
    });

    it("DIA-74 several meters of one function, a segment, and what a word falls by in whichever facets a call runs through, once", async () => {
      const protocol = await deployDiamond();
      const { user, other, diamond } = protocol;
      const salt = id("segment");
      for (const { address } of [user, other]) expect(cohortNumber(salt, keyOf(address)) > 1n).to.equal(true);
      await protocol.app.connect(user).setTotal(1_000);
      const total = protocol.app.interface.encodeFunctionData("total");
      const routers = await deployRouters(protocol, {
        salt,
        share: 1,
        segment: [keyOf(user.address)],
        cap: 100,
        interval: 3_600,
        meters: [1, 2].map((word) => ({ selector: MOVE_FOR, word, weight: ONE })),
        fall: { probe: { target: diamond, data: total, gas: 100_000 }, weight: ONE },
      });
      await cut(diamond, protocol.controller, installCuts(routers));
      await protocol.control.install(protocol.controller);
      await mine(1);
      const app = protocol.app.connect(user);
      const used = async () => (await protocol.control.status()).usedCurrent;
      // From the first facet into itself and the second: 30 fall, and 5 and 5 are named.
      const word = (n: number) => ethers.toBeHex(n, 20);
      const steps = [
        step(diamond, app.interface.encodeFunctionData("act", [7, coder.encode(["uint256"], [970])])),
        step(diamond, app.interface.encodeFunctionData("moveFor", [word(5), 5])),
      ];
      const data = protocol.puppet.interface.encodeFunctionData("run", [steps]);
      await app.callOut(await protocol.puppet.getAddress(), data);
      expect([await used(), await app.total()]).to.deep.equal([40n, 970n]);
      expect(Number(await app.moveFor.staticCall(word(30), 30))).to.equal(2);
      expect(Number(await app.moveFor.staticCall(word(30), 31))).to.equal(1);
      expect(Number(await protocol.app.connect(other).moveFor.staticCall(word(1), 1))).to.equal(1);
      await expect(app.act(7, coder.encode(["uint256"], [909])))
        .to.emit(at(protocol), "FallRefused")
        .withArgs(id("act(uint256,bytes)").slice(0, 10), 61);
      expect([await used(), await app.total()]).to.deep.equal([40n, 970n]);
    });

    it("DIA-47 a freeze by the guardian, through the leader, sends every facet to stable", async () => {
      const canary = await loadFixture(plain);
      await canary.control.freeze(canary.guardian);
      expect(await versions(canary, canary.user.address)).to.deep.equal([1, 1]);
      await expect(canary.control.setShare(canary.controller, 1, 1)).to.be.revertedWithCustomError(
        at(canary),
        "StalePolicy",
      );
    });

    it("DIA-48 calls of every facet are counted together", async () => {
      const canary = await diamondCanary({ isCounted: true });
      await canary.app.connect(canary.user).move(1);
      await canary.app.connect(canary.user).moveFor(canary.user.address, 1);
      expect((await canary.control.status()).candidateCalls).to.equal(2n);
    });
  });

  describe("routes", () => {
    for (const [name, selector] of Object.entries({
      "its own": id("act(uint256,bytes)").slice(0, 10),
      "the control's": TRAFFIC,
      diamondCut: DIAMOND_CUT,
    })) {
      it(`DIA-49 a candidate that moves ${name} route is undone, stable serves, and it counts`, async () => {
        const canary = await loadFixture(plain);
        const before = await routesOf(canary.diamond);
        const tx = write(canary, routeSlot(selector), ethers.zeroPadValue(canary.user.address, 32));
        await expect(tx)
          .to.emit(at(canary), "SlotBroken")
          .withArgs(id("act(uint256,bytes)").slice(0, 10), zeroPadBytes(selector, 32), 1);
        expect(await routesOf(canary.diamond)).to.deep.equal(before);
        expect(await breaks(canary)).to.deep.equal([1, true]);
      });
    }

    it("DIA-50 lying_loupe: a candidate that also puts another loupe in place is found out by the code of the first", async () => {
      const canary = await loadFixture(plain);
      const loupe = routeSlot(FACET_ADDRESS);
      // One frame: a nested call writes the loupe's route, the outer one the control's.
      const inner = canary.app.interface.encodeFunctionData("act", [
        2,
        coder.encode(["bytes32", "bytes32"], [loupe, ethers.zeroPadValue(canary.user.address, 32)]),
      ]);
      const steps = [
        step(canary.diamond, inner),
        step(
          canary.diamond,
          canary.app.interface.encodeFunctionData("act", [
            2,
            coder.encode(["bytes32", "bytes32"], [routeSlot(TRAFFIC), ethers.zeroPadValue(canary.user.address, 32)]),
          ]),
        ),
      ];
      const data = canary.puppet.interface.encodeFunctionData("run", [steps]);
      const before = await routesOf(canary.diamond);
      await canary.app.connect(canary.user).callOut(await canary.puppet.getAddress(), data);
      expect(await routesOf(canary.diamond)).to.deep.equal(before);
      expect(await breaks(canary)).to.deep.equal([1, true]);
    });

    it("DIA-51 starved_routes: no gas limit makes a healthy candidate lose a route [gas]", async () => {
      const canary = await loadFixture(plain);
      const app = canary.app.connect(canary.user);
      const enough = Number(await app.move.estimateGas(1));
      let refused = 0;
      for (let gasLimit = 30_000; gasLimit <= enough + 5_000; gasLimit += 1_500) {
        await app.move(1, { gasLimit }).catch(() => ++refused);
      }
      expect(refused).to.be.greaterThan(5);
      expect(await breaks(canary)).to.deep.equal([0, false]);
      await app.move(1, { gasLimit: enough });
    });
  });

  describe("added and removed", () => {
    it("DIA-52 an added function is the candidate's: its revert is the user's, and the others find it absent", async () => {
      const canary = await loadFixture(half);
      const { inside, outside } = await bothSides();
      await expect(canary.app.connect(inside).tighten(7))
        .to.be.revertedWithCustomError(canary.candidate[0], "Tightened")
        .withArgs(7);
      expect(await canary.app.connect(inside).BURN_ALL()).to.equal(3n);
      const absent = [canary.app.connect(outside).BURN_ALL(), canary.app.connect(outside).tighten(7)];
      for (const call of absent) await expect(call).to.be.revertedWithCustomError(at(canary), "FunctionAbsent");
      await canary.control.freeze(canary.guardian);
      await expect(canary.app.connect(inside).BURN_ALL()).to.be.revertedWithCustomError(at(canary), "FunctionAbsent");
      expect(await breaks(canary)).to.deep.equal([0, true]);
    });

    it("DIA-53 a function that goes at promotion is stable's for all until then, and its callbacks meet stable", async () => {
      const canary = await loadFixture(plain);
      const app = canary.app.connect(canary.user);
      expect(Number(await app.callOutThenFail.staticCall(canary.user.address, "0x"))).to.equal(1);
      const inner = canary.app.interface.encodeFunctionData("moveFor", [canary.user.address, 1]);
      await canary.puppet.setReaction([step(canary.diamond, inner)], 1);
      const react = canary.puppet.interface.encodeFunctionData("react");
      await app.callOutThenFail(await canary.puppet.getAddress(), react);
      const [{ data }] = (await canary.puppet.outcomes()) as unknown as [{ data: string }];
      expect(Number(data)).to.equal(1);
      // The candidate's version has no such function.
      const nested = canary.app.interface.encodeFunctionData("callOutThenFail", [canary.user.address, "0x"]);
      const direct = step(canary.diamond, nested, { isCaught: true });
      await canary.puppet.setReaction([direct], 1);
      await app.callOut(await canary.puppet.getAddress(), react);
      const [{ isOk }] = (await canary.puppet.outcomes()) as unknown as [{ isOk: boolean }];
      expect(isOk).to.equal(false);
    });
  });

  describe("trip, back, promotion", () => {
    it("DIA-54 a broken invariant in one facet's call freezes the canary of all, and stable has served the call", async () => {
      const protocol = await deployDiamond();
      const total = protocol.app.interface.encodeFunctionData("total");
      const invariants = [conditionOf(protocol.diamond, total, Op.lte, 100)];
      const routers = await deployRouters(protocol, { invariants });
      await cut(protocol.diamond, protocol.controller, installCuts(routers));
      await protocol.control.install(protocol.controller);
      await mine(1);
      const canary = { ...protocol, routers };
      const data = coder.encode(["uint256"], [101]);
      await expect(canary.app.connect(canary.user).act(7, data)).to.emit(at(canary), "InvariantBroken");
      expect(await canary.app.total()).to.equal(0n);
      expect(await breaks(canary)).to.deep.equal([1, true]);
      expect(await versions(canary, canary.user.address)).to.deep.equal([1, 1]);
    });

    it("DIA-55 the way back leaves every route as it was, frozen or not, and no function of the router", async () => {
      const canary = await loadFixture(deployDiamond);
      const before = await routesOf(canary.diamond);
      for (const isFrozen of [false, true]) {
        const routers = await deployRouters(canary, {}, { policyId: id(`${isFrozen}`) });
        await cut(canary.diamond, canary.controller, installCuts(routers));
        await canary.control.install(canary.controller);
        if (isFrozen) await canary.control.freeze(canary.guardian);
        await cut(canary.diamond, canary.controller, await backCuts(canary));
        expect(await routesOf(canary.diamond)).to.deep.equal(before);
      }
    });

    it("DIA-56 promotion leads to the candidate's facets, removes what goes, and leaves no router", async () => {
      const canary = await loadFixture(plain);
      await cut(canary.diamond, canary.controller, await promoteCuts(canary));
      const routes = await routesOf(canary.diamond);
      const [first, second] = await Promise.all(canary.candidate.map((facet) => facet.getAddress()));
      for (const selector of [...FIRST, ...ADDED]) expect(routes[selector]).to.equal(first);
      for (const selector of SECOND) expect(routes[selector]).to.equal(second);
      expect(Object.values(routes)).to.not.include(canary.routers.leader);
      expect(routes[TRAFFIC]).to.equal(undefined);
      expect(await canary.app.connect(canary.user).BURN_ALL()).to.equal(3n);
    });
  });

  it("DIA-57 while idle every call of every facet is stable's, with its answers and reverts", async () => {
    const canary = await loadFixture(off);
    expect(await versions(canary, canary.user.address)).to.deep.equal([1, 1]);
    expect(await canary.app.fail.staticCall()).to.equal(1n);
    await canary.app.connect(canary.user).setTotal(9);
    expect(await canary.app.total()).to.equal(9n);
    const back = CUT_ABI.encodeFunctionData("diamondCut", [[], ZeroAddress, "0x"]);
    await expect(canary.user.sendTransaction({ to: canary.diamond, data: back })).to.be.reverted;
  });
});
