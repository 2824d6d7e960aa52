import { Exit, type ErrorTable } from "./exit";

/** The registry: lifecycle, modules, roles, transactions, the journal (2xx). */
export const REGISTRY_ERRORS = {
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
  ModuleExists: { code: "SLIP-235", exit: Exit.toolError, meaning: "the registry holds a module of this name already" },
  NodeUnreachable: { code: "SLIP-236", exit: Exit.toolError, meaning: "the node of this network does not answer" },
  FlagDisabled: { code: "SLIP-267", exit: Exit.waiting, meaning: "the module waits for a feature flag" },
  DependencyNotMet: {
    code: "SLIP-268",
    exit: Exit.waiting,
    meaning: "the module waits for another one, which is not at the version that it needs",
  },
  GovernanceUnknown: {
    code: "SLIP-291",
    exit: Exit.toolError,
    meaning: "the account is not governed in a way that can be rehearsed",
  },
  GovernanceProposalUnknown: {
    code: "SLIP-292",
    exit: Exit.toolError,
    meaning: "the contract knows nothing under this id",
  },
  GovernanceProposalDead: {
    code: "SLIP-293",
    exit: Exit.checkFailed,
    meaning: "no way leads from here to the execution",
  },
  GovernanceStepReverted: {
    code: "SLIP-294",
    exit: Exit.checkFailed,
    meaning: "a step of the real lifecycle reverts",
  },
  UpgradeTooSoon: {
    code: "SLIP-290",
    exit: Exit.waiting,
    meaning: "the module's last plan ended too short a time ago",
  },
} as const satisfies ErrorTable;
