import { ErrorFragment, ZeroAddress, zeroPadValue, type Interface } from "ethers";
import { SlipwayError } from "../errors";
import { RightKind, type Condition } from "../invariants/types";
import type { LoadedInvariant } from "../invariants/loadInvariants";
import type { Client } from "../client";
import { encodeCall, functionOf, headWordOf, looseFunction } from "./abi";
import { buildLanes, type BuiltLanes } from "./buildLanes";
import type { Defaults } from "./defaults";
import { nearest } from "./nearest";
import { DEFAULT_PROBE_GAS, readProbe } from "./probe";
import type { CanaryFile } from "./schema";
import type { Probe } from "./types";
import { parseWeight } from "./units";

/** How one selector is routed, as contracts/traffic/ITrafficRouter.sol defines it. Words count from 1. */
export interface SelectorRule {
  selector: string;
  cohortWord: number;
  meterWord: number;
  /** 18 decimals. */
  weight: bigint;
  isFree: boolean;
  /** Number of its lane, from 1; zero: `Policy.otherLane`. */
  lane: number;
  isLockable: boolean;
}

/** Selectors that are closed together; an exit stays open while the proxy drains. */
export interface Lane {
  name: string;
  isExit: boolean;
}

/** What decides which code serves which call. */
export interface Policy {
  /** Basis points. */
  share: number;
  salt: string;
  isCounted: boolean;
  /** Seconds; zero: no cap. */
  interval: bigint;
  cap: bigint;
  valueWeight: bigint;
  errorBudget: bigint;
  candidateGas: bigint;
  /** Seconds that the guardian may close a lane; zero without lanes. */
  lanePause: bigint;
  otherLane: number;
  rules: SelectorRule[];
  expectedErrors: string[];
  invariants: Condition[];
  lanes: Lane[];
  /** Counts what is in flight; no target: nobody can tell. */
  inFlight: Probe;
  /** Keys that take part whatever the share, in increasing order. */
  segment: string[];
  /** Of selectors that have several. */
  meters: Meter[];
  /** What a call makes this word fall by is charged; no target: nothing is. */
  fall: FallMeter;
}

export interface Meter {
  selector: string;
  word: number;
  weight: bigint;
}

export interface FallMeter {
  probe: Probe;
  weight: bigint;
}

const ONE = parseWeight("1")!;
const MAX_CAP = 2n ** 128n - 1n;
/** As many as a router searches. */
const MAX_SEGMENT = 256;

export interface PolicyContext {
  client: Client;
  /** The candidate's. */
  abi: Interface;
  proxy: string;
  /** The cohort's key is the proxy then. */
  isBeacon: boolean;
  salt: string;
  invariants: readonly LoadedInvariant[];
  defaults: Defaults;
  /** `file:line:column` of a key below `canary`. */
  where: (...path: (string | number)[]) => string;
}

/** The policy a router is made for. */
export async function buildPolicy(canary: CanaryFile, context: PolicyContext): Promise<Policy> {
  const { defaults } = context;
  const { budget } = canary;
  return {
    share: canary.steps[0]!.share,
    salt: context.salt,
    isCounted: defaults.fill(
      "canary.count",
      canary.count,
      true,
      "calls on each version are what a canary is judged by",
    ),
    interval:
      budget?.per ??
      defaults.fill("canary.budget", undefined, 0n, "no cap: nothing bounds what the candidate may lose", "none"),
    cap: budget === undefined ? 0n : checkRange(budget.cap, 1n, MAX_CAP, context.where("budget", "cap")),
    valueWeight:
      budget === undefined
        ? 0n
        : defaults.fill("canary.budget.value", budget.value, ONE, "native value counts as it is", "1"),
    errorBudget: checkRange(
      defaults.fill("canary.errorBudget", canary.errorBudget, 3n, "the third break freezes the canary"),
      1n,
      255n,
      context.where("errorBudget"),
    ),
    candidateGas: checkRange(
      defaults.fill("canary.candidateGas", canary.candidateGas, 2_000_000n, "most gas one call gives the candidate"),
      21_000n,
      2n ** 32n - 1n,
      context.where("candidateGas"),
    ),
    ...buildRules(canary, context),
    fall: fallOf(canary, context),
    expectedErrors: (canary.expectedErrors ?? []).map((name, i) =>
      errorSelector(context.abi, name, context.where("expectedErrors", i)),
    ),
    invariants: await inlineConditions(context),
  };
}

