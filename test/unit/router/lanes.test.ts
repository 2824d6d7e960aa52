import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id, toBeHex, ZeroAddress } from "ethers";
import { ethers } from "hardhat";
import {
  act,
  deployCanary,
  deployRouter,
  ONE,
  policySlot,
  ran,
  ruleOf,
  slotAt,
  step,
  type Canary,
  type PolicyStruct,
} from "../../helpers/canary";

const PAUSE = 3_600;
const FOREVER = 2n ** 32n - 1n;
const selectorOf = (signature: string) => id(signature).slice(0, 10);
const MOVE = selectorOf("move(uint256)");
const PING = selectorOf("ping()");
const SET_TOTAL = selectorOf("setTotal(uint256)");

const ENTRY = 1;
const EXIT = 2;
const REST = 3;
const State = { active: 0, draining: 1, drained: 2 } as const;

/** `move` enters, `ping` gets out, `setTotal` is privileged, and what nobody names is in a third lane. */
const laned = (overrides: Partial<PolicyStruct> = {}): Partial<PolicyStruct> => ({
  lanePause: PAUSE,
  otherLane: REST,
  lanes: [
    { name: encodeBytes32String("entry"), isExit: false },
    { name: encodeBytes32String("exit"), isExit: true },
    { name: encodeBytes32String("rest"), isExit: true },
  ],
  rules: [
    ruleOf(MOVE, { lane: ENTRY }),
    ruleOf(PING, { lane: EXIT }),
    ruleOf(SET_TOTAL, { lane: EXIT, isLockable: true }),
  ],
  ...overrides,
});

async function lanedCanary() {
  return deployCanary(laned());
}

/** What is in flight is `total`. */
async function drainingCanary() {
  const canary = await deployCanary(laned());
  const data = canary.app.interface.encodeFunctionData("total");
  const inFlight = { target: canary.proxy, data, gas: 100_000 };
  return deployCanaryAgain(canary, laned({ inFlight }));
}

/** The same proxy with another policy: its address had to be known. */
async function deployCanaryAgain(canary: Canary, policy: Partial<PolicyStruct>): Promise<Canary> {
  const stable = await canary.stable.getAddress();
  await canary.app.connect(canary.controller).upgradeToAndCall(stable, "0x");
  const router = await deployRouter(canary, policy, { policyId: id("again") });
  await canary.app.connect(canary.controller).upgradeToAndCall(router, canary.control.installData());
  await ethers.provider.send("hardhat_mine", ["0x1"]);
  return { ...canary, router };
}

