import type { Plan } from "../plan/types";
import type { Facts } from "../registry/facts";
import type { Answer, Bound, CanaryProof, Execution, Transition } from "./types";

/** What a verdict rests on. */
export interface Evidence {
  plan: Plan;
  proposalId: string;
  /** The plan's hash, computed anew. */
  recomputed: string;
  state: string;
  hasEnded: boolean;
  facts: Facts;
  policy: PolicyFacts;
  isTokenElectorate: boolean;
  counted: Record<string, number>;
  transitions: readonly Transition[];
  executions: readonly Execution[];
  canaries: readonly CanaryProof[];
}

export interface PolicyFacts {
  approval: { numerator: bigint; denominator: bigint };
  quorum: { numerator: bigint; denominator: bigint };
  minVoters: number;
  delay: number;
  needed: Record<string, number>;
}

/** Every bound that the plan was under, each answered from the evidence alone. */
export function judge(evidence: Evidence): { bounds: Bound[]; verdict: Answer } {
  const { plan, executions, facts, policy, counted } = evidence;
  const isBegun = executions.length > 0;
  const bounds: Bound[] = [
    bound("the plan is the one that was proposed", evidence.recomputed === evidence.proposalId, evidence.recomputed),
  ];
  if (facts.scheduledAt > 0) {
    bounds.push(
      approved(evidence),
      bound(
        "as many were ready as the plan asks",
        reaches(fraction(plan.readiness.threshold), facts.readyPower, facts.clippedTotal),
        `${facts.readyPower} of ${facts.clippedTotal}, needs ${plan.readiness.threshold.numerator}/${plan.readiness.threshold.denominator}`,
      ),
      bound(
        "reviewers attested",
        Object.entries(policy.needed).every(([kind, need]) => (counted[kind] ?? 0) >= need),
        Object.entries(policy.needed)
          .map(([kind, need]) => `${kind} ${counted[kind] ?? 0} of ${need}`)
          .join(", "),
      ),
      bound(
        "the timelock's delay was kept",
        facts.eta - facts.scheduledAt >= policy.delay,
        `${facts.eta - facts.scheduledAt} s, needs ${policy.delay} s`,
      ),
    );
  } else if (isBegun) {
    bounds.push(bound("a scheduled plan alone runs", false, "a batch ran, and the plan was never scheduled"));
  }
  bounds.push(onTime(evidence), pinned(executions), gated(executions), held(executions));
  bounds.push(...evidence.canaries.flatMap(canaryBounds), breaches(evidence), frozen(evidence));
  bounds.push({
    bound: "the plan has ended",
    verdict: evidence.hasEnded ? "yes" : "cannot tell",
    evidence: evidence.state,
  });
  const has = (verdict: Answer) => bounds.some((one) => one.verdict === verdict);
  return { bounds, verdict: has("no") ? "no" : has("cannot tell") ? "cannot tell" : "yes" };
}

function bound(name: string, isKept: boolean, evidence: string): Bound {
  return { bound: name, verdict: isKept ? "yes" : "no", evidence };
}

function unknown(name: string, evidence: string): Bound {
  return { bound: name, verdict: "cannot tell", evidence };
}

function fraction({ numerator, denominator }: { numerator: number; denominator: number }) {
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
}

function reaches(threshold: { numerator: bigint; denominator: bigint }, part: bigint, whole: bigint): boolean {
  return threshold.numerator === 0n || (whole > 0n && part * threshold.denominator >= whole * threshold.numerator);
}

function approved({ facts, policy, isTokenElectorate }: Evidence): Bound {
  const { forPower, againstPower, abstainPower, clippedTotal, voters } = facts;
  // A token's approval is of the votes cast.
  const whole = isTokenElectorate ? forPower + againstPower : clippedTotal;
  const cast = forPower + againstPower + abstainPower;
  const isKept =
    reaches(policy.approval, forPower, whole) &&
    reaches(policy.quorum, cast, clippedTotal) &&
    voters >= policy.minVoters;
  const { approval, quorum } = policy;
  return bound(
    "the electorate approved",
    isKept,
    `for ${forPower} of ${whole}, needs ${approval.numerator}/${approval.denominator}; cast ${cast} of ${clippedTotal}, needs ${quorum.numerator}/${quorum.denominator}; ${voters} voters, needs ${policy.minVoters}`,
  );
}

function onTime({ transitions, executions, facts }: Evidence): Bound {
  const name = "every stage ran after the dwell before it, and within its window";
  const stages = executions.filter(({ kind }) => kind === "stage");
  if (stages.length === 0) return bound(name, true, "no stage ran");
  const scheduled = transitions.find(({ event }) => event === "ProposalScheduled");
  const windows = [
    { from: facts.eta, until: Number(scheduled?.args["notAfter"] ?? 0) },
    ...transitions
      .filter(({ event }) => event === "StageAdvanced")
      .map(({ args }) => ({ from: Number(args["notBefore"]), until: Number(args["notAfter"]) })),
  ];
  const early = stages.findIndex(({ timestamp }, i) => timestamp < windows[i]!.from);
  if (early !== -1)
    return bound(name, false, `stage ${early} ran ${windows[early]!.from - stages[early]!.timestamp} s early`);
  const late = stages.findIndex(({ timestamp }, i) => windows[i]!.until > 0 && timestamp > windows[i]!.until);
  if (late === -1)
    return bound(name, true, stages.map(({ index, timestamp }) => `stage ${index} at ${timestamp}`).join(", "));
  // Halted time extends windows; how much is the registry's own count.
  const isHalted = transitions.some(({ event }) => event === "Halted");
  const evidence = `stage ${late} ran ${stages[late]!.timestamp - windows[late]!.until} s after its window`;
  return isHalted ? unknown(name, `${evidence}, and there was a halt`) : bound(name, false, evidence);
}

