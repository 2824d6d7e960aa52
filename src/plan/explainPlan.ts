import { Contract, getAddress, Interface, ZeroAddress } from "ethers";
import type { OffchainPointer } from "../chain/delegateChain";
import { kindText } from "../chain/inspectProxy";
import type { Client } from "../client";
import type { PlanImpact } from "../impact/types";
import type { LoadedInvariant } from "../invariants/loadInvariants";
import type { Registry } from "../registry/connect";
import { unmetRequirements } from "../registry/flags";
import type { Policy } from "./buildPolicy";
import { breachText } from "./breachText";
import type { StageContext } from "./buildStages";
import { explainCall, type ExplainedCall, type NameOf } from "./decodeCall";
import type { FilledDefault } from "./defaults";
import type { Deployment } from "./deployments";
import type { Candidate } from "./findCandidate";
import { DIAMOND_ABI } from "./diamond/readDiamond";
import type { Ground } from "./findGround";
import { labelText } from "./labelText";
import { opText, readProbe } from "./probe";
import { RollbackKind, type Gate, type Pin, type Plan } from "./types";
import { OWN_ADMIN_ABI, PROXY_ABI } from "./upgradeCalls";
import { formatDuration, formatShare } from "./units";

export interface ExplainedPin {
  account: string;
  name: string;
  codeHash: string;
}

export interface ExplainedGate {
  text: string;
  /** The word now; undefined where the probe gives none, or only the registry can tell. */
  now?: string;
}

export interface ExplainedStage {
  index: number;
  label: string;
  calls: ExplainedCall[];
  pins: ExplainedPin[];
  gates: ExplainedGate[];
  invariants: string[];
  dwell: string;
}

export interface ExplainedRollback {
  from: number;
  to: number;
  kind: "clean" | "lossy";
  calls: ExplainedCall[];
  pins: ExplainedPin[];
  invariants: string[];
}

export interface ExplainedContainment {
  index: number;
  label: string;
  /** Class of the breach whose proof opens it to anyone. */
  breach: string;
  calls: ExplainedCall[];
  pins: ExplainedPin[];
}

export interface TimelineEntry {
  /** Earliest seconds after proposing, if nobody waits. */
  after: bigint;
  text: string;
}

/** A plan as a person reads it: every call decoded, every default named. Rendered by `src/report/renderPlan.ts`. */
export interface PlanExplanation {
  title: string;
  file: string;
  /** keccak256 of the file's text. */
  textHash: string;
  chainId: bigint;
  registry: string;
  proposalId: string;
  subject: string;
  isFinal: boolean;
  planClass: string;
  proposer: string;
  module: { name: string; kind: string; account: string; authority: string; version: bigint };
  stable: string;
  candidate: string;
  deployments: { role: string; contractName: string; address: string; codeHash: string; isDeployed: boolean }[];
  policy?: string[];
  stages: ExplainedStage[];
  rollbacks: ExplainedRollback[];
  containments: ExplainedContainment[];
  timeline: TimelineEntry[];
  defaults: FilledDefault[];
  offchainPointers: OffchainPointer[];
  impact: PlanImpact;
  warnings: string[];
}

export interface ExplainContext {
  plan: Plan;
  proposalId: string;
  subject: string;
  isFinal: boolean;
  deployments: Deployment[];
  file: string;
  textHash: string;
  chainId: bigint;
  ground: Ground;
  candidate: Candidate;
  canary?: StageContext["canary"];
  invariants: readonly LoadedInvariant[];
  defaults: FilledDefault[];
  offchainPointers: OffchainPointer[];
  /** What leads to a pinned account. */
  roles: Readonly<Record<string, string>>;
  impact: PlanImpact;
  /** Calls after which later stages run under weaker rules. */
  weakened: string[];
  /** Functions of other contracts, as the file states them. */
  stated: Interface;
  /** The network's address book, for names. */
  names: Record<string, string>;
}

