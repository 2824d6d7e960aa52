import { decodeBytes32String, ZeroHash } from "ethers";
import { readCanary, type CanaryStatus } from "../canary/status";
import type { Client } from "../client";
import { readAct } from "../emergency/acts";
import { readContainments, type ContainmentStatus } from "../emergency/contain";
import { Exit, type ExitCode } from "../errors";
import { PlanClass, type Fraction, type Plan } from "../plan/types";
import { readArtifact, readCompatibility, type ArtifactFacts, type Compatibility } from "./artifact";
import { ATTESTATIONS } from "./attest";
import type { Registry } from "./connect";
import { readCited, readFacts, readSeats, type Facts } from "./facts";
import { readRequirements, unmetRequirements } from "./flags";
import { readHeader } from "./readElectorate";
import { readPlan } from "./readPlan";
import { isEnded, readStatus, type Status } from "./state";
import { shortId } from "./words";

/** What may happen next, when, by whom, and how. Times are seconds; zero: no bound. */
export interface NextStep {
  what: string;
  who: string;
  earliest: number;
  latest: number;
  command: string;
}

/** Something that keeps the next step from happening. */
export interface Blocker {
  what: string;
  /** "5/12 = 41.6%, needs 2/3". */
  measure: string;
  /** Accounts that are missing, where they are known. */
  missing: string[];
}

export interface StatusReport {
  proposalId: string;
  title: string;
  /** The chain's clock, seconds. */
  now: number;
  status: Status;
  facts: Facts;
  planClass: string;
  stages: { label: string; dwell: number; isDone: boolean }[];
  next: NextStep[];
  blockers: Blocker[];
  canaries: CanaryStatus[];
  /** Undefined for a plan without a node program. */
  artifact?: ArtifactStatus;
  /** The window of its parent; undefined for a plan without one. */
  compatibility?: Compatibility;
  containments: ContainmentStatus[];
  stop: NextStep[];
}

/** A plan's node program, and what electors say about it. */
export interface ArtifactStatus extends ArtifactFacts {
  version: string;
  /** "8/12 = 66.6%". */
  adopted: string;
  /** "7/12 = 58.3%, needs 95/100"; without the need where the plan asks for no reports. */
  success: string;
}

/** Answers, in this order: where it is, what comes next and when, who does it and how, what blocks it, how to stop it. */
export async function statusOf(client: Client, registry: Registry, proposalId: string): Promise<StatusReport> {
  const [facts, status, plan, latest] = await Promise.all([
    readFacts(registry, proposalId),
    readStatus(registry, proposalId),
    readPlan(client, registry, proposalId),
    client.provider.getBlock("latest"),
  ]);
  const canaries: CanaryStatus[] = [];
  for (const name of facts.modules) {
    const canary = await readCanary(client, registry, decodeBytes32String(name));
    if (canary !== undefined) canaries.push(canary);
  }
  const now = latest?.timestamp ?? 0;
  const artifact = await artifactOf(registry, proposalId, plan);
  const compatibility =
    plan.artifact.parentPlan === ZeroHash ? undefined : await readCompatibility(registry, proposalId);
  const containments = await readContainments(registry, proposalId, plan);
  return {
    proposalId,
    title: plan.title,
    now,
    status,
    facts,
    planClass: Object.keys(PlanClass)[plan.planClass] ?? "",
    stages: plan.stages.map((stage, index) => ({
      label: decodeBytes32String(stage.label),
      dwell: Number(stage.dwell),
      isDone: index < status.nextStage,
    })),
    next: nextSteps(proposalId, { status, facts, plan, artifact, containments }),
    blockers: await blockers(registry, {
      proposalId,
      status,
      facts,
      plan,
      now,
      canaries,
      artifact,
      compatibility,
      containments,
    }),
    canaries,
    artifact,
    compatibility,
    containments,
    stop: stopSteps(proposalId, { status, facts, containments }),
  };
}

/** The command that a person types next; undefined once nothing is left to do. */
export function nextCommand(report: Pick<StatusReport, "next">): string | undefined {
  return report.next[0]?.command;
}

