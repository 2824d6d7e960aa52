import type { Interface } from "ethers";
import type { Client } from "../../client";
import type { PlanImpact } from "../../impact/types";
import type { LoadedInvariant } from "../../invariants/loadInvariants";
import type { BuiltPlan } from "../../plan/buildPlan";
import type { LoadedPlanFile } from "../../plan/readPlanFile";
import type { PlanFile } from "../../plan/schema";
import type { Plan } from "../../plan/types";
import type { Registry } from "../../registry/connect";
import type { TransactionTrace } from "../../trace/types";
import type { Journey } from "../journeys/types";
import type { ForkSession } from "../forkSession";
import type { Lifecycle, LifecycleNotes } from "../runLifecycle";
import type { SimulateOptions } from "../simulate";
import type { Answer, BeforeAfter, Override, RehearsalStep, RehearsedStage, ValueFlow } from "../types";

/** What is rehearsed, whoever governs: batches of calls that one account makes, one stage each. */
export interface Subject {
  session: ForkSession;
  /** The real chain, to be read at the pinned block only. */
  remote: Client;
  /** By whose rules the batches come to run. */
  registry: Pick<Registry, "address">;
  plan: Plan;
  /** Who makes the calls. */
  timelock: string;
  notes: LifecycleNotes;
  built: Pick<BuiltPlan, "deployments"> & {
    abis: Pick<BuiltPlan["abis"], "known">;
    impact: Pick<PlanImpact, "roles" | "selectors">;
  };
  loaded: Pick<LoadedPlanFile, "where"> & { plan: Pick<PlanFile, "expect"> };
}

/** What a check may ask while the rehearsal runs: the fork (`session`), and the chain that it copies (`remote`). */
export interface World extends Lifecycle {
  /** The real chain, to be read at the pinned block only. */
  remote: Client;
  built: BuiltPlan;
  loaded: LoadedPlanFile;
  options: SimulateOptions;
  /** Account of the plan's module. */
  module: string;
  /** What users do, from the plan file. */
  journeys: readonly Journey[];
  /** Names of the errors that the plan says it brings. */
  expectedErrors: readonly string[];
  /** Those that the plan cites. */
  invariants: readonly LoadedInvariant[];
  /** What decodes an error of the module. */
  errors: readonly Interface[];
}

/** One stage as it ran. */
export interface StageRun {
  stage: RehearsedStage;
  /** Hash of the `advance` that ran it, on the fork. */
  hash: string;
  /** Number of its block. */
  block: number;
  trace: TransactionTrace;
}

/** What is known of any subject once its rehearsal has ended, however it ended. */
export interface Outcome {
  runs: StageRun[];
  steps: RehearsalStep[];
  overrides: Override[];
  /** The error that ended the lifecycle: its name, and all of it in one line. */
  failure?: { name: string; text: string };
  /** State of the proposal at the end. */
  state: string;
  blockGasLimit: bigint;
}

export type SubjectEvidence = Subject & Outcome;

/** The same of a plan. */
export interface Evidence extends World, Outcome {}

/** An answer, and what the report tells elsewhere. */
export interface Conclusion extends Answer {
  flows?: ValueFlow[];
  beforeAfter?: BeforeAfter[];
  /** What the check could not name, such as calldata that no ABI at hand reads; the report lists it apart. */
  unexplained?: string[];
}

/** One check in one rehearsal. What its hooks gather is its own; an error that they throw is a fault of the tool. */
export interface CheckRun<W = World, E = Evidence> {
  /** Candidates are deployed on the fork, and nothing of the plan has run. */
  start?(world: W): Promise<void>;
  afterStage?(world: W, run: StageRun): Promise<void>;
  /** The way back after so many stages has run; it is taken back after this. */
  afterRollback?(world: W, afterStages: number): Promise<void>;
  /** The lifecycle has ended, however it ended. */
  end?(world: W): Promise<void>;
  conclude(evidence: E): Conclusion | Promise<Conclusion>;
}

/** A question that every rehearsal asks. */
export interface CheckKind<W = World, E = Evidence> {
  /** Its number in `docs/rehearsal.md`. */
  number: number;
  id: string;
  /** What is true where it passes. */
  name: string;
  /** Of a check that is not required, not knowing is a warning. */
  isRequired: boolean;
  begin(): CheckRun<W, E>;
}

/** A check that looks at what the rehearsal wrote down, and gathers nothing of its own. */
export function concluding<E = Evidence, W = World>(
  kind: Omit<CheckKind, "begin" | "isRequired"> & { isRequired?: boolean },
  conclude: CheckRun<W, E>["conclude"],
): CheckKind<W, E> {
  return { isRequired: true, ...kind, begin: () => ({ conclude }) };
}

/** A check that asks the chain before anything of the plan has run, and keeps the answer. */
export function starting<W = World, E = Evidence>(
  kind: Omit<CheckKind, "begin" | "isRequired"> & { isRequired?: boolean },
  read: (world: W) => Promise<Conclusion>,
): CheckKind<W, E> {
  return {
    isRequired: true,
    ...kind,
    begin: () => {
      let found: Conclusion | undefined;
      return {
        start: async (world) => void (found = await read(world)),
        conclude: () => found ?? unknown(["it was never asked"], "run the rehearsal from its start"),
      };
    },
  };
}

export const pass = (...evidence: string[]): Answer => ({ status: "pass", evidence, remedy: "" });
export const skip = (why: string): Answer => ({ status: "skip", evidence: [why], remedy: "" });
export const warn = (evidence: string[], remedy: string): Answer => ({ status: "warn", evidence, remedy });
export const fail = (evidence: string[], remedy: string): Answer => ({ status: "fail", evidence, remedy });
export const unknown = (evidence: string[], remedy: string): Answer => ({ status: "inconclusive", evidence, remedy });

/** Where a rehearsal that ended early leaves a check that found nothing wrong so far. */
export function wholeOr(isWhole: boolean, evidence: string[]): Answer {
  return isWhole
    ? pass(...evidence)
    : unknown(evidence, "the rehearsal ended before it could tell; mend what ended it");
}
