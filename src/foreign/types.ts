import type { Interface } from "ethers";
import type { Client } from "../client";
import type { Call } from "../plan/types";
import type { Subject, SubjectEvidence } from "../simulate/checks/types";
import type { ForkSession } from "../simulate/forkSession";
import type { Governance, ModuleState, NegativeResult } from "../simulate/types";
import type { Actors } from "../simulate/readActors";
import type { Circumstances } from "./circumstances";
import type { CodeMove } from "./codeMoves";

/** What a person asks to be rehearsed. */
export interface ForeignRequest {
  governor?: string;
  /** Of `governor`. */
  proposal?: string;
  timelock?: string;
  /** Of `timelock`. */
  operation?: string;
  /** Transaction Builder batch. */
  safe?: string;
  /** File of calls. */
  calls?: string;
  /** Who makes the calls of a file; of a batch, the Safe, where the file names none. */
  from?: string;
  /** Who proposes or votes; found in events unless named. */
  voters?: readonly string[];
  /** Of the Safe's transaction; the Safe's next one unless stated. */
  nonce?: bigint;
  /** Contract that a Safe delegates a batch to. */
  multiSend?: string;
}

/** Calls of a file, in the order in which they are made. */
export interface CallsFile {
  title: string;
  description: string;
  /** Chain id, where the file states it. */
  chainId?: bigint;
  /** Who makes the calls, where the file states it. */
  from?: string;
  calls: Call[];
  /** Functions that the file itself names. */
  abis: Interface[];
}

export interface Actor {
  account: string;
  role: string;
}

/** What every governance is rehearsed with. */
export interface Ground {
  session: ForkSession;
  /** The real chain at the pinned block. */
  remote: Client;
  request: ForeignRequest;
  negatives: NegativeResult[];
  /** Names what a revert says. */
  errors: Interface[];
  /** Seconds from block to block. */
  blockTime: number;
}

/** One thing that can be told twice: as it is computed here, and as a contract or the chain tells it. */
export interface Compared {
  what: string;
  expected: string;
  found: string;
}

/** How many hold the votes that it takes. */
export interface VoteFacts {
  /** "votes of UNI". */
  unit: string;
  quorum: bigint;
  /** Cast on chain by the pinned block. */
  cast: { inFavour: bigint; against: bigint };
  /** Strongest first. */
  voters: { account: string; votes: bigint }[];
  supply?: bigint;
}

/** Times that its rules ask for, in seconds, or in blocks and their seconds. */
export interface DelayFacts {
  /** Between decision and execution; what the rules ask, and what the rehearsal waited for. */
  delay: bigint;
  waited?: bigint;
  why: string;
  /** What opens and closes. */
  windows: { name: string; seconds: bigint }[];
  /** Moment after which it can no longer be executed; seconds since the epoch. */
  expires?: number;
}

/** What a check asks of a governance, filled while it is found out. */
export interface GovernanceFacts {
  hashes: Compared[];
  /** What the chain keeps of a proposal that is on it. */
  stored: Compared[];
  votes?: VoteFacts;
  delays?: DelayFacts;
  /** What else waits, and calls the same accounts. */
  rivals: string[];
  /** Pending beside it, whatever they call. */
  pending: number;
  /** Nonces and the like. */
  counters: string[];
  /** Why this cannot be run as it is: another number's turn, or a delegatecall to strange code. */
  faults: string[];
  /** Who may be without code. */
  people: Map<string, string>;
  /** Of each batch, in their order. */
  circumstances: Circumstances[];
  /** Wei that whoever executes sends along, because the contracts take it from him. */
  sentAlong: bigint;
  /** What may be run alone, or in another order, though it was meant as one. */
  apart: string[];
}

/** A batch as it runs: one transaction. */
export interface Batch {
  label: string;
  calls: Call[];
}

/** One kind of governance: what it has to run, and the real steps that lead there. */
export interface Driver {
  governance: Governance;
  facts: GovernanceFacts;
  title: string;
  batches: Batch[];
  /** Its own books: what a batch writes there is no effect of its calls. */
  books: string[];
  /** Of contracts that are known. */
  abis: Interface[];
  /** Functions by the names that a file or a proposal gives them: nobody has checked those. */
  claimed(): Interface[];
  timeline: { after: bigint; text: string }[];
  /** Everything that comes before the first batch. */
  prepare(): Promise<void>;
  /** Waits until a batch may run, tries what must not work by then, and tells the transaction that runs it. */
  batch(index: number): Promise<{ actor: Actor; verb: string; to: string; data: string; value?: bigint }>;
  /** What must not work once it has run. */
  after(): Promise<void>;
}

/** What the checks see. */
export interface ForeignWorld extends Subject {
  driver: Driver;
  tool: string;
  stated: CallsFile | undefined;
  moves: CodeMove[];
  /** Proxies among the accounts that are called or moved. */
  readStates(): Promise<ModuleState[]>;
  /** Who asks what anybody may ask. */
  actors: Pick<Actors, "stranger">;
  /** The first account that is called. */
  module: string;
}

export type ForeignEvidence = ForeignWorld & SubjectEvidence;
