/** Exit codes of every task: the shell's view of an outcome. */
export const Exit = {
  pass: 0,
  toolError: 1,
  checkFailed: 2,
  drift: 3,
  waiting: 4,
  contained: 5,
} as const;
export type ExitCode = (typeof Exit)[keyof typeof Exit];

/**
 * Every error a user can meet: its stable code, its exit code, and what it means in one sentence.
 * `docs/errors.md` lists the same table; a test compares the two.
 * 1xx input and plan file · 2xx chain and lifecycle · 3xx drift · 4xx traffic · 5xx emergency · 9xx tool.
 */
export const ERRORS = {
  PlanFileInvalid: {
    code: "SLIP-101",
    exit: Exit.toolError,
    meaning: "the plan file does not have the form of a plan",
  },
  PlanFileMissing: { code: "SLIP-102", exit: Exit.toolError, meaning: "there is no file to read at this path" },
  AddressNameUnknown: {
    code: "SLIP-103",
    exit: Exit.toolError,
    meaning: "the file names an address that this network's address book does not hold",
  },
  AddressBookInvalid: {
    code: "SLIP-104",
    exit: Exit.toolError,
    meaning: "the network's address book does not hold names with addresses",
  },
  InvariantFileInvalid: {
    code: "SLIP-105",
    exit: Exit.toolError,
    meaning: "the catalogue file does not have the form of an invariant",
  },
  InvariantWithoutAction: {
    code: "SLIP-106",
    exit: Exit.toolError,
    meaning: "an invariant without an action is documentation, not control",
  },
  InvariantUnknown: {
    code: "SLIP-107",
    exit: Exit.toolError,
    meaning: "the plan cites an invariant that the catalogue does not hold",
  },
  InvariantRetired: {
    code: "SLIP-108",
    exit: Exit.toolError,
    meaning: "the invariant was retired, and new plans may not cite it",
  },
  FunctionUnknown: { code: "SLIP-109", exit: Exit.toolError, meaning: "the contract has no such function" },
  ArgumentInvalid: { code: "SLIP-110", exit: Exit.toolError, meaning: "an argument does not fit its parameter" },
  ErrorNameUnknown: { code: "SLIP-111", exit: Exit.toolError, meaning: "the candidate has no such error" },
  ArtifactUnknown: { code: "SLIP-112", exit: Exit.toolError, meaning: "there is no compiled contract of this name" },
  ArtifactInvalid: {
    code: "SLIP-113",
    exit: Exit.toolError,
    meaning: "the file is not an artifact of Hardhat or Foundry with code to deploy",
  },
  ArtifactUnlinked: {
    code: "SLIP-114",
    exit: Exit.toolError,
    meaning: "the code still has holes where libraries belong, so it could not run",
  },
  AddressWithoutCode: {
    code: "SLIP-115",
    exit: Exit.toolError,
    meaning: "there is no code at this address, and a call to it would succeed without doing anything",
  },
  AccountDelegated: {
    code: "SLIP-116",
    exit: Exit.toolError,
    meaning:
      "the account delegates to code that its key can change at any time (EIP-7702), so a pin would hold nothing",
  },
  ProxyKindMismatch: {
    code: "SLIP-117",
    exit: Exit.toolError,
    meaning: "the proxy is upgraded in another way than stated",
  },
  KindUnsupported: {
    code: "SLIP-118",
    exit: Exit.toolError,
    meaning: "plans are built for UUPS proxies and for transparent proxies behind a ProxyAdmin",
  },
  WrongChain: { code: "SLIP-119", exit: Exit.toolError, meaning: "the plan is for another chain" },
  InitializerOpen: {
    code: "SLIP-120",
    exit: Exit.toolError,
    meaning: "a stranger can initialise the candidate, and so own what it controls",
  },
  ControlSelectorClash: {
    code: "SLIP-121",
    exit: Exit.toolError,
    meaning: "the router takes the selector of traffic(bytes), and the protocol's own function would be out of reach",
  },
  CandidateMismatch: {
    code: "SLIP-122",
    exit: Exit.toolError,
    meaning: "the code at the stated address is not what the artifact deploys",
  },
  CandidateIsStable: {
    code: "SLIP-123",
    exit: Exit.toolError,
    meaning: "the candidate already serves: nothing to upgrade",
  },
  CallReverts: {
    code: "SLIP-124",
    exit: Exit.toolError,
    meaning: "a call of the plan would revert if the timelock made it now",
  },
  ModuleUnknown: { code: "SLIP-125", exit: Exit.toolError, meaning: "the registry knows no such module" },
  AuthorityMismatch: {
    code: "SLIP-126",
    exit: Exit.toolError,
    meaning: "the timelock could not make this upgrade, because the proxy answers to somebody else",
  },
  ProbeUnavailable: {
    code: "SLIP-127",
    exit: Exit.toolError,
    meaning: "the probe gives no word now, so nothing can be compared with it",
  },
  PlanNotDeployed: {
    code: "SLIP-128",
    exit: Exit.toolError,
    meaning: "stages deploy nothing, so the candidate and its router must be on chain before the plan is proposed",
  },
  DeploymentFailed: { code: "SLIP-129", exit: Exit.toolError, meaning: "a contract of the plan could not be deployed" },
  ModuleLocked: {
    code: "SLIP-130",
    exit: Exit.waiting,
    meaning: "another plan holds the module between its first stage and its end",
  },
  ModuleRetired: { code: "SLIP-131", exit: Exit.toolError, meaning: "the module was taken out of use" },
  StageUnknown: { code: "SLIP-132", exit: Exit.toolError, meaning: "the plan has no such stage" },
  SignerMissing: {
    code: "SLIP-133",
    exit: Exit.toolError,
    meaning: "this step sends transactions, and nobody signs them",
  },
  FileExists: { code: "SLIP-134", exit: Exit.toolError, meaning: "the file is there already, and is not overwritten" },
  SelectorClash: {
    code: "SLIP-145",
    exit: Exit.toolError,
    meaning: "two facets of one diamond serve the same selector",
  },
  RemovalUnconfirmed: {
    code: "SLIP-146",
    exit: Exit.checkFailed,
    meaning: "the cut would take away functions that nobody said should go",
  },
  StorageLayoutBroken: {
    code: "SLIP-147",
    exit: Exit.checkFailed,
    meaning: "the new code would read what the old code stored as something else",
  },
  StorageLayoutUnknown: {
    code: "SLIP-148",
    exit: Exit.toolError,
    meaning: "the compiler's output does not tell how the code lays out its storage",
  },
  StaleBase: {
    code: "SLIP-300",
    exit: Exit.drift,
    meaning: "the module moved since the plan was written, so the plan was made for code that no longer serves",
  },
  PlanEdited: {
    code: "SLIP-302",
    exit: Exit.drift,
    meaning: "the file no longer says what was proposed, and a vote binds what was proposed",
  },
  RegistryMissing: {
    code: "SLIP-200",
    exit: Exit.toolError,
    meaning: "there is no registry to talk to on this network",
  },
  SendPending: {
    code: "SLIP-201",
    exit: Exit.waiting,
    meaning: "an earlier transaction of this account is still open",
  },
  TransactionLost: { code: "SLIP-202", exit: Exit.waiting, meaning: "the node does not know the transaction any more" },
  TransactionFailed: { code: "SLIP-203", exit: Exit.toolError, meaning: "the transaction was mined and reverted" },
  ContractRefused: { code: "SLIP-204", exit: Exit.checkFailed, meaning: "the contract refused the call" },
  ProposalUnknown: { code: "SLIP-205", exit: Exit.toolError, meaning: "the registry knows no such proposal" },
  ProposalAmbiguous: { code: "SLIP-206", exit: Exit.toolError, meaning: "more than one proposal answers to this name" },
  ProposalExists: { code: "SLIP-207", exit: Exit.toolError, meaning: "this very plan was proposed already" },
  ProposalInState: {
    code: "SLIP-208",
    exit: Exit.waiting,
    meaning: "the proposal is not in the state that this verb needs",
  },
  ProposalHalted: {
    code: "SLIP-209",
    exit: Exit.waiting,
    meaning: "the council halted it; votes, freezes and rollbacks go on",
  },
  UpgradeTooSoon: {
    code: "SLIP-290",
    exit: Exit.waiting,
    meaning: "the module's last plan ended too short a time ago",
  },
  NotYet: { code: "SLIP-210", exit: Exit.waiting, meaning: "the time for this has not come" },
  RollbackClosed: {
    code: "SLIP-211",
    exit: Exit.checkFailed,
    meaning: "the last dwell is over, and the plan can only complete",
  },
  NotReady: {
    code: "SLIP-212",
    exit: Exit.waiting,
    meaning: "not enough operators have signalled that they are ready",
  },
  AttestationsMissing: { code: "SLIP-213", exit: Exit.waiting, meaning: "not enough reviewers have attested the plan" },
  GateNotMet: { code: "SLIP-214", exit: Exit.waiting, meaning: "a gate of the stage does not hold yet" },
  InvariantViolated: {
    code: "SLIP-215",
    exit: Exit.checkFailed,
    meaning: "the stage would break an invariant, so nothing of it happened",
  },
  Unauthorized: {
    code: "SLIP-216",
    exit: Exit.toolError,
    meaning: "the account does not hold the role that this verb needs",
  },
  NotTimelock: {
    code: "SLIP-217",
    exit: Exit.toolError,
    meaning: "only a plan that passed may do this, through the timelock",
  },
  NotProposer: {
    code: "SLIP-218",
    exit: Exit.toolError,
    meaning: "only the account that the plan names as its proposer may do this",
  },
  SeatMissing: {
    code: "SLIP-219",
    exit: Exit.toolError,
    meaning: "the account has no seat in the electorate of this proposal",
  },
  SnapshotMissing: {
    code: "SLIP-275",
    exit: Exit.waiting,
    meaning: "nobody listed the token's delegates for this proposal yet, and votes are counted from that list on",
  },
  SnapshotTooEarly: {
    code: "SLIP-276",
    exit: Exit.waiting,
    meaning: "power at the moment of the proposal can be read once the token's clock has moved on",
  },
  SnapshotTaken: {
    code: "SLIP-277",
    exit: Exit.toolError,
    meaning: "the delegates of this proposal are listed already",
  },
  NotTokenElectorate: {
    code: "SLIP-278",
    exit: Exit.toolError,
    meaning: "the electorate of this proposal is a list of accounts, not a token's delegates",
  },
  ListTooSmall: {
    code: "SLIP-279",
    exit: Exit.checkFailed,
    meaning: "in the first half of the vote a list of delegates must hold the quorum",
  },
  PowerMissing: {
    code: "SLIP-280",
    exit: Exit.toolError,
    meaning: "the account held less than one unit of power when the proposal was made",
  },
  UnlistedAlreadyVoted: {
    code: "SLIP-281",
    exit: Exit.toolError,
    meaning: "the delegate has voted, and a vote is final",
  },
  DraftIncomplete: {
    code: "SLIP-282",
    exit: Exit.waiting,
    meaning: "not all seats of this list are stored yet",
  },
  CapMismatch: {
    code: "SLIP-283",
    exit: Exit.toolError,
    meaning: "maxPower is not what it was when the list was drawn up",
  },
  PowerBelowThreshold: {
    code: "SLIP-284",
    exit: Exit.toolError,
    meaning: "the elector has less power than it takes to propose",
  },
  ElectorsMayNotPropose: {
    code: "SLIP-285",
    exit: Exit.toolError,
    meaning: "no threshold is set for proposals by electors: only the release role proposes",
  },
  AlreadyVoted: { code: "SLIP-220", exit: Exit.toolError, meaning: "the seat has voted, and a vote is final" },
  AlreadyReady: { code: "SLIP-221", exit: Exit.toolError, meaning: "the seat has signalled ready already" },
  StatementRepeated: {
    code: "SLIP-241",
    exit: Exit.toolError,
    meaning: "the seat has said so already, and says it once",
  },
  VersionNotAdopted: {
    code: "SLIP-240",
    exit: Exit.toolError,
    meaning: "this is neither the plan's version nor one of a later protocol, so it does not count for the plan",
  },
  ArtifactMissing: { code: "SLIP-242", exit: Exit.toolError, meaning: "the plan names no node program" },
  CompatibilityClosed: {
    code: "SLIP-243",
    exit: Exit.waiting,
    meaning: "the window that the parent plan opens for its children is not open",
  },
  ParentInState: {
    code: "SLIP-244",
    exit: Exit.waiting,
    meaning: "the parent plan is not in a state in which its child may go on",
  },
  ParentUnknown: {
    code: "SLIP-245",
    exit: Exit.toolError,
    meaning: "the registry knows no such parent plan; one of another registry is a gate",
  },
  ParentWithoutGrace: {
    code: "SLIP-246",
    exit: Exit.toolError,
    meaning: "the parent plan has no grace period, so it opens no window for children",
  },
  SuccessDeadlineInvalid: {
    code: "SLIP-247",
    exit: Exit.toolError,
    meaning: "reports of success are asked for within the last dwell, while there is a way back",
  },
  StageNotReported: {
    code: "SLIP-250",
    exit: Exit.checkFailed,
    meaning: "reports are about the stage that ran last",
  },
  SuccessNotAsked: { code: "SLIP-248", exit: Exit.toolError, meaning: "the plan asks for no reports of success" },
  OverrideTooEarly: {
    code: "SLIP-249",
    exit: Exit.waiting,
    meaning: "reports come in once every stage has run; until then there is nothing to override",
  },
  EvidenceMismatch: {
    code: "SLIP-222",
    exit: Exit.checkFailed,
    meaning: "the report attested is not the one that the plan cites",
  },
  RehearsalMissing: {
    code: "SLIP-260",
    exit: Exit.checkFailed,
    meaning: "the plan class asks for a rehearsal on another network, and the plan names none",
  },
  RehearsalTimeOutOfBounds: {
    code: "SLIP-261",
    exit: Exit.checkFailed,
    meaning: "the rehearsal on another network ended too short before the proposal, or too long",
  },
  RehearsalAgeOutOfBounds: {
    code: "SLIP-262",
    exit: Exit.checkFailed,
    meaning: "the plan lets its rehearsal be younger than its class allows, or older than a year",
  },
  ArtifactIncomplete: {
    code: "SLIP-263",
    exit: Exit.checkFailed,
    meaning: "a node artifact has a version and a hash, and nothing else of it without these",
  },
  MigrationNeedsCritical: {
    code: "SLIP-264",
    exit: Exit.checkFailed,
    meaning: "a migration that brings code of its own belongs in a plan of class Critical",
  },
  InvariantTooNew: {
    code: "SLIP-265",
    exit: Exit.waiting,
    meaning: "the invariant was defined in this very moment, and invariants come before the plans they judge",
  },
  FlagDisabled: { code: "SLIP-267", exit: Exit.waiting, meaning: "the module waits for a feature flag" },
  DependencyNotMet: {
    code: "SLIP-268",
    exit: Exit.waiting,
    meaning: "the module waits for another one, which is not at the version that it needs",
  },
  NothingToAttest: {
    code: "SLIP-266",
    exit: Exit.toolError,
    meaning: "the plan cites nothing of the kind that was to be attested",
  },
  EvidenceMissing: {
    code: "SLIP-223",
    exit: Exit.checkFailed,
    meaning: "the plan class asks for a rehearsal report, and the plan cites none",
  },
  SignatureFileInvalid: {
    code: "SLIP-224",
    exit: Exit.toolError,
    meaning: "the file is not a signature that this verb wrote",
  },
  ConfigInvalid: {
    code: "SLIP-225",
    exit: Exit.toolError,
    meaning: "the configuration does not have the form of a registry",
  },
  TimelockRisk: {
    code: "SLIP-226",
    exit: Exit.checkFailed,
    meaning: "others than the registry hold power over the timelock",
  },
  NothingBroken: {
    code: "SLIP-227",
    exit: Exit.checkFailed,
    meaning: "every pin of the stages to come holds, so there is nothing to invalidate",
  },
  OptionInvalid: { code: "SLIP-228", exit: Exit.toolError, meaning: "an option has a value that it does not take" },
  JournalBusy: { code: "SLIP-229", exit: Exit.waiting, meaning: "another run is writing this journal" },
  JournalDamaged: {
    code: "SLIP-230",
    exit: Exit.toolError,
    meaning: "a line of the journal is no entry, and guessing what was sent could send it twice",
  },
  PlanContained: {
    code: "SLIP-231",
    exit: Exit.contained,
    meaning: "the plan was stopped after its first stage: only the way back is open, or it was taken",
  },
  PlanEnded: { code: "SLIP-232", exit: Exit.checkFailed, meaning: "the plan has ended, and nothing leaves that state" },
  AlreadyAttested: { code: "SLIP-233", exit: Exit.toolError, meaning: "the attester has made this statement already" },
  AttesterIsProposer: { code: "SLIP-234", exit: Exit.toolError, meaning: "nobody attests a plan of his own" },
  ModuleExists: { code: "SLIP-235", exit: Exit.toolError, meaning: "the registry holds a module of this name already" },
  NodeUnreachable: { code: "SLIP-236", exit: Exit.toolError, meaning: "the node of this network does not answer" },
  CodeHashMismatch: { code: "SLIP-301", exit: Exit.drift, meaning: "this is not the code that was voted on" },
  PointerMoved: { code: "SLIP-330", exit: Exit.drift, meaning: "a proxy points elsewhere than the plan was made for" },
  StalePolicy: {
    code: "SLIP-402",
    exit: Exit.contained,
    meaning: "the canary was frozen or tightened since the plan was scheduled, and a stage may not undo that",
  },
  CanaryMissing: { code: "SLIP-401", exit: Exit.toolError, meaning: "no router serves this module now" },
  NotCouncilMember: { code: "SLIP-501", exit: Exit.toolError, meaning: "the account is no member of the council" },
  AlreadyHalted: { code: "SLIP-502", exit: Exit.toolError, meaning: "the scope is halted already" },
  NotHalted: {
    code: "SLIP-503",
    exit: Exit.toolError,
    meaning: "the scope is not halted, so there is nothing to lift",
  },
  HaltBudgetSpent: {
    code: "SLIP-504",
    exit: Exit.checkFailed,
    meaning: "the council has spent its seconds for this scope, and only a plan refills them",
  },
  ApprovalExpired: {
    code: "SLIP-505",
    exit: Exit.toolError,
    meaning: "the deadline that the signatures carry is over",
  },
  HaltTooSoon: {
    code: "SLIP-506",
    exit: Exit.waiting,
    meaning:
      "a halt is not renewed back to back: the scope rests as long as it was halted, unless a plan refills its budget",
  },
  VetoBudgetSpent: {
    code: "SLIP-507",
    exit: Exit.checkFailed,
    meaning: "the council has spent its vetoes, and only a plan refills them",
  },
  CoSignMissing: {
    code: "SLIP-508",
    exit: Exit.waiting,
    meaning: "an emergency plan is scheduled only with the council's co-sign",
  },
  NothingToStop: {
    code: "SLIP-509",
    exit: Exit.toolError,
    meaning: "the plan has ended or stalled already, and none of its modules can be halted now",
  },
  ApprovalInvalid: {
    code: "SLIP-510",
    exit: Exit.toolError,
    meaning: "the member is a contract, and it does not stand behind the signature",
  },
  RecoveryMissing: {
    code: "SLIP-511",
    exit: Exit.toolError,
    meaning: "there is no recovery proposer, or nothing is under way",
  },
  NotRecoveryOwner: { code: "SLIP-512", exit: Exit.toolError, meaning: "only the recovery's owner may do this" },
  RecoveryInStatus: {
    code: "SLIP-513",
    exit: Exit.waiting,
    meaning: "the recovery is not where this step needs it: it waits thirty days, and lapses thirty days later",
  },
  NodeNotStarted: { code: "SLIP-920", exit: Exit.toolError, meaning: "the local node did not start" },
  ForkMismatch: {
    code: "SLIP-921",
    exit: Exit.toolError,
    meaning: "the fork is not a copy of the chain it was made of",
  },
  ToolFailure: { code: "SLIP-900", exit: Exit.toolError, meaning: "Slipway itself failed; nothing was decided" },
} as const satisfies Record<string, { code: string; exit: ExitCode; meaning: string }>;
export type ErrorName = keyof typeof ERRORS;