export async function explainPlan(
  client: Client,
  registry: Registry,
  context: ExplainContext,
): Promise<PlanExplanation> {
  const { plan, ground, candidate, canary, deployments, invariants } = context;
  const nameOf = namesOf(registry, context);
  const abis = knownAbis(registry, context);
  const calls = (list: Plan["stages"][number]["calls"]) => list.map((call) => explainCall(call, abis, nameOf));
  const pins = (list: Pin[]) => list.map((pin) => ({ ...pin, name: nameOf(pin.account) }));
  const cited = (ids: string[]) => ids.map((id) => invariants.find((entry) => entry.id === id)?.name ?? id);
  return {
    title: plan.title,
    file: context.file,
    textHash: context.textHash,
    chainId: context.chainId,
    registry: registry.address,
    proposalId: context.proposalId,
    subject: context.subject,
    isFinal: context.isFinal,
    planClass: ["standard", "critical", "emergency"][plan.planClass]!,
    proposer: plan.proposer,
    module: { ...pick(ground.module), kind: kindText(ground.module.kind) },
    stable: ground.proxy.implementation,
    candidate: candidate.deployment.address,
    deployments: deployments.map(({ role, contractName, address, codeHash, isDeployed }) => ({
      role,
      contractName,
      address,
      codeHash,
      isDeployed,
    })),
    policy: canary === undefined ? undefined : explainPolicy(canary.policy, candidate.abi, canary.beacon !== undefined),
    stages: await Promise.all(
      plan.stages.map(async (stage, index) => ({
        index,
        label: labelText(stage.label),
        calls: calls(stage.calls),
        pins: pins(stage.pins),
        gates: await Promise.all(stage.gates.map((gate) => explainGate(client, gate, abis, nameOf))),
        invariants: cited(stage.invariants),
        dwell: formatDuration(stage.dwell),
      })),
    ),
    rollbacks: plan.rollbacks.map((rollback) => ({
      from: rollback.from,
      to: rollback.to,
      kind: rollback.kind === RollbackKind.Clean ? "clean" : "lossy",
      calls: calls(rollback.calls),
      pins: pins(rollback.pins),
      invariants: cited(rollback.invariants),
    })),
    containments: plan.containments.map((containment, index) => ({
      index,
      label: labelText(containment.label),
      breach: breachText(containment.breach),
      calls: calls(containment.calls),
      pins: pins(containment.pins),
    })),
    timeline: await timelineOf(client, registry, plan, ground.timelock),
    defaults: context.defaults,
    offchainPointers: context.offchainPointers,
    impact: context.impact,
    warnings: warningsOf(context),
  };
}

/** What the calls of a plan are decoded with. */
export function knownAbis(
  registry: Registry,
  { canary, candidate, stated }: Pick<ExplainContext, "canary" | "candidate" | "stated">,
): Interface[] {
  const ofCanary =
    canary === undefined
      ? []
      : [canary.routerAbi, canary.controlAbi, ...(canary.beacon === undefined ? [] : [canary.beacon.abi])];
  return [PROXY_ABI, DIAMOND_ABI, OWN_ADMIN_ABI, ...ofCanary, candidate.abi, registry.iface, stated];
}

function pick({ name, account, authority, version }: Ground["module"]) {
  return { name, account, authority, version };
}

/** What people call the accounts of a plan; the address follows, so that a name never hides it. */
function namesOf(registry: Registry, { ground, candidate, deployments, names, roles }: ExplainContext): NameOf {
  const known = new Map<string, string>(Object.entries(roles));
  for (const [name, address] of Object.entries(names)) known.set(address, name);
  known.set(registry.address, "registry");
  known.set(ground.timelock, "timelock");
  known.set(ground.module.account, ground.module.name);
  if (ground.route.proxyAdmin !== undefined) known.set(ground.route.proxyAdmin, "ProxyAdmin");
  known.set(ground.proxy.implementation, "stable");
  const routers = deployments.filter(({ role }) => role === "router");
  for (const { address, role } of deployments) known.set(address, role);
  if (routers.length > 1) routers.forEach(({ address }, i) => known.set(address, `router of step ${i + 1}`));
  known.set(candidate.deployment.address, `candidate ${candidate.deployment.contractName}`);
  return (address) => {
    const name = known.get(address);
    return name === undefined ? address : `${name} (${address})`;
  };
}

