import type { Client } from "../client";
import { contain, readContainments } from "../emergency/contain";
import { SlipwayError } from "../errors";
import { advance } from "./advance";
import type { Registry } from "./connect";
import { findBrokenPin, invalidate, isOrphan } from "./invalidate";
import { listWithStatus, type ListedProposal } from "./listProposals";
import type { Performed } from "./perform";
import { duePoke } from "./duePoke";
import { readPlan } from "./readPlan";
import { schedule } from "./schedule";
import type { Status } from "./state";
import { timeText } from "./words";

/** What a keeper decided about one proposal. */
export interface Decision {
  proposalId: string;
  slug: string;
  /** What was due; undefined: it waits. */
  verb?: string;
  isSent: boolean;
  reason: string;
  hash?: string;
}

/**
 * One round over all live proposals: sends what is due and open to anyone, at most one step a proposal, and says why the
 * others wait. What takes a decision (votes, rollbacks, vetoes) is left to people.
 */
export async function keepOnce(
  client: Client,
  registry: Registry,
  { isDryRun = false }: { isDryRun?: boolean } = {},
): Promise<Decision[]> {
  const decisions: Decision[] = [];
  for (const listed of await listWithStatus(client, registry, { isLive: true })) {
    decisions.push(await decide(client, registry, { listed, isDryRun }));
  }
  return decisions;
}

interface Round {
  listed: ListedProposal & { status: Status };
  isDryRun: boolean;
}

async function decide(client: Client, registry: Registry, { listed, isDryRun }: Round): Promise<Decision> {
  const { proposalId, slug, status } = listed;
  const named = { proposalId, slug };
  const reason = await reasonToWait(client, status);
  if (reason !== undefined) return { ...named, isSent: false, reason };
  const step = await dueStep(client, registry, listed);
  try {
    const done = await step.run({ isDryRun });
    const hash = "hash" in done ? done.hash : undefined;
    return { ...named, verb: step.verb, isSent: done.status === "confirmed", reason: step.reason, hash };
  } catch (thrown) {
    // What the contract refuses now is a reason to wait; anything else is the keeper's own trouble.
    if (!(thrown instanceof SlipwayError) || thrown.errorName === "ToolFailure") throw thrown;
    const { errorName, code, facts } = thrown;
    const detail = [facts.where, facts.expected && `expected ${facts.expected}`, facts.found && `found ${facts.found}`];
    return {
      ...named,
      isSent: false,
      reason: `${step.verb} waits: ${errorName} (${code}), ${detail.filter(Boolean).join(", ")}`,
    };
  }
}

/** States in which nothing can be due, whatever the plan says. */
async function reasonToWait(client: Client, status: Status): Promise<string | undefined> {
  if (status.state === "Voting") return `the vote ends at ${timeText(status.notBefore)}`;
  if (status.state === "Stalled") return "stalled: anyone may roll it back, which takes a decision";
  if (status.isHalted) return "halted by the council";
  return undefined;
}

interface DueStep {
  verb: string;
  reason: string;
  run(options: { isDryRun: boolean }): Promise<Performed>;
}

async function dueStep(
  client: Client,
  registry: Registry,
  { proposalId, status }: ListedProposal & { status: Status },
): Promise<DueStep> {
  const closing = (reason: string): DueStep => ({
    verb: "invalidate",
    reason,
    run: (options) => invalidate(client, registry, { proposalId, ...options }),
  });
  if (await isOrphan(registry, proposalId)) return closing("the plan that it follows ended without its upgrade");
  if (status.state === "Approved") {
    return {
      verb: "schedule",
      reason: "approved, attested and ready",
      run: (options) => schedule(client, registry, { proposalId, ...options }),
    };
  }
  const plan = await readPlan(client, registry, proposalId);
  const broken = await findBrokenPin(client, plan, status.nextStage);
  if (broken !== undefined) return closing(`pin ${broken.pin} of stage ${broken.stage} broke`);
  const poke = await duePoke(client, registry, { proposalId, plan, status });
  if (poke !== undefined) return poke;
  const proven = (await readContainments(registry, proposalId, plan)).find((one) => one.isProven && !one.hasRun);
  if (proven !== undefined && status.state === "InProgress") {
    return {
      verb: `contain ${proven.index}`,
      reason: `a breach of class ${proven.breach} is proven, and the plan agreed on "${proven.label}"`,
      run: (options) => contain(client, registry, { proposalId, containment: String(proven.index), ...options }),
    };
  }
  return {
    verb: `advance ${status.nextStage}`,
    reason:
      status.nextStage === status.stageCount ? "the last dwell is over" : "its time has come, pins and gates hold",
    run: (options) => advance(client, registry, { proposalId, stage: status.nextStage, ...options }),
  };
}