describe("TrafficRouter > lanes", () => {
  const fresh = () => loadFixture(lanedCanary);

  describe("pauseLane", () => {
    it("RTR-41 closes one lane, says until when, and opens it by itself", async () => {
      const canary = await fresh();
      const { app, control, guardian, user } = canary;
      await expect(control.tell(guardian, "pauseLane", [ENTRY, false])).to.emit(
        canary.router.attach(canary.proxy),
        "LaneClosed",
      );
      const until = BigInt((await time.latest()) + PAUSE);
      expect((await control.limits()).closedUntil).to.deep.equal([until, 0n, 0n]);
      await expect(app.connect(user).move(1))
        .to.be.revertedWithCustomError(canary.router, "LanePaused")
        .withArgs(ENTRY, until);
      await app.connect(user).ping();
      await time.increaseTo(until - 2n);
      await expect(app.connect(user).move(1)).to.be.revertedWithCustomError(canary.router, "LanePaused");
      await time.setNextBlockTimestamp(until);
      await app.connect(user).move(1);
    });

    it("RTR-41 closes it with either version, frozen or idle", async () => {
      for (const share of [10_000, 1, 0]) {
        const canary = await deployCanary(laned({ share }));
        await canary.control.tell(canary.guardian, "pauseLane", [ENTRY, false]);
        const move = () => canary.app.connect(canary.user).move(1);
        await expect(move()).to.be.revertedWithCustomError(canary.router, "LanePaused");
        await canary.control.freeze(canary.guardian);
        await expect(move()).to.be.revertedWithCustomError(canary.router, "LanePaused");
        await canary.app.connect(canary.user).ping();
        expect((await ran(canary)).stable).to.equal(1n);
      }
    });

    it("RTR-41 holds for a call nested in another, and for one without calldata", async () => {
      const canary = await fresh();
      const { app, puppet, control, guardian, user, proxy } = canary;
      await puppet.setReaction([step(proxy, app.interface.encodeFunctionData("move", [1]))], 1);
      await control.tell(guardian, "pauseLane", [ENTRY, false]);
      const react = puppet.interface.encodeFunctionData("react");
      await expect(app.connect(user).callOut(await puppet.getAddress(), react)).to.be.reverted;
      await control.tell(guardian, "pauseLane", [REST, true]);
      await expect(user.sendTransaction({ to: proxy, value: 1n })).to.be.revertedWithCustomError(
        canary.router,
        "LanePaused",
      );
    });

    it("RTR-41 lets static calls through: they change nothing", async () => {
      const canary = await fresh();
      const { app, puppet, control, guardian, proxy } = canary;
      await control.tell(guardian, "pauseLane", [REST, true]);
      const view = app.interface.encodeFunctionData("sender");
      await puppet.run([step(proxy, view, { isStatic: true })]);
      await expect(puppet.run([step(proxy, view)])).to.be.reverted;
    });

    it("RTR-42 by the guardian it is not renewed, nor taken up by a drain: open as long as it was closed", async () => {
      const canary = await fresh();
      const { control, guardian, controller, router, app, user } = canary;
      await control.tell(guardian, "pauseLane", [ENTRY, false]);
      const until = BigInt((await time.latest()) + PAUSE);
      const rested = until + BigInt(PAUSE);
      const refused = async (name: string, args: unknown[]) =>
        expect(control.tell(guardian, name, args))
          .to.be.revertedWithCustomError(router, "LaneResting")
          .withArgs(rested);
      await refused("pauseLane", [ENTRY, false]);
      await refused("drain", [PAUSE]);
      await time.increaseTo(until + 1n);
      await app.connect(user).move(1);
      await refused("pauseLane", [ENTRY, false]);
      await refused("drain", [1]);
      await time.increaseTo(rested);
      await control.tell(guardian, "drain", [PAUSE]);
      await expect(control.tell(guardian, "pauseLane", [ENTRY, false])).to.be.revertedWithCustomError(
        router,
        "LaneResting",
      );
      // The controller is bound by no rest, and by no end.
      await control.tell(controller, "pauseLane", [ENTRY, false]);
      expect((await control.limits()).closedUntil[0]).to.equal(FOREVER);
    });

    it("RTR-42 says which kind of lane it means", async () => {
      const { control, guardian, router } = await fresh();
      for (const [lane, isExit] of [
        [ENTRY, true],
        [EXIT, false],
        [0, false],
        [4, false],
        [200, true],
      ] as const) {
        await expect(control.tell(guardian, "pauseLane", [lane, isExit]))
          .to.be.revertedWithCustomError(router, "LaneUnknown")
          .withArgs(lane, isExit);
      }
    });
  });

  describe("drain", () => {
    it("RTR-43 closes entries and leaves exits open; drained once nothing is in flight; over at the deadline", async () => {
      const canary = await loadFixture(drainingCanary);
      const { app, control, controller, user, router } = canary;
      await app.setTotal(2);
      expect(await control.drainState()).to.equal(State.active);
      await control.tell(controller, "drain", [2 * PAUSE]);
      const deadline = BigInt((await time.latest()) + 2 * PAUSE);
      await expect(app.connect(user).move(1)).to.be.revertedWithCustomError(router, "Draining").withArgs(deadline);
      await app.connect(user).ping();
      expect(await control.drainState()).to.equal(State.draining);
      expect((await control.limits()).inFlight).to.equal(2n);
      await app.connect(user).setTotal(0);
      expect(await control.drainState()).to.equal(State.drained);
      // A shorter one changes nothing.
      await control.tell(controller, "drain", [PAUSE]);
      expect((await control.limits()).drainDeadline).to.equal(deadline);
      // What is in flight needs longer.
      await control.tell(controller, "drain", [3 * PAUSE]);
      await time.increaseTo(deadline);
      await expect(app.connect(user).move(1)).to.be.revertedWithCustomError(router, "Draining");
      await time.increase(3 * PAUSE);
      await app.connect(user).move(1);
      expect(await control.drainState()).to.equal(State.active);
    });

    it("RTR-43 is never drained where nobody counts what is in flight", async () => {
      const { control, controller } = await fresh();
      await control.tell(controller, "drain", [PAUSE]);
      expect(await control.drainState()).to.equal(State.draining);
      expect((await control.limits()).isInFlightKnown).to.equal(false);
    });

    it("RTR-43 has bounds: the guardian's are those of a pause", async () => {
      const { control, controller, guardian, router } = await fresh();
      const refused = async (as: typeof controller, duration: number, max: number) =>
        expect(control.tell(as, "drain", [duration]))
          .to.be.revertedWithCustomError(router, "DrainInvalid")
          .withArgs(duration, max);
      await refused(guardian, 0, PAUSE);
      await refused(guardian, PAUSE + 1, PAUSE);
      await refused(controller, 0, 30 * 86_400);
      await refused(controller, 30 * 86_400 + 1, 30 * 86_400);
      await control.tell(guardian, "drain", [PAUSE]);
    });
  });

  describe("lockSelector", () => {
    it("RTR-44 refuses a privileged selector with either version, and nothing else", async () => {
      const canary = await fresh();
      const { app, control, guardian, user, router } = canary;
      for (const selector of [MOVE, "0x12345678"]) {
        await expect(control.tell(guardian, "lockSelector", [selector]))
          .to.be.revertedWithCustomError(router, "NotLockable")
          .withArgs(selector);
      }
      await control.tell(guardian, "lockSelector", [SET_TOTAL]);
      expect((await control.limits()).locked).to.deep.equal([SET_TOTAL]);
      const locked = async () =>
        expect(app.connect(user).setTotal(1))
          .to.be.revertedWithCustomError(router, "SelectorLocked")
          .withArgs(SET_TOTAL);
      await locked();
      await app.connect(user).move(1);
      await app.connect(user).ping();
      await control.freeze(guardian);
      await time.increase(365 * 86_400);
      await locked();
    });

    it("RTR-44 finds a rule that is not in the router's own code", async () => {
      const others = [1, 2, 3, 4, 5].map((n) => ruleOf(toBeHex(n, 4)));
      const rules = [...others, ruleOf(SET_TOTAL, { isLockable: true }), ruleOf(MOVE, { lane: ENTRY })];
      const canary = await deployCanary(laned({ rules }));
      await canary.control.tell(canary.guardian, "lockSelector", [SET_TOTAL]);
      await canary.control.tell(canary.guardian, "pauseLane", [ENTRY, false]);
      await expect(canary.app.setTotal(1)).to.be.revertedWithCustomError(canary.router, "SelectorLocked");
      await expect(canary.app.move(1)).to.be.revertedWithCustomError(canary.router, "LanePaused");
    });
  });

  describe("lowerCap, lowerShare", () => {
    it("RTR-45 a lower cap binds at once, what was used counts, and the rest goes to stable", async () => {
      const rules = [ruleOf(MOVE, { meterWord: 1, weight: ONE })];
      const canary = await deployCanary({ interval: 86_400, cap: 1_000, rules });
      const { app, control, guardian, user } = canary;
      await app.connect(user).move(300);
      await control.tell(guardian, "lowerCap", [5_000]);
      expect((await control.limits()).capBps).to.equal(5_000n);
      await app.connect(user).move(201);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
      await app.connect(user).move(200);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 2n });
      await control.tell(guardian, "lowerCap", [0]);
      await app.connect(user).move(1);
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 2n });
    });

    it("RTR-45 a smaller share takes effect in the next block, and zero is idle", async () => {
      const canary = await fresh();
      const { app, control, guardian, user } = canary;
      await control.tell(guardian, "lowerShare", [0]);
      expect((await control.status()).share).to.equal(0n);
      await app.connect(user).move(1);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 0n });
    });
  });

  describe("who may what", () => {
    it("RTR-46 nobody loosens but the controller: each attempt of guardian and stranger is refused", async () => {
      const rules = [ruleOf(MOVE, { lane: ENTRY, meterWord: 1, weight: ONE }), ruleOf(SET_TOTAL, { isLockable: true })];
      const canary = await deployCanary(laned({ share: 5_000, interval: 86_400, cap: 100, rules }));
      const { control, guardian, controller, user, router } = canary;
      const tightenings: [string, unknown[]][] = [
        ["lowerShare", [2_500]],
        ["lowerCap", [5_000]],
        ["lockSelector", [SET_TOTAL]],
        ["pauseLane", [ENTRY, false]],
        ["pauseLane", [EXIT, true]],
      ];
      for (const [name, args] of [...tightenings, ["drain", [1]] as [string, unknown[]]]) {
        await expect(control.tell(user, name, args)).to.be.revertedWithCustomError(router, "TrafficUnauthorized");
      }
      for (const [name, args] of tightenings) await control.tell(guardian, name, args);
      const epoch = 6;
      expect((await control.status()).epoch).to.equal(epoch);
      for (const as of [guardian, user]) {
        for (const [name, args] of [
          ["setShare", [epoch, 10_000]],
          ["resume", [epoch]],
        ] as [string, unknown[]][]) {
          await expect(control.tell(as, name, args)).to.be.revertedWithCustomError(router, "TrafficUnauthorized");
        }
      }
      for (const [name, args, error] of [
        ["lowerShare", [2_500], "NotTighter"],
        ["lowerShare", [2_501], "NotTighter"],
        ["lowerShare", [10_000], "NotTighter"],
        ["lowerCap", [5_000], "NotTighter"],
        ["lowerCap", [5_001], "NotTighter"],
        ["lowerCap", [10_000], "NotTighter"],
        ["lowerCap", [65_535], "NotTighter"],
        ["lockSelector", [SET_TOTAL], "NotTighter"],
        ["pauseLane", [ENTRY, false], "LaneResting"],
        ["pauseLane", [EXIT, true], "LaneResting"],
        ["drain", [1], "LaneResting"],
      ] as [string, unknown[], string][]) {
        await expect(control.tell(guardian, name, args)).to.be.revertedWithCustomError(router, error);
      }
      const after = await control.limits();
      expect([after.capBps, after.locked.length, (await control.status()).share]).to.deep.equal([5_000n, 1, 2_500n]);
      // A cap is lowered where there is one.
      const uncapped = await deployCanary(laned());
      await expect(uncapped.control.tell(guardian, "lowerCap", [1])).to.be.revertedWithCustomError(
        router,
        "NotTighter",
      );
      await control.freeze(guardian);
      await expect(control.tell(guardian, "lowerShare", [1])).to.be.revertedWithCustomError(router, "CanaryFrozen");
      await expect(control.tell(controller, "resume", [epoch])).to.be.revertedWithCustomError(router, "StalePolicy");
      await control.tell(controller, "resume", [epoch + 1]);
    });

    it("RTR-46 what was scheduled before the guardian tightened widens nothing after, and resume is for a new plan", async () => {
      const canary = await fresh();
      const { app, control, guardian, controller, router, user } = canary;
      await control.tell(guardian, "pauseLane", [ENTRY, false]);
      await expect(control.setShare(controller, 1, 10_000))
        .to.be.revertedWithCustomError(router, "StalePolicy")
        .withArgs(1, 2);
      await expect(control.tell(controller, "resume", [1])).to.be.revertedWithCustomError(router, "StalePolicy");
      await control.tell(controller, "resume", [2]);
      await app.connect(user).move(1);
      const { closedUntil, drainDeadline, capBps } = await control.limits();
      expect([...closedUntil, drainDeadline, capBps]).to.deep.equal([0n, 0n, 0n, 0n, 10_000n]);
      // What the controller itself closes is a stage's, and the next stage knows of it.
      await control.tell(controller, "drain", [PAUSE]);
      await control.setShare(controller, 2, 10_000);
    });

    it("RTR-46 not from inside a call to the proxy", async () => {
      const canary = await fresh();
      const { app, puppet, control, controller, guardian, user, proxy } = canary;
      const stable = await canary.stable.getAddress();
      await app.connect(controller).upgradeToAndCall(stable, "0x");
      const target = await puppet.getAddress();
      const router = await deployRouter({ ...canary, guardian: target }, laned(), { policyId: id("puppet") });
      await app.connect(controller).upgradeToAndCall(router, control.installData());
      const message = control.wrap(control.control.encodeFunctionData("pauseLane", [ENTRY, false]));
      await puppet.setReaction([step(proxy, message, { isCaught: true })], 1);
      await app.connect(user).callOut(target, puppet.interface.encodeFunctionData("react"));
      expect((await puppet.outcomes()).map(({ isOk }) => isOk)).to.deep.equal([false]);
      expect((await control.limits()).closedUntil[0]).to.equal(0n);
      expect(guardian.address).not.to.equal(target);
    });
  });

  describe("the candidate", () => {
    it("RTR-47 cannot open what is closed: a frame that writes the limits is undone, and counts as a break", async () => {
      const canary = await deployCanary(laned({ errorBudget: 1 }));
      const { control, guardian, user, proxy } = canary;
      await control.tell(guardian, "pauseLane", [ENTRY, false]);
      const slot = policySlot() | 2n;
      const before = await slotAt(proxy, slot);
      const data = await act(canary, "WRITE", ["bytes32", "bytes32"], [toBeHex(slot, 32), toBeHex(0, 32)]);
      await expect(user.sendTransaction({ to: proxy, data, gasLimit: 5_000_000 })).to.emit(
        canary.router.attach(proxy),
        "SlotBroken",
      );
      expect(await slotAt(proxy, slot)).to.equal(before);
      expect((await control.status()).isFrozen).to.equal(true);
      await expect(canary.app.move(1)).to.be.revertedWithCustomError(canary.router, "LanePaused");
    });

    it("RTR-47 cannot close beforehand what nobody closed: the first tightening starts from nothing", async () => {
      const canary = await fresh();
      const { control, guardian, user, proxy, app } = canary;
      const slot = policySlot() | 2n;
      const all = (1n << 256n) - 1n;
      const data = await act(canary, "WRITE", ["bytes32", "bytes32"], [toBeHex(slot, 32), toBeHex(all, 32)]);
      await user.sendTransaction({ to: proxy, data, gasLimit: 5_000_000 });
      expect(BigInt(await slotAt(proxy, slot))).to.equal(all);
      await app.connect(user).move(1);
      const open = await control.limits();
      expect([...open.closedUntil, open.drainDeadline, open.capBps]).to.deep.equal([0n, 0n, 0n, 0n, 10_000n]);
      await control.tell(guardian, "pauseLane", [EXIT, true]);
      await app.connect(user).move(1);
      await app.connect(user).act(0, "0x");
    });
  });

  describe("the policy", () => {
    it("RTR-48 refuses lanes that no call could follow", async () => {
      const canary = await fresh();
      const lane = { name: encodeBytes32String("one"), isExit: false };
      for (const [policy, error] of [
        [{ lanes: [lane] }, "LanePauseInvalid"],
        [{ lanePause: 1 }, "LanePauseInvalid"],
        [{ lanes: [lane], lanePause: 30 * 86_400 + 1 }, "LanePauseInvalid"],
        [{ lanes: [lane, lane, lane, lane, lane], lanePause: 1 }, "TooMany"],
        [{ lanes: [lane], lanePause: 1, otherLane: 2 }, "LaneUnknown"],
        [{ lanes: [lane], lanePause: 1, rules: [ruleOf(MOVE, { lane: 2 })] }, "LaneUnknown"],
        [{ inFlight: { target: canary.user.address, data: "0x", gas: 1 } }, "NoCode"],
        [{ inFlight: { target: canary.proxy, data: "0x", gas: 0 } }, "ProbeGasOutOfBounds"],
      ] as [Partial<PolicyStruct>, string][]) {
        await expect(deployRouter(canary, policy)).to.be.revertedWithCustomError(canary.router, error);
      }
      expect((await canary.control.policy()).lanes.map(({ isExit }) => isExit)).to.deep.equal([false, true, true]);
      expect((await canary.control.policy()).inFlight.target).to.equal(ZeroAddress);
    });
  });
});