async function explainGate(
  client: Client,
  { probe, op, bound }: Gate,
  abis: readonly Interface[],
  nameOf: NameOf,
): Promise<ExplainedGate> {
  const isBuiltIn = probe.target === ZeroAddress;
  const builtIns = new Interface([
    "function blocksSinceSchedule()",
    "function readyPower()",
    "function adoptedPower()",
    "function successReports()",
    "function canaryCalls(address proxy)",
    "function drainState(address proxy)",
  ]);
  const { data } = explainCall({ ...probe, value: 0n }, isBuiltIn ? [builtIns] : abis, nameOf);
  const asked = `${data.signature.split("(")[0]}(${data.args.map((arg) => arg.value).join(", ")})`;
  const compared = bound > 2n ** 96n ? nameOf(addressText(bound)) : String(bound);
  const text = `${isBuiltIn ? "" : `${nameOf(probe.target)}.`}${asked} ${opText(op)} ${compared}`;
  if (isBuiltIn) return { text };
  const word = await readProbe(client.provider, probe);
  return { text, now: word === undefined ? undefined : word > 2n ** 96n ? nameOf(addressText(word)) : String(word) };
}

/** A word as an address where it fits in one, else as it is. */
function addressText(word: bigint): string {
  if (word >= 2n ** 160n) return `0x${word.toString(16).padStart(64, "0")}`;
  return getAddress(`0x${word.toString(16).padStart(40, "0")}`);
}

function explainPolicy(policy: Policy, abi: Interface, isBeacon: boolean): string[] {
  const name = (selector: string) => abi.getFunction(selector)?.format("sighash") ?? selector;
  const cohorts = policy.rules.filter((rule) => rule.cohortWord !== 0);
  const meters = [
    ...policy.rules.flatMap(({ selector, meterWord, weight }) =>
      meterWord === 0 ? [] : [{ selector, word: meterWord, weight }],
    ),
    ...policy.meters,
  ];
  const free = policy.rules.filter((rule) => rule.isFree);
  return [
    `cohort: by ${isBeacon ? "proxy" : "sender"}${cohorts.map((rule) => `; ${name(rule.selector)} by word ${rule.cohortWord}`).join("")}`,
    policy.interval === 0n
      ? "budget: none"
      : `budget: ${policy.cap} in two windows of ${formatDuration(policy.interval)}, native value × ${weight(policy.valueWeight)}${isBeacon ? "; each proxy's own" : ""}`,
    ...(policy.segment.length === 0 ? [] : [`always in the canary: ${policy.segment.map(keyText).join(", ")}`]),
    ...meters.map((meter) => `meter: ${name(meter.selector)}, word ${meter.word} × ${weight(meter.weight)}`),
    ...(policy.fall.weight === 0n
      ? []
      : [
          `meter: what each call makes ${name(policy.fall.probe.data.slice(0, 10))} of ${policy.fall.probe.target} fall by × ${weight(policy.fall.weight)}`,
        ]),
    ...policy.lanes.map((lane, i) => {
      const named = policy.rules.filter((rule) => rule.lane === i + 1).map((rule) => name(rule.selector));
      const all = policy.otherLane === i + 1 ? [...named, "every function not named"] : named;
      return `lane ${i + 1} ${labelText(lane.name)}${lane.isExit ? " (exit)" : ""}: ${all.join(", ")}; closed for ${formatDuration(policy.lanePause)} at a time`;
    }),
    ...policy.rules
      .filter((rule) => rule.isLockable)
      .map((rule) => `${isBeacon ? "never the candidate's on trial" : "may be locked"}: ${name(rule.selector)}`),
    ...free.map((rule) => `free: ${name(rule.selector)}`),
    `breaks that freeze: ${policy.errorBudget}; gas for the candidate: ${policy.candidateGas}`,
    `checked in every frame: ${policy.invariants.length} invariants; errors that reach the user: ${policy.expectedErrors.length}`,
  ];
}

/** A key that can be an address as one. */
function keyText(key: string): string {
  return BigInt(key) >> 160n === 0n ? getAddress(`0x${key.slice(-40)}`) : key;
}

