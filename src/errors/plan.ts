import { Exit, type ErrorTable } from "./exit";

/** Plan files, and what they say against the chain as it is (1xx), and drift from it (3xx). */
export const PLAN_ERRORS = {
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
    meaning:
      "plans are built for UUPS proxies, transparent proxies, those that are their own admin, beacons, and diamonds with facets for cut and loupe",
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
  DelegateCycle: {
    code: "SLIP-149",
    exit: Exit.toolError,
    meaning: "the code hands calls on in a circle, or through more accounts than anyone reviews",
  },
  ImplementationSpoofed: {
    code: "SLIP-150",
    exit: Exit.checkFailed,
    meaning: "the proxy does not run the code that its slot shows to everyone who looks",
  },
  HiddenDelegate: {
    code: "SLIP-151",
    exit: Exit.checkFailed,
    meaning: "the code that serves hands calls on to an account that its storage names, so its own code says little",
  },
  FlagOnAlready: { code: "SLIP-152", exit: Exit.toolError, meaning: "the flag is on already: nothing to enable" },
  PlanClassTooLow: {
    code: "SLIP-153",
    exit: Exit.checkFailed,
    meaning: "the plan moves power that only a plan of class Critical may move",
  },
  SelectorUnroutable: {
    code: "SLIP-154",
    exit: Exit.toolError,
    meaning: "a canary over the functions that cut a diamond, or tell its facets, could not be watched or left",
  },
  ChecklistInvalid: {
    code: "SLIP-155",
    exit: Exit.toolError,
    meaning: "the file has not the form of a checklist, so nothing of it was carried out",
  },
  GovernanceInputInvalid: {
    code: "SLIP-159",
    exit: Exit.toolError,
    meaning: "what was to be rehearsed cannot be read from what was given",
  },
  StaleBase: {
    code: "SLIP-300",
    exit: Exit.drift,
    meaning: "the module moved since the plan was written, so the plan was made for code that no longer serves",
  },
  CodeHashMismatch: { code: "SLIP-301", exit: Exit.drift, meaning: "this is not the code that was voted on" },
  PlanEdited: {
    code: "SLIP-302",
    exit: Exit.drift,
    meaning: "the file no longer says what was proposed, and a vote binds what was proposed",
  },
  PointerMoved: { code: "SLIP-330", exit: Exit.drift, meaning: "a proxy points elsewhere than the plan was made for" },
} as const satisfies ErrorTable;
