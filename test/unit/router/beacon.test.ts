import { expect } from "chai";
import { getBytes, id } from "ethers";
import { ethers } from "hardhat";
import type { BeaconRouter } from "../../../typechain-types";
import {
  act,
  conditionOf,
  keyOf,
  ONE,
  Op,
  policySlot,
  ran,
  Right,
  ruleOf,
  slotAt,
  Slots,
  steer,
  step,
  type PolicyStruct,
} from "../../helpers/canary";
import {
  beaconMessages,
  deployBeacon,
  deployStep,
  installStep,
  proxyOf,
  startStep,
  viewOf,
} from "../../helpers/beacon";

const selectorOf = (signature: string) => id(signature).slice(0, 10);
const MOVE = selectorOf("move(uint256)");
const TOTAL = selectorOf("total()");
const FAILED = selectorOf("Failed()");

describe("BeaconRouter", () => {
  const fresh = () => deployBeacon();

  /** A canary at `share`, with one proxy inside. */
  async function running(policy: Partial<PolicyStruct> = {}) {
    const at = await deployBeacon();
    const proxy = await proxyOf(at, Number(policy.share ?? 10_000));
    const router = await startStep(at, policy);
    const canary = await viewOf(at, proxy);
    const direct = await steer(await router.getAddress());
    return { at, proxy, router, canary, direct };
  }

  describe("routing", () => {
    it("BCN-01 the proxy decides: all its users meet one version, and a larger share keeps who was in", async () => {
      const at = await fresh();
      const inside = await viewOf(at, await proxyOf(at, 5_000));
      const outside = await viewOf(at, await proxyOf(at, 5_000, false));
      const first = await startStep(at, { share: 5_000 });
      for (const user of [at.user, at.other, at.guardian]) {
        await inside.app.connect(user).ping();
        await outside.app.connect(user).ping();
      }
      expect(await ran(inside)).to.deep.equal({ stable: 0n, candidate: 3n });
      expect(await ran(outside)).to.deep.equal({ stable: 3n, candidate: 0n });

      await installStep(at, await deployStep(at, { share: 10_000 }, { predecessor: await first.getAddress() }));
      await inside.app.connect(at.user).ping();
      await outside.app.connect(at.user).ping();
      expect(await ran(inside)).to.deep.equal({ stable: 0n, candidate: 4n });
      expect(await ran(outside)).to.deep.equal({ stable: 3n, candidate: 1n });
    });

    it("BCN-01 a proxy outside of the share costs no storage read and keeps no trace", async () => {
      const at = await fresh();
      const outside = await viewOf(at, await proxyOf(at, 1, false));
      await startStep(at, { share: 1, isCounted: true });
      const trace = (await ethers.provider.send("debug_traceCall", [
        {
          from: at.user.address,
          to: outside.proxy,
          data: outside.app.interface.encodeFunctionData("sender"),
        },
        "latest",
        { disableStorage: true, disableMemory: true, disableStack: true },
      ])) as { structLogs: { op: string }[] };
      const touched = trace.structLogs.filter(({ op }) => ["SLOAD", "SSTORE", "TLOAD", "TSTORE", "CALL"].includes(op));
      // The beacon's own slot, read by every beacon proxy.
      expect(touched.map(({ op }) => op)).to.deep.equal(["SLOAD"]);
      await outside.app.connect(at.user).ping();
      expect(BigInt(await slotAt(outside.proxy, policySlot() + 1n))).to.equal(0n);
    });

    it("BCN-02 begins in the block after its installation, whose calls are all stable's", async () => {
      const at = await fresh();
      const proxy = await viewOf(at, await proxyOf(at));
      const owner = await at.puppet.getAddress();
      await at.beacon.connect(at.controller).getFunction("transferOwnership")(owner);
      const router = await deployStep(at, {}, { controller: owner });
      const control = await steer(await router.getAddress());
      await at.puppet.run([
        step(await at.beacon.getAddress(), at.beacon.interface.encodeFunctionData("upgradeTo", [router.target])),
        step(await router.getAddress(), control.installData()),
        step(proxy.proxy, proxy.app.interface.encodeFunctionData("ping")),
      ]);
      expect(await ran(proxy)).to.deep.equal({ stable: 1n, candidate: 0n });
      await proxy.app.connect(at.user).ping();
      expect(await ran(proxy)).to.deep.equal({ stable: 1n, candidate: 1n });
    });

    it("BCN-02 serves stable to everybody where it was not installed, or the beacon was led to it again", async () => {
      const at = await fresh();
      const proxy = await viewOf(at, await proxyOf(at));
      const router = await deployStep(at);
      await at.beacon.connect(at.controller).getFunction("upgradeTo")(router.target);
      await proxy.app.connect(at.user).ping();
      expect(await ran(proxy)).to.deep.equal({ stable: 1n, candidate: 0n });
    });

    it("BCN-03 static calls go to their proxy's version, through a contract too", async () => {
      const { at, canary } = await running();
      expect(await canary.app.version()).to.equal(2n);
      const version = canary.app.interface.encodeFunctionData("version");
      await at.puppet.setReaction([], 0);
      await at.puppet.run([step(canary.proxy, version, { isStatic: true })]);
      expect(BigInt((await at.puppet.outcomes())[0]!.data)).to.equal(2n);
    });

    it("BCN-04 too little gas for candidate and stable reverts, and is never stable's call", async () => {
      const { canary, at } = await running({ candidateGas: 1_000_000 });
      let refused = 0;
      for (let gasLimit = 30_000n; gasLimit <= 130_000n; gasLimit += 2_500n) {
        const sent = canary.app.connect(at.user).ping({ gasLimit });
        const isOk = await sent
          .then((tx) => tx.wait())
          .then(
            () => true,
            () => false,
          );
        if (!isOk) refused += 1;
      }
      const { stable, candidate } = await ran(canary);
      expect([stable, refused > 0, candidate > 0n]).to.deep.equal([0n, true, true]);
    });
  });

  describe("control", () => {
    it("BCN-05 is installed once, by the controller, where the beacon names it, and initialises nothing", async () => {
      const at = await fresh();
      const router = await deployStep(at);
      const control = await steer(await router.getAddress());
      await expect(control.install(at.controller))
        .to.be.revertedWithCustomError(router, "NotImplementation")
        .withArgs(await at.stable.getAddress());
      await at.beacon.connect(at.controller).getFunction("upgradeTo")(router.target);
      for (const sender of [at.guardian, at.user]) {
        await expect(control.install(sender)).to.be.revertedWithCustomError(router, "TrafficUnauthorized");
      }
      await expect(control.install(at.controller, "0x12345678")).to.be.revertedWithCustomError(
        router,
        "InitUnsupported",
      );
      await expect(control.install(at.controller)).to.emit(router, "CanaryInstalled");
      await expect(control.install(at.controller)).to.be.revertedWithCustomError(router, "AlreadyInstalled");
    });

    it("BCN-06 one freeze at the router's own address stops the candidate for every proxy, for good", async () => {
      const { at, canary, direct, router } = await running();
      const second = await viewOf(at, await proxyOf(at));
      await expect(direct.freeze(at.user)).to.be.revertedWithCustomError(router, "TrafficUnauthorized");
      await expect(direct.freeze(at.guardian, "look")).to.emit(router, "CanaryFrozen").withArgs(2, 0, "look");
      for (const proxy of [canary, second]) {
        await proxy.app.connect(at.user).ping();
        expect((await ran(proxy)).candidate).to.equal(0n);
        expect((await proxy.control.status()).isFrozen).to.equal(true);
      }
      await expect(direct.install(at.controller)).to.be.revertedWithCustomError(router, "AlreadyInstalled");
    });

    it("BCN-06 nothing that is said through a proxy steers, whoever says it", async () => {
      const { at, canary, router } = await running();
      for (const sender of [at.controller, at.guardian, at.user]) {
        const messages: [string, unknown[]][] = [
          ["install", ["0x"]],
          ["freeze", ["x"]],
          ["lowerShare", [1]],
        ];
        for (const [name, args] of messages) {
          await expect(canary.control.tell(sender, name, args)).to.be.revertedWithCustomError(router, "ProxyCall");
        }
      }
      await expect(canary.control.setShare(at.controller, 1, 1)).to.be.revertedWithCustomError(
        router,
        "UnknownMessage",
      );
      expect(BigInt(await slotAt(canary.proxy, policySlot()))).to.equal(0n);
    });

    it("BCN-07 a smaller share takes effect for all from the next block, by guardian or controller, and never a larger one", async () => {
      const { at, canary, direct, router } = await running({ share: 10_000 });
      await expect(direct.tell(at.user, "lowerShare", [0])).to.be.revertedWithCustomError(
        router,
        "TrafficUnauthorized",
      );
      await expect(direct.tell(at.guardian, "lowerShare", [10_000])).to.be.revertedWithCustomError(
        router,
        "NotTighter",
      );
      // A batch that was agreed on before goes on.
      await direct.tell(at.controller, "lowerShare", [10_000]);
      expect((await direct.status()).epoch).to.equal(1n);
      await direct.tell(at.guardian, "lowerShare", [0]);
      const { share, epoch } = await direct.status();
      expect([share, epoch]).to.deep.equal([0n, 2n]);
      await canary.app.connect(at.user).ping();
      expect((await ran(canary)).candidate).to.equal(0n);
    });

    it("BCN-08 the router's own address serves no calls: no code but its own touches its storage", async () => {
      const { at, router, proxy } = await running();
      const own = await router.getAddress();
      const write = await act(
        await viewOf(at, proxy),
        "WRITE",
        ["bytes32", "uint256"],
        [ethers.toBeHex(policySlot(), 32), 1n << 176n],
      );
      const before = await slotAt(own, policySlot());
      for (const data of [write, at.candidate.interface.encodeFunctionData("ping"), "0x1234"]) {
        await expect(at.user.sendTransaction({ to: own, data })).to.be.revertedWithCustomError(router, "DirectCall");
      }
      await expect(at.user.sendTransaction({ to: own, value: 1n })).to.be.revertedWithCustomError(router, "DirectCall");
      // The mark and the question, open to all.
      await at.user.sendTransaction({ to: own });
      expect(await at.user.call({ to: own, data: "0x00" })).to.equal(before);
      expect(await slotAt(own, policySlot())).to.equal(before);
    });

    it("BCN-09 tells proxy by proxy what was spent and broken, and the router for all", async () => {
      const { at, canary, direct } = await running({
        isCounted: true,
        interval: 3_600,
        cap: 100,
        rules: [ruleOf(MOVE, { meterWord: 1, weight: ONE })],
      });
      await canary.app.connect(at.user).move(30);
      await canary.app.connect(at.user).ping();
      const status = await canary.control.status();
      expect([status.candidateCalls, status.stableCalls, status.usedCurrent]).to.deep.equal([1n, 1n, 30n]);
      const own = await direct.status();
      expect([own.isInstalled, own.candidateCalls, own.usedCurrent, own.share]).to.deep.equal([true, 0n, 0n, 10_000n]);
      expect(await canary.control.magic()).to.equal(id("slipway.traffic.router.v1"));
      expect(await direct.magic()).to.equal(id("slipway.traffic.router.v1"));
      expect((await direct.policy()).cap).to.equal(100n);
      expect((await direct.limits()).capBps).to.equal(10_000n);
      const move = canary.app.interface.encodeFunctionData("move", [1]);
      expect(await canary.control.isCandidate(at.user.address, move)).to.equal(true);
      expect(await direct.isCandidate(at.user.address, move)).to.equal(false);
    });
  });

  describe("the step after", () => {
    async function twoSteps() {
      const { at, canary, direct, router } = await running({ share: 10_000, errorBudget: 1, isCounted: true });
      const next = await deployStep(
        at,
        { share: 10_000, errorBudget: 1, isCounted: true },
        { predecessor: await router.getAddress() },
      );
      return { at, canary, direct, router, next };
    }

    it("BCN-10 a step that was scheduled before a freeze does not begin after it, nor after a smaller share", async () => {
      for (const tightening of ["freeze", "lowerShare"]) {
        const { at, direct, router, next } = await twoSteps();
        await direct.tell(at.guardian, tightening, [tightening === "freeze" ? "look" : 1]);
        const { requireLive } = await beaconMessages();
        const error = "StalePolicy";
        await expect(
          at.controller.sendTransaction({ to: await router.getAddress(), data: requireLive() }),
        ).to.be.revertedWithCustomError(router, error);
        await at.beacon.connect(at.controller).getFunction("upgradeTo")(next.target);
        // A batch that names the epoch after a freeze is refused all the same.
        if (tightening === "freeze") {
          await expect(
            at.controller.sendTransaction({ to: await router.getAddress(), data: requireLive(2) }),
          ).to.be.revertedWithCustomError(router, "CanaryFrozen");
        }
        const control = await steer(await next.getAddress());
        await expect(control.install(at.controller)).to.be.revertedWithCustomError(next, error);
        expect((await control.status()).isInstalled).to.equal(false);
      }
    });

    it("BCN-10 a step that was frozen before it began never begins", async () => {
      const { at, next } = await twoSteps();
      const control = await steer(await next.getAddress());
      await control.freeze(at.guardian);
      await at.beacon.connect(at.controller).getFunction("upgradeTo")(next.target);
      await expect(control.install(at.controller)).to.be.revertedWithCustomError(next, "CanaryFrozen");
    });

    it("BCN-10 begins after a step that lives, and not after one that never began", async () => {
      const { at, next } = await twoSteps();
      await installStep(at, next);
      expect((await (await steer(await next.getAddress())).status()).isInstalled).to.equal(true);
      const idle = await deployStep(at);
      const after = await deployStep(at, {}, { predecessor: await idle.getAddress() });
      await at.beacon.connect(at.controller).getFunction("upgradeTo")(after.target);
      await expect((await steer(await after.getAddress())).install(at.controller)).to.be.revertedWithCustomError(
        after,
        "NotInstalled",
      );
    });

    it("BCN-11 finds what a proxy froze, spent and counted in the step before", async () => {
      const { at, canary, next } = await twoSteps();
      await canary.app.connect(at.user).ping();
      const beaconWrite = await act(canary, "WRITE", ["bytes32", "uint256"], [Slots.beacon, 1n]);
      await canary.user.sendTransaction({ to: canary.proxy, data: beaconWrite });
      expect((await canary.control.status()).isFrozen).to.equal(true);
      await installStep(at, next);
      const status = await canary.control.status();
      expect([status.isFrozen, status.candidateCalls, status.breaks]).to.deep.equal([true, 1n, 1n]);
      const before = await ran(canary);
      await canary.app.connect(at.user).ping();
      expect((await ran(canary)).candidate).to.equal(before.candidate);
    });

    it("BCN-12 refuses to be made after another canary's router, or a larger share's, and with what it cannot serve", async () => {
      const at = await fresh();
      const first = await startStep(at, { share: 5_000 });
      const predecessor = await first.getAddress();
      const attempts: [Partial<PolicyStruct>, Record<string, unknown>, string][] = [
        [{ share: 4_999 }, { predecessor }, "PredecessorInvalid"],
        [{ salt: id("other") }, { predecessor }, "PredecessorInvalid"],
        [{}, { predecessor, policyId: id("other") }, "PredecessorInvalid"],
        [{}, { predecessor, candidate: await at.puppet.getAddress() }, "PredecessorInvalid"],
        [{}, { predecessor, stable: await at.puppet.getAddress() }, "PredecessorInvalid"],
        [{}, { predecessor: await at.candidate.getAddress() }, "PredecessorInvalid"],
        [{}, { beacon: at.user.address }, "NoCode"],
        [{ rules: [ruleOf(MOVE, { cohortWord: 1 })] }, {}, "RuleInvalid"],
        [{ lanes: [{ name: ethers.encodeBytes32String("in"), isExit: false }], lanePause: 60 }, {}, "TooMany"],
      ];
      for (const [policy, target, error] of attempts) {
        await expect(deployStep(at, policy, target)).to.be.revertedWithCustomError(first, error);
      }
    });
  });

  describe("a segment, several meters and a fall", () => {
    it("BCN-23 a segment names proxies: they take part whatever the share, and a later step may only name more", async () => {
      const at = await fresh();
      const [named, next, none] = [
        await viewOf(at, await proxyOf(at, 1, false)),
        await viewOf(at, await proxyOf(at, 1, false)),
        await viewOf(at, await proxyOf(at, 1, false)),
      ];
      const keys = (...proxies: { proxy: string }[]) => proxies.map(({ proxy }) => keyOf(proxy)).sort();
      const first = await startStep(at, { share: 1, segment: keys(named, none) });
      const ping = named.app.interface.encodeFunctionData("ping");
      for (const view of [named, next, none]) await view.app.connect(at.user).ping();
      expect(await Promise.all([named, next, none].map(ran))).to.deep.equal([
        { stable: 0n, candidate: 1n },
        { stable: 1n, candidate: 0n },
        { stable: 0n, candidate: 1n },
      ]);
      expect(await named.control.isCandidate(at.user.address, ping)).to.equal(true);
      expect(await next.control.isCandidate(at.user.address, ping)).to.equal(false);

      const predecessor = await first.getAddress();
      // Who was let in would find itself outside while its call still runs.
      for (const segment of [[], keys(named), keys(named, next)]) {
        await expect(deployStep(at, { share: 1, segment }, { predecessor })).to.be.revertedWithCustomError(
          first,
          "PredecessorInvalid",
        );
      }
      await installStep(at, await deployStep(at, { share: 1, segment: keys(named, next, none) }, { predecessor }));
      for (const view of [named, next]) await view.app.connect(at.user).ping();
      expect(await Promise.all([named, next].map(ran))).to.deep.equal([
        { stable: 0n, candidate: 2n },
        { stable: 1n, candidate: 1n },
      ]);
    });

    it("BCN-23 a smaller share leaves a named proxy inside, zero and a freeze do not", async () => {
      const at = await fresh();
      const named = await viewOf(at, await proxyOf(at, 1, false));
      const router = await startStep(at, { share: 10_000, segment: [keyOf(named.proxy)] });
      const direct = await steer(await router.getAddress());
      await direct.tell(at.guardian, "lowerShare", [1]);
      await named.app.connect(at.user).ping();
      expect((await ran(named)).candidate).to.equal(1n);
      await direct.tell(at.guardian, "lowerShare", [0]);
      await named.app.connect(at.user).ping();
      expect(await ran(named)).to.deep.equal({ stable: 1n, candidate: 1n });
    });

    it("BCN-24 what a call makes the word of its own proxy fall by is charged to that proxy alone; over the cap stable serves", async () => {
      const at = await fresh();
      const [first, second] = [await viewOf(at, await proxyOf(at)), await viewOf(at, await proxyOf(at))];
      for (const { app } of [first, second]) await app.connect(at.user).setTotal(1_000);
      const probe = { target: await at.beacon.getAddress(), data: TOTAL, gas: 60_000 };
      const moveFor = selectorOf("moveFor(address,uint256)");
      const router = await startStep(at, {
        interval: 3_600,
        cap: 100,
        fall: { probe, weight: ONE },
        meters: [1, 2].map((word) => ({ selector: moveFor, word, weight: ONE })),
      });
      const lower = async (view: typeof first, total: bigint) =>
        at.user.sendTransaction({ to: view.proxy, data: await act(view, "SET_TOTAL", ["uint256"], [total]) });
      await lower(first, 930n);
      await first.app.connect(at.user).moveFor(ethers.toBeHex(10, 20), 10);
      await expect(lower(first, 919n))
        .to.emit(router.attach(first.proxy), "FallRefused")
        .withArgs(selectorOf("act(uint256,bytes)"), 11);
      await first.app.connect(at.user).moveFor(ethers.toBeHex(6, 20), 5);
      await lower(first, 920n);
      await lower(second, 900n);
      const spent = async (view: typeof first) => {
        const { usedCurrent, breaks } = await view.control.status();
        return [usedCurrent, breaks, await view.app.total()];
      };
      expect(await spent(first)).to.deep.equal([100n, 0n, 920n]);
      expect(await spent(second)).to.deep.equal([100n, 0n, 900n]);
      expect(await ran(first)).to.deep.equal({ stable: 2n, candidate: 3n });
    });
  });

  describe("frames", () => {
    it("BCN-13 a proxy that spends its error budget freezes itself, and no other", async () => {
      const at = await fresh();
      const [bad, good] = [await viewOf(at, await proxyOf(at)), await viewOf(at, await proxyOf(at))];
      const beacon = await at.beacon.getAddress();
      const router = await startStep(at, {
        errorBudget: 2,
        invariants: [conditionOf(beacon, TOTAL, Op.lte, 100)],
      });
      const spoil = await act(bad, "SET_TOTAL", ["uint256"], [101n]);
      const emitted = router.attach(bad.proxy) as BeaconRouter;
      await expect(at.user.sendTransaction({ to: bad.proxy, data: spoil })).to.emit(emitted, "InvariantBroken");
      await expect(at.user.sendTransaction({ to: bad.proxy, data: spoil }))
        .to.emit(emitted, "CanaryFrozen")
        .withArgs(1, 2, "error budget spent");
      await bad.app.connect(at.user).ping();
      await good.app.connect(at.user).ping();
      expect(await ran(bad)).to.deep.equal({ stable: 3n, candidate: 0n });
      expect(await ran(good)).to.deep.equal({ stable: 0n, candidate: 1n });
      expect((await good.control.status()).breaks).to.equal(0n);
      expect((await (await steer(await router.getAddress())).status()).isFrozen).to.equal(false);
    });

    it("BCN-14 a condition on the beacon is read at the proxy that is called, by stable's code", async () => {
      const at = await fresh();
      const [first, second] = [await viewOf(at, await proxyOf(at)), await viewOf(at, await proxyOf(at))];
      const beacon = await at.beacon.getAddress();
      await first.app.connect(at.user).setTotal(500);
      const router = await startStep(at, {
        errorBudget: 9,
        invariants: [
          conditionOf(beacon, TOTAL, Op.eq, 0, { rightKind: Right.before }),
          conditionOf(beacon, selectorOf("version()"), Op.eq, 1),
          conditionOf(beacon, TOTAL, Op.lte, 0, {
            rightKind: Right.probe,
            right: { target: beacon, data: TOTAL, gas: 100_000 },
          }),
        ],
      });
      for (const proxy of [first, second]) {
        await proxy.app.connect(at.user).ping();
        expect((await ran(proxy)).candidate).to.equal(1n);
        await expect(
          at.user.sendTransaction({ to: proxy.proxy, data: await act(proxy, "SET_TOTAL", ["uint256"], [7n]) }),
        )
          .to.emit(router.attach(proxy.proxy), "InvariantBroken")
          .withArgs(selectorOf("act(uint256,bytes)"), 0, 7, proxy === first ? 500 : 0, 1);
      }
    });

    it("BCN-15 undoes a candidate that writes what decides which code runs, or that keeps count of it", async () => {
      const { at, canary, router } = await running({ isCounted: true, errorBudget: 200 });
      const slots: [string, string][] = [
        ["WRITE", Slots.beacon],
        ["WRITE", Slots.implementation],
        ["WRITE", ethers.toBeHex(policySlot(), 32)],
        ["WRITE", ethers.toBeHex(policySlot() + 1n, 32)],
        ["WRITE_TRANSIENT", ethers.toBeHex(policySlot(), 32)],
      ];
      let breaks = 0;
      for (const [what, slot] of slots) {
        const data = await act(canary, what, ["bytes32", "uint256"], [slot, BigInt(at.user.address)]);
        const before = await slotAt(canary.proxy, Slots.beacon);
        breaks += 1;
        await expect(at.user.sendTransaction({ to: canary.proxy, data }))
          .to.emit(router.attach(canary.proxy), "SlotBroken")
          .withArgs(selectorOf("act(uint256,bytes)"), slot, breaks);
        expect(await slotAt(canary.proxy, Slots.beacon)).to.equal(before);
      }
      expect((await ran(canary)).stable).to.equal(BigInt(slots.length));
    });

    it("BCN-16 a candidate's revert is stable's call, an expected error is the user's, and neither freezes", async () => {
      const { at, canary, router } = await running({
        isCounted: true,
        expectedErrors: [selectorOf("Tightened(uint256)")],
      });
      await expect(canary.app.connect(at.user).fail())
        .to.emit(router.attach(canary.proxy), "CandidateReverted")
        .withArgs(selectorOf("fail()"), FAILED);
      const reason = at.candidate.interface.encodeErrorResult("Tightened", [42]);
      await expect(at.user.sendTransaction({ to: canary.proxy, data: await act(canary, "REVERT", [], [reason]) }))
        .to.be.revertedWithCustomError(at.candidate, "Tightened")
        .withArgs(42);
      const status = await canary.control.status();
      expect([status.fallbacks, status.breaks, status.isFrozen]).to.deep.equal([1n, 0n, false]);
    });

    it("BCN-17 the cap is each proxy's own: one that is spent goes to stable, the next still has all of it", async () => {
      const at = await fresh();
      const [first, second] = [await viewOf(at, await proxyOf(at)), await viewOf(at, await proxyOf(at))];
      await startStep(at, { interval: 3_600, cap: 100, rules: [ruleOf(MOVE, { meterWord: 1, weight: ONE })] });
      await first.app.connect(at.user).move(100);
      await first.app.connect(at.user).move(1);
      await second.app.connect(at.user).move(100);
      expect(await ran(first)).to.deep.equal({ stable: 1n, candidate: 1n });
      expect(await ran(second)).to.deep.equal({ stable: 0n, candidate: 1n });
    });

    it("BCN-17 a nested call is charged too, and reverts where it does not fit", async () => {
      const { at, canary } = await running({
        interval: 3_600,
        cap: 100,
        rules: [
          ruleOf(MOVE, { meterWord: 1, weight: ONE }),
          ruleOf(selectorOf("callOut(address,bytes)"), { isFree: true }),
        ],
      });
      const nested = (amount: number) =>
        canary.app.connect(at.user).callOut(canary.proxy, canary.app.interface.encodeFunctionData("move", [amount]));
      await nested(60);
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 2n });
      expect((await canary.control.status()).usedCurrent).to.equal(60n);
      // The candidate reverts with the meter's error, so stable serves all of it.
      await nested(41);
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 2n });
      expect((await canary.control.status()).usedCurrent).to.equal(60n);
    });

    it("BCN-18 a privileged selector, as an initialiser is, never reaches the candidate: alone it is stable's, nested it reverts", async () => {
      const migrate = selectorOf("migrate(uint256)");
      const { at, canary } = await running({ rules: [ruleOf(migrate, { isLockable: true })] });
      const data = canary.app.interface.encodeFunctionData("migrate", [5]);
      await expect(at.user.sendTransaction({ to: canary.proxy, data })).to.be.reverted;
      await expect(canary.app.connect(at.user).callOut(canary.proxy, data)).to.be.reverted;
      expect(await canary.app.initialized()).to.equal(1n);
      // Without the rule it is anybody's.
      const open = await running();
      await at.user.sendTransaction({ to: open.proxy, data });
      expect(await open.canary.app.initialized()).to.equal(2n);
    });
  });

  describe("calls that still run", () => {
    /** A canary whose beacon and router obey a contract that a user's call can make act, as an open executor does. */
    async function obedient(policy: Partial<PolicyStruct> = {}) {
      const at = await deployBeacon();
      const owner = await at.puppet.getAddress();
      const proxy = await viewOf(at, await proxyOf(at));
      const router = await deployStep(at, policy, { controller: owner, guardian: owner });
      await at.beacon.connect(at.controller).getFunction("upgradeTo")(router.target);
      const control = await steer(await router.getAddress());
      await at.beacon.connect(at.controller).getFunction("transferOwnership")(owner);
      await at.puppet.run([step(await router.getAddress(), control.installData())]);
      await ethers.provider.send("hardhat_mine", ["0x1"]);
      const react = at.puppet.interface.encodeFunctionData("react");
      const callOut = () => proxy.app.connect(at.user).callOut(owner, react);
      const next = await deployStep(at, policy, {
        controller: owner,
        guardian: owner,
        predecessor: await router.getAddress(),
      });
      return { at, proxy, router, control, next, callOut, own: await router.getAddress() };
    }

    it("BCN-19 cross_version_reentrancy: a callback moves no step, promotes nothing and takes nothing back", async () => {
      const { at, proxy, router, next, callOut, own } = await obedient();
      const { requireLive, requireResting } = await beaconMessages();
      const beacon = await at.beacon.getAddress();
      const batch = (data: string, to: string) => [
        step(own, data, { isCaught: true }),
        step(beacon, at.beacon.interface.encodeFunctionData("upgradeTo", [to])),
      ];
      // As batches do: the refused call ends all of it.
      await at.puppet.setReaction(batch(requireLive(), await at.candidate.getAddress()).slice(0, 1), 1);
      await callOut();
      await at.puppet.setReaction(batch(requireResting(), await at.stable.getAddress()).slice(0, 1), 1);
      await callOut();
      const refused = (await at.puppet.outcomes()).map(({ isOk, data }) => [isOk, data]);
      expect(refused).to.deep.equal([[false, router.interface.getError("CallInProgress")!.selector]]);

      const install = (await steer(await next.getAddress())).installData();
      await at.puppet.setReaction(
        [
          step(beacon, at.beacon.interface.encodeFunctionData("upgradeTo", [await next.getAddress()])),
          step(await next.getAddress(), install, { isCaught: true }),
          step(beacon, at.beacon.interface.encodeFunctionData("upgradeTo", [own])),
        ],
        1,
      );
      await callOut();
      expect((await at.puppet.outcomes()).map(({ isOk }) => isOk)).to.deep.equal([true, false, true]);
      // In a transaction of its own each of them goes through.
      await at.puppet.run([step(own, requireLive()), step(own, requireResting())]);
      expect((await ran(proxy)).stable).to.equal(0n);
    });

    it("BCN-19 a freeze in the middle lets what runs go on, and the next call is stable's", async () => {
      const { at, proxy, control, own, callOut } = await obedient();
      const ping = proxy.app.interface.encodeFunctionData("ping");
      await at.puppet.setReaction([step(own, control.freezeData()), step(proxy.proxy, ping)], 1);
      await callOut();
      // Candidate around, candidate within: two versions never run inside each other.
      expect(await ran(proxy)).to.deep.equal({ stable: 0n, candidate: 2n });
      await proxy.app.connect(at.user).ping();
      expect(await ran(proxy)).to.deep.equal({ stable: 1n, candidate: 2n });
    });

    it("BCN-19 while stable serves, what it calls back is stable's", async () => {
      const { at, proxy, callOut } = await obedient({
        interval: 3_600,
        cap: 100,
        rules: [ruleOf(selectorOf("ping()"), { isFree: true })],
      });
      const ping = proxy.app.interface.encodeFunctionData("ping");
      await at.puppet.setReaction([step(proxy.proxy, ping)], 1);
      await callOut();
      expect(await ran(proxy)).to.deep.equal({ stable: 2n, candidate: 0n });
    });

    it("BCN-19 a mark is only its own transaction's: nobody keeps a plan waiting with it", async () => {
      const { at, router, own } = await obedient();
      const { requireLive } = await beaconMessages();
      await at.puppet.setReaction([], 0);
      await expect(at.puppet.run([step(own, "0x"), step(own, requireLive())])).to.be.revertedWithCustomError(
        router,
        "CallInProgress",
      );
      await at.user.sendTransaction({ to: own });
      await at.puppet.run([step(own, requireLive())]);
    });
  });

  describe("forged_beacon_proxy", () => {
    const metered = {
      isCounted: true,
      errorBudget: 1,
      interval: 3_600,
      cap: 100,
      rules: [
        ruleOf(MOVE, { meterWord: 1, weight: ONE }),
        ruleOf(selectorOf("act(uint256,bytes)"), { isFree: true }),
        ruleOf(selectorOf("ping()"), { isFree: true }),
        ruleOf(selectorOf("callOut(address,bytes)"), { isFree: true }),
      ],
    };

    it("BCN-20 forged_beacon_proxy: a stranger's proxy of the same beacon freezes itself and spends its own, and no honest proxy sees it", async () => {
      const { at, canary, direct } = await running(metered);
      const forged = await viewOf(at, await proxyOf(at));
      const before = await direct.status();
      await forged.app.connect(at.other).move(100);
      await forged.app.connect(at.other).move(1);
      const spoil = await act(forged, "WRITE", ["bytes32", "uint256"], [Slots.beacon, 1n]);
      await at.other.sendTransaction({ to: forged.proxy, data: spoil });
      expect((await forged.control.status()).isFrozen).to.equal(true);

      expect(await direct.status()).to.deep.equal(before);
      const honest = await canary.control.status();
      expect([honest.isFrozen, honest.breaks, honest.usedCurrent]).to.deep.equal([false, 0n, 0n]);
      await canary.app.connect(at.user).move(100);
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 1n });
    });

    it("BCN-20 forged_beacon_proxy: a contract that delegates to the router with storage of its own making reaches nothing else", async () => {
      const { at, canary, router, direct } = await running(metered);
      const own = await router.getAddress();
      const forged = await ethers.deployContract("Delegator__MockForRouter", [own]);
      const at_ = await viewOf(at, await forged.getAddress());
      const before = [await slotAt(own, policySlot()), await slotAt(canary.proxy, policySlot())];
      const words = [
        // Frozen; a spent budget; a share of everybody's and all breaks; a counter that overflows.
        1n << 176n,
        (1n << 160n) - 1n,
        2n ** 256n - 1n,
      ];
      for (const word of words) {
        await ethers.provider.send("hardhat_setStorageAt", [
          at_.proxy,
          ethers.toBeHex(policySlot(), 32),
          ethers.toBeHex(word, 32),
        ]);
        const calls = [
          at_.app.interface.encodeFunctionData("ping"),
          await act(at_, "WRITE", ["bytes32", "uint256"], [ethers.toBeHex(policySlot(), 32), 5n]),
          await act(at_, "WRITE_TRANSIENT", ["bytes32", "uint256"], [ethers.toBeHex(policySlot(), 32), 9n]),
          at_.control.freezeData(),
          at_.app.interface.encodeFunctionData("callOut", [own, direct.freezeData()]),
          at_.app.interface.encodeFunctionData("callOut", [canary.proxy, canary.control.freezeData()]),
        ];
        for (const data of calls) {
          await at.other.sendTransaction({ to: at_.proxy, data, gasLimit: 3_000_000 }).then(
            (tx) => tx.wait().catch(() => undefined),
            () => undefined,
          );
        }
      }
      expect([await slotAt(own, policySlot()), await slotAt(canary.proxy, policySlot())]).to.deep.equal(before);
      await canary.app.connect(at.user).move(100);
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 1n });
    });

    it("BCN-20 forged_beacon_proxy: one that calls an honest proxy is any caller, even from inside its own frame", async () => {
      const { at, canary } = await running(metered);
      const forged = await viewOf(at, await proxyOf(at));
      const spend = canary.app.interface.encodeFunctionData("move", [100]);
      await forged.app.connect(at.other).callOut(canary.proxy, spend);
      // It spent the honest proxy's budget as any user may: by calling it. The candidate served it, and that is the cap.
      expect((await canary.control.status()).usedCurrent).to.equal(100n);
      await canary.app.connect(at.user).move(1);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
      expect((await canary.control.status()).isFrozen).to.equal(false);
    });
  });

  it("BCN-21 fits a contract", async () => {
    const { router } = await running();
    const size = getBytes(await ethers.provider.getCode(router)).length;
    expect(size).to.be.lessThan(24_576);
  });
});
