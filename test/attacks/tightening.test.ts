import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id, toBeHex } from "ethers";
import { ethers } from "hardhat";
import { BreachClass, type Call } from "../../src/plan/types";
import { DAY, registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { deployRouter, deployVersions, ONE, ruleOf, slotAt, steer, type PolicyStruct } from "../helpers/canary";
import { State, stateOf, toInProgress } from "../helpers/lifecycle";
import { addModule, dialPlan, pinned } from "../helpers/plans";

const MODULE = encodeBytes32String("vault");
const PAUSE = 3_600;
const MOVE = id("move(uint256)").slice(0, 10);
const SET_TOTAL = id("setTotal(uint256)").slice(0, 10);

const LANED: Partial<PolicyStruct> = {
  lanePause: PAUSE,
  otherLane: 1,
  interval: 86_400,
  cap: 1_000,
  lanes: [
    { name: encodeBytes32String("entry"), isExit: false },
    { name: encodeBytes32String("exit"), isExit: true },
  ],
  rules: [ruleOf(MOVE, { lane: 1, meterWord: 1, weight: ONE }), ruleOf(SET_TOTAL, { isLockable: true })],
};

/** A module with a canary of that policy. `otherLane` is an entry, so every call that is not named is one. */
async function canaryOf(policy: Partial<PolicyStruct>) {
  const fixture = await registryFixture();
  const { registry, release, deployment } = fixture;
  const { stable, candidate } = await deployVersions();
  const init = stable.interface.encodeFunctionData("initialize", [deployment.timelock]);
  const proxy = await (await ethers.deployContract("ERC1967Proxy", [await stable.getAddress(), init])).getAddress();
  const at = { stable, candidate, controller: deployment.timelock, guardian: deployment.registry };
  const router = await deployRouter(at, policy);
  await registry.connect(release).registerModule(MODULE, 0, proxy, deployment.timelock);
  const control = await steer(proxy);
  const admin = (await asTimelock(fixture)).runner as HardhatEthersSigner;
  const app = candidate.attach(proxy) as typeof candidate;
  await app.connect(admin).upgradeToAndCall(await router.getAddress(), control.installData());
  await mine(1);
  const message = (name: string, args: unknown[]) => control.control.encodeFunctionData(name as "resume", args as [0]);
  const tighten = (name: string, args: unknown[]) =>
    registry.connect(fixture.incident).tighten(MODULE, message(name, args), 0, []);
  return { ...fixture, proxy, stable, control, app, router, message, tighten };
}
type Canary = Awaited<ReturnType<typeof canaryOf>>;

/** In the first dwell of two stages. The way back tells the proxy something before it takes the router out. */
async function running(contained: (fixture: Canary) => string[]) {
  const fixture = await canaryOf(LANED);
  const { app, control, proxy, stable } = fixture;
  const call = (data: string): Call => ({ target: proxy, value: 0n, data });
  const shape = await dialPlan(fixture, await addModule(fixture));
  const [stage, rollback] = [{ ...shape.stages[0]!, invariants: [] }, shape.rollbacks[0]!];
  const total = (value: number) => call(app.interface.encodeFunctionData("setTotal", [value]));
  const back = call(app.interface.encodeFunctionData("upgradeToAndCall", [await stable.getAddress(), "0x"]));
  const plan = await pinned({
    ...shape,
    targets: [{ module: MODULE, baseVersion: 0n }],
    stages: [{ ...stage, calls: [call(control.shareData(1, 9_000))], dwell: BigInt(DAY) }],
    rollbacks: [{ ...rollback, from: 0, to: 0, calls: [total(7), back], invariants: [] }],
    containments: [
      {
        breach: BreachClass.Asset,
        label: encodeBytes32String("close"),
        calls: contained(fixture)
          .map((data) => call(control.wrap(data)))
          .concat(total(5)),
        pins: [],
        minGas: 0n,
      },
    ],
  });
  const proposalId = await toInProgress(fixture, plan);
  return { ...fixture, plan, proposalId };
}

const everyTightening = async () =>
  running(({ message }) => [
    message("drain", [PAUSE / 2]),
    message("lockSelector", [SET_TOTAL]),
    message("lowerCap", [5_000]),
    message("lowerShare", [100]),
    message("pauseLane", [1, false]),
    message("freeze", ["breach"]),
  ]);

describe("attacks on tightening", () => {
  it("ATK-151 the incident key that was quicker does not keep a containment from running, nor is anything looser after", async () => {
    const { registry, incident, plan, tighten, control, app, stranger, router, proxy } =
      await loadFixture(everyTightening);
    for (const [name, args] of [
      ["drain", [PAUSE]],
      ["lockSelector", [SET_TOTAL]],
      ["lowerCap", [1]],
      ["lowerShare", [99]],
    ] as [string, unknown[]][]) {
      await tighten(name, args);
    }
    const before = await control.limits();
    await registry.connect(incident).freeze(MODULE);
    await registry.connect(incident).contain(plan, 0);
    const after = await control.limits();
    expect([after.drainDeadline, after.capBps, [...after.locked]]).to.deep.equal([
      before.drainDeadline,
      1n,
      [SET_TOTAL],
    ]);
    expect(after.closedUntil[0]).to.equal(2n ** 32n - 1n);
    const { share, isFrozen } = await control.status();
    expect([share, isFrozen]).to.deep.equal([99n, true]);
    // What the containment told the proxy behind the lock went through; nobody else's does.
    expect(BigInt(await slotAt(proxy, 1n))).to.equal(5n);
    await expect(app.connect(stranger).setTotal(1)).to.be.revertedWithCustomError(router, "SelectorLocked");
  });

  it("ATK-152 closed lanes and a locked selector do not hold up the way back, and hold for everybody else", async () => {
    const { registry, plan, proposalId, tighten, app, stranger, router, council, parameters } =
      await loadFixture(everyTightening);
    await tighten("lockSelector", [SET_TOTAL]);
    await tighten("drain", [PAUSE]);
    await expect(app.connect(stranger).setTotal(1)).to.be.revertedWithCustomError(router, "SelectorLocked");
    await expect(app.connect(stranger).move(1)).to.be.revertedWithCustomError(router, "Draining");
    for (const member of council.slice(0, parameters.council.rollbackThreshold)) {
      await registry.connect(member).rollbackByCouncil(plan, "back", 0, []);
    }
    expect(await stateOf({ registry } as Canary, proposalId)).to.equal(State.RolledBack);
    expect(await app.total()).to.equal(7n);
    await app.connect(stranger).setTotal(1);
  });

  it("ATK-153 the longest policy's selectors are locked within the gas that the registry gives a router [gas]", async () => {
    const rules = Array.from({ length: 31 }, (_, n) => ruleOf(toBeHex(n + 1, 4)));
    const fixture = await canaryOf({
      ...LANED,
      rules: [...rules, ruleOf(SET_TOTAL, { isLockable: true })],
      // More would not fit into a transaction's creation code.
      expectedErrors: [toBeHex(1, 4)],
    });
    const { tighten, app, stranger, router } = fixture;
    await tighten("lockSelector", [SET_TOTAL]);
    await expect(app.connect(stranger).setTotal(1)).to.be.revertedWithCustomError(router, "SelectorLocked");
  });

  it("ATK-154 whatever the incident key does by turns, an entry is open for half of the time at least", async () => {
    const { tighten, app, stranger, control } = await canaryOf(LANED);
    const isOpen = async () =>
      app
        .connect(stranger)
        .move(1)
        .then(
          () => true,
          () => false,
        );
    let open = 0;
    const steps = 60;
    for (let step = 0; step < steps; ++step) {
      // Whatever is not refused, in either order.
      const tries: [string, unknown[]][] = [
        ["drain", [step % 3 === 0 ? 1 : PAUSE]],
        ["pauseLane", [1, false]],
      ];
      for (const [name, args] of step % 2 === 0 ? tries : tries.reverse()) await tighten(name, args).catch(() => null);
      if (await isOpen()) ++open;
      await time.increase(PAUSE / 4);
    }
    expect((await control.status()).epoch).to.be.greaterThan(3n);
    expect(open).to.be.at.least(steps / 2 - 2);
    expect(open).to.be.lessThan(steps);
  });
});
