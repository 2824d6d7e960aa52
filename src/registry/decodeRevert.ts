import { decodeBytes32String, type ErrorDescription, type Interface } from "ethers";
import { ERRORS, SlipwayError, type ErrorFacts, type ErrorName } from "../errors";
import { STATES } from "./state";

/** Where a revert happened, for the error's first line. */
export interface RevertContext {
  where: string;
  proposalId?: string;
}

/** Turns what a node says of a reverted call into one clear error. What is no revert is passed on as it is. */
export function decodeRevert(thrown: unknown, iface: Interface, context: RevertContext): unknown {
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
  const facts = describe(parsed, context);
  const name = parsed.name in ERRORS ? (parsed.name as ErrorName) : "ContractRefused";
  const meaning = name === "ContractRefused" ? `the contract refused it with ${signature(parsed)}` : undefined;
  return new SlipwayError(name, { where: context.where, meaning, cause: thrown, ...facts });
}

/** The revert data inside the many shapes in which nodes wrap it. */
export function revertData(thrown: unknown): string | undefined {
  const seen = new Set<unknown>();
  const queue: unknown[] = [thrown];
  while (queue.length > 0) {
    const value = queue.shift();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const { data } = value as { data?: unknown };
    if (typeof data === "string" && /^0x([0-9a-f]{2})*$/i.test(data)) return data;
    queue.push(...Object.values(value as object));
  }
  return undefined;
}

function describe(error: ErrorDescription, context: RevertContext): ErrorFacts {
  const args = error.args.toObject() as Record<string, unknown>;
  const id = context.proposalId?.slice(2, 8) ?? "PROPOSAL";
  switch (error.name) {
    case "CodeHashMismatch":
      return {
        where: `${context.where}, account ${args["account"]}`,
        expected: String(args["expected"]),
        found: String(args["actual"]),
        next: `npx hardhat upgrade invalidate ${id}`,
      };
    case "StaleBase":
      return {
        where: `module ${text(args["module"])}`,
        expected: `version ${args["expected"]}`,
        found: `version ${args["actual"]}`,
        next: "build the plan anew from the chain as it is: npx hardhat upgrade plan FILE",
      };
    case "ModuleLocked":
      return {
        where: `module ${text(args["module"])}`,
        expected: "a module that no other plan holds",
        found: `held by ${args["lockedBy"]}`,
        next: `npx hardhat upgrade status ${String(args["lockedBy"]).slice(2, 8)}`,
      };
    case "ProposalInState":
      return {
        expected: `state ${STATES[Number(args["expected"])]}`,
        found: `state ${STATES[Number(args["actual"])]}`,
        next: `npx hardhat upgrade status ${id}`,
      };
    case "NotYet":
      return {
        expected: `not before ${time(args["notBefore"])}`,
        found: `it is ${time(args["timestamp"])}`,
        next: `npx hardhat upgrade status ${id}`,
      };
    case "RollbackClosed":
      return { expected: `before ${time(args["notBefore"])}`, found: `it is ${time(args["timestamp"])}` };
    case "NotReady":
      return {
        expected: `${args["numerator"]}/${args["denominator"]} of ${args["total"]} power ready`,
        found: `${args["readyPower"]} ready`,
        next: `npx hardhat upgrade ready ${id}`,
      };
    case "AttestationsMissing":
      return {
        expected: `${args["need"]} ${Number(args["kind"]) === 0 ? "integrity" : "simulation"} attestations`,
        found: `${args["have"]}`,
        next: `npx hardhat upgrade attest ${id}`,
      };
    default: {
      const shown = Object.entries(args).map(([name, value]) => `${name} ${String(value)}`);
      return shown.length === 0 ? {} : { found: shown.join(", ") };
    }
  }
}

function signature(error: ErrorDescription): string {
  return `${error.name}(${error.args.map(String).join(", ")})`;
}

/** A name kept in a word, as people wrote it. */
function text(word: unknown): string {
  const value = String(word);
  return /00$/.test(value) ? decodeBytes32String(value) : value;
}

function time(seconds: unknown): string {
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z`;
}
