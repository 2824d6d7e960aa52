import type { Registry } from "./connect";

/** Names of `ProposalState`, in the contract's order. */
export const STATES = [
  "Unknown",
  "Voting",
  "Defeated",
  "Approved",
  "Scheduled",
  "InProgress",
  "Stalled",
  "Completed",
  "RolledBack",
  "Cancelled",
  "Expired",
  "Invalidated",
] as const;
export type StateName = (typeof STATES)[number];

/** `stateOf`, with names and numbers. Times are seconds; zero: no bound. */
export interface Status {
  state: StateName;
  isHalted: boolean;
  nextStage: number;
  stageCount: number;
  notBefore: number;
  notAfter: number;
}

export async function readStatus(registry: Registry, proposalId: string): Promise<Status> {
  const raw = await registry.contract.getFunction("stateOf")(proposalId);
  return {
    state: STATES[Number(raw.state)] ?? "Unknown",
    isHalted: Boolean(raw.isHalted),
    nextStage: Number(raw.nextStage),
    stageCount: Number(raw.stageCount),
    notBefore: Number(raw.notBefore),
    notAfter: Number(raw.notAfter),
  };
}

/** States that nothing leaves. */
export function isEnded(state: StateName): boolean {
  return ["Defeated", "Completed", "RolledBack", "Cancelled", "Expired", "Invalidated"].includes(state);
}