function weight(value: bigint): string {
  return (Number(value) / 1e18).toString();
}

/** Earliest times, if every step is taken as soon as it may be. */
async function timelineOf(client: Client, registry: Registry, plan: Plan, timelock: string): Promise<TimelineEntry[]> {
  const policy = await registry.contract.getFunction("classPolicyOf").staticCall(plan.planClass);
  const minDelay = (await new Contract(timelock, ["function getMinDelay() view returns (uint256)"], client.provider)
    .getFunction("getMinDelay")
    .staticCall()) as bigint;
  const delay = [minDelay, policy.delay as bigint, plan.readiness.schedulingWindow].reduce((a, b) => (a > b ? a : b));
  const voteEnds = policy.votingPeriod as bigint;
  const entries: TimelineEntry[] = [
    { after: 0n, text: `proposed; the vote lasts ${formatDuration(voteEnds)}` },
    {
      after: voteEnds,
      text: `scheduled, when ${plan.readiness.threshold.numerator}/${plan.readiness.threshold.denominator} of the power is ready; at the latest ${formatDuration(plan.readiness.deadline)} after the vote`,
    },
  ];
  let after = voteEnds + delay;
  plan.stages.forEach((stage, i) => {
    entries.push({
      after,
      text: `stage ${i} "${labelText(stage.label)}", within ${formatDuration(plan.executionWindow)}; then ${formatDuration(stage.dwell)} of observation`,
    });
    after += stage.dwell;
  });
  entries.push({ after, text: "completed; the way back closes" });
  return entries;
}

function warningsOf({
  isFinal,
  deployments,
  canary,
  ground,
  plan,
  invariants,
  offchainPointers,
  weakened,
  impact,
}: ExplainContext): string[] {
  const warnings: string[] = [...weakened];
  const { storage } = impact;
  if (storage?.verdict === "not compared") {
    warnings.push(`the storage of stable and candidate was not compared: ${storage.findings.join(", ")}`);
  }
  if (storage?.verdict === "accepted") {
    warnings.push("the candidate reads what is stored as something else, and the plan file accepts that: see Storage");
  }
  if (!isFinal) {
    const missing = deployments.filter(({ isDeployed, needsLock }) => !isDeployed || needsLock);
    warnings.push(
      `a preview: ${missing.map(({ role, contractName }) => `${role} ${contractName}`).join(" and ")} must be deployed first (upgrade plan --deploy), and the plan's id changes with the addresses`,
    );
  }
  if (canary !== undefined) {
    warnings.push(
      "a canary is no protection for a security fix: callers could choose stable; such an upgrade uses canary: none",
    );
    if (canary.beacon !== undefined && canary.policy.interval !== 0n) {
      warnings.push(
        "the cap is each proxy's own: what all of them may lose in one window is the cap times the proxies in the share",
      );
    }
    if (canary.policy.interval === 0n) {
      warnings.push(
        `no budget: a share of ${formatShare(canary.policy.share)} is not a bound on loss, since an address can be ground to fall inside it`,
      );
    }
  }
  for (const line of ground.module.requires === undefined ? [] : unmetRequirements(ground.module.requires, true)) {
    warnings.push(`${ground.module.name} requires more than is so now, and the plan's stages wait for it: ${line}`);
  }
  if (plan.stages.every((stage) => stage.invariants.length === 0)) {
    warnings.push("no invariant is cited: nothing but pins and gates stops a stage");
  }
  const cited = new Set(invariants.map(({ invariant }) => breachText(invariant.category)));
  for (const { breach, label } of plan.containments) {
    if (cited.has(breachText(breach))) continue;
    warnings.push(
      `containment "${labelText(label)}": the plan cites no invariant of category ${breachText(breach)}, so only the incident role and the council can run it`,
    );
  }
  for (const pointer of offchainPointers) {
    warnings.push(
      `no opcode reads the ${pointer.name} slot of ${pointer.account}: it is checked off-chain, and rests on the timelock's sole control`,
    );
  }
  return warnings;
}
