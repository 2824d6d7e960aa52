import type { DecodedWrite } from "../trace/decodeWrites";
import type { PlanImpact } from "../impact/types";
import type { ProxySlots } from "../chain/erc1967";
import type { PlanExplanation } from "../plan/explainPlan";
import type { Plan } from "../plan/types";
import type { FuzzNotes } from "./fuzz/fuzz";
import type { ReplayNotes } from "./replay/replay";
import type { GateTraffic, JourneyNotes, StatedJourney } from "./journeys/types";

/** `skip` asks nothing of this plan; `inconclusive` asks, and could not be answered. */
export type CheckStatus = "pass" | "warn" | "fail" | "skip" | "inconclusive";

/** What the checks come to; nothing is skipped as a whole. */
export type Verdict = Exclude<CheckStatus, "skip">;

/** What one check found. */
export interface Answer {
  status: CheckStatus;
  evidence: string[];
  /** What to do about it; empty where it passed. */
  remedy: string;
}

/** One question that a rehearsal answers. A required check that could not run is inconclusive, never passed. */
export interface Check extends Answer {
  /** Its number in the list of checks, `docs/rehearsal.md`. */
  number: number;
  id: string;
  name: string;
  /** Of a check that is not required, not knowing is a warning. */
  isRequired: boolean;
}

/** One transaction of the rehearsal. */
export interface RehearsalStep {
  verb: string;
  /** "elector at seat 3". */
  by: string;
  account: string;
  gasUsed: bigint;
}

/** Something that must not work, and did not. */
export interface NegativeResult {
  name: string;
  by: string;
  /** Error that the contracts answer with. */
  expected: string;
  found: string;
  isRefused: boolean;
}

/** What the rehearsal changed on the fork that nobody could change on the chain. */
export type Override =
  | { kind: "impersonation"; account: string; as: string }
  | { kind: "balance"; account: string; as: string; wei: bigint }
  /** Users who are counted and not listed, each impersonated and given gas money. */
  | { kind: "crowd"; count: number; as: string; wei: bigint }
  /** Empty blocks, where a vote counts blocks. */
  | { kind: "blocks"; count: number }
  | { kind: "time"; seconds: number };

/** A module as the chain shows it. */
export interface ModuleState {
  module: string;
  account: string;
  slots: ProxySlots;
  codeHash: string;
  version: number;
  lockedBy: string;
}

export interface StorageWrite {
  account: string;
  slot: string;
  before: string;
  after: string;
}

export interface PinRow {
  account: string;
  expected: string;
  actual: string;
  isOk: boolean;
}

export interface GateRow extends PinRow {
  isAvailable: boolean;
}

export interface InvariantRow {
  id: string;
  name: string;
  isAvailable: boolean;
  isOk: boolean;
  left: bigint;
  right: bigint;
}

export interface RehearsedStage {
  index: number;
  label: string;
  gasUsed: bigint;
  pins: PinRow[];
  gates: GateRow[];
  invariants: InvariantRow[];
  before: ModuleState[];
  after: ModuleState[];
  /** Storage that the stage wrote, the registry's and the timelock's own books left out; named where a layout is known. */
  writes: DecodedWrite[];
  /** What the stage logged, in order; the registry's and the timelock's own events left out. */
  events: LoggedEvent[];
}

export interface LoggedEvent {
  account: string;
  topics: string[];
  data: string;
}

export interface RehearsedRollback {
  /** Stages that had run. */
  afterStages: number;
  index: number;
  by: string;
  gasUsed: bigint;
  /** What it took: transactions, and seconds from the decision on that had to be waited. */
  transactions: number;
  seconds: number;
  state: string;
  after: ModuleState[];
  /** Whether pointers and code of every module are what they were before the first stage. */
  isRestored: boolean;
  /** Slots of the modules that hold something else than before the first stage. */
  residue: StorageWrite[];
  invariants: InvariantRow[];
}

/** A containment, tried on a snapshot without a breach, by whoever may do so at once. */
export interface RehearsedContainment {
  /** Stages that had run. */
  afterStages: number;
  index: number;
  label: string;
  by: string;
  gasUsed: bigint;
  /** Whether code and pointers of every module were restored by the way back that followed. */
  isRestored: boolean;
  /** State of the proposal after that way back. */
  state: string;
}

