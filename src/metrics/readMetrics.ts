import { id, ZeroAddress } from "ethers";
import type { Client } from "../client";
import { modulesOf } from "../plan/moduleOf";
import { Op, type Fraction, type Plan } from "../plan/types";
import type { Registry } from "../registry/connect";
import { readFacts, type Facts } from "../registry/facts";
import { listWithStatus } from "../registry/listProposals";
import { readPlan } from "../registry/readPlan";
import { isEnded, type Status } from "../registry/state";
import type { MetricName, Sample } from "./metrics";

/** The built-in gate that holds a stage until so many blocks have passed since the plan was scheduled. */
const BLOCKS_SINCE_SCHEDULE = id("blocksSinceSchedule()").slice(0, 10);

/** Where every proposal stands, as samples of `METRICS`. Only live proposals have series of their own. */
export async function readMetrics(client: Client, registry: Registry): Promise<Sample[]> {
  const [proposals, height, modules] = await Promise.all([
    listWithStatus(client, registry),
    client.provider.getBlockNumber(),
    modulesOf(registry),
  ]);
  const isBack = ({ status }: { status: Status }) => status.state === "RolledBack";
  const samples: Sample[] = [
    { name: "ipc_upgrade_proposal_count", labels: {}, value: proposals.length },
    { name: "ipc_upgrade_rollbacks", labels: {}, value: proposals.filter(isBack).length },
    { name: "ipc_current_height", labels: {}, value: height },
    ...modules.map(({ name, version }): Sample => ({
      name: "slipway_module_version",
      labels: { module: name },
      value: Number(version),
    })),
  ];
  for (const { proposalId, status } of proposals) {
    if (isEnded(status.state)) continue;
    const [facts, plan] = await Promise.all([readFacts(registry, proposalId), readPlan(client, registry, proposalId)]);
    const { seats } = await registry.contract.getFunction("electorateHeader")(facts.electorate);
    samples.push(...samplesOf({ proposalId, status, facts, plan, seats: Number(seats) }));
  }
  return samples;
}

interface Live {
  proposalId: string;
  status: Status;
  facts: Facts;
  plan: Plan;
  seats: number;
}

function samplesOf({ proposalId, status, facts, plan, seats }: Live): Sample[] {
  const labels = { proposal_id: proposalId, title: plan.title };
  const sample = (name: MetricName, value: number, more: Record<string, string> = {}): Sample => ({
    name,
    labels: { ...labels, ...more },
    value,
  });
  const samples = [
    sample("slipway_proposal_state", 1, { state: status.state }),
    sample("slipway_proposal_halted", Number(status.isHalted)),
    sample("ipc_total_validators", seats),
    sample("ipc_upgrade_validators_ready", facts.readySeats),
  ];
  if (facts.scheduledAt === 0) {
    samples.push(
      sample("slipway_ready_power_ratio", ratio(facts.readyPower, facts.clippedTotal)),
      sample("slipway_ready_power_missing", Number(missingPower(plan.readiness.threshold, facts))),
    );
  } else if (status.notBefore > 0) {
    samples.push(sample("slipway_next_step_timestamp_seconds", status.notBefore));
  }
  if (status.notAfter > 0) samples.push(sample("slipway_expires_timestamp_seconds", status.notAfter));
  const target = targetHeight(plan, status, facts);
  if (target !== undefined) samples.push(sample("ipc_upgrade_target_height", target));
  return samples;
}

/** Units of power that are still missing to `threshold`, rounded up: zero exactly when the threshold is met. */
export function missingPower(threshold: Fraction, facts: Pick<Facts, "readyPower" | "clippedTotal">): bigint {
  const denominator = BigInt(threshold.denominator);
  if (threshold.numerator === 0) return 0n;
  const needed = (facts.clippedTotal * BigInt(threshold.numerator) + denominator - 1n) / denominator;
  return needed > facts.readyPower ? needed - facts.readyPower : 0n;
}

/** First block that the next stage's own gates allow; undefined where none of them counts blocks. */
function targetHeight(plan: Plan, { nextStage }: Status, { scheduledAtBlock }: Facts): number | undefined {
  if (scheduledAtBlock === 0) return undefined;
  const waits = (plan.stages[nextStage]?.gates ?? [])
    .filter(({ probe }) => probe.target === ZeroAddress && probe.data === BLOCKS_SINCE_SCHEDULE)
    .flatMap(({ op, bound }) => (op === Op.Gte ? [bound] : op === Op.Gt ? [bound + 1n] : []));
  if (waits.length === 0) return undefined;
  return scheduledAtBlock + Number(waits.reduce((most, wait) => (wait > most ? wait : most)));
}

function ratio(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number(part) / Number(whole);
}
