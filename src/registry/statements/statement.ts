import { TypedDataEncoder, type TypedDataDomain, type TypedDataField } from "ethers";
import type { ActKind } from "../../emergency/acts";
import type { OutcomeName } from "../artifact";
import { ATTESTATIONS, type ReportName } from "../attest";
import type { ChoiceName } from "../vote";

/** What can be signed instead of sent. Two statements are one batch if they are equal. */
export type Statement =
  | { verb: "vote"; proposalId: string; choice: ChoiceName }
  | { verb: "ready"; proposalId: string }
  /** `protocolVersion`: decimal, since the file is JSON. */
  | { verb: "advertise"; proposalId: string; version: string; protocolVersion: string }
  | { verb: "report"; proposalId: string; stage: number; outcome: OutcomeName }
  | { verb: "override"; proposalId: string }
  | { verb: "attest"; proposalId: string; kind: ReportName; reportHash: string }
  /** `chainId` and `rehearsalProposal` are the plan's; `completedAt` in seconds. */
  | { verb: "rehearsal"; proposalId: string; chainId: number; rehearsalProposal: string; completedAt: number }
  /** `subject`: scope or proposal. `act` binds the council's epoch and nonce; `deadline` in seconds. */
  | { verb: ActKind; subject: string; act: string; deadline: number };

export interface TypedData {
  domain: TypedDataDomain;
  types: Record<string, TypedDataField[]>;
  primaryType: string;
  message: Record<string, unknown>;
}

/** What a hardware wallet shows: compare them before you sign. */
export interface TypedDataHashes {
  domainHash: string;
  messageHash: string;
  digest: string;
}

const CHOICE_NUMBERS = { against: 0, for: 1, abstain: 2 };

/** The EIP-712 form of a statement, as the contracts hash it. */
export function typedDataOf(statement: Statement, domain: TypedDataDomain): TypedData {
  switch (statement.verb) {
    case "vote":
      return typed(domain, "Ballot", "bytes32 proposalId,uint8 choice", {
        proposalId: statement.proposalId,
        choice: CHOICE_NUMBERS[statement.choice],
      });
    case "ready":
      return typed(domain, "Ready", "bytes32 proposalId", { proposalId: statement.proposalId });
    case "advertise":
      return typed(domain, "Advertisement", "bytes32 proposalId,string version,uint64 protocolVersion", {
        proposalId: statement.proposalId,
        version: statement.version,
        protocolVersion: statement.protocolVersion,
      });
    case "report":
      return typed(domain, "SuccessReport", "bytes32 proposalId,uint256 stage,bool isSuccessful", {
        proposalId: statement.proposalId,
        stage: statement.stage,
        isSuccessful: statement.outcome === "success",
      });
    case "override":
      return typed(domain, "SuccessOverride", "bytes32 proposalId", { proposalId: statement.proposalId });
    case "attest":
      return typed(domain, "Attestation", "bytes32 proposalId,uint8 kind,bytes32 reportHash", {
        proposalId: statement.proposalId,
        kind: ATTESTATIONS.indexOf(statement.kind),
        reportHash: statement.reportHash,
      });
    case "rehearsal":
      return typed(
        domain,
        "Rehearsal",
        "bytes32 proposalId,uint64 chainId,bytes32 rehearsalProposal,uint64 completedAt",
        {
          proposalId: statement.proposalId,
          chainId: statement.chainId,
          rehearsalProposal: statement.rehearsalProposal,
          completedAt: statement.completedAt,
        },
      );
    default:
      return typed(domain, "CouncilApproval", "bytes32 act,uint256 deadline", {
        act: statement.act,
        deadline: statement.deadline,
      });
  }
}

export function hashesOf({ domain, types, primaryType, message }: TypedData): TypedDataHashes {
  return {
    domainHash: TypedDataEncoder.hashDomain(domain),
    messageHash: TypedDataEncoder.hashStruct(primaryType, types, message),
    digest: TypedDataEncoder.hash(domain, types, message),
  };
}

function typed(
  domain: TypedDataDomain,
  primaryType: string,
  fields: string,
  message: Record<string, unknown>,
): TypedData {
  const types = {
    [primaryType]: fields.split(",").map((field) => {
      const [type, name] = field.split(" ") as [string, string];
      return { type, name };
    }),
  };
  // A chain id as a number: the file is JSON, and a string would be another domain to some wallets.
  return { domain: { ...domain, chainId: Number(domain.chainId) }, types, primaryType, message };
}
