import { Exit, type ErrorTable } from "./exit";

/** Attestations, rehearsals, node artifacts and their parents (2xx). */
export const EVIDENCE_ERRORS = {
  AttestationsMissing: { code: "SLIP-213", exit: Exit.waiting, meaning: "not enough reviewers have attested the plan" },
  EvidenceMismatch: {
    code: "SLIP-222",
    exit: Exit.checkFailed,
    meaning: "the report attested is not the one that the plan cites",
  },
  ReportMissing: { code: "SLIP-287", exit: Exit.toolError, meaning: "there is no report to read at this path" },
  ReportInvalid: {
    code: "SLIP-288",
    exit: Exit.toolError,
    meaning: "the file does not have the form of a rehearsal's report",
  },
  EvidenceMissing: {
    code: "SLIP-223",
    exit: Exit.checkFailed,
    meaning: "the plan class asks for a rehearsal report, and the plan cites none",
  },
  AlreadyAttested: { code: "SLIP-233", exit: Exit.toolError, meaning: "the attester has made this statement already" },
  AttesterIsProposer: { code: "SLIP-234", exit: Exit.toolError, meaning: "nobody attests a plan of his own" },
  AttestationInvalid: {
    code: "SLIP-237",
    exit: Exit.toolError,
    meaning: "the attester is a contract, and it does not stand behind the signature",
  },
  VersionNotAdopted: {
    code: "SLIP-240",
    exit: Exit.toolError,
    meaning: "this is neither the plan's version nor one of a later protocol, so it does not count for the plan",
  },
  StatementRepeated: {
    code: "SLIP-241",
    exit: Exit.toolError,
    meaning: "the seat has said so already, and says it once",
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
  SuccessNotAsked: { code: "SLIP-248", exit: Exit.toolError, meaning: "the plan asks for no reports of success" },
  OverrideTooEarly: {
    code: "SLIP-249",
    exit: Exit.waiting,
    meaning: "reports come in once every stage has run; until then there is nothing to override",
  },
  StageNotReported: {
    code: "SLIP-250",
    exit: Exit.checkFailed,
    meaning: "reports are about the stage that ran last",
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
  NothingToAttest: {
    code: "SLIP-266",
    exit: Exit.toolError,
    meaning: "the plan cites nothing of the kind that was to be attested",
  },
} as const satisfies ErrorTable;
