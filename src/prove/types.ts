import type { CheckedInvariant } from "../invariants/checkInvariants";

/** Name of the form that a bundle has. */
export const FORMAT = "slipway-proof/1";

export type Answer = "yes" | "no" | "cannot tell";

/** Something that the chain recorded about the plan. */
export interface Transition {
  event: string;
  /** Arguments by name; the plan itself stands once, in the bundle. */
  args: Record<string, unknown>;
  block: number;
  timestamp: number;
  transaction: string;
  logIndex: number;
  /** Who sent the transaction. */
  by: string;
  /** The registry's function that was called, or the account that was. */
  through: string;
}

/** Code of a pinned account around an execution. `unknown`: the node does not keep that state. */
export interface PinProof {
  account: string;
  expected: string;
  before: string;
  after: string;
}

/** One batch that the timelock carried out for the plan. */
export interface Execution {
  kind: "stage" | "rollback" | "containment";
  index: number;
  label: string;
  block: number;
  timestamp: number;
  transaction: string;
  by: string;
  pins: PinProof[];
  /** Gates of a stage, as the registry answered one block before; `unknown`: it could not be asked. */
  gates: { actual: string; isOk: boolean }[] | "unknown";
  /** As they stood at the end of the block. */
  invariants: (Omit<CheckedInvariant, "left" | "right"> & { left: string; right: string })[] | "unknown";
}

/** A router at the end of one block. */
export interface CanarySample {
  block: number;
  timestamp: number;
  share: number;
  epoch: number;
  isFrozen: boolean;
  breaks: number;
  /** Charged in the window that the block is in, and in the one before. */
  used: string;
  cap: string;
  stableCalls: string;
  candidateCalls: string;
  fallbacks: string;
}

export interface CanaryProof {
  module: string;
  account: string;
  stable: string;
  candidate: string;
  /** Seconds; zero: no cap. */
  interval: number;
  errorBudget: number;
  /** Why the samples do not show the most that was used; empty where they do. */
  gaps: string;
  /** The last block of every window of the budget, and the first and last block of the canary. */
  samples: CanarySample[];
  /** What the router itself said. */
  events: Omit<Transition, "through">[];
}

/** One line of the answer. */
export interface Bound {
  bound: string;
  verdict: Answer;
  evidence: string;
}

export interface Bundle {
  format: typeof FORMAT;
  chainId: string;
  registry: string;
  proposalId: string;
  /** What everything below is read at. */
  block: { number: number; hash: string; timestamp: number };
  /** What is claimed: the plan's own words, and what its modules run before and after. */
  hypothesis: { title: string; modules: { module: string; account: string; from: string; to: string }[] };
  /** EIP-712 hash of the plan's struct, without chain and registry. */
  planHash: string;
  plan: unknown;
  /** Thresholds and delays that the proposal answers to. */
  policy: Record<string, unknown>;
  facts: Record<string, unknown>;
  state: string;
  transitions: Transition[];
  executions: Execution[];
  canaries: CanaryProof[];
  /** Transactions that the journal kept, as the chain has them. */
  journal: { transaction: string; block: number; by: string; through: string; isOk: boolean }[];
  bounds: Bound[];
  /** Did the upgrade stay within its policy? */
  verdict: Answer;
  /** keccak256 of the canonical JSON of all the rest. */
  hash: string;
}
