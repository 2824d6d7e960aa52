import type { Op, Probe } from "../plan/types";

/** The five categories an invariant belongs to. */
export const Category = { Asset: 0, Authorization: 1, Pricing: 2, Upgrade: 3, Liveness: 4 } as const;
export type Category = (typeof Category)[keyof typeof Category];

export const Severity = { Low: 0, Medium: 1, High: 2, Critical: 3 } as const;
export type Severity = (typeof Severity)[keyof typeof Severity];

/** What a proven break does while a plan is in progress. */
export const Action = { Freeze: 0, Rollback: 1 } as const;
export type Action = (typeof Action)[keyof typeof Action];

/** What the left side of a condition is compared with. */
export const RightKind = { Constant: 0, Probe: 1, Before: 2, AtPropose: 3 } as const;
export type RightKind = (typeof RightKind)[keyof typeof RightKind];

/** `left op right`, widened by `tolerance + right * toleranceBps / 10_000` in the left side's favour. */
export interface Condition {
  left: Probe;
  op: Op;
  rightKind: RightKind;
  right: Probe;
  constantValue: bigint;
  tolerance: bigint;
  toleranceBps: number;
}

/** A row of the catalogue, as contracts/types/Invariant.sol defines it. */
export interface Invariant {
  name: string;
  category: Category;
  severity: Severity;
  owner: string;
  action: Action;
  isIrreversible: boolean;
  condition: Condition;
}