/** One rule a selector, gathered from cohorts, meters, free functions and lanes. */
function buildRules(
  canary: CanaryFile,
  context: PolicyContext,
): Pick<Policy, "rules" | "segment" | "meters"> & BuiltLanes {
  const { abi, where, defaults } = context;
  const rules = new Map<string, SelectorRule>();
  const ruleOf = (name: string, place: string) => {
    const fragment = functionOf(abi, name, place);
    const rule = rules.get(fragment.selector) ?? {
      selector: fragment.selector,
      cohortWord: 0,
      meterWord: 0,
      weight: 0n,
      isFree: false,
      lane: 0,
      isLockable: false,
    };
    rules.set(fragment.selector, rule);
    return { fragment, rule };
  };

  if (canary.cohort === "proxy" && !context.isBeacon) {
    throw new SlipwayError("PlanFileInvalid", {
      where: where("cohort"),
      expected: "sender, or { function, arg }, or a list of these",
      found: "proxy",
      meaning: "a module that is one proxy has no other to compare with",
    });
  }
  const cohort = context.isBeacon
    ? defaults.fill("canary.cohort", canary.cohort, "proxy", "all users of one proxy meet one version")
    : defaults.fill("canary.cohort", canary.cohort, "sender", "a user stays on one version");
  const cohorts = cohort === "sender" || cohort === "proxy" ? [] : Array.isArray(cohort) ? cohort : [cohort];
  const segment: string[] = [];
  cohorts.forEach((entry, i) => {
    if ("segment" in entry) {
      const place = Array.isArray(cohort) ? where("cohort", i, "segment") : where("cohort", "segment");
      segment.push(...segmentOf(entry.segment, segment, place));
      return;
    }
    const place = Array.isArray(cohort) ? where("cohort", i, "arg") : where("cohort", "arg");
    const { fragment, rule } = ruleOf(entry.function, place);
    rule.cohortWord = headWordOf(fragment, entry.arg, false, place);
  });
  const found: Meter[] = [];
  canary.budget?.meters?.forEach((meter, i) => {
    const place = where("budget", "meters", i, "arg");
    const { fragment, rule } = ruleOf(meter.function, place);
    const amount = headWordOf(fragment, meter.arg, true, place);
    if (found.some(({ selector, word }) => selector === rule.selector && word === amount)) {
      throw new SlipwayError("ArgumentInvalid", {
        where: place,
        expected: "a parameter that no meter before counts",
        found: meter.arg,
      });
    }
    const weight = defaults.fill(
      `canary.budget.meters.${i}.weight`,
      meter.weight,
      ONE,
      "the word counts as it is",
      "1",
    );
    const checked = checkRange(weight, 1n, 2n ** 128n - 1n, where("budget", "meters", i, "weight"));
    found.push({ selector: rule.selector, word: amount, weight: checked });
  });
  // One meter is part of its selector's rule, and cheaper there.
  const hasSeveral = ({ selector }: Meter) => found.filter((other) => other.selector === selector).length > 1;
  const meters = found.filter(hasSeveral);
  for (const { selector, word, weight } of found.filter((meter) => !hasSeveral(meter))) {
    Object.assign(rules.get(selector)!, { meterWord: word, weight });
  }
  canary.budget?.free?.forEach((name, i) => {
    const place = where("budget", "free", i);
    const { fragment, rule } = ruleOf(name, place);
    if (found.some(({ selector }) => selector === rule.selector)) {
      throw new SlipwayError("ArgumentInvalid", {
        where: place,
        expected: "a function without a meter",
        found: fragment.format("sighash"),
      });
    }
    rule.isFree = true;
  });
  const lanes = buildLanes(canary, context, (name, place) => ruleOf(name, place).rule);
  // What says nothing else is no rule: the further meters name their selector themselves.
  const isSaid = (rule: SelectorRule) =>
    rule.cohortWord !== 0 || rule.meterWord !== 0 || rule.isFree || rule.lane !== 0 || rule.isLockable;
  return { rules: [...rules.values()].filter(isSaid), segment: segment.sort(byWord), meters, ...lanes };
}

