import { ZeroAddress, ZeroHash, type ErrorDescription, type Interface } from "ethers";
import { ERRORS, SlipwayError, type ErrorFacts, type ErrorName } from "../errors";
import type { Pin, Plan } from "../plan/types";
import { roleName } from "./roleIds";
import { isEnded, STATES, type StateName } from "./state";
import { shortId, textOf, timeText } from "./words";

/** Where a revert happened, and what helps to explain it. */
export interface RevertContext {
  where: string;
  proposalId?: string;
  /** The block the call was made at. */
  block?: number;
  plan?: Plan;
  /** Index of the stage that was about to run. */
  stage?: number;
  proposedAtBlock?: number;
}

/** Errors of the contracts that say what an error of the engine says already. */
const SAME: Record<string, ErrorName> = {
  CanaryAbsent: "CanaryMissing",
  InvariantIsRetired: "InvariantRetired",
  NoCode: "AddressWithoutCode",
  DelegatedAccount: "AccountDelegated",
  SeatMismatch: "SeatMissing",
  SeatUnknown: "SeatMissing",
  PinHolds: "NothingBroken",
  AbsenceUnproven: "SeatMissing",
  AlreadyAdvertised: "StatementRepeated",
  UnlistedAlreadyReady: "StatementRepeated",
  AlreadyReported: "StatementRepeated",
  AlreadyOverridden: "StatementRepeated",
};

const OPS = ["==", "!=", "<", "<=", ">", ">="];
const KINDS = ["integrity", "simulation", "artifact", "audit", "rehearsal"];
const RECOVERY = ["none", "waiting", "ready", "lapsed", "cancelled"];

/** Turns what a node says of a reverted call into one clear error. What is no revert is passed on as it is. */
export function decodeRevert(thrown: unknown, iface: Interface, context: RevertContext): unknown {
  if (thrown instanceof SlipwayError) return thrown;
  const data = revertData(thrown);
  if (data === undefined) return thrown;
  const parsed = data === "0x" ? null : iface.parseError(data);
  if (parsed === null) {
    return new SlipwayError("ContractRefused", {
      where: context.where,
      expected: "the call to succeed",
      found: data === "0x" ? "a revert without a reason" : `revert data ${data}`,
      cause: thrown,
    });
  }
  const name = nameOf(parsed);
  const meaning = name === "ContractRefused" ? `the contract refused it with ${signature(parsed)}` : undefined;
  const next =
    context.proposalId === undefined ? undefined : `npx hardhat upgrade status ${shortId(context.proposalId)}`;
  return new SlipwayError(name, { where: context.where, next, meaning, cause: thrown, ...describe(parsed, context) });
}

/** The revert data inside the many shapes in which nodes wrap it; undefined where the call did not revert. */
export function revertData(thrown: unknown): string | undefined {
  const seen = new Set<unknown>();
  const queue: unknown[] = [thrown];
  while (queue.length > 0) {
    const value = queue.shift();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const { data } = value as { data?: unknown };
    if (typeof data === "string" && /^0x([0-9a-f]{2})*$/i.test(data)) return data;
    // `transaction` carries the data that was sent, not what came back.
    for (const [key, inner] of Object.entries(value)) if (key !== "transaction") queue.push(inner);
    if (value instanceof Error && value.cause !== undefined) queue.push(value.cause);
  }
  return undefined;
}

function nameOf(error: ErrorDescription): ErrorName {
  if (error.name === "ProposalInState") {
    const state = stateName(error.args["actual"]);
    if (state === "Unknown") return "ProposalUnknown";
    if (state === "Stalled" || state === "RolledBack") return "PlanContained";
    return isEnded(state) ? "PlanEnded" : "ProposalInState";
  }
  const same = SAME[error.name];
  if (same !== undefined) return same;
  return error.name in ERRORS ? (error.name as ErrorName) : "ContractRefused";
}

