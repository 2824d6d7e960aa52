import { Contract } from "ethers";
import { labelText } from "../../plan/labelText";
import { PlanClass } from "../../plan/types";
import { formatDuration } from "../../plan/units";
import { readFacts } from "../../registry/facts";
import type { Answer } from "../types";
import { proposedAlready } from "../onChain";
import { fail, pass, unknown, warn, type CheckKind, type World } from "./types";

/** Friday evening to Monday morning: a window that is shorter may open and close while nobody works. */
const WEEKEND = 63n * 3_600n;
/** A window of a proposal on chain that ends sooner. */
const NEAR = 24 * 3_600;

interface Found {
  delay: bigint;
  why: string;
  waited?: bigint;
  votingPeriod: bigint;
  closing?: string;
}

export const delays: CheckKind = {
  number: 8,
  id: "delays",
  name: "delay, windows and grace are the policy's, and outlast a weekend",
  isRequired: true,
  begin: () => {
    let found: Found;
    return {
      start: async (world) => void (found = await read(world)),
      end: async (world) => {
        if (world.notes.stages.length === 0) return;
        const { scheduledAt, eta } = await readFacts(world.registry, world.proposalId);
        found.waited = BigInt(eta - scheduledAt);
      },
      conclude: ({ plan, failure }) => {
        const { delay, why, waited, votingPeriod, closing } = found;
        const windows: [string, bigint][] = [
          ["the vote", votingPeriod],
          ["from the end of the vote to the last moment to schedule", plan.readiness.deadline],
          ["to start a stage (executionWindow)", plan.executionWindow],
        ];
        const short = windows.filter(([, seconds]) => seconds < WEEKEND);
        const evidence = [
          `delay: ${formatDuration(delay)} (${why})${waited === undefined ? "" : `; the timelock waited ${formatDuration(waited)}`}`,
          ...windows.map(([name, seconds]) => `${name}: ${formatDuration(seconds)}`),
          ...plan.stages.map(({ label, dwell }) => `dwell after "${labelText(label)}": ${formatDuration(dwell)}`),
        ];
        if (waited !== undefined && waited < delay) {
          return fail(evidence, "the registry scheduled the plan sooner than its policy says: do not propose it");
        }
        if (waited === undefined && failure === undefined) {
          return unknown(evidence, "the rehearsal did not get to the delay");
        }
        return judge(evidence, { plan, short, closing });
      },
    };
  },
};

function judge(
  evidence: string[],
  { plan, short, closing }: { plan: World["plan"]; short: [string, bigint][]; closing?: string },
): Answer {
  const lines = [
    ...short.map(([name]) => `${name}: may begin and end within a weekend`),
    ...(closing === undefined ? [] : [closing]),
  ];
  if (closing !== undefined) return warn([...lines, ...evidence], "whoever is to act has to act today");
  // An emergency is meant to be short.
  if (short.length === 0 || plan.planClass === PlanClass.Emergency) return pass(...evidence);
  return warn([...lines, ...evidence], `make windows of the plan ${formatDuration(WEEKEND)} or longer`);
}

async function read(world: World): Promise<Found> {
  const { registry, plan, timelock, session } = world;
  const policy = await registry.contract.getFunction("classPolicyOf").staticCall(plan.planClass);
  const minimum = (await new Contract(
    timelock,
    ["function getMinDelay() view returns (uint256)"],
    session.client.provider,
  ).getFunction("getMinDelay")()) as bigint;
  const sources: [string, bigint][] = [
    ["the class's", policy.delay as bigint],
    ["the timelock's least", minimum],
    ["the plan's readiness.window", plan.readiness.schedulingWindow],
  ];
  const [why, delay] = sources.reduce((a, b) => (b[1] > a[1] ? b : a));
  const proposed = await proposedAlready(world);
  const left = proposed === undefined ? 0 : proposed.status.notAfter - session.fork.blockTime;
  const closing =
    proposed !== undefined && left > 0 && left < NEAR
      ? `${proposed.proposalId} is ${proposed.status.state}, and its window closes in ${formatDuration(BigInt(left))}`
      : undefined;
  return { delay, why, votingPeriod: policy.votingPeriod as bigint, closing };
}
