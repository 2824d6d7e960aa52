import type { ParamType } from "ethers";
import type { Sent } from "../sendAs";

/** One call of a journey, ready to be sent by anyone. */
export interface JourneyStep {
  /** As the file writes it. */
  text: string;
  /** With its arguments. */
  stated: string;
  target: string;
  value: bigint;
  /** Seconds waited before it. */
  wait: bigint;
  /** "ok", the name of an error, or undefined: what it did before the plan. */
  expect?: string;
  /** What it returns; empty where no ABI tells. */
  outputs: readonly ParamType[];
  /** Calldata with the sender in the place of `self`. */
  dataFor(sender: string): string;
}

export interface Journey {
  name: string;
  users: readonly string[];
  steps: readonly JourneyStep[];
  /** Basis points of an amount that a user may get less. */
  tolerance: number;
}

/** What one step came to. */
export interface StepRun {
  text: string;
  isOk: boolean;
  /** Name of the error, and all of it in words. */
  error?: { name: string; text: string };
  output: string;
  gasUsed: bigint;
  /** Emitter and first topic of each log, in order. */
  events: string[];
}

/** What one user had of one asset after the journey, less what it had before; `native` is without fees. */
export interface Change {
  asset: string;
  amount: bigint;
}

/** One user's journey at one moment. */
export interface JourneyRun {
  journey: string;
  user: string;
  moment: string;
  steps: StepRun[];
  changes: Change[];
}

/** Where a journey differs from the same one before the plan. */
export interface JourneyDifference {
  journey: string;
  user: string;
  moment: string;
  kind: "revert" | "loss" | "unexpected" | "gas" | "returned" | "events";
  text: string;
  /** An error that the plan says it brings. */
  isExpected: boolean;
}

/** Many users at once, one after another: whether it still works, and whether the last one pays more than the first. */
export interface LoadRun {
  journey: string;
  moment: string;
  users: number;
  failed: number;
  firstGas: bigint;
  lastGas: bigint;
  /** The error of the first one that failed. */
  error?: string;
}

/** Traffic of generated users that a gate waited for. */
export interface GateTraffic {
  stage: number;
  gate: string;
  senders: number;
  transactions: number;
  failed: number;
  isOpen: boolean;
}

/** A journey as the plan file has it, for readers of the report. */
export interface StatedJourney {
  name: string;
  users: string[];
  steps: string[];
  /** Basis points. */
  tolerance: number;
}

export interface JourneyNotes {
  differences: JourneyDifference[];
  runs: { moment: string; journeys: number; users: number; reverted: number }[];
  load: LoadRun[];
  /** Steps that did not work before the plan, so that they prove little. */
  idle: string[];
}

export type Logs = Sent["logs"];
