import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { setBalance, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id } from "ethers";
import { ethers } from "hardhat";
import { deployCanary, deployRouter, Kind, ONE, ran, ruleOf, step, type PolicyStruct } from "../helpers/canary";
import { deployVersions, slotAt, Slots, addressIn, steer } from "../helpers/canary";
import { Random } from "../helpers/randomPlan";

const PAUSE = 3_600;
const selectorOf = (signature: string) => id(signature).slice(0, 10);
const MOVE = selectorOf("move(uint256)");
const PING = selectorOf("ping()");
const SET_TOTAL = selectorOf("setTotal(uint256)");

const LANED: Partial<PolicyStruct> = {
  share: 5_000,
  interval: 86_400,
  cap: 10_000,
  lanePause: PAUSE,
  lanes: [
    { name: encodeBytes32String("entry"), isExit: false },
    { name: encodeBytes32String("other entry"), isExit: false },
    { name: encodeBytes32String("exit"), isExit: true },
  ],
  otherLane: 1,
  rules: [
    ruleOf(MOVE, { lane: 1, meterWord: 1, weight: ONE }),
    ruleOf(PING, { lane: 3, isFree: true }),
    ruleOf(SET_TOTAL, { isLockable: true }),
  ],
};

describe("attacks on lanes", () => {
  it("ATK-155 nothing that guardian, users or a stranger send, in whatever order, makes anything looser", async () => {
    const canary = await deployCanary(LANED);
    const { control, guardian, user, other, app } = canary;
    const random = new Random(7);
    const facts = async () => {
      const [limits, status, now] = [await control.limits(), await control.status(), await time.latest()];
      const closed = [...limits.closedUntil, limits.drainDeadline].map((until) => (until > now ? until : 0n));
      return { closed, locked: limits.locked.length, cap: limits.capBps, status };
    };
    const messages: (() => [string, unknown[]])[] = [
      () => ["pauseLane", [1 + random.below(4), random.below(2) === 0]],
      () => ["drain", [1 + random.below(PAUSE)]],
      () => ["lockSelector", [[SET_TOTAL, MOVE, "0x00000000"][random.below(3)]]],
      () => ["lowerCap", [random.below(10_001)]],
      () => ["lowerShare", [random.below(5_001)]],
      () => ["setShare", [random.below(20), 10_000]],
      () => ["resume", [random.below(20)]],
      () => ["install", ["0x"]],
    ];
    let before = await facts();
    let done = 0;
    for (let turn = 0; turn < 100; ++turn) {
      const as = [guardian, guardian, user, other][random.below(4)]!;
      const now = BigInt(await time.latest());
      if (random.below(4) === 0)
        await app
          .connect(as)
          .move(random.below(200))
          .catch(() => null);
      const [name, args] = messages[random.below(messages.length)]!();
      const isDone = await control.tell(as, name, args).then(
        () => true,
        () => false,
      );
      const after = await facts();
      if (isDone) {
        ++done;
        expect(as).to.equal(guardian, name);
        expect(after.status.epoch).to.equal(before.status.epoch + 1n, name);
      } else expect(after.status.epoch).to.equal(before.status.epoch);
      before.closed.forEach((until, i) => {
        if (until > now + 10n) expect(after.closed[i]).to.be.at.least(until, name);
      });
      expect(after.locked).to.be.at.least(before.locked);
      expect(after.cap).to.be.at.most(before.cap);
      expect(after.status.share).to.be.at.most(before.status.share);
      before = after;
      if (random.below(3) === 0) await time.increase(random.below(PAUSE));
    }
    expect(done).to.be.greaterThan(8);
  });

  it("ATK-156 after each cut the candidate moves no more than what is left of the cap in any span of one interval", async () => {
    const free = ruleOf(selectorOf("callOut(address,bytes)"), { isFree: true });
    const canary = await deployCanary({ ...LANED, share: 10_000, rules: [...(LANED.rules ?? []), free] });
    const { control, guardian, user, app, puppet, proxy } = canary;
    const target = await puppet.getAddress();
    const react = puppet.interface.encodeFunctionData("react");
    const random = new Random(11);
    const served: { at: number; amount: bigint }[] = [];
    let nested = 0;
    for (let turn = 0; turn < 120; ++turn) {
      const amount = BigInt(1 + random.below(900));
      const before = await ran(canary);
      const isNested = random.below(3) === 0;
      if (isNested) {
        // A free call of the candidate's that is called back for a metered one.
        await puppet.setReaction(
          [step(proxy, app.interface.encodeFunctionData("move", [amount]), { isCaught: true })],
          1,
        );
        await app.connect(user).callOut(target, react);
      } else await app.connect(user).move(amount);
      const after = await ran(canary);
      const count = after.candidate - before.candidate;
      const moved = isNested ? count === 2n : count === 1n;
      if (isNested && moved) ++nested;
      const at = await time.latest();
      if (moved) {
        served.push({ at, amount });
        const cap = (10_000n * (await control.limits()).capBps) / 10_000n;
        const sum = served.filter((one) => one.at > at - 86_400).reduce((total, one) => total + one.amount, 0n);
        expect(sum).to.be.at.most(cap);
      }
      if (turn % 25 === 24) await control.tell(guardian, "lowerCap", [9_000 - 80 * turn]);
      await time.increase(random.below(30_000));
    }
    expect(served.length).to.be.greaterThan(30);
    expect(nested).to.be.greaterThan(3);
  });

  it("ATK-157 no amount of gas makes a call to a closed lane look static, or a plain transfer", async () => {
    const canary = await deployCanary(LANED);
    const { control, guardian, puppet, proxy, app } = canary;
    await control.tell(guardian, "drain", [PAUSE]);
    const before = await ran(canary);
    const target = await puppet.getAddress();
    await setBalance(target, 10n ** 18n);
    const calls = [app.interface.encodeFunctionData("move", [1]), "0x", "0x00"];
    const served = async (from: number, data: string) => {
      const steps = Array.from({ length: 40 }, (_, i) =>
        step(proxy, data, { isCaught: true, value: data === "0x" ? 1n : 0n, gas: BigInt(from + i * 25 + 1) }),
      );
      await puppet.setReaction([], 0);
      await puppet.run(steps, { gasLimit: 16_000_000 });
      return (await puppet.outcomes()).filter(({ isOk }) => isOk).length;
    };
    for (let from = 0; from < 16_000; from += 1_000) {
      for (const data of calls) expect(await served(from, data)).to.equal(0, `${data} with ${from}`);
    }
    expect(await ran(canary)).to.deep.equal(before);
    expect(await ethers.provider.getBalance(proxy)).to.equal(0n);
    // With enough gas they are served once the lane is open.
    await time.increase(PAUSE);
    expect(await served(150_000, calls[0]!)).to.be.greaterThan(0);
    expect(await served(150_000, "0x")).to.be.greaterThan(0);
  });

  it("ATK-158 hold behind a transparent proxy, whose admin takes the router out past all of them", async () => {
    const [, controller, guardian, user] = (await ethers.getSigners()) as [
      HardhatEthersSigner,
      HardhatEthersSigner,
      HardhatEthersSigner,
      HardhatEthersSigner,
    ];
    const { stable, candidate } = await deployVersions();
    const init = stable.interface.encodeFunctionData("initialize", [controller.address]);
    const args = [await stable.getAddress(), controller.address, init];
    const proxy = await (await ethers.deployContract("TransparentUpgradeableProxy", args)).getAddress();
    const admin = await ethers.getContractAt("ProxyAdmin", addressIn(await slotAt(proxy, Slots.admin)));
    const at = { stable, candidate, controller, guardian };
    const router = await deployRouter(at, LANED, { kind: Kind.transparent });
    const control = await steer(proxy);
    const app = candidate.attach(proxy) as typeof candidate;
    const upgrade = async (to: string, data: string) =>
      admin.connect(controller).getFunction("upgradeAndCall")(proxy, to, data);
    await upgrade(await router.getAddress(), control.installData());
    await control.tell(guardian, "drain", [PAUSE]);
    await control.tell(guardian, "pauseLane", [3, true]);
    await control.tell(guardian, "lockSelector", [SET_TOTAL]);
    await expect(app.connect(user).move(1)).to.be.revertedWithCustomError(router, "Draining");
    await expect(app.connect(user).ping()).to.be.revertedWithCustomError(router, "LanePaused");
    await expect(app.connect(user).setTotal(1)).to.be.revertedWithCustomError(router, "SelectorLocked");
    // To a user, behind such a proxy, it is a function like any other.
    await expect(app.connect(user).upgradeToAndCall(await stable.getAddress(), "0x")).to.be.revertedWithCustomError(
      router,
      "Draining",
    );
    await upgrade(await stable.getAddress(), "0x");
    await app.connect(user).move(1);
    await app.connect(user).ping();
  });
});