function describe(error: ErrorDescription, context: RevertContext): ErrorFacts {
  const args = error.args;
  const id = context.proposalId === undefined ? "PROPOSAL" : shortId(context.proposalId);
  switch (error.name) {
    case "CodeHashMismatch":
      return codeHashMismatch(String(args["account"]), String(args["expected"]), String(args["actual"]), context);
    case "StaleBase":
      return {
        where: `module ${textOf(args["module"])}`,
        expected: `version ${args["expected"]}`,
        found: `version ${args["actual"]}`,
        next: "npx hardhat upgrade plan FILE builds it anew from the chain as it is",
      };
    case "ModuleLocked": {
      const isFree = args["lockedBy"] === ZeroHash;
      return {
        where: `module ${textOf(args["module"])}`,
        expected: isFree ? "the module held by this plan" : "a module that no other plan holds",
        found: isFree ? "held by none" : `held by ${args["lockedBy"]}`,
        next: isFree ? undefined : `npx hardhat upgrade status ${shortId(args["lockedBy"])}`,
      };
    }
    case "ModuleUnknown":
    case "ModuleRetired":
    case "ModuleExists":
      return { where: `module ${textOf(args["module"])}` };
    case "ProposalInState":
      return { expected: `state ${stateName(args["expected"])}`, found: `state ${stateName(args["actual"])}` };
    case "ProposalUnknown":
    case "ProposalExists":
    case "ProposalHalted":
      return { found: String(args["proposalId"]) };
    case "NotYet":
      return { expected: `not before ${timeText(args["notBefore"])}`, found: `it is ${timeText(args["timestamp"])}` };
    case "UpgradeTooSoon":
      return {
        where: `module ${textOf(args["module"])}`,
        expected: `not before ${timeText(args["notBefore"])}`,
        found: `it is ${timeText(args["timestamp"])}`,
      };
    case "RollbackClosed":
      return {
        expected: `a rollback before ${timeText(args["notBefore"])}`,
        found: `it is ${timeText(args["timestamp"])}`,
        next: `npx hardhat upgrade advance ${id}`,
      };
    case "NotReady":
      return {
        expected: `${args["numerator"]}/${args["denominator"]} of ${args["total"]} power ready`,
        found: `${args["readyPower"]} ready`,
        next: `npx hardhat upgrade ready ${id} --as ELECTOR`,
      };
    case "StageNotReported":
      return { expected: `stage ${args["lastStage"]}`, found: `stage ${args["stage"]}` };
    case "VersionNotAdopted":
      return {
        expected: `the plan's version, or a protocol above ${args["required"]}`,
        found: `${args["version"]}, protocol ${args["protocolVersion"]}`,
      };
    case "CompatibilityClosed": {
      const isOpened = args["from"] !== 0n;
      return {
        where: `parent ${shortId(args["parent"])}`,
        expected: isOpened ? `block ${args["from"]} to ${args["until"]}` : "the parent's last stage first",
        found: `block ${args["blockNumber"]}`,
        next: `npx hardhat upgrade status ${shortId(args["parent"])}`,
      };
    }
    case "ParentInState":
      return {
        where: `parent ${shortId(args["parent"])}`,
        found: `state ${stateName(args["state"])}`,
        next: `npx hardhat upgrade status ${shortId(args["parent"])}`,
      };
    case "AttestationsMissing": {
      const kind = KINDS[Number(args["kind"])] ?? "";
      return {
        expected: `${args["need"]} ${kind} attestations`,
        found: String(args["have"]),
        next: `npx hardhat upgrade attest ${id} --kind ${kind} --as ATTESTER`,
      };
    }
    case "GateNotMet":
      return {
        where: `${stageText(context)}gate ${args["index"]}, ${args["target"] === ZeroAddress ? "the registry" : args["target"]}`,
        expected: `${OPS[Number(args["op"])]} ${args["bound"]}`,
        found: args["isAvailable"] ? String(args["actual"]) : "no word: the probe is unavailable",
        next: `npx hardhat upgrade revalidate ${id}`,
      };
    case "InvariantViolated":
      return {
        where: `${stageText(context)}invariant ${args["invariant"]}`,
        expected: args["isAvailable"] ? `a word that holds against ${args["right"]}` : "a word from its probe",
        found: args["isAvailable"] ? String(args["left"]) : "none: the probe is unavailable",
        next: `npx hardhat invariant check ${id}`,
      };
    case "RehearsalMissing":
      return {
        expected: `a rehearsal that ended ${args["minAge"]} s before the proposal`,
        found: "none",
        next: "rehearsal: { chain, proposal } in the plan file",
      };
    case "RehearsalTimeOutOfBounds":
      return {
        expected: `from ${timeText(args["earliest"])} to ${timeText(args["latest"])}`,
        found: timeText(args["completedAt"]),
      };
    case "RehearsalAgeOutOfBounds":
      return { expected: `${args["min"]} to ${args["max"]} s`, found: `${args["minAge"]} s` };
    case "InvariantTooNew":
      return { where: `invariant ${args["id"]}`, expected: `after ${timeText(args["definedAt"])}` };
    case "FlagDisabled":
      return { where: `module ${textOf(args["module"])}`, expected: `flag ${textOf(args["flag"])} on`, found: "off" };
    case "DependencyNotMet":
      return {
        where: `module ${textOf(args["module"])}`,
        expected: `${textOf(args["dependency"])} at version ${args["minVersion"]} or later`,
        found: `version ${args["version"]}`,
      };
    case "EvidenceMismatch":
      return { expected: `report ${args["expected"]}`, found: `report ${args["actual"]}` };
    case "Unauthorized":
      return {
        expected: `role ${roleName(args["role"])}`,
        found: `${args["caller"]} without it`,
        next: "npx hardhat registry roles",
      };
    case "NotProposer":
      return { expected: `--as ${args["proposer"]}`, found: String(args["caller"]) };
    case "NotTimelock":
      return { expected: `the timelock ${args["timelock"]}`, found: String(args["caller"]) };
    case "NotCouncilMember":
      return {
        expected: "a member of the council",
        found: String(args["account"]),
        next: "npx hardhat emergency status",
      };
    case "AlreadyHalted":
      return { where: scopeText(args["scope"]), expected: "no halt", found: `halted until ${timeText(args["until"])}` };
    case "HaltTooSoon":
      return { where: scopeText(args["scope"]), expected: `not before ${timeText(args["notBefore"])}` };
    case "VetoBudgetSpent":
      return { expected: "a veto left", found: `${args["spent"]} spent since the last refill` };
    case "CoSignMissing":
      return { next: `npx hardhat emergency cosign ${id} --as MEMBER` };
    case "NothingToStop":
      return { next: "npx hardhat emergency status" };
    case "ApprovalInvalid":
      return { where: `member ${args["member"]}`, expected: "its word by ERC-1271", found: "another answer, or none" };
    case "AttestationInvalid":
      return {
        where: `attester ${args["attester"]}`,
        expected: "its word by ERC-1271",
        found: "another answer, or none",
      };
    case "NotRecoveryOwner":
      return { expected: `--as ${args["owner"]}`, found: String(args["caller"]) };
    case "RecoveryInStatus":
      return {
        expected: `status ${RECOVERY[Number(args["expected"])]}`,
        found: `status ${RECOVERY[Number(args["actual"])]}`,
        next: "npx hardhat emergency recovery status",
      };
    case "NotHalted":
    case "HaltBudgetSpent":
      return { where: scopeText(args["scope"]) };
    case "ApprovalExpired":
      return { expected: `before ${timeText(args["deadline"])}`, found: `it is ${timeText(args["timestamp"])}` };
    case "NoCode":
    case "DelegatedAccount":
      return { where: String(args["account"]) };
    case "SnapshotMissing":
      return { next: `npx hardhat upgrade snapshot ${id}` };
    case "SnapshotTooEarly":
      return { expected: `a clock above ${args["timepoint"]}`, found: `${args["clock"]}` };
    case "ListTooSmall":
      return {
        expected: `${args["numerator"]}/${args["denominator"]} of ${args["supply"]} power in the list`,
        found: String(args["total"]),
      };
    case "PowerBelowThreshold":
      return {
        expected: `${args["numerator"]}/${args["denominator"]} of ${args["whole"]} power`,
        found: `${args["account"]} has ${args["power"]}`,
      };
    case "SeatMismatch":
      return { where: `seat ${args["seat"]}`, expected: String(args["expected"]), found: String(args["actual"]) };
    default:
      return remaining(error);
  }
}

