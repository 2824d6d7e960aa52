import { pointerAfter } from "../plan/pointerAfter";
import { RollbackKind, type Plan } from "../plan/types";
import type { LifecycleNotes } from "./runLifecycle";
import type { Check, CheckStatus, Override, RehearsalStep } from "./types";

export interface Evidence {
  plan: Plan;
  notes: LifecycleNotes;
  steps: RehearsalStep[];
  overrides: Override[];
  /** The error that ended the lifecycle: its name, and all of it in one line. */
  failure?: { name: string; text: string };
  /** State of the proposal at the end. */
  state: string;
  blockGasLimit: bigint;
}

/** From what the rehearsal saw to one answer a question, in the order in which a person asks them. */
export function evaluate(evidence: Evidence): Check[] {
  return [
    lifecycle(evidence),
    rows(evidence, "pins", "every pin holds before its stage"),
    rows(evidence, "gates", "every gate holds before its stage"),
    invariants(evidence),
    pointers(evidence),
    rollbacks(evidence),
    ...(evidence.plan.containments.length === 0 ? [] : [containments(evidence)]),
    negatives(evidence),
    gas(evidence),
    overrides(evidence),
  ];
}

/** The worst answer: what failed, then what is not known, then what passed with or without a warning. */
export function verdictOf(checks: readonly Check[]): CheckStatus {
  const has = (status: CheckStatus) => checks.some((check) => check.status === status);
  return has("fail") ? "fail" : has("inconclusive") ? "inconclusive" : has("warn") ? "warn" : "pass";
}

function lifecycle({ failure, state, steps, plan, notes }: Evidence): Check {
  const isDone = failure === undefined && state === "Completed";
  // A gate waits for the world, and nothing happens on a fork: that is no fault of the plan, and no proof of it.
  const isShort = failure?.name === "DelegatesTooFew";
  const isWaiting = failure?.name === "GateNotMet" || isShort;
  return {
    id: "lifecycle",
    name: "the plan runs to its end through the real contracts",
    status: isDone ? "pass" : isWaiting ? "inconclusive" : "fail",
    evidence: [
      `${steps.length} transactions, ${notes.stages.length} of ${plan.stages.length} stages, state ${state}`,
      ...(failure === undefined ? [] : [failure.text]),
    ],
    remedy: isDone
      ? ""
      : isShort
        ? "no vote of today's delegates would pass the plan: more holders have to delegate before it is proposed"
        : isWaiting
          ? "the gate waits for what users or operators do; the stages behind it were not rehearsed"
          : "the error says where; mend the plan and rehearse again",
  };
}

function rows({ notes, plan }: Evidence, kind: "pins" | "gates", name: string): Check {
  const all = notes.stages.flatMap((stage) => stage[kind].map((row) => ({ ...row, stage: stage.index })));
  const broken = all.filter(({ isOk }) => !isOk);
  const isWhole = notes.stages.length === plan.stages.length;
  return {
    id: kind,
    name,
    status: broken.length > 0 ? "fail" : isWhole ? "pass" : "inconclusive",
    evidence: [
      `${all.length} checked`,
      ...broken.map((row) => `stage ${row.stage}, ${row.account}: expected ${row.expected}, found ${row.actual}`),
    ],
    remedy: broken.length > 0 ? "see what changed that account, then build the plan anew" : remedyOfPart(isWhole),
  };
}

function invariants({ notes, plan }: Evidence): Check {
  const all = notes.stages.flatMap((stage) => stage.invariants.map((row) => ({ ...row, stage: stage.index })));
  // A comparison with the moment before a stage is answered inside the stage, which reverts on a break.
  const broken = all.filter(({ isAvailable, isOk }) => isAvailable && !isOk);
  const inside = all.filter(({ isAvailable }) => !isAvailable);
  const isWhole = notes.stages.length === plan.stages.length;
  return {
    id: "invariants",
    name: "every invariant holds after its stage",
    status: broken.length > 0 ? "fail" : isWhole ? "pass" : "inconclusive",
    evidence: [
      `${all.length} checked by the stages themselves, ${all.length - inside.length} of them again after it`,
      ...broken.map((row) => `stage ${row.stage}, ${row.name}: left ${row.left}, right ${row.right}`),
    ],
    remedy: broken.length > 0 ? "the upgrade breaks what must hold: do not propose it" : remedyOfPart(isWhole),
  };
}

function pointers({ notes, plan }: Evidence): Check {
  const wrong: string[] = [];
  for (const stage of notes.stages) {
    for (const { module, account, slots } of stage.after) {
      const expected = pointerAfter(plan, account, stage.index + 1);
      if (expected === undefined || expected === slots.implementation) continue;
      wrong.push(`stage ${stage.index}, ${module}: expected ${expected}, found ${slots.implementation}`);
    }
  }
  const isWhole = notes.stages.length === plan.stages.length;
  return {
    id: "pointers",
    name: "each stage leaves every proxy where the plan says",
    status: wrong.length > 0 ? "fail" : isWhole ? "pass" : "inconclusive",
    evidence:
      wrong.length > 0 ? wrong : notes.stages.map(({ index, after }) => `stage ${index}: ${pointersText(after)}`),
    remedy: wrong.length > 0 ? "the calls of that stage do something else than they say" : remedyOfPart(isWhole),
  };
}

function pointersText(states: LifecycleNotes["initial"]): string {
  return states.map(({ module, slots }) => `${module} at ${slots.implementation}`).join(", ");
}

