import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { impersonateAccount, loadFixture, mine, setBalance, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id, ZeroHash, type FunctionFragment } from "ethers";
import { ethers } from "hardhat";
import { anyValue } from "@nomicfoundation/hardhat-chai-matchers/withArgs";
import { BreachClass } from "../../src/plan/types";
import { DAY, registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { propose, toInProgress } from "../helpers/lifecycle";
import { addModule, dialPlan, pinned } from "../helpers/plans";
import { deployRouter, deployVersions, ONE, ruleOf, slotAt, Slots, steer } from "../helpers/canary";

const MODULE = encodeBytes32String("vault");
const PAUSE = 3_600;
const MOVE = id("move(uint256)").slice(0, 10);
const PING = id("ping()").slice(0, 10);
const SET_TOTAL = id("setTotal(uint256)").slice(0, 10);

/** A canary behind a UUPS proxy of the timelock's, steered by a registry. `move` enters, `ping` gets out. */
async function canaryFixture() {
  const fixture = await registryFixture();
  const { registry, release, deployment } = fixture;
  const { stable, candidate } = await deployVersions();
  const init = stable.interface.encodeFunctionData("initialize", [deployment.timelock]);
  const proxy = await (await ethers.deployContract("ERC1967Proxy", [await stable.getAddress(), init])).getAddress();
  const router = await deployRouter(
    { stable, candidate, controller: deployment.timelock, guardian: deployment.registry },
    {
      lanePause: PAUSE,
      interval: 86_400,
      cap: 1_000,
      lanes: [
        { name: encodeBytes32String("entry"), isExit: false },
        { name: encodeBytes32String("exit"), isExit: true },
      ],
      rules: [
        ruleOf(MOVE, { lane: 1, meterWord: 1, weight: ONE }),
        ruleOf(PING, { lane: 2, isFree: true }),
        ruleOf(SET_TOTAL, { isLockable: true }),
      ],
    },
  );
  await registry.connect(release).registerModule(MODULE, 0, proxy, deployment.timelock);
  const control = await steer(proxy);
  const admin = (await asTimelock(fixture)).runner as HardhatEthersSigner;
  const app = candidate.attach(proxy) as typeof candidate;
  const install = async () => {
    await app.connect(admin).upgradeToAndCall(await router.getAddress(), control.installData());
    await mine(1);
  };
  const message = (name: string, args: unknown[]) => control.control.encodeFunctionData(name as "resume", args as [0]);
  return { ...fixture, proxy, stable, control, app, router, install, message };
}

async function liveFixture() {
  const fixture = await canaryFixture();
  await fixture.install();
  return fixture;
}

/** A plan in its first dwell on that canary, with one containment of these messages for its router. */
async function containing(messages: (fixture: Awaited<ReturnType<typeof liveFixture>>) => string[]) {
  const fixture = await liveFixture();
  const { app, control, proxy, stable } = fixture;
  const say = (data: string) => ({ target: proxy, value: 0n, data });
  const shape = await dialPlan(fixture, await addModule(fixture));
  const back = app.interface.encodeFunctionData("upgradeToAndCall", [await stable.getAddress(), "0x"]);
  const [stage, rollback] = [shape.stages[0]!, shape.rollbacks[0]!];
  const plan = await pinned({
    ...shape,
    targets: [{ module: MODULE, baseVersion: 0n }],
    stages: [{ ...stage, calls: [say(control.shareData(1, 9_000))], invariants: [], dwell: BigInt(DAY) }],
    rollbacks: [{ ...rollback, from: 0, to: 0, calls: [say(back)], invariants: [] }],
    containments: [
      {
        breach: BreachClass.Asset,
        label: encodeBytes32String("close"),
        calls: messages(fixture).map((data) => say(control.wrap(data))),
        pins: [],
        minGas: 0n,
      },
    ],
  });
  return { ...fixture, plan };
}

describe("LaneFacet", () => {
  describe("in a containment", () => {
    it("LAN-05 lanes are closed, a selector is locked and the canary is frozen in one call of the incident key", async () => {
      const fixture = await containing(({ message }) => [
        message("pauseLane", [1, false]),
        message("pauseLane", [2, true]),
        message("lockSelector", [SET_TOTAL]),
        message("freeze", ["asset breach"]),
      ]);
      const { registry, plan, incident, stranger, app, router, control } = fixture;
      await toInProgress(fixture, plan);
      await app.ping();
      await expect(registry.connect(stranger).contain(plan, 0)).to.be.revertedWithCustomError(
        registry,
        "BreachUnproven",
      );
      await registry.connect(incident).contain(plan, 0);
      for (const call of [() => app.move(1), () => app.ping()]) {
        await expect(call())
          .to.be.revertedWithCustomError(router, "LanePaused")
          .withArgs(anyValue, 2n ** 32n - 1n);
      }
      await expect(app.setTotal(1)).to.be.revertedWithCustomError(router, "SelectorLocked");
      expect((await control.status()).isFrozen).to.equal(true);
    });

    it("LAN-05 nothing that loosens is agreed on as a containment", async () => {
      for (const [name, args] of [
        ["resume", [1]],
        ["setShare", [1, 10_000]],
      ] as [string, unknown[]][]) {
        const fixture = await containing(({ message }) => [message("pauseLane", [1, false]), message(name, args)]);
        await expect(propose(fixture, fixture.plan)).to.be.revertedWithCustomError(
          fixture.registry,
          "ContainmentLoosens",
        );
      }
    });
  });

  describe("tighten", () => {
    it("LAN-01 the incident key closes an entry, drains, locks, and lowers cap and share, alone and at once", async () => {
      const { registry, incident, control, message, app, router } = await loadFixture(liveFixture);
      const key = registry.connect(incident);
      for (const [name, args] of [
        ["lockSelector", [SET_TOTAL]],
        ["lowerCap", [5_000]],
        ["lowerShare", [9_000]],
        ["pauseLane", [1, false]],
      ] as [string, unknown[]][]) {
        await expect(key.tighten(MODULE, message(name, args), 0, []))
          .to.emit(registry, "CanaryTightened")
          .withArgs(MODULE, message(name, args));
      }
      const limits = await control.limits();
      const { share, epoch } = await control.status();
      expect([[...limits.locked], limits.capBps, share, epoch]).to.deep.equal([[SET_TOTAL], 5_000n, 9_000n, 5n]);
      await expect(app.move(1)).to.be.revertedWithCustomError(router, "LanePaused");
      await expect(app.setTotal(1)).to.be.revertedWithCustomError(router, "SelectorLocked");
      await app.ping();
      await time.increase(2 * PAUSE + 1);
      await key.tighten(MODULE, message("drain", [PAUSE]), 0, []);
      await expect(app.move(1)).to.be.revertedWithCustomError(router, "Draining");
      await app.ping();
    });

    it("LAN-02 closes an exit only with the council: so many members as its pause threshold", async () => {
      const { registry, incident, council, stranger, release, control, message, app, router } =
        await loadFixture(liveFixture);
      const exit = message("pauseLane", [2, true]);
      for (const caller of [incident, stranger, release]) {
        await expect(registry.connect(caller).tighten(MODULE, exit, 0, []))
          .to.be.revertedWithCustomError(registry, "NotCouncilMember")
          .withArgs(caller.address);
      }
      const subject = await registry.tighteningOf(MODULE, exit);
      await registry.connect(council[0]).tighten(MODULE, exit, 0, []);
      await registry.connect(council[0]).tighten(MODULE, exit, 0, []);
      await app.ping();
      const { have, need } = await registry.actOf(id("pause"), subject);
      expect([have, need]).to.deep.equal([1n, 2n]);
      await registry.connect(council[3]).tighten(MODULE, exit, 0, []);
      await expect(app.ping()).to.be.revertedWithCustomError(router, "LanePaused");
      // The incident key's own messages are the council's as well.
      const entry = message("pauseLane", [1, false]);
      for (const member of [council[1], council[2]]) await registry.connect(member).tighten(MODULE, entry, 0, []);
      expect((await control.limits()).closedUntil[0]).not.to.equal(0n);
    });

    it("LAN-02 an approval is for one message: that of another lane, module or kind adds nothing", async () => {
      const { registry, council, control, message } = await loadFixture(liveFixture);
      await registry.connect(council[0]).tighten(MODULE, message("pauseLane", [2, true]), 0, []);
      await registry.connect(council[1]).tighten(MODULE, message("pauseLane", [1, false]), 0, []);
      await registry.connect(council[2]).tighten(MODULE, message("drain", [PAUSE]), 0, []);
      await registry.connect(council[3]).tighten(encodeBytes32String("other"), message("drain", [PAUSE]), 0, []);
      expect((await control.status()).epoch).to.equal(1n);
    });

    it("LAN-03 passes on nothing that loosens, nor anything else", async () => {
      const { registry, incident, council, control, message } = await loadFixture(liveFixture);
      for (const data of [
        message("resume", [1]),
        message("setShare", [1, 10_000]),
        message("install", ["0x"]),
        message("freeze", ["look"]),
        message("status", []),
        "0x12345678",
        "0x",
      ]) {
        for (const caller of [incident, council[0]]) {
          await expect(registry.connect(caller).tighten(MODULE, data, 0, []))
            .to.be.revertedWithCustomError(registry, "MessageUnsupported")
            .withArgs(data.length < 10 ? "0x00000000" : data.slice(0, 10));
        }
      }
      for (const [name, args, reason] of [
        ["lowerCap", [10_000], "NotTighter()"],
        ["lowerShare", [10_000], "NotTighter()"],
        ["lockSelector", [MOVE], "NotLockable(bytes4)"],
        // An exit that says that it is none.
        ["pauseLane", [2, false], "LaneUnknown(uint256,bool)"],
        ["drain", [PAUSE + 1], "DrainInvalid(uint256,uint256)"],
      ] as [string, unknown[], string][]) {
        await expect(registry.connect(incident).tighten(MODULE, message(name, args), 0, []))
          .to.be.revertedWithCustomError(registry, "TighteningRefused")
          .withArgs(MODULE, id(reason).slice(0, 10));
      }
      expect((await control.status()).epoch).to.equal(1n);
    });

    it("LAN-06 tightening_never_loosens: no message of any key but the timelock's, by any way, gives back what was taken", async () => {
      const fixture = await loadFixture(liveFixture);
      const { registry, deployment, incident, council, stranger, control, message, proxy } = fixture;
      for (const [name, args] of [
        ["lowerShare", [5_000]],
        ["lowerCap", [5_000]],
        ["lockSelector", [SET_TOTAL]],
        ["pauseLane", [1, false]],
      ] as [string, unknown[]][]) {
        await registry.connect(incident).tighten(MODULE, message(name, args), 0, []);
      }
      for (const member of council.slice(0, 2)) {
        await registry.connect(member).tighten(MODULE, message("pauseLane", [2, true]), 0, []);
      }
      const state = async () => {
        const [{ closedUntil, drainDeadline, locked, capBps }, status] = [
          await control.limits(),
          await control.status(),
        ];
        return { closedUntil, drainDeadline, locked: [...locked], capBps, status };
      };
      const attempts = (epoch: bigint): Record<string, unknown[][]> => ({
        install: [["0x"], ["0x12345678"]],
        setShare: [
          [epoch, 10_000],
          [epoch, 5_001],
          [1, 10_000],
        ],
        pauseLane: [
          [1, false],
          [2, true],
          [1, true],
          [2, false],
          [0, false],
        ],
        drain: [[0], [1], [PAUSE], [2 ** 32 - 1]],
        lockSelector: [[SET_TOTAL], [MOVE], ["0x00000000"]],
        lowerCap: [[10_000], [5_001], [5_000], [65_535]],
        lowerShare: [[10_000], [5_001], [5_000], [65_535]],
        resume: [[epoch], [1], [epoch + 1n]],
        freeze: [["look"]],
      });
      // A message that is new has to be thought of here.
      const messages = control.control.fragments.filter((each) => each.type === "function") as FunctionFragment[];
      const acts = messages.filter(({ stateMutability }) => stateMutability !== "view").map(({ name }) => name);
      expect(Object.keys(attempts(1n)).sort()).to.deep.equal(acts.sort());

      await impersonateAccount(deployment.registry);
      await setBalance(deployment.registry, 10n ** 20n);
      const guardian = await ethers.getSigner(deployment.registry);
      for (const name of Object.keys(attempts(1n))) {
        const count = attempts(1n)[name]!.length;
        for (let n = 0; n < count; n++) {
          const before = await state();
          const data = message(name, attempts(before.status.epoch)[name]![n]!);
          for (const key of [incident, council[2]!, council[3]!, stranger]) {
            await registry
              .connect(key)
              .tighten(MODULE, data, 0, [])
              .catch(() => undefined);
          }
          for (const key of [incident, council[2]!, stranger, guardian]) {
            await control.send(key, data).catch(() => undefined);
          }
          const after = await state();
          const where = `${name} ${String(attempts(before.status.epoch)[name]![n])}`;
          expect(after.status.share, where).to.be.at.most(before.status.share);
          expect(after.capBps, where).to.be.at.most(before.capBps);
          expect(after.status.epoch, where).to.be.at.least(before.status.epoch);
          expect(after.locked, where).to.include.members(before.locked);
          expect(after.drainDeadline, where).to.be.at.least(before.drainDeadline);
          expect(after.status.isFrozen || !before.status.isFrozen, where).to.equal(true);
          after.closedUntil.forEach((until, lane) => expect(until, where).to.be.at.least(before.closedUntil[lane]!));
          expect(await slotAt(proxy, Slots.implementation), where).to.equal(
            ethers.zeroPadValue((await fixture.router.getAddress()).toLowerCase(), 32),
          );
        }
      }
      expect((await state()).status.isFrozen, "the freeze at the end went through").to.equal(true);
    });

    it("LAN-04 works while everything is halted, and refuses where no router answers", async () => {
      const fixture = await loadFixture(canaryFixture);
      const { registry, incident, council, message, install, control, parameters } = fixture;
      const drain = message("drain", [PAUSE]);
      await expect(registry.connect(incident).tighten(MODULE, drain, 0, []))
        .to.be.revertedWithCustomError(registry, "CanaryAbsent")
        .withArgs(MODULE);
      await install();
      for (const member of council.slice(0, parameters.council.haltThreshold)) {
        await registry.connect(member).halt(ZeroHash, "look", 0, []);
      }
      expect((await registry.haltOf(ZeroHash)).until).not.to.equal(0n);
      await registry.connect(incident).tighten(MODULE, drain, 0, []);
      expect((await control.limits()).drainDeadline).not.to.equal(0n);
      await expect(
        registry.connect(incident).tighten(MODULE, message("lockSelector", [SET_TOTAL]), 0, [], { gasLimit: 300_000 }),
      ).to.be.revertedWithCustomError(registry, "FreezeStarved");
    });
  });
});