/** The pin that does not hold: the one row that revalidation is about. */
export function codeHashMismatch(
  account: string,
  expected: string,
  actual: string,
  context: Omit<RevertContext, "where">,
): ErrorFacts {
  const { plan, proposedAtBlock, block, proposalId } = context;
  const place = plan === undefined ? undefined : findPin(plan, account, expected, context.stage);
  const id = proposalId === undefined ? "PROPOSAL" : shortId(proposalId);
  return {
    where: `${place === undefined ? "" : `stage ${place.stage}, pin ${place.pin}, `}account ${account}`,
    expected: `${expected}${proposedAtBlock === undefined ? "" : ` (proposed at block ${proposedAtBlock})`}`,
    found: `${actual}${block === undefined ? "" : ` (block ${block})`}`,
    next: `npx hardhat upgrade invalidate ${id}`,
  };
}

function findPin(plan: Plan, account: string, codeHash: string, first = 0): { stage: number; pin: number } | undefined {
  const isIt = (pin: Pin) => pin.account.toLowerCase() === account.toLowerCase() && pin.codeHash === codeHash;
  for (let stage = first; stage < plan.stages.length; ++stage) {
    const pin = plan.stages[stage]?.pins.findIndex(isIt) ?? -1;
    if (pin !== -1) return { stage, pin };
  }
  return undefined;
}

function remaining(error: ErrorDescription): ErrorFacts {
  const shown = error.fragment.inputs.map(({ name }, index) => `${name} ${String(error.args[index])}`);
  return shown.length === 0 ? {} : { found: shown.join(", ") };
}

function stateName(state: unknown): StateName {
  return STATES[Number(state)] ?? "Unknown";
}

function stageText({ stage }: RevertContext): string {
  return stage === undefined ? "" : `stage ${stage}, `;
}

function scopeText(scope: string): string {
  return scope === ZeroHash ? "everything" : `module ${textOf(scope)}`;
}

function signature(error: ErrorDescription): string {
  return `${error.name}(${error.args.map(String).join(", ")})`;
}