function rollbacks({ notes, plan }: Evidence): Check {
  // A last stage without a dwell completes the plan at once: there is no moment to go back from.
  const last = plan.stages.at(-1);
  const expected = plan.stages.length - (last?.dwell === 0n ? 1 : 0);
  const isClean = ({ index }: { index: number }) => plan.rollbacks[index]?.kind === RollbackKind.Clean;
  const unclean = notes.rollbacks.filter((way) => isClean(way) && (way.residue ?? []).length > 0);
  const bad = notes.rollbacks.filter((way) => way.state !== "RolledBack" || !way.isRestored || unclean.includes(way));
  const isWhole = notes.rollbacks.length === expected;
  return {
    id: "rollbacks",
    name: "the way back from every prefix of stages restores code and pointers",
    status: bad.length > 0 ? "fail" : isWhole ? "pass" : "inconclusive",
    evidence: [
      `${notes.rollbacks.length} of ${expected} run`,
      ...notes.rollbacks.map(
        ({ afterStages, state, isRestored, residue }) =>
          `after ${afterStages}: ${state}, ${isRestored ? "restored" : "not restored"}, ${
            residue === undefined ? "storage not traced" : `${residue.length} slots differ`
          }`,
      ),
      ...unclean.map(
        ({ afterStages, residue }) => `after ${afterStages}: stated clean, and ${residue!.length} slots stay written`,
      ),
    ],
    remedy:
      unclean.length > 0
        ? "state it as lossy (rollback.kind), or take back what was written; if stable cannot live with it, there is no way back"
        : bad.length > 0
          ? "a plan without a way back is not to be proposed"
          : remedyOfPart(isWhole),
  };
}

function containments({ notes, plan }: Evidence): Check {
  // Each after each stage that leaves the plan in progress.
  const expected = plan.containments.length * (plan.stages.length - (plan.stages.at(-1)?.dwell === 0n ? 1 : 0));
  const bad = notes.containments.filter(({ state, isRestored }) => state !== "RolledBack" || !isRestored);
  const isWhole = notes.containments.length === expected;
  return {
    id: "containments",
    name: "every containment runs after every stage, and the way back is open behind it",
    status: bad.length > 0 ? "fail" : isWhole ? "pass" : "inconclusive",
    evidence: [
      `${notes.containments.length} of ${expected} run`,
      ...notes.containments.map(
        ({ label, afterStages, by, gasUsed, state }) =>
          `${label}, after ${afterStages}, by ${by}: gas ${gasUsed}, then ${state}`,
      ),
    ],
    remedy: bad.length > 0 ? "a containment that closes the way back is not to be proposed" : remedyOfPart(isWhole),
  };
}

function negatives({ notes }: Evidence): Check {
  const wrong = notes.negatives.filter(({ isRefused }) => !isRefused);
  return {
    id: "negatives",
    name: "what must not work is refused, with the right error",
    status: wrong.length > 0 ? "fail" : notes.negatives.length > 0 ? "pass" : "inconclusive",
    evidence: [
      `${notes.negatives.length} attempts`,
      ...wrong.map(({ name, expected, found }) => `${name}: expected ${expected}, found ${found}`),
    ],
    remedy: wrong.length > 0 ? "someone else can move this plan: find out which role it has" : "",
  };
}

/** A stage near the block's limit may not fit on the day; share in percent. */
const HIGH_GAS = 70n;

function gas({ steps, blockGasLimit }: Evidence): Check {
  const over = steps.filter(({ gasUsed }) => gasUsed > blockGasLimit);
  const near = steps.filter(({ gasUsed }) => gasUsed * 100n >= blockGasLimit * HIGH_GAS);
  const most = steps.reduce((a, b) => (b.gasUsed > a.gasUsed ? b : a), steps[0] ?? { verb: "none", gasUsed: 0n });
  return {
    id: "gas",
    name: "each transaction fits well into a block",
    status: over.length > 0 ? "fail" : near.length > 0 ? "warn" : "pass",
    evidence: [
      `most: ${most.verb}, ${most.gasUsed} of ${blockGasLimit}`,
      ...near.map(({ verb, gasUsed }) => `${verb}: ${gasUsed}`),
    ],
    remedy: near.length > 0 ? "split the stage" : "",
  };
}

function overrides({ overrides: used, notes }: Evidence): Check {
  const modules = new Set(notes.initial.map(({ account }) => account.toLowerCase()));
  const touching = used.filter((entry) => "account" in entry && modules.has(entry.account.toLowerCase()));
  const count = (kind: Override["kind"]) => used.filter((entry) => entry.kind === kind).length;
  const seconds = used.reduce((sum, entry) => sum + (entry.kind === "time" ? entry.seconds : 0), 0);
  return {
    id: "overrides",
    name: "the only cheats are actors without their keys, their gas money, and the clock",
    status: touching.length > 0 ? "fail" : "pass",
    evidence: [
      `${count("impersonation")} accounts impersonated, ${count("balance")} funded, ${seconds} s waited`,
      ...touching.map((entry) => `touches a module: ${"account" in entry ? entry.account : ""}`),
    ],
    remedy: touching.length > 0 ? "a module of the plan takes part in its own upgrade: rehearse it by hand" : "",
  };
}

function remedyOfPart(isWhole: boolean): string {
  return isWhole ? "" : "the rehearsal ended before it could tell; mend what ended it";
}
