import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { CHECKS } from "../../../src/simulate/checks";
import type { CheckKind, Evidence } from "../../../src/simulate/checks/types";
import type { RehearsedStage } from "../../../src/simulate/types";
import { withOwnFolder } from "../../fixtures/bridgeModule";
import { counterFixture, counterPlan } from "../../fixtures/counterModule";
import { checkWorld, lifeOf } from "../../helpers/checkWorld";

/*
 * Checks that look at what the rehearsal wrote down. A plan's real life passes each of them; where one fact of it came out otherwise, it fails.
 */
describe("checks of what a rehearsal wrote down", () => {
  let life: Evidence;

  before(async () => {
    const fixture = withOwnFolder(await loadFixture(counterFixture));
    const world = await checkWorld(fixture, counterPlan(undefined, [], []));
    life = (await lifeOf(kindOf("lifecycle"), world)).evidence;
  });

  const kindOf = (id: string): CheckKind => CHECKS.find((one) => one.id === id)!;

  /** The answer to the life as it was, and to the life with something else in it. None of these checks has looked before. */
  async function both(id: string, otherwise: (evidence: Evidence) => Partial<Evidence>) {
    const asItWas = await kindOf(id).begin().conclude(life);
    const changed = await kindOf(id)
      .begin()
      .conclude({ ...life, ...otherwise(life) });
    return { asItWas, changed };
  }

  /** The notes with the first stage changed. */
  const stage =
    (change: (first: RehearsedStage) => Partial<RehearsedStage>) =>
    ({ notes }: Evidence): Partial<Evidence> => {
      const [first, ...rest] = notes.stages;
      return { notes: { ...notes, stages: [{ ...first!, ...change(first!) }, ...rest] } };
    };

  it("CHK-120 overrides: fails where a module of the plan is impersonated in its own rehearsal", async () => {
    const { asItWas, changed } = await both("overrides", ({ overrides, notes }) => ({
      overrides: [...overrides, { kind: "impersonation", account: notes.initial[0]!.account, as: "proposer" }],
    }));
    expect(asItWas.status).to.equal("pass");
    expect(changed.status).to.equal("fail");
    expect(changed.evidence.join("\n")).to.contain("touches a module");
  });

  it("CHK-121 lifecycle: fails by the error that ended it, and where the plan is not completed", async () => {
    const failure = { name: "CodeHashMismatch", text: "CodeHashMismatch at stage 0" };
    const { asItWas, changed } = await both("lifecycle", () => ({ failure }));
    expect(asItWas.status).to.equal("pass");
    expect(changed.status).to.equal("fail");
    expect(changed.evidence).to.include(failure.text);
    expect((await both("lifecycle", () => ({ state: "Scheduled" }))).changed.status).to.equal("fail");
    const waiting = { name: "GateNotMet", text: "GateNotMet" };
    expect((await both("lifecycle", () => ({ failure: waiting }))).changed.status).to.equal("inconclusive");
  });

  it("CHK-122 negatives: fails where one attempt got through, or was refused for another reason", async () => {
    const { asItWas, changed } = await both("negatives", ({ notes }) => {
      const [first, ...rest] = notes.negatives;
      return { notes: { ...notes, negatives: [{ ...first!, found: "nothing", isRefused: false }, ...rest] } };
    });
    expect(asItWas.status).to.equal("pass");
    expect(changed.status).to.equal("fail");
    expect(changed.evidence.join("\n")).to.contain("found nothing");
  });

  it("CHK-123 invariants: fails where one that held inside its stage is broken after it", async () => {
    const { asItWas, changed } = await both(
      "invariants",
      stage(() => ({
        invariants: [{ invariant: "0x", name: "kept", isOk: false, isAvailable: true, left: 2n, right: 1n } as never],
      })),
    );
    expect(asItWas.status).to.equal("pass");
    expect(changed.status).to.equal("fail");
    expect(changed.evidence).to.include("stage 0, kept: left 2, right 1");
  });

  it("CHK-124 rollbacks: fails where code or pointers are not restored, and where a clean way leaves slots written", async () => {
    const { asItWas, changed } = await both("rollbacks", ({ notes }) => ({
      notes: { ...notes, rollbacks: notes.rollbacks.map((way) => ({ ...way, isRestored: false })) },
    }));
    expect(asItWas.status).to.equal("pass");
    expect(changed.status).to.equal("fail");
    expect(changed.evidence.join("\n")).to.contain("not restored");
    const stuck = await both("rollbacks", ({ notes }) => ({
      notes: { ...notes, rollbacks: notes.rollbacks.map((way) => ({ ...way, state: "InProgress" })) },
    }));
    expect(stuck.changed.status).to.equal("fail");
    const fewer = await both("rollbacks", ({ notes }) => ({ notes: { ...notes, rollbacks: [] } }));
    expect(fewer.changed.status).to.equal("inconclusive");
  });

  it("CHK-125 gas: warns of a transaction near the limit of one, and fails above it", async () => {
    const heavy =
      (gasUsed: bigint) =>
      ({ steps }: Evidence) => ({ steps: [...steps, { ...steps[0]!, verb: "heavy", gasUsed }] });
    const { asItWas, changed } = await both("gas", heavy(2n ** 24n + 1n));
    expect(asItWas.status).to.equal("pass");
    expect(changed.status).to.equal("fail");
    expect((await both("gas", heavy((2n ** 24n * 7n) / 10n + 1n))).changed.status).to.equal("warn");
  });

  it("CHK-126 drift: fails where a pin or a gate was not what was voted on before its stage", async () => {
    const pin = { account: "0x1", expected: "0xaa", actual: "0xbb", isOk: false } as never;
    const { asItWas, changed } = await both(
      "drift",
      stage(({ pins }) => ({ pins: [...pins, pin] })),
    );
    expect(asItWas.status).to.equal("pass");
    expect(changed.status).to.equal("fail");
    expect(changed.evidence).to.include("stage 0, 0x1: expected 0xaa, found 0xbb");
    const gate = await both(
      "drift",
      stage(({ gates }) => ({ gates: [...gates, pin] })),
    );
    expect(gate.changed.status).to.equal("fail");
  });
});
