import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, ZeroHash } from "ethers";
import { DAY, registryFixture, type RegistryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { propose, State, stateOf, toInProgress } from "../helpers/lifecycle";
import { addModule, dialPlan, MODULE } from "../helpers/plans";

/** Most halts of one scope between two refills, and most modules of one plan. */
const HALTS = 16;
const MODULES = 15;

/** What a status may cost when the council has done its worst to every scope of the largest plan. */
const STATUS_GAS = 2_000_000n;
const VETO_GAS = 4_000_000n;
const ROLLBACK_GAS = 6_000_000n;

const MODULE_NAMES = [MODULE, ...Array.from({ length: MODULES - 1 }, (_, i) => encodeBytes32String(`module ${i}`))];

/** A plan in progress for fifteen modules, and a council of which each member acts alone. */
async function wideFixture() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  for (const name of MODULE_NAMES.slice(1)) await addModule(fixture, name);
  const { council } = fixture.parameters;
  await (
    await asTimelock(fixture)
  ).setCouncil({ ...council, haltThreshold: 1, liftThreshold: 1, vetoThreshold: 1, rollbackThreshold: 1 });
  const plan = await dialPlan(fixture, module, {
    targets: MODULE_NAMES.map((name) => ({ module: name, baseVersion: 0n })),
    executionWindow: BigInt(60 * DAY),
  });
  return { ...fixture, module, plan, proposalId: await toInProgress(fixture, plan) };
}

async function halt({ registry, council }: RegistryFixture, scope: string): Promise<void> {
  await registry.connect(council[0]).halt(scope, "look", 0, []);
}

async function lift({ registry, council }: RegistryFixture, scope: string): Promise<void> {
  await registry.connect(council[0]).lift(scope, 0, []);
}

/** Halts and lifts `scope` until the budget is spent. */
async function spend(fixture: RegistryFixture, scope: string): Promise<number> {
  for (let count = 0; ; ++count) {
    if ((await fixture.registry.haltOf(scope)).budget === 0n) return count;
    await halt(fixture, scope);
    await lift(fixture, scope);
  }
}