/** The shell's view: drift or containment first, then an end that is none, then waiting. */
export function exitOfStatus({ status, blockers, canaries, containments }: StatusReport): ExitCode {
  if (status.state === "Invalidated") return Exit.drift;
  if (status.state === "Stalled" || status.state === "RolledBack") return Exit.contained;
  if (canaries.some((canary) => canary.isFrozen)) return Exit.contained;
  if (containments.some(({ hasRun }) => hasRun)) return Exit.contained;
  if (["Defeated", "Cancelled", "Expired"].includes(status.state)) return Exit.checkFailed;
  return blockers.length > 0 || status.isHalted ? Exit.waiting : Exit.pass;
}

function nextSteps(
  proposalId: string,
  {
    status,
    facts,
    plan,
    artifact,
    containments,
  }: {
    status: Status;
    facts: Facts;
    plan: Plan;
    artifact?: ArtifactStatus;
    containments: readonly ContainmentStatus[];
  },
): NextStep[] {
  const short = proposalId.slice(2, 8);
  const step = (what: string, who: string, verb: string, earliest: number, latest: number): NextStep => ({
    what,
    who,
    earliest,
    latest,
    command: `npx hardhat upgrade ${verb}`,
  });
  switch (status.state) {
    case "Voting":
      return [
        step("vote", "every account with a seat", `vote ${short} --choice for`, facts.proposedAt, facts.votingEndsAt),
        step("attest", "attesters", `attest ${short} --kind integrity`, facts.proposedAt, status.notAfter),
        step("signal ready", "every account with a seat", `ready ${short}`, facts.proposedAt, status.notAfter),
      ];
    case "Approved":
      return [step("schedule", "anyone", `schedule ${short}`, facts.votingEndsAt, status.notAfter)];
    case "Scheduled":
    case "InProgress": {
      const isLast = status.nextStage === status.stageCount;
      if (!isLast && containments.some(({ hasRun }) => hasRun)) {
        const back = step("roll back", "the council; anyone, once it has stalled", "", 0, status.notAfter);
        return [{ ...back, command: `npx hardhat emergency rollback ${short} --reason "…"` }];
      }
      const label = isLast ? "complete" : `stage ${status.nextStage} "${labelOf(plan, status.nextStage)}"`;
      const steps = [step(label, "anyone", `advance ${short}`, status.notBefore, status.notAfter)];
      if (artifact === undefined) return steps;
      const who = "every account with a seat";
      steps.push(step("advertise the version that the node runs", who, `advertise ${short}`, 0, 0));
      if (status.state === "InProgress") {
        steps.push(step("report how it went", who, `report ${short} --outcome success`, 0, artifact.reportBy));
      }
      if (isLast && isUndecided(plan, artifact)) {
        steps.push(step("vote to keep it all the same", who, `override ${short}`, 0, artifact.reportBy));
      }
      return steps;
    }
    case "Stalled":
      return [step("roll back", "anyone", `rollback ${short}`, 0, 0)];
    default:
      return [];
  }
}

function stopSteps(
  proposalId: string,
  { status, facts, containments }: { status: Status; facts: Facts; containments: readonly ContainmentStatus[] },
): NextStep[] {
  if (isEnded(status.state)) return [];
  const short = proposalId.slice(2, 8);
  const isUnderWay = status.state === "InProgress" || status.state === "Stalled";
  const contain = (isUnderWay ? containments : [])
    .filter(({ hasRun }) => !hasRun)
    .map(({ index, label, breach, isProven }) => ({
      what: `contain: ${label}`,
      who: isProven ? `anyone: a breach of class ${breach} is proven` : "the incident key, or any council member",
      earliest: 0,
      latest: 0,
      command: `npx hardhat emergency contain ${short} --containment ${index}`,
    }));
  if (status.state === "Stalled") return contain;
  const council = (what: string, verb: string): NextStep => ({
    what,
    who: "the council",
    earliest: 0,
    latest: 0,
    command: `npx hardhat emergency ${verb}`,
  });
  const steps = [council("veto", `veto ${short} --reason "…"`)];
  if (status.state === "InProgress") steps.unshift(council("roll back at once", `rollback ${short} --reason "…"`));
  for (const name of facts.modules) {
    const module = decodeBytes32String(name);
    if (status.state === "InProgress") {
      steps.push({
        what: `freeze the canary of ${module}`,
        who: "the incident key, or any council member",
        earliest: 0,
        latest: 0,
        command: `npx hardhat canary freeze ${module}`,
      });
    }
  }
  steps.push(...contain);
  return steps;
}

