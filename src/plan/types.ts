/**
 * The plan as contracts/types/Plan.sol defines it, field by field. `test/unit/plan/eip712.test.ts` holds the two together:
 * a field that differs changes the hash of every plan.
 */

/** Comparison of two 32-byte words, unsigned. */
export const Op = { Eq: 0, Ne: 1, Lt: 2, Lte: 3, Gt: 4, Gte: 5 } as const;
export type Op = (typeof Op)[keyof typeof Op];

/** Which row of thresholds and delays a plan answers to. */
export const PlanClass = { Standard: 0, Critical: 1, Emergency: 2 } as const;
export type PlanClass = (typeof PlanClass)[keyof typeof PlanClass];

/** How a new node artifact migrates its data. */
export const MigrationKind = { None: 0, Compiled: 1, Standard: 2, Wasm: 3 } as const;
export type MigrationKind = (typeof MigrationKind)[keyof typeof MigrationKind];

/** What a rollback restores: everything, or everything but what users did meanwhile. */
export const RollbackKind = { Clean: 0, Lossy: 1 } as const;
export type RollbackKind = (typeof RollbackKind)[keyof typeof RollbackKind];

/** Against which failure a containment batch is pre-committed. */
export const BreachClass = { Asset: 0, Authorization: 1, Pricing: 2, Upgrade: 3, Liveness: 4 } as const;
export type BreachClass = (typeof BreachClass)[keyof typeof BreachClass];

/** How a module is upgraded. */
export const ModuleKind = { Uups: 0, Transparent: 1, Beacon: 2, Diamond: 3, Redeploy: 4, OwnAdmin: 5 } as const;
export type ModuleKind = (typeof ModuleKind)[keyof typeof ModuleKind];

/** An exact threshold such as 2/3. */
export interface Fraction {
  numerator: number;
  denominator: number;
}

/** A static call that returns one word. */
export interface Probe {
  target: string;
  data: string;
  /** Gas given to the call. */
  gas: bigint;
}

/** One call of the timelock; `value` in wei. */
export interface Call {
  target: string;
  value: bigint;
  data: string;
}

/** `account.codehash` must equal `codeHash`. */
export interface Pin {
  account: string;
  codeHash: string;
}

/** A probe compared with a bound, which must hold before a stage. */
export interface Gate {
  probe: Probe;
  op: Op;
  bound: bigint;
}

export interface Target {
  /** Name of the module, left-aligned ASCII in a word. */
  module: string;
  baseVersion: bigint;
}

export interface Stage {
  /** Left-aligned ASCII in a word. */
  label: string;
  calls: Call[];
  pins: Pin[];
  gates: Gate[];
  /** Ids in the registry's catalogue. */
  invariants: string[];
  /** Seconds. */
  dwell: bigint;
  minGas: bigint;
}

export interface Rollback {
  from: number;
  to: number;
  kind: RollbackKind;
  calls: Call[];
  pins: Pin[];
  invariants: string[];
  minGas: bigint;
}

export interface Containment {
  breach: BreachClass;
  label: string;
  calls: Call[];
  pins: Pin[];
  minGas: bigint;
}

export interface Readiness {
  threshold: Fraction;
  /** Seconds after the end of the vote. */
  deadline: bigint;
  /** Seconds between scheduling and the first stage, at least. */
  schedulingWindow: bigint;
}

/** The off-chain program that goes with the plan; empty `version` means none. */
export interface NodeArtifact {
  version: string;
  protocolVersion: bigint;
  sha256Hash: string;
  uri: string;
  migration: MigrationKind;
  graceBlocks: bigint;
  isGraceReadOnly: boolean;
  parentPlan: string;
  successDeadline: bigint;
  successThreshold: Fraction;
}

export interface Evidence {
  reportHash: string;
  rehearsalChainId: bigint;
  rehearsalProposal: string;
  minAge: bigint;
}

/** What a person writes and what is hashed. */
export interface Plan {
  title: string;
  uri: string;
  proposer: string;
  nonce: bigint;
  planClass: PlanClass;
  targets: Target[];
  stages: Stage[];
  rollbacks: Rollback[];
  containments: Containment[];
  readiness: Readiness;
  artifact: NodeArtifact;
  executionWindow: bigint;
  evidence: Evidence;
}