export interface ErrorFacts {
  /** File and key, or stage, pin, account: the place a person looks at first. */
  where?: string;
  expected?: string;
  found?: string;
  /** The command or edit that helps, ready to paste. */
  next?: string;
  /** Replaces the catalogue's sentence where the case can say more. */
  meaning?: string;
  cause?: unknown;
}

/** One clear error: name, code, where, expected, found, meaning, next. */
export class SlipwayError extends Error {
  readonly code: string;
  readonly exit: ExitCode;
  constructor(
    readonly errorName: ErrorName,
    readonly facts: ErrorFacts = {},
  ) {
    const entry = ERRORS[errorName];
    super(`${errorName} (${entry.code})`, { cause: facts.cause });
    this.name = "SlipwayError";
    this.code = entry.code;
    this.exit = entry.exit;
  }

  /** The lines a person reads. */
  override toString(): string {
    const { where, expected, found, next, meaning } = this.facts;
    return [
      `error ${this.errorName} (${this.code})`,
      where === undefined ? undefined : `  where     ${where}`,
      expected === undefined ? undefined : `  expected  ${expected}`,
      found === undefined ? undefined : `  found     ${found}`,
      `  meaning   ${meaning ?? ERRORS[this.errorName].meaning}`,
      next === undefined ? undefined : `  next      ${next}`,
    ]
      .filter((line) => line !== undefined)
      .join("\n");
  }

  toJSON(): Record<string, unknown> {
    const { cause: _cause, meaning = ERRORS[this.errorName].meaning, ...facts } = this.facts;
    return { error: this.errorName, code: this.code, meaning, ...facts };
  }
}