function pinned(executions: readonly Execution[]): Bound {
  const name = "pinned code was what was voted on, before and after every batch";
  const pins = executions.flatMap(({ kind, index, pins: own }) =>
    own.map((pin) => ({ ...pin, at: `${kind} ${index}` })),
  );
  const moved = pins.find(({ expected, before, after }) =>
    [before, after].some((hash) => hash !== expected && hash !== "unknown"),
  );
  if (moved !== undefined) {
    return bound(
      name,
      false,
      `${moved.at}: ${moved.account} had ${moved.before}, then ${moved.after}, not ${moved.expected}`,
    );
  }
  const missing = pins.filter(({ before, after }) => before === "unknown" || after === "unknown").length;
  if (missing > 0) return unknown(name, `the node does not keep the code of ${missing} of ${pins.length} pins`);
  return bound(name, true, `${pins.length} pins of ${executions.length} batches`);
}

function gated(executions: readonly Execution[]): Bound {
  const name = "gates held one block before each stage";
  const all = executions.map(({ gates }) => gates);
  if (all.includes("unknown")) return unknown(name, "the node does not keep that state");
  const gates = all.flatMap((own) => (own === "unknown" ? [] : own));
  const open = gates.filter(({ isOk }) => !isOk).length;
  // What counts blocks or seconds may come true in the very block.
  if (open > 0) return unknown(name, `${open} of ${gates.length} came true in the block itself`);
  return bound(name, true, `${gates.length} gates`);
}

function held(executions: readonly Execution[]): Bound {
  const name = "invariants held after every stage";
  const stages = executions.filter(({ kind }) => kind === "stage");
  if (stages.some(({ invariants }) => invariants === "unknown"))
    return unknown(name, "the node does not keep that state");
  const known = stages.flatMap(({ index, invariants }) =>
    invariants === "unknown" ? [] : invariants.map((one) => ({ ...one, at: `stage ${index}` })),
  );
  const broken = known.find(({ state }) => state === "broken");
  if (broken !== undefined) {
    return bound(name, false, `${broken.at}: ${broken.name}, ${broken.left} against ${broken.right}`);
  }
  const unread = known.filter(({ state }) => state === "unavailable" || state === "no baseline");
  if (unread.length > 0) return unknown(name, `${unread[0]!.at}: ${unread[0]!.name} gave no word`);
  const within = known.filter(({ state }) => state === "stage only").length;
  return bound(
    name,
    true,
    `${known.length - within} read${within === 0 ? "" : `; ${within} compare with the moment before, inside the stage, which would have reverted`}`,
  );
}

function canaryBounds(canary: CanaryProof): Bound[] {
  const { module, samples, errorBudget, interval, gaps } = canary;
  const over = samples.find(({ used, cap }) => BigInt(used) > BigInt(cap));
  const most = samples.reduce((max, { used }) => (BigInt(used) > max ? BigInt(used) : max), 0n);
  const caps = [...new Set(samples.map(({ cap }) => cap))].join(", then ");
  const budget = `the canary of ${module} kept its budget`;
  const breaks = Math.max(0, ...samples.map((one) => one.breaks));
  const isOver = errorBudget > 0 && samples.some((one) => one.breaks >= errorBudget && !one.isFrozen);
  return [
    interval === 0
      ? bound(budget, true, "no cap was set")
      : over !== undefined
        ? bound(budget, false, `${over.used} of ${over.cap} used at block ${over.block}`)
        : gaps !== ""
          ? unknown(budget, gaps)
          : bound(budget, true, `${most} of ${caps} used at most, in ${samples.length} samples`),
    bound(`the canary of ${module} was frozen at its error budget`, !isOver, `${breaks} breaks of ${errorBudget}`),
  ];
}

function breaches({ transitions, state }: Evidence): Bound {
  const name = "every proven breach was acted on";
  const proven = transitions.filter(({ event }) => event === "BreachProven");
  if (proven.length === 0) return bound(name, true, "none was proven");
  const last = proven.at(-1)!;
  const isActed = transitions.some(
    ({ event, block }) =>
      block >= last.block && ["CanaryFrozen", "PlanRolledBack", "ContainmentExecuted"].includes(event),
  );
  const evidence = `${proven.length} proven, the last in block ${last.block}; the plan is ${state}`;
  if (isActed) return bound(name, true, evidence);
  return state === "Completed" ? bound(name, false, evidence) : unknown(name, evidence);
}

function frozen({ transitions, executions, canaries }: Evidence): Bound {
  const name = "nothing was promoted past a freeze, a breach, a containment or a veto";
  const stops = [
    ...transitions.filter(({ event }) =>
      ["CanaryFrozen", "ContainmentExecuted", "ProposalVetoed", "PlanInvalidated"].includes(event),
    ),
    ...canaries.flatMap(({ events }) => events.filter(({ event }) => event === "CanaryFrozen")),
  ];
  if (stops.length === 0) return bound(name, true, "none happened");
  const first = Math.min(...stops.map(({ block }) => block));
  const after = executions.find(({ kind, block }) => kind === "stage" && block > first);
  return bound(
    name,
    after === undefined,
    after === undefined
      ? `the first in block ${first}`
      : `stage ${after.index} ran in block ${after.block}, after block ${first}`,
  );
}