interface BlockerContext {
  proposalId: string;
  status: Status;
  facts: Facts;
  plan: Plan;
  now: number;
  canaries: CanaryStatus[];
  artifact?: ArtifactStatus;
  compatibility?: Compatibility;
  containments: readonly ContainmentStatus[];
}

async function blockers(registry: Registry, context: BlockerContext): Promise<Blocker[]> {
  const { status, facts, plan, now } = context;
  const found: Blocker[] = [];
  if (status.isHalted) found.push({ what: "halted by the council", measure: "schedule and advance wait", missing: [] });
  if (status.state === "Voting" || status.state === "Approved") {
    const policy = await registry.contract.getFunction("policyOf")(context.proposalId);
    if (status.state === "Voting") {
      const approval = {
        numerator: Number(policy.approval.numerator),
        denominator: Number(policy.approval.denominator),
      };
      const { token } = await readHeader(registry, facts.electorate);
      // A token's approval is of the votes cast.
      const whole = token === undefined ? facts.clippedTotal : facts.forPower + facts.againstPower;
      const quorum = { numerator: Number(policy.quorum.numerator), denominator: Number(policy.quorum.denominator) };
      const cast = facts.forPower + facts.againstPower + facts.abstainPower;
      const isQuorate = isMet(quorum, cast, facts.clippedTotal);
      if (token?.timepoint === 0) {
        found.push({
          what: "the list of delegates",
          measure: `npx hardhat upgrade snapshot ${shortOf(context)}`,
          missing: [],
        });
      } else if (!isMet(approval, facts.forPower, whole) || facts.voters < Number(policy.minVoters)) {
        const who = await absent(registry, context, "hasVoted");
        const measure = `for ${share(facts.forPower, whole, approval)}, ${facts.voters} of ${policy.minVoters} voters`;
        found.push({ what: "votes", measure, missing: who });
      } else if (!isQuorate) {
        const who = await absent(registry, context, "hasVoted");
        found.push({ what: "quorum", measure: share(cast, facts.clippedTotal, quorum), missing: who });
      }
    }
    if (!isMet(plan.readiness.threshold, facts.readyPower, facts.clippedTotal)) {
      const who = await absent(registry, context, "isReady");
      found.push({
        what: "ready",
        measure: share(facts.readyPower, facts.clippedTotal, plan.readiness.threshold),
        missing: who,
      });
    }
    if (plan.planClass === PlanClass.Emergency) {
      const isCoSigned = (await registry.contract.getFunction("isCoSigned")(context.proposalId)) as boolean;
      const { have, need } = await readAct(registry, "coSign", context.proposalId);
      const measure = `${have} of ${need} members, npx hardhat emergency cosign ${shortId(context.proposalId)}`;
      if (!isCoSigned) found.push({ what: "the council's co-sign", measure, missing: [] });
    }
    const counted = { ...facts, ...(await readCited(registry, context.proposalId)) };
    for (const kind of ATTESTATIONS) {
      // As the registry asks: no artifact, no signature; a rehearsal that is named needs a witness.
      if (kind === "artifact" && counted.artifactHash === ZeroHash) continue;
      if (kind === "rehearsal" && counted.rehearsalChainId === 0n) continue;
      const have = counted[`${kind}Attestations`];
      const need = Math.max(Number(policy[`${kind}Attestations`]), kind === "rehearsal" ? 1 : 0);
      if (have < need) found.push({ what: `${kind} attestations`, measure: `${have}, needs ${need}`, missing: [] });
    }
  }
  if ((status.state === "Scheduled" || status.state === "InProgress") && now < status.notBefore) {
    const what = status.nextStage === 0 ? "the timelock" : "the dwell of the last stage";
    found.push({ what, measure: `${status.notBefore - now} s left`, missing: [] });
  }
  if (status.state === "Scheduled" && PlanClass.Emergency !== plan.planClass) {
    for (const name of facts.modules) {
      const notBefore = Number(await registry.contract.getFunction("upgradeableAt")(name));
      if (now >= notBefore) continue;
      const what = `${decodeBytes32String(name)} rests between two upgrades`;
      found.push({ what, measure: `${notBefore - now} s left`, missing: [] });
    }
  }
  if (status.state === "Scheduled" || status.state === "InProgress") {
    for (const name of facts.modules) {
      const requires = await readRequirements(registry, name);
      if (requires === undefined || status.nextStage === status.stageCount) continue;
      const what = `${decodeBytes32String(name)} requires`;
      const unmet = unmetRequirements(requires, status.nextStage === 0);
      found.push(...unmet.map((measure) => ({ what, measure, missing: [] })));
    }
  }
  found.push(...(await artifactBlockers(registry, context)));
  for (const { label, hasRun } of context.containments) {
    if (!hasRun || status.state !== "InProgress" || status.nextStage === status.stageCount) continue;
    found.push({ what: `contained: ${label}`, measure: "no further stage runs", missing: [] });
  }
  for (const canary of context.canaries) {
    if (canary.isFrozen) {
      found.push({ what: `canary of ${canary.module} is frozen`, measure: "only a rollback ends it", missing: [] });
    }
  }
  return found;
}

