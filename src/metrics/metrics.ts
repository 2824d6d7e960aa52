/** Every metric that `upgrade metrics` writes, by name. Alert rules may use these and nothing else. */
export const METRICS = {
  ipc_upgrade_proposal_count: { kind: "counter", labels: [], help: "Proposals ever made" },
  ipc_upgrade_rollbacks: { kind: "counter", labels: [], help: "Proposals that were rolled back" },
  ipc_current_height: { kind: "gauge", labels: [], help: "Latest block" },
  ipc_total_validators: {
    kind: "gauge",
    labels: ["proposal_id", "title"],
    help: "Seats of the electorate of a live proposal",
  },
  ipc_upgrade_validators_ready: {
    kind: "gauge",
    labels: ["proposal_id", "title"],
    help: "Seats that signalled ready for a live proposal",
  },
  ipc_upgrade_target_height: {
    kind: "gauge",
    labels: ["proposal_id", "title"],
    help: "First block at which the next stage may run, where the plan names one in blocks since it was scheduled",
  },
  slipway_module_version: {
    kind: "gauge",
    labels: ["module"],
    help: "Version of a module, which moves when a plan on it is completed or taken back",
  },
  slipway_proposal_state: {
    kind: "gauge",
    labels: ["proposal_id", "title", "state"],
    help: "1 for the state that a live proposal is in",
  },
  slipway_proposal_halted: {
    kind: "gauge",
    labels: ["proposal_id", "title"],
    help: "1 while a halt covers a live proposal",
  },
  slipway_ready_power_ratio: {
    kind: "gauge",
    labels: ["proposal_id", "title"],
    help: "Ready power over the power that counts, of a proposal that is not scheduled yet",
  },
  slipway_ready_power_missing: {
    kind: "gauge",
    labels: ["proposal_id", "title"],
    help: "Units of power still missing to the plan's readiness threshold, of a proposal that is not scheduled yet; exact",
  },
  slipway_next_step_timestamp_seconds: {
    kind: "gauge",
    labels: ["proposal_id", "title"],
    help: "Earliest time of the next stage of a scheduled or running proposal",
  },
  slipway_expires_timestamp_seconds: {
    kind: "gauge",
    labels: ["proposal_id", "title"],
    help: "Time after which a live proposal can no longer go on",
  },
} as const satisfies Record<string, { kind: "counter" | "gauge"; labels: readonly string[]; help: string }>;

export type MetricName = keyof typeof METRICS;

/** One value of a metric. */
export interface Sample {
  name: MetricName;
  labels: Record<string, string>;
  value: number;
}