describe("Spans of halts", () => {
  it("EMG-60 a halt that is lifted at once costs a sixteenth of the budget: sixteen halts, then none", async () => {
    const fixture = await loadFixture(wideFixture);
    const { registry, council } = fixture;
    await halt(fixture, ZeroHash);
    await lift(fixture, ZeroHash);
    expect((await registry.haltOf(ZeroHash)).budget).to.equal(BigInt((5 * DAY * 15) / 16));
    expect(await spend(fixture, ZeroHash)).to.equal(HALTS - 1);
    await expect(registry.connect(council[0]).halt(ZeroHash, "look", 0, []))
      .to.be.revertedWithCustomError(registry, "HaltBudgetSpent")
      .withArgs(ZeroHash);
  });

  it("EMG-60 a halt in force across a refill does not make a seventeenth possible", async () => {
    const fixture = await loadFixture(wideFixture);
    await halt(fixture, MODULE);
    await (await asTimelock(fixture)).refillHaltBudget(MODULE);
    await lift(fixture, MODULE);
    expect(await spend(fixture, MODULE)).to.equal(HALTS);
  });

  it("EMG-60 a budget kept from an earlier council is worth no more than the present one", async () => {
    const fixture = await loadFixture(wideFixture);
    const { registry, parameters } = fixture;
    await halt(fixture, MODULE);
    await lift(fixture, MODULE);
    const one = { haltThreshold: 1, liftThreshold: 1, haltDuration: 600, haltBudget: 1_600 };
    await (await asTimelock(fixture)).setCouncil({ ...parameters.council, ...one });
    expect((await registry.haltOf(MODULE)).budget).to.equal(1_600n);
    expect(await spend(fixture, MODULE)).to.equal(HALTS);
  });

  it("EMG-60 the seconds of all halts between two refills never exceed the budget, however they are cut", async () => {
    const fixture = await loadFixture(wideFixture);
    const { registry } = fixture;
    let halted = 0;
    for (let i = 0; (await registry.haltOf(MODULE)).budget !== 0n; ++i) {
      await halt(fixture, MODULE);
      const start = await time.latest();
      const { until } = await registry.haltOf(MODULE);
      // By turns: to its end, at once, after a third of a day.
      const early = start + (i % 3 === 1 ? 1 : DAY / 3);
      if (i % 3 === 0 || early >= until) await time.increaseTo(until);
      else {
        await time.setNextBlockTimestamp(early);
        await lift(fixture, MODULE);
      }
      halted += (await time.latest()) - start;
      await time.increaseTo((await registry.haltableAt(MODULE)) + 1n);
    }
    expect(halted).to.be.greaterThan(4 * DAY);
    expect(halted).to.be.at.most(5 * DAY);
  });

  it("EMG-61 after the worst that a council can do, status, veto and rollback stay far below one transaction [gas]", async function () {
    this.timeout(240_000);
    const fixture = await loadFixture(wideFixture);
    const { registry, council, plan, proposalId } = fixture;
    const before = await registry.stateOf.estimateGas(proposalId);
    // By turns, so that no two spans of the plan's scopes touch.
    for (let i = 0; i < HALTS; ++i) {
      for (const scope of [ZeroHash, ...MODULE_NAMES]) {
        await halt(fixture, scope);
        await lift(fixture, scope);
      }
    }
    for (const scope of [ZeroHash, ...MODULE_NAMES]) {
      expect((await registry.haltOf(scope)).budget).to.equal(0n);
    }
    const after = await registry.stateOf.estimateGas(proposalId);
    expect(after - before).to.be.greaterThan(BigInt(HALTS * (MODULES + 1)) * 2_100n);
    const member = registry.connect(council[0]);
    expect(after).to.be.lessThan(STATUS_GAS);
    expect(await member.veto.estimateGas(proposalId, "no", 0, [])).to.be.lessThan(VETO_GAS);
    expect(await member.rollbackByCouncil.estimateGas(plan, "why", 0, [])).to.be.lessThan(ROLLBACK_GAS);
    await member.veto(proposalId, "no", 0, []);
    await registry.rollback(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
  });

  it("EMG-62 spans from before a plan's mark cost its status nothing [gas]", async () => {
    const fixture = await loadFixture(wideFixture);
    const { registry, module, council, plan } = fixture;
    await registry.connect(council[0]).rollbackByCouncil(plan, "why", 0, []);
    const gasOf = async (nonce: bigint) => {
      const next = await dialPlan(fixture, module, { nonce, targets: [{ module: MODULE, baseVersion: 1n }] });
      return registry.stateOf.estimateGas(await propose(fixture, next));
    };
    await halt(fixture, ZeroHash);
    await halt(fixture, MODULE);
    await lift(fixture, ZeroHash);
    await lift(fixture, MODULE);
    const few = await gasOf(1n);
    await spend(fixture, ZeroHash);
    await spend(fixture, MODULE);
    expect((await gasOf(2n)) - few).to.be.lessThan(500n);
  });

  it("EMG-63 a window grows by the union of all halts since the last step, to the second", async () => {
    // A small generator of its own: the same halts on each run.
    let seed = 20_261_121;
    const below = (limit: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % limit;
    };
    const fixture = await loadFixture(wideFixture);
    const { registry, proposalId } = fixture;
    const scopes = [ZeroHash, ...MODULE_NAMES.slice(0, 4)];
    const start = await registry.stateOf(proposalId);
    const spans: { scope: string; since: number; until: number }[] = [];
    for (let i = 0; i < 40; ++i) {
      const scope = scopes[below(scopes.length)] ?? ZeroHash;
      const { until, budget } = await registry.haltOf(scope);
      await time.increase(1 + below(DAY / 2));
      const now = await time.latest();
      if (until > BigInt(now) + 1n) {
        await lift(fixture, scope);
        const open = spans.findLast((span) => span.scope === scope);
        if (open !== undefined) open.until = await time.latest();
      } else if (budget > 0n && BigInt(now) + 1n >= (await registry.haltableAt(scope))) {
        await halt(fixture, scope);
        spans.push({ scope, since: await time.latest(), until: Number((await registry.haltOf(scope)).until) });
      }
      const status = await registry.stateOf(proposalId);
      const union = unionOf(spans, await time.latest());
      expect(Number(status.notAfter - start.notAfter)).to.equal(union);
      expect(Number(status.notBefore - start.notBefore)).to.equal(union);
    }
    expect(spans.length).to.be.greaterThan(10);
  });
});

/** Seconds that lie in at least one span, until `now`. */
function unionOf(spans: readonly { since: number; until: number }[], now: number): number {
  let [total, edge] = [0, 0];
  for (const span of [...spans].sort((a, b) => a.since - b.since)) {
    const until = Math.min(span.until, now);
    total += Math.max(0, until - Math.max(span.since, edge));
    edge = Math.max(edge, until);
  }
  return total;
}