async function artifactBlockers(registry: Registry, context: BlockerContext): Promise<Blocker[]> {
  const { status, plan, artifact, compatibility } = context;
  const found: Blocker[] = [];
  const isRunning = status.state === "Scheduled" || status.state === "InProgress";
  if (isRunning && artifact !== undefined && status.nextStage === status.stageCount && isUndecided(plan, artifact)) {
    const missing = await absent(registry, context, "hasReported", [artifact.reportedStage]);
    found.push({ what: "reports of success", measure: artifact.success, missing });
  }
  const isWaiting = status.state === "Approved" || status.state === "Scheduled";
  if (isWaiting && compatibility !== undefined && !compatibility.isOpen) {
    const { from, until, parentState } = compatibility;
    const measure = from === 0 ? `opens with its last stage; it is ${parentState}` : `was blocks ${from} to ${until}`;
    found.push({ what: `the window of parent ${compatibility.parent.slice(2, 8)}`, measure, missing: [] });
  }
  return found;
}

async function artifactOf(registry: Registry, proposalId: string, plan: Plan): Promise<ArtifactStatus | undefined> {
  if (plan.artifact.version === "") return undefined;
  const facts = await readArtifact(registry, proposalId);
  const { successThreshold, version } = plan.artifact;
  const success =
    successThreshold.numerator === 0
      ? percent(facts.successPower, facts.clippedTotal)
      : share(facts.successPower, facts.clippedTotal, successThreshold);
  return { ...facts, version, adopted: percent(facts.adoptedPower, facts.clippedTotal), success };
}

/** Whether reports are asked for, and neither they nor the electorate have decided yet. */
function isUndecided(plan: Plan, artifact: ArtifactStatus): boolean {
  return plan.artifact.successThreshold.numerator !== 0 && !artifact.isSuccessful && !artifact.isOverridden;
}

function shortOf({ proposalId }: BlockerContext): string {
  return proposalId.slice(2, 8);
}

/** Electorates up to this size are told by name. */
const NAMED = 1_000;

/** Accounts with a seat that have not done it yet; none are named where there are very many. */
async function absent(
  registry: Registry,
  { proposalId, facts }: BlockerContext,
  view: "hasVoted" | "isReady" | "hasReported",
  about: readonly unknown[] = [],
): Promise<string[]> {
  const seats = await readSeats(registry, facts.electorate, NAMED + 1);
  if (seats.length > NAMED) return [];
  const done = await Promise.all(
    seats.map((_seat, index) => registry.contract.getFunction(view)(proposalId, ...about, index) as Promise<boolean>),
  );
  return seats.filter((_seat, index) => !done[index]).map((seat) => seat.account);
}

function isMet(threshold: Fraction, part: bigint, whole: bigint): boolean {
  if (threshold.numerator === 0) return true;
  return whole > 0n && part * BigInt(threshold.denominator) >= whole * BigInt(threshold.numerator);
}

/** "5/12 = 41.6%, needs 2/3"; the percentage is cut, never rounded up to a threshold that is not met. */
function share(part: bigint, whole: bigint, threshold: Fraction): string {
  return `${percent(part, whole)}, needs ${threshold.numerator}/${threshold.denominator}`;
}

function percent(part: bigint, whole: bigint): string {
  const tenths = whole === 0n ? 0n : (part * 1000n) / whole;
  return `${part}/${whole} = ${tenths / 10n}.${tenths % 10n}%`;
}

function labelOf(plan: Plan, stage: number): string {
  return decodeBytes32String(plan.stages[stage]?.label ?? `0x${"00".repeat(32)}`);
}