/** Keys as the router compares them: words. */
function segmentOf(keys: readonly string[], before: readonly string[], where: string): string[] {
  const words = keys.map((key) => zeroPadValue(key.toLowerCase(), 32));
  const repeated = words.findIndex((word, i) => before.includes(word) || words.indexOf(word) !== i);
  if (repeated !== -1) {
    const expected = "each key once";
    throw new SlipwayError("ArgumentInvalid", { where, expected, found: `${keys[repeated]} again` });
  }
  if (before.length + words.length > MAX_SEGMENT) {
    const found = `${before.length + words.length}`;
    throw new SlipwayError("ArgumentInvalid", { where, expected: `at most ${MAX_SEGMENT} keys`, found });
  }
  return words;
}

function byWord(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The word whose fall is charged: a function of the proxy unless a target is named. */
function fallOf(canary: CanaryFile, { abi, proxy, defaults, where }: PolicyContext): FallMeter {
  const stated = canary.budget?.probe;
  if (stated === undefined) return { probe: { target: ZeroAddress, data: "0x", gas: 0n }, weight: 0n };
  const place = where("budget", "probe", "call");
  const fragment =
    stated.target === undefined ? functionOf(abi, stated.call, place) : looseFunction(stated.call, place);
  const weight = defaults.fill("canary.budget.probe.weight", stated.weight, ONE, "the fall counts as it is", "1");
  return {
    probe: {
      target: stated.target ?? proxy,
      data: encodeCall(fragment, stated.args ?? [], place),
      gas: stated.gas ?? DEFAULT_PROBE_GAS,
    },
    weight: checkRange(weight, 1n, 2n ** 128n - 1n, where("budget", "probe", "weight")),
  };
}

/** Selector of an error by name in the candidate's ABI, or by signature. */
function errorSelector(abi: Interface, name: string, where: string): string {
  const known = abi.fragments.filter((fragment): fragment is ErrorFragment => fragment.type === "error");
  if (name.includes("(")) {
    try {
      return ErrorFragment.from(`error ${name}`).selector;
    } catch (cause) {
      throw new SlipwayError("ErrorNameUnknown", { where, expected: "an error's signature", found: name, cause });
    }
  }
  const found = known.filter((fragment) => fragment.name === name);
  if (found.length === 1) return found[0]!.selector;
  const signatures = known.map((fragment) => fragment.format("sighash"));
  throw new SlipwayError("ErrorNameUnknown", {
    where,
    expected:
      signatures.length === 0
        ? 'a signature such as "LimitExceeded(uint256)"; the candidate declares no error'
        : (nearest(name, signatures) ?? `one of ${signatures.join(", ")}`),
    found: name,
  });
}

/**
 * The cited invariants that the router checks in every frame. It has no memory of the time of the proposal: what was true at
 * propose becomes a constant of the policy, and so part of what is voted on.
 */
async function inlineConditions({ client, invariants }: PolicyContext): Promise<Condition[]> {
  return Promise.all(
    invariants
      .filter((entry) => entry.isInline)
      .map(async ({ invariant: { condition }, file }) => {
        if (condition.rightKind !== RightKind.AtPropose) return condition;
        const word = await readProbe(client.provider, condition.left);
        if (word === undefined) {
          throw new SlipwayError("ProbeUnavailable", {
            where: `${file}, key left`,
            expected: "one word",
            found: `no answer of ${condition.left.target}`,
          });
        }
        return { ...condition, rightKind: RightKind.Constant, constantValue: word };
      }),
  );
}

function checkRange(value: bigint, min: bigint, max: bigint, where: string): bigint {
  if (value >= min && value <= max) return value;
  throw new SlipwayError("PlanFileInvalid", { where, expected: `an integer from ${min} to ${max}`, found: `${value}` });
}
