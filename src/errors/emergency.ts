import { Exit, type ErrorTable } from "./exit";

/** Council, halts and recoveries (5xx). */
export const EMERGENCY_ERRORS = {
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
  CoSignUnneeded: {
    code: "SLIP-514",
    exit: Exit.toolError,
    meaning: "only a plan of class Emergency waits for the council's co-sign",
  },
  SuccessorInvalid: {
    code: "SLIP-515",
    exit: Exit.toolError,
    meaning: "the account is no registry that was made for this timelock",
  },
  NotRecoveryOwner: { code: "SLIP-512", exit: Exit.toolError, meaning: "only the recovery's owner may do this" },
  RecoveryInStatus: {
    code: "SLIP-513",
    exit: Exit.waiting,
    meaning: "the recovery is not where this step needs it: it waits thirty days, and lapses thirty days later",
  },
  ContainmentUnknown: { code: "SLIP-520", exit: Exit.toolError, meaning: "the plan has no such containment" },
  ContainmentRan: { code: "SLIP-521", exit: Exit.toolError, meaning: "the containment ran already, and runs once" },
  BreachUnproven: {
    code: "SLIP-522",
    exit: Exit.waiting,
    meaning:
      "no break of an invariant of this class was proven, and without proof it takes the incident role or a council member",
  },
  ContainmentLoosens: {
    code: "SLIP-523",
    exit: Exit.checkFailed,
    meaning:
      "a containment takes away: of registry and timelock it only revokes roles and clears flags, of a router it only freezes or tightens",
  },
  ContainmentPays: { code: "SLIP-524", exit: Exit.checkFailed, meaning: "a containment sends no native value" },
  ContainmentUnreachable: {
    code: "SLIP-525",
    exit: Exit.checkFailed,
    meaning: "a plan of one stage without a dwell is over as it begins, and leaves no moment for a containment",
  },
  DrillImpossible: {
    code: "SLIP-530",
    exit: Exit.toolError,
    meaning: "there is nothing to break here as the drill would, so nothing was tried",
  },
} as const satisfies ErrorTable;
