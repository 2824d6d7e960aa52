import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, MaxUint256, toBeHex } from "ethers";
import { ethers } from "hardhat";
import {
  act,
  addressIn,
  cohortNumber,
  deployCanary,
  deployProtocol,
  deployRouter,
  installOn,
  Kind,
  keyOf,
  NO_PROBE,
  ONE,
  policySlot,
  ran,
  ruleOf,
  slotAt,
  Slots,
  steer,
  step,
  type Canary,
  type PolicyStruct,
} from "../../helpers/canary";

const selectorOf = (signature: string) => id(signature).slice(0, 10);
const MOVE = selectorOf("move(uint256)");
const MOVE_FOR = selectorOf("moveFor(address,uint256)");
const ACT = selectorOf("act(uint256,bytes)");
const CALL_OUT = selectorOf("callOut(address,bytes)");
const TOTAL = selectorOf("total()");
const HOUR = 3_600;
const word = (value: bigint | number) => toBeHex(value, 32);

/** Time stands at the start of a window. */
async function startWindow(windows = 5) {
  const now = await time.latest();
  await time.setNextBlockTimestamp((Math.floor(now / HOUR) + windows) * HOUR);
}

describe("TrafficRouter > segments, meters and falls", () => {
  describe("a segment", () => {
    /** A share that neither of the two accounts falls into by lot. */
    async function withSegment(overrides: Partial<PolicyStruct> = {}) {
      const canary = await deployProtocol();
      const salt = id("segment");
      const { user, other } = canary;
      for (const { address } of [user, other]) expect(cohortNumber(salt, keyOf(address)) > 1n).to.equal(true);
      await installOn(canary, { salt, share: 1, segment: [keyOf(user.address)], ...overrides });
      await ethers.provider.send("hardhat_mine", ["0x1"]);
      return canary;
    }

    it("RTR-50 takes part from the first step on, whatever the share; everybody else by lot", async () => {
      const canary = await withSegment();
      const { app, user, other, control, controller } = canary;
      await app.connect(user).ping();
      await app.connect(other).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
      await control.setShare(controller, 1, 10_000);
      await app.connect(other).ping();
      await app.connect(user).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 3n });
      await control.freeze(controller);
      await app.connect(user).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 3n });
    });

    it("RTR-50 stays inside a share that the guardian makes smaller, and goes to stable with all others at zero", async () => {
      const canary = await withSegment({ share: 10_000 });
      const { app, user, other, control, guardian } = canary;
      await control.tell(guardian, "lowerShare", [1]);
      await app.connect(user).ping();
      await app.connect(other).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
      await control.tell(guardian, "lowerShare", [0]);
      await app.connect(user).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 1n });
    });

    it("RTR-50 is no way past the cap: a member's call without a meter, or over what is left, is stable's", async () => {
      const rules = [ruleOf(MOVE, { meterWord: 1, weight: ONE })];
      const canary = await withSegment({ interval: HOUR, cap: 100, rules });
      const { app, user } = canary;
      await startWindow();
      await app.connect(user).ping();
      await app.connect(user).move(101);
      await app.connect(user).move(100);
      await app.connect(user).move(1);
      expect(await ran(canary)).to.deep.equal({ stable: 3n, candidate: 1n });
    });

    it("RTR-50 is searched by the word that a function's cohort goes by, and its calls are metered like all others", async () => {
      const canary = await withSegment({
        segment: [word(7), word(9)],
        interval: HOUR,
        cap: 100,
        rules: [ruleOf(MOVE_FOR, { cohortWord: 1, meterWord: 2, weight: ONE })],
      });
      const { app, user } = canary;
      await startWindow();
      await app.connect(user).moveFor(toBeHex(8, 20), 10);
      await app.connect(user).moveFor(toBeHex(9, 20), 101);
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 0n });
      await app.connect(user).moveFor(toBeHex(9, 20), 100);
      await app.connect(user).moveFor(toBeHex(7, 20), 1);
      expect(await ran(canary)).to.deep.equal({ stable: 3n, candidate: 1n });
    });

    it("RTR-50 finds every key of every length, and nobody else's", async () => {
      const canary = await deployProtocol();
      const salt = id("segment");
      for (const size of [1, 2, 3, 255, 256]) {
        const keys = Array.from({ length: size }, (_, i) => word(2 * i + 2));
        const router = await deployRouter(
          canary,
          { share: 1, salt, segment: keys, rules: [ruleOf(MOVE_FOR, { cohortWord: 1 })] },
          { policyId: id(`size ${size}`) },
        );
        await canary.app
          .connect(canary.controller)
          .upgradeToAndCall(await router.getAddress(), canary.control.installData());
        await ethers.provider.send("hardhat_mine", ["0x1"]);
        const isIn = (value: number) =>
          canary.control.isCandidate(
            canary.user.address,
            canary.app.interface.encodeFunctionData("moveFor", [toBeHex(value, 20), 0]),
          );
        const wanted = [1, 2, 3, size, size + 1, 2 * size - 1, 2 * size, 2 * size + 1, 2 * size + 2];
        for (const value of wanted) {
          const isKey = value >= 2 && value <= 2 * size && value % 2 === 0;
          const isDrawn = cohortNumber(salt, word(value)) < 1n;
          expect(await isIn(value), `${value} of ${size}`).to.equal(isKey || isDrawn);
        }
        await canary.app.connect(canary.controller).upgradeToAndCall(await canary.stable.getAddress(), "0x");
      }
    });

    it("RTR-51 is refused out of order, with a key twice, or longer than a call can search", async () => {
      const canary = await loadFixture(deployProtocol);
      for (const segment of [
        [word(2), word(1)],
        [word(1), word(1)],
      ]) {
        await expect(deployRouter(canary, { segment }))
          .to.be.revertedWithCustomError(canary.router, "SegmentInvalid")
          .withArgs(1);
      }
      const long = Array.from({ length: 257 }, (_, i) => word(i));
      await expect(deployRouter(canary, { segment: long }))
        .to.be.revertedWithCustomError(canary.router, "TooMany")
        .withArgs(257, 256);
    });
  });

  describe("several meters of one function", () => {
    const meters = (weights: [bigint, bigint] = [ONE, ONE]) => ({
      interval: HOUR,
      cap: 100,
      valueWeight: ONE,
      meters: [
        { selector: MOVE_FOR, word: 1, weight: weights[0] },
        { selector: MOVE, word: 1, weight: ONE },
        { selector: MOVE_FOR, word: 2, weight: weights[1] },
        { selector: ACT, word: 1, weight: ONE },
        { selector: ACT, word: 2, weight: ONE },
      ],
    });
    const moveFor = (canary: Canary, first: bigint | number, second: bigint | number) =>
      canary.app.connect(canary.user).moveFor(toBeHex(first, 20), second);

    it("RTR-52 add up, each with its weight and rounded up by itself, to the cap exactly", async () => {
      const canary = await deployCanary(meters([ONE / 2n, 2n * ONE]));
      await startWindow();
      // 3 / 2, rounded up, and 2 * 49.
      await moveFor(canary, 3, 49);
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 1n });
      expect((await canary.control.status()).usedCurrent).to.equal(100n);
      await moveFor(canary, 1, 0);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
      await startWindow();
      await moveFor(canary, 4, 50);
      expect(await ran(canary)).to.deep.equal({ stable: 2n, candidate: 1n });
    });

    it("RTR-52 count native value too", async () => {
      const canary = await deployCanary(meters());
      const data = await act(canary, "SET_TOTAL", ["uint256"], [1]);
      // `what` is 7, and the second head word the offset 64.
      await startWindow();
      await canary.user.sendTransaction({ to: canary.proxy, data, value: 30 });
      expect((await canary.control.status()).usedCurrent).to.equal(0n);
      await canary.user.sendTransaction({ to: canary.proxy, data, value: 29 });
      expect((await canary.control.status()).usedCurrent).to.equal(100n);
    });

    it("RTR-52 saturate: two halves of everything are not nothing, and a word left out is the largest", async () => {
      const canary = await deployCanary(meters());
      const half = 1n << 159n;
      for (const [first, second] of [
        [1n, MaxUint256],
        [half, MaxUint256 - half + 1n],
        [2n, MaxUint256 - 1n],
      ] as const) {
        await moveFor(canary, first, second);
      }
      expect(await ran(canary)).to.deep.equal({ stable: 3n, candidate: 0n });
      const short = `${MOVE_FOR}${"00".repeat(63)}`;
      expect(await canary.control.isCandidate(canary.user.address, short)).to.equal(false);
      expect(await canary.control.isCandidate(canary.user.address, `${short}00`)).to.equal(true);
    });

    it("RTR-52 meter nested calls as well, and what has no meter stays with stable", async () => {
      const canary = await deployCanary({ ...meters(), rules: [ruleOf(CALL_OUT, { isFree: true })] });
      const { app, user, puppet, proxy } = canary;
      const nested = (amount: number) =>
        puppet.interface.encodeFunctionData("run", [
          [step(proxy, app.interface.encodeFunctionData("moveFor", [toBeHex(amount, 20), amount]))],
        ]);
      const target = await puppet.getAddress();
      await startWindow();
      await app.connect(user).callOut(target, nested(20));
      expect(await ran(canary)).to.deep.equal({ stable: 0n, candidate: 2n });
      expect((await canary.control.status()).usedCurrent).to.equal(40n);
      await app.connect(user).ping();
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 2n });
      // Over what is left: the nested call reverts, and with it the candidate's; stable serves both.
      await app.connect(user).callOut(target, nested(31));
      expect(await ran(canary)).to.deep.equal({ stable: 3n, candidate: 2n });
    });

    it("RTR-58 are refused without word, weight or cap, twice, or beside another meter of the function", async () => {
      const canary = await loadFixture(deployProtocol);
      const good = { selector: MOVE_FOR, word: 1, weight: ONE };
      const cap = { interval: HOUR, cap: 100 };
      for (const policy of [
        { meters: [good] },
        { ...cap, meters: [{ ...good, word: 0 }] },
        { ...cap, meters: [{ ...good, weight: 0 }] },
        { ...cap, meters: [good, good] },
        { ...cap, meters: [good], rules: [ruleOf(MOVE_FOR, { isFree: true })] },
        { ...cap, meters: [good], rules: [ruleOf(MOVE_FOR, { meterWord: 2, weight: ONE })] },
        { ...cap, meters: [{ ...good, selector: selectorOf("traffic(bytes)") }] },
      ]) {
        await expect(deployRouter(canary, policy)).to.be.revertedWithCustomError(canary.router, "MeterInvalid");
      }
      const many = Array.from({ length: 65 }, (_, i) => ({ ...good, word: i + 1 }));
      await expect(deployRouter(canary, { ...cap, meters: many })).to.be.revertedWithCustomError(
        canary.router,
        "TooMany",
      );
    });
  });

  describe("the fall of a word", () => {
    /** `total()` of the proxy is what users have in it: a thousand at first. */
    async function falling(overrides: Partial<PolicyStruct> = {}, weight = ONE): Promise<Canary> {
      const canary = await deployProtocol();
      await canary.app.connect(canary.user).setTotal(1_000);
      const probe = { target: canary.proxy, data: TOTAL, gas: 60_000 };
      await installOn(canary, { interval: HOUR, cap: 100, fall: { probe, weight }, ...overrides });
      await ethers.provider.send("hardhat_mine", ["0x1"]);
      return canary;
    }
    const setTotal = async (canary: Canary, total: number) => {
      const data = await act(canary, "SET_TOTAL", ["uint256"], [total]);
      return canary.user.sendTransaction({ to: canary.proxy, data, gasLimit: 2_000_000 });
    };
    const used = async (canary: Canary) => (await canary.control.status()).usedCurrent;

    it("RTR-54 is charged to the window, whatever the calldata says; over the cap the call is undone and stable serves it", async () => {
      const canary = await falling();
      await startWindow();
      await setTotal(canary, 940);
      expect([await used(canary), await canary.app.total()]).to.deep.equal([60n, 940n]);
      await expect(setTotal(canary, 899)).to.emit(canary.router.attach(canary.proxy), "FallRefused").withArgs(ACT, 41);
      expect([await used(canary), await canary.app.total()]).to.deep.equal([60n, 940n]);
      expect(await ran(canary)).to.deep.equal({ stable: 1n, candidate: 1n });
      await setTotal(canary, 900);
      expect([await used(canary), await canary.app.total()]).to.deep.equal([100n, 900n]);
      // What rises is not given back: else a deposit would buy room for somebody else's loss.
      await setTotal(canary, 2_000);
      expect(await used(canary)).to.equal(100n);
      expect((await canary.control.status()).breaks).to.equal(0n);
      await startWindow(2);
      await setTotal(canary, 1_900);
      expect(await canary.app.total()).to.equal(1_900n);
    });

    it("RTR-54 is weighed, rounded up, saturating, and added to what the call's own meters charge", async () => {
      const canary = await falling({ rules: [ruleOf(ACT, { meterWord: 1, weight: ONE })] }, ONE / 2n);
      await startWindow();
      // `what` is 7; 5 / 2 rounded up is 3.
      await setTotal(canary, 995);
      expect(await used(canary)).to.equal(10n);
      const heavy = await falling({}, (1n << 128n) - 1n);
      await startWindow();
      await expect(setTotal(heavy, 0)).to.emit(heavy.router.attach(heavy.proxy), "FallRefused");
      expect(await heavy.app.total()).to.equal(1_000n);
    });

    it("RTR-55 a lowered cap binds it at once", async () => {
      const canary = await falling();
      await startWindow();
      await canary.control.tell(canary.guardian, "lowerCap", [5_000]);
      await setTotal(canary, 949);
      expect(await canary.app.total()).to.equal(1_000n);
      await setTotal(canary, 950);
      expect(await canary.app.total()).to.equal(950n);
    });

    it("RTR-55 covers all that happens in the call: nested calls are let through, and charged once", async () => {
      const canary = await falling();
      const { app, user, puppet, proxy } = canary;
      const lower = async (total: number) =>
        puppet.interface.encodeFunctionData("run", [
          [step(proxy, await act(canary, "SET_TOTAL", ["uint256"], [total]))],
        ]);
      const target = await puppet.getAddress();
      await startWindow();
      await app.connect(user).callOut(target, await lower(930));
      expect([await used(canary), await app.total()]).to.deep.equal([70n, 930n]);
      await app.connect(user).callOut(target, await lower(899));
      expect([await used(canary), await ran(canary)]).to.deep.equal([70n, { stable: 2n, candidate: 2n }]);
      // Lent and given back within the call: nothing fell.
      const script = puppet.interface.encodeFunctionData("run", [
        await Promise.all(
          [0, 930].map(async (total) => step(proxy, await act(canary, "SET_TOTAL", ["uint256"], [total]))),
        ),
      ]);
      await startWindow(3);
      await app.connect(user).callOut(target, script);
      expect([await used(canary), await ran(canary)]).to.deep.equal([0n, { stable: 2n, candidate: 5n }]);
    });

    it("RTR-56 a word that cannot be read, before or after, is the largest fall: stable serves, and nothing breaks", async () => {
      const canary = await deployProtocol();
      const target = await canary.candidate.getAddress();
      const at = { app: canary.candidate, candidate: canary.candidate } as unknown as Canary;
      for (const what of ["BURN_ALL", "INVALID", "REVERT_BOMB"]) {
        const probe = { target, data: await act(at, what), gas: 60_000 };
        const router = await deployRouter(
          canary,
          { interval: HOUR, cap: 100, fall: { probe, weight: ONE } },
          { policyId: id(what) },
        );
        await canary.app
          .connect(canary.controller)
          .upgradeToAndCall(await router.getAddress(), canary.control.installData());
        await ethers.provider.send("hardhat_mine", ["0x1"]);
        await expect(canary.app.connect(canary.user).ping({ gasLimit: 3_000_000 }))
          .to.emit(router.attach(canary.proxy), "FallRefused")
          .withArgs(selectorOf("ping()"), MaxUint256);
        expect((await canary.control.status()).breaks).to.equal(0n);
        await canary.app.connect(canary.controller).upgradeToAndCall(await canary.stable.getAddress(), "0x");
      }
      expect((await ran(canary)).candidate).to.equal(0n);
    });

    it("RTR-56 little gas neither skips the meter nor sends the call to stable", async () => {
      const canary = await falling();
      await startWindow();
      const data = await act(canary, "SET_TOTAL", ["uint256"], [800]);
      for (let gasLimit = 60_000; gasLimit < 400_000; gasLimit += 20_000) {
        await canary.user.sendTransaction({ to: canary.proxy, data, gasLimit }).catch(() => undefined);
        expect(await canary.app.total()).to.equal(1_000n);
      }
      expect((await canary.control.status()).breaks).to.equal(0n);
    });

    /** A bank whose candidate can pay all of it to somebody, whatever the calldata says; the probe reads its balance. */
    async function draining(cap: number) {
      const canary = await deployProtocol();
      const [stable, candidate, teller] = await Promise.all([
        ethers.deployContract("CornersV1__MockForRouter"),
        ethers.deployContract("CornersV2__MockForRouter"),
        ethers.deployContract("BalanceOf__MockForRouter"),
      ]);
      await canary.app.connect(canary.controller).upgradeToAndCall(await stable.getAddress(), "0x");
      const bank = candidate.attach(canary.proxy) as unknown as typeof candidate;
      await bank.connect(canary.user).enter({ value: 1_000 });
      const data = teller.interface.encodeFunctionData("heldBy", [canary.proxy]);
      const probe = { target: await teller.getAddress(), data, gas: 60_000 };
      const router = await deployRouter(
        { ...canary, stable, candidate },
        { isCounted: true, interval: HOUR, cap, fall: { probe, weight: ONE } },
      );
      await canary.app
        .connect(canary.controller)
        .upgradeToAndCall(await router.getAddress(), canary.control.installData());
      await ethers.provider.send("hardhat_mine", ["0x1"]);
      const held = () => ethers.provider.getBalance(canary.proxy);
      return { canary, bank, router, held };
    }

    it("RTR-67 unnamed_payout: what a call that names no amount pays out is undone over the cap, value sent along included", async () => {
      const { canary, bank, router, held } = await draining(999);
      const heir = ethers.Wallet.createRandom().address;
      await startWindow();
      await expect(bank.connect(canary.user).destroy(heir))
        .to.emit(router.attach(canary.proxy), "FallRefused")
        .withArgs(selectorOf("destroy(address)"), 1_000);
      expect([await held(), await ethers.provider.getBalance(heir)]).to.deep.equal([1_000n, 0n]);
      const { breaks, stableCalls, usedCurrent } = await canary.control.status();
      expect([breaks, stableCalls, usedCurrent]).to.deep.equal([0n, 1n, 0n]);
      // Value that comes in is there before the candidate runs: to pay it on is a fall.
      await bank.connect(canary.user).enter({ value: 5 });
      await bank.connect(canary.user).callOut(heir, "0x", { value: 600 });
      expect([await held(), (await canary.control.status()).usedCurrent]).to.deep.equal([1_005n, 600n]);
      await bank.connect(canary.user).callOut(heir, "0x", { value: 400 });
      const status = await canary.control.status();
      expect([status.usedCurrent, status.stableCalls, status.candidateCalls]).to.deep.equal([600n, 2n, 2n]);
    });

    it("RTR-67 unnamed_payout: what fits the cap is charged, and the next call finds no room", async () => {
      const { canary, bank, held } = await draining(1_000);
      const heir = ethers.Wallet.createRandom().address;
      await startWindow();
      await bank.connect(canary.user).destroy(heir);
      expect([await held(), (await canary.control.status()).usedCurrent]).to.deep.equal([0n, 1_000n]);
      await bank.connect(canary.user).callOut(heir, "0x", { value: 1 });
      expect((await canary.control.status()).stableCalls).to.equal(1n);
    });

    it("RTR-65 a call that the candidate reverts, for stable or for the user, has made nothing fall", async () => {
      const canary = await falling({ isCounted: true, expectedErrors: [selectorOf("Tightened(uint256)")] });
      const { app, user, puppet } = canary;
      const lower = app.interface.encodeFunctionData("setTotal", [950]);
      const script = puppet.interface.encodeFunctionData("run", [[step(canary.proxy, lower)]]);
      await startWindow();
      // The candidate lowers the word and fails; stable lowers it too, and is not metered.
      await app.connect(user).callOutThenFail(await puppet.getAddress(), script);
      const { fallbacks, usedCurrent } = await canary.control.status();
      expect([fallbacks, usedCurrent, await app.total()]).to.deep.equal([1n, 0n, 950n]);
      await expect(app.connect(user).tighten(1)).to.be.revertedWithCustomError(app, "Tightened");
      expect(await used(canary)).to.equal(0n);
    });

    it("RTR-65 a candidate that writes the sum of its own charges is undone, and it counts", async () => {
      const canary = await falling({ errorBudget: 9 });
      await startWindow();
      await setTotal(canary, 940);
      const stored = BigInt(await ethers.provider.getStorage(canary.proxy, policySlot()));
      for (const wrong of [stored - 60n, stored + (1n << 64n)]) {
        const data = await act(canary, "WRITE", ["bytes32", "uint256"], [toBeHex(policySlot(), 32), wrong]);
        await expect(canary.user.sendTransaction({ to: canary.proxy, data })).to.emit(
          canary.router.attach(canary.proxy),
          "SlotBroken",
        );
      }
      expect([await used(canary), (await canary.control.status()).breaks]).to.deep.equal([60n, 2n]);
    });

    it("RTR-66 holds behind a transparent proxy as well, with a segment and several meters beside it", async () => {
      const canary = await deployProtocol();
      const { stable, controller, guardian, user, other } = canary;
      const init = stable.interface.encodeFunctionData("initialize", [controller.address]);
      const behind = await ethers.deployContract("TransparentUpgradeableProxy", [
        await stable.getAddress(),
        controller.address,
        init,
      ]);
      const proxy = await behind.getAddress();
      const admin = await ethers.getContractAt("ProxyAdmin", addressIn(await slotAt(proxy, Slots.admin)));
      const app = canary.app.attach(proxy) as typeof canary.app;
      const control = await steer(proxy);
      await app.connect(user).setTotal(1_000);
      const salt = id("segment");
      const policy = {
        salt,
        share: 1,
        segment: [keyOf(user.address)],
        interval: HOUR,
        cap: 100,
        meters: [1, 2].map((place) => ({ selector: MOVE_FOR, word: place, weight: ONE })),
        fall: { probe: { target: proxy, data: TOTAL, gas: 60_000 }, weight: ONE },
      };
      const router = await deployRouter({ ...canary, controller, guardian }, policy, { kind: Kind.transparent });
      await admin.connect(controller).upgradeAndCall(proxy, await router.getAddress(), control.installData());
      await ethers.provider.send("hardhat_mine", ["0x1"]);
      await startWindow();
      const view = { ...canary, proxy, app, control, router };
      await app.connect(user).moveFor(toBeHex(20, 20), 30);
      await setTotal(view, 960);
      await app.connect(other).ping();
      expect([await used(view), await ran(view)]).to.deep.equal([90n, { stable: 1n, candidate: 2n }]);
      await app.connect(user).moveFor(toBeHex(1, 20), 10);
      await expect(setTotal(view, 949)).to.emit(router.attach(proxy), "FallRefused").withArgs(ACT, 11);
      expect([await used(view), await ran(view)]).to.deep.equal([90n, { stable: 3n, candidate: 2n }]);
    });

    it("RTR-57 is refused without weight, cap or code", async () => {
      const canary = await loadFixture(deployProtocol);
      const probe = { target: canary.proxy, data: TOTAL, gas: 60_000 };
      for (const policy of [
        { fall: { probe, weight: ONE } },
        { interval: HOUR, cap: 100, fall: { probe, weight: 0 } },
        { interval: HOUR, cap: 100, fall: { probe: NO_PROBE, weight: ONE } },
      ]) {
        await expect(deployRouter(canary, policy)).to.be.revertedWithCustomError(canary.router, "MeterInvalid");
      }
      const nowhere = { ...probe, target: canary.user.address };
      await expect(
        deployRouter(canary, { interval: HOUR, cap: 100, fall: { probe: nowhere, weight: ONE } }),
      ).to.be.revertedWithCustomError(canary.router, "NoCode");
    });
  });
});
