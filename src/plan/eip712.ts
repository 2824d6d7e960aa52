import { TypedDataEncoder, ZeroHash, type TypedDataDomain, type TypedDataField } from "ethers";
import type { Evidence, Plan } from "./types";

/** EIP-712 types of a plan; `PlanHash.sol` has the same strings, and a test compares them. */
export const PLAN_TYPES: Record<string, TypedDataField[]> = {
  Plan: fields(
    "string title,string uri,address proposer,uint256 nonce,uint8 planClass,Target[] targets,Stage[] stages,Rollback[] rollbacks,Containment[] containments,Readiness readiness,Artifact artifact,uint64 executionWindow,Evidence evidence",
  ),
  Artifact: fields(
    "string version,uint64 protocolVersion,bytes32 sha256Hash,string uri,uint8 migration,uint64 graceBlocks,bool isGraceReadOnly,bytes32 parentPlan,uint64 successDeadline,Fraction successThreshold",
  ),
  Call: fields("address target,uint256 value,bytes data"),
  Containment: fields("uint8 breach,bytes32 label,Call[] calls,Pin[] pins,uint64 minGas"),
  Evidence: fields("bytes32 reportHash,uint64 rehearsalChainId,bytes32 rehearsalProposal,uint64 minAge"),
  Fraction: fields("uint32 numerator,uint32 denominator"),
  Gate: fields("Probe probe,uint8 op,uint256 bound"),
  Pin: fields("address account,bytes32 codeHash"),
  Probe: fields("address target,bytes data,uint64 gas"),
  Readiness: fields("Fraction threshold,uint64 deadline,uint64 schedulingWindow"),
  Rollback: fields("uint16 from,uint16 to,uint8 kind,Call[] calls,Pin[] pins,bytes32[] invariants,uint64 minGas"),
  Stage: fields("bytes32 label,Call[] calls,Pin[] pins,Gate[] gates,bytes32[] invariants,uint64 dwell,uint64 minGas"),
  Target: fields("bytes32 module,uint64 baseVersion"),
};

/** Evidence of a plan that was not rehearsed yet; also what the subject of a report is hashed with. */
export const NO_EVIDENCE: Evidence = {
  reportHash: ZeroHash,
  rehearsalChainId: 0n,
  rehearsalProposal: ZeroHash,
  minAge: 0n,
};

/** The `proposalId`: EIP-712 hash of the plan under the registry's domain. */
export function hashPlan(plan: Plan, domain: TypedDataDomain): string {
  return TypedDataEncoder.hash(domain, PLAN_TYPES, plan);
}

/** EIP-712 `hashStruct` of the plan alone, without a domain: what `PlanHash.hash` returns. */
export function hashPlanStruct(plan: Plan): string {
  return TypedDataEncoder.hashStruct("Plan", PLAN_TYPES, plan);
}

/**
 * The name of a plan before its evidence exists: its hash with `evidence` zeroed. A rehearsal's report carries it, and the
 * plan then carries the report's hash; neither could contain the other's final hash.
 */
export function subjectOf(plan: Plan, domain: TypedDataDomain): string {
  return hashPlan({ ...plan, evidence: NO_EVIDENCE }, domain);
}

function fields(list: string): TypedDataField[] {
  return list.split(",").map((field) => {
    const [type, name] = field.split(" ") as [string, string];
    return { type, name };
  });
}
