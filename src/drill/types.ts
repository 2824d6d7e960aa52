import type { Broken } from "./breakInvariant";

export const CLASSES = ["asset", "authorization", "pricing", "upgrade", "liveness"] as const;
export type DrillClass = (typeof CLASSES)[number];

/** Users' calls at one moment of a drill, on a copy of it. */
export interface Served {
  moment: "before" | "broken" | "seen" | "contained";
  served: number;
  refused: number;
  /** Errors that refused them. */
  errors: string[];
}

/** One transaction of the response. */
export interface DrillStep {
  /** Blocks since the break. */
  blocks: number;
  by: "anyone" | "the council";
  what: string;
  gasUsed: bigint;
}

export interface DrillReport {
  schema: "slipway.drill.v1";
  verdict: "pass" | "fail";
  class: DrillClass;
  title: string;
  proposalId: string;
  chainId: string;
  /** Block that was copied. */
  block: number;
  /** Seconds since the epoch, on the copy, when the break was contained. */
  time: number;
  modules: { name: string; account: string }[];
  invariant: { id: string; name: string; owner: string; action: "freeze" | "rollback" };
  broken: Broken;
  steps: DrillStep[];
  /** Undefined: it was not contained. */
  blocksToContain?: number;
  /** Containments of the plan that ran. */
  containments: string[];
  isFrozen: boolean;
  /** State of the plan when the break was contained. */
  state: string;
  /** Its state after the drill's last step. */
  end: string;
  calls: Served[];
  /** What the canary let at risk, in the meters' unit; undefined where nothing bounds it. */
  atRisk?: { cap: bigint; used: bigint; share: number };
  /** What only people with an office could do. */
  humans: string[];
}
