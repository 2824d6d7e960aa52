import { expect } from "chai";
import { judge, type Evidence } from "../../src/prove/judge";
import type { Answer, CanaryProof, Execution, Transition } from "../../src/prove/types";
import type { Plan } from "../../src/plan/types";

const transition = (event: string, block: number, args: Record<string, unknown> = {}): Transition => ({
  event,
  args,
  block,
  timestamp: block * 100,
  transaction: "0x",
  logIndex: 0,
  by: "0x",
  through: "advance",
});

const stage = (index: number, block: number): Execution => ({
  kind: "stage",
  index,
  label: `stage ${index}`,
  block,
  timestamp: block * 100,
  transaction: "0x",
  by: "0x",
  pins: [{ account: "0xaa", expected: "0x01", before: "0x01", after: "0x01" }],
  gates: [{ actual: "1", isOk: true }],
  invariants: [{ id: "0x1", name: "solvent", state: "holds", condition: "", left: "1", right: "1" }],
});

const canary: CanaryProof = {
  module: "vault",
  account: "0x",
  stable: "0x",
  candidate: "0x",
  interval: 3600,
  errorBudget: 3,
  gaps: "",
  samples: [
    {
      block: 11,
      timestamp: 1100,
      share: 500,
      epoch: 1,
      isFrozen: false,
      breaks: 2,
      used: "100",
      cap: "100",
      stableCalls: "1",
      candidateCalls: "1",
      fallbacks: "0",
    },
  ],
  events: [],
};

/** A plan of two stages that kept every bound; each only just. */
function kept(): Evidence {
  return {
    plan: { readiness: { threshold: { numerator: 2, denominator: 3 } } } as Plan,
    proposalId: "0x1d",
    recomputed: "0x1d",
    state: "Completed",
    hasEnded: true,
    facts: {
      scheduledAt: 500,
      eta: 1000,
      forPower: 800n,
      againstPower: 0n,
      abstainPower: 0n,
      clippedTotal: 1200n,
      voters: 8,
      readyPower: 800n,
    } as Evidence["facts"],
    policy: {
      approval: { numerator: 2n, denominator: 3n },
      quorum: { numerator: 2n, denominator: 3n },
      minVoters: 8,
      delay: 500,
      needed: { integrity: 1 },
    },
    isTokenElectorate: false,
    counted: { integrity: 1 },
    transitions: [
      transition("ProposalScheduled", 5, { notAfter: "1000" }),
      transition("StageAdvanced", 10, { notBefore: "2000", notAfter: "2000" }),
      transition("StageAdvanced", 20, { notBefore: "2000", notAfter: "0" }),
      transition("PlanCompleted", 21),
    ],
    executions: [stage(0, 10), stage(1, 20)],
    canaries: [canary],
  };
}

const APPROVED = "the electorate approved";
const ON_TIME = "every stage ran after the dwell before it, and within its window";
const PINS = "pinned code was what was voted on, before and after every batch";
const INVARIANTS = "invariants held after every stage";
const BUDGET = "the canary of vault kept its budget";
const STOPS = "nothing was promoted past a freeze, a breach, a containment or a veto";

describe("judge", () => {
  it("TOO-45 answers yes where every bound was kept, if only just", () => {
    const { verdict, bounds } = judge(kept());
    expect(bounds.filter((one) => one.verdict !== "yes")).to.deep.equal([]);
    expect(verdict).to.equal("yes");
  });

  const changes: [string, string, Answer, (evidence: Evidence) => void][] = [
    ["a vote short", APPROVED, "no", ({ facts }) => (facts.forPower = 799n)],
    ["no quorum", APPROVED, "no", ({ policy }) => (policy.quorum = { numerator: 3n, denominator: 4n })],
    ["a voter short", APPROVED, "no", ({ facts }) => (facts.voters = 7)],
    ["readiness short", "as many were ready as the plan asks", "no", ({ facts }) => (facts.readyPower = 799n)],
    ["an attestation short", "reviewers attested", "no", ({ counted }) => (counted["integrity"] = 0)],
    ["a delay short", "the timelock's delay was kept", "no", ({ policy }) => (policy.delay = 501)],
    ["another plan", "the plan is the one that was proposed", "no", (evidence) => (evidence.recomputed = "0x2d")],
    ["a stage early", ON_TIME, "no", ({ executions }) => (executions[1]!.timestamp = 1999)],
    ["a stage late", ON_TIME, "no", ({ executions }) => (executions[1]!.timestamp = 2001)],
    [
      "a stage late after a halt",
      ON_TIME,
      "cannot tell",
      (evidence) => {
        evidence.executions[1]!.timestamp = 2001;
        evidence.transitions = [...evidence.transitions, transition("Halted", 12)];
      },
    ],
    ["other code before", PINS, "no", ({ executions }) => (executions[0]!.pins[0]!.before = "0x02")],
    ["other code after", PINS, "no", ({ executions }) => (executions[1]!.pins[0]!.after = "0x02")],
    ["code that no node keeps", PINS, "cannot tell", ({ executions }) => (executions[0]!.pins[0]!.before = "unknown")],
    [
      "a gate that came true in the block",
      "gates held one block before each stage",
      "cannot tell",
      ({ executions }) => (executions[0]!.gates = [{ actual: "0", isOk: false }]),
    ],
    [
      "a broken invariant",
      INVARIANTS,
      "no",
      ({ executions: [one] }) => one!.invariants !== "unknown" && (one!.invariants[0]!.state = "broken"),
    ],
    [
      "an invariant without a word",
      INVARIANTS,
      "cannot tell",
      ({ executions: [one] }) => one!.invariants !== "unknown" && (one!.invariants[0]!.state = "unavailable"),
    ],
    [
      "invariants that no node keeps",
      INVARIANTS,
      "cannot tell",
      ({ executions: [one] }) => (one!.invariants = "unknown"),
    ],
    ["a budget overrun", BUDGET, "no", ({ canaries: [one] }) => (one!.samples[0]!.used = "101")],
    [
      "a budget that was not seen whole",
      BUDGET,
      "cannot tell",
      ({ canaries: [one] }) => (one!.gaps = "too many windows"),
    ],
    [
      "an error budget without a freeze",
      "the canary of vault was frozen at its error budget",
      "no",
      ({ canaries: [one] }) => (one!.samples[0]!.breaks = 3),
    ],
    [
      "a breach that nobody acted on",
      "every proven breach was acted on",
      "no",
      (evidence) => (evidence.transitions = [...evidence.transitions, transition("BreachProven", 15)]),
    ],
    [
      "a stage past a freeze",
      STOPS,
      "no",
      (evidence) => (evidence.transitions = [...evidence.transitions, transition("CanaryFrozen", 15)]),
    ],
    ["a router's own freeze", STOPS, "no", ({ canaries: [one] }) => (one!.events = [transition("CanaryFrozen", 15)])],
    ["a plan that still runs", "the plan has ended", "cannot tell", (evidence) => (evidence.hasEnded = false)],
  ];
  for (const [name, bound, verdict, change] of changes) {
    it(`TOO-46 answers ${verdict} for one thing changed: ${name}`, () => {
      const evidence = structuredClone(kept());
      change(evidence);
      const answer = judge(evidence);
      expect(answer.bounds.filter((one) => one.verdict !== "yes").map((one) => [one.bound, one.verdict])).to.deep.equal(
        [[bound, verdict]],
      );
      expect(answer.verdict).to.equal(verdict);
    });
  }
});