export interface Provenance {
  chainId: bigint;
  block: number;
  blockHash: string;
  /** Seconds since the epoch. */
  blockTime: number;
  engine: string;
  tool: string;
  /** Of a plan; who governs otherwise stands under `governance`. */
  registry?: string;
  timelock?: string;
}

/** One value that the plan moves, as people name it. */
export interface BeforeAfter {
  group: "proxies" | "roles" | "parameters" | "balances";
  what: string;
  before: string;
  after: string;
}

/** A payment that a stage made. */
export interface ValueFlow {
  stage: number;
  /** "ether", or the token's symbol where it tells one. */
  asset: string;
  /** The token; undefined for ether. */
  token?: string;
  from: string;
  to: string;
  /** In the asset's smallest unit. */
  amount: bigint;
}

/** What runs when, if nobody waits; seconds after proposing. */
export interface TimelineRow {
  after: bigint;
  text: string;
}

/** How long the way back takes from the slowest moment, and by whom. */
export interface WorstRollback {
  afterStages: number;
  by: string;
  /** Seconds from the decision until the modules serve stable again. */
  seconds: number;
  transactions: number;
}

/** A batch that another governance than Slipway's is to run, and who stands behind it. */
export interface Governance {
  /** "OpenZeppelin governor". */
  kind: string;
  /** Governor, timelock, Safe or plain account that was named. */
  account: string;
  /** Who makes the calls. */
  executor: string;
  /** Whether it was proposed or executed by the pinned block; `told` is what the contracts call it. */
  state: "new" | "proposed" | "executed";
  told: string;
  /** Its id in the contracts' own terms. */
  proposal?: string;
  calls: { target: string; value: bigint; data: string }[];
  /** What signers and voters see and sign: ids and hashes, computed here and by the contracts. */
  identifiers: { name: string; value: string }[];
  /** The transaction that executed it, where one did. */
  execution?: { transaction: string; block: number };
}

/** Everything that a rehearsal found. Nothing in it depends on when or where it ran: two runs have one hash. */
export interface RehearsalReport {
  schema: "slipway.rehearsal.v2";
  verdict: Verdict;
  title: string;
  /** Hash of the plan with its evidence zeroed. */
  subject: string;
  /** Id of the rehearsed proposal: the plan with its subject in the place of evidence. */
  proposalId: string;
  /** The plan, its evidence zeroed: with it and this report's hash, every hash that is signed can be computed. */
  plan?: Plan;
  /** Instead of a plan: what somebody else's governance is to run. */
  governance?: Governance;
  provenance: Provenance;
  overrides: Override[];
  checks: Check[];
  /** The plan's batches in plain language. */
  what: Pick<PlanExplanation, "stages" | "rollbacks" | "containments" | "policy" | "warnings" | "defaults">;
  beforeAfter: BeforeAfter[];
  /** Who paid whom while the stages ran. */
  flows: ValueFlow[];
  timeline: TimelineRow[];
  worstRollback?: WorstRollback;
  /** keccak256 of everything that the plan changes on chain, in a fixed form. Another engine's is the same but where a plan writes down the time. */
  diffHash: string;
  /** What no check could name: "none" where it is empty. */
  unexplained: string[];
  /** Functions and power that the plan moves; its ids are left out, for they contain this report's hash. */
  impact: Pick<PlanImpact, "selectors" | "roles" | "storage">;
  deployments: { role: string; contractName: string; address: string; codeHash: string; isOnChain: boolean }[];
  steps: RehearsalStep[];
  stages: RehearsedStage[];
  rollbacks: RehearsedRollback[];
  containments: RehearsedContainment[];
  negatives: NegativeResult[];
  /** What users do, as the plan file has it, and what it came to. */
  journeys?: { stated: StatedJourney[] } & JourneyNotes;
  /** Users who came because a gate waited for them. */
  traffic?: GateTraffic[];
  /** Recorded transactions on stable and on candidate: where they came out otherwise. */
  replay?: ReplayNotes;
  /** Random calls under the invariants. */
  fuzz?: FuzzNotes;
  /** The error that ended the rehearsal early. */
  failure?: Record<string, unknown>;
}
