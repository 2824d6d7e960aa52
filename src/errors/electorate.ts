import { Exit, type ErrorTable } from "./exit";

/** Electors, their power and their votes (2xx). */
export const ELECTORATE_ERRORS = {
  SeatMissing: {
    code: "SLIP-219",
    exit: Exit.toolError,
    meaning: "the account has no seat in the electorate of this proposal",
  },
  AlreadyVoted: { code: "SLIP-220", exit: Exit.toolError, meaning: "the seat has voted, and a vote is final" },
  AlreadyReady: { code: "SLIP-221", exit: Exit.toolError, meaning: "the seat has signalled ready already" },
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
  DelegatesTooFew: {
    code: "SLIP-286",
    exit: Exit.waiting,
    meaning: "the token's delegates together hold too little for the plan to pass, however they vote",
  },
} as const satisfies ErrorTable;
