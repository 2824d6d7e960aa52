import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { Signature, type TypedDataDomain } from "ethers";
import { ethers } from "hardhat";
import type { RegistryFixture } from "../fixtures/registry";

export async function domainOf({ registry }: RegistryFixture): Promise<TypedDataDomain> {
  const { chainId } = await ethers.provider.getNetwork();
  return {
    name: "Slipway UpgradeRegistry",
    version: "1",
    chainId,
    verifyingContract: await registry.getAddress(),
  };
}

interface Signed {
  seat: number;
  r: string;
  vs: string;
}

function compact(seat: number, signature: string): Signed {
  const { r, yParityAndS } = Signature.from(signature);
  return { seat, r, vs: yParityAndS };
}

export async function signBallot(
  domain: TypedDataDomain,
  signer: HardhatEthersSigner,
  seat: number,
  proposalId: string,
  choice: number,
): Promise<Signed> {
  const types = {
    Ballot: [
      { name: "proposalId", type: "bytes32" },
      { name: "choice", type: "uint8" },
    ],
  };
  return compact(seat, await signer.signTypedData(domain, types, { proposalId, choice }));
}

export async function signReady(
  domain: TypedDataDomain,
  signer: HardhatEthersSigner,
  seat: number,
  proposalId: string,
): Promise<Signed> {
  const types = { Ready: [{ name: "proposalId", type: "bytes32" }] };
  return compact(seat, await signer.signTypedData(domain, types, { proposalId }));
}

export function signAttestation(
  domain: TypedDataDomain,
  signer: HardhatEthersSigner,
  proposalId: string,
  kind: number,
  reportHash: string,
): Promise<string> {
  const types = {
    Attestation: [
      { name: "proposalId", type: "bytes32" },
      { name: "kind", type: "uint8" },
      { name: "reportHash", type: "bytes32" },
    ],
  };
  return signer.signTypedData(domain, types, { proposalId, kind, reportHash });
}

export function signApproval(
  domain: TypedDataDomain,
  signer: HardhatEthersSigner,
  act: string,
  deadline: bigint,
): Promise<string> {
  const types = {
    CouncilApproval: [
      { name: "act", type: "bytes32" },
      { name: "deadline", type: "uint256" },
    ],
  };
  return signer.signTypedData(domain, types, { act, deadline });
}

export async function signAdvertisement(
  domain: TypedDataDomain,
  signer: HardhatEthersSigner,
  seat: number,
  message: { proposalId: string; version: string; protocolVersion: bigint },
): Promise<Signed> {
  const types = {
    Advertisement: [
      { name: "proposalId", type: "bytes32" },
      { name: "version", type: "string" },
      { name: "protocolVersion", type: "uint64" },
    ],
  };
  return compact(seat, await signer.signTypedData(domain, types, message));
}

export async function signReport(
  domain: TypedDataDomain,
  signer: HardhatEthersSigner,
  seat: number,
  message: { proposalId: string; stage: number; isSuccessful: boolean },
): Promise<Signed> {
  const types = {
    SuccessReport: [
      { name: "proposalId", type: "bytes32" },
      { name: "stage", type: "uint256" },
      { name: "isSuccessful", type: "bool" },
    ],
  };
  return compact(seat, await signer.signTypedData(domain, types, message));
}

export async function signOverride(
  domain: TypedDataDomain,
  signer: HardhatEthersSigner,
  seat: number,
  proposalId: string,
): Promise<Signed> {
  const types = { SuccessOverride: [{ name: "proposalId", type: "bytes32" }] };
  return compact(seat, await signer.signTypedData(domain, types, { proposalId }));
}

/** 65 bytes over `Rehearsal`. */
export function signRehearsal(
  domain: TypedDataDomain,
  signer: HardhatEthersSigner,
  facts: { proposalId: string; chainId: bigint; rehearsalProposal: string; completedAt: bigint },
): Promise<string> {
  const types = {
    Rehearsal: [
      { name: "proposalId", type: "bytes32" },
      { name: "chainId", type: "uint64" },
      { name: "rehearsalProposal", type: "bytes32" },
      { name: "completedAt", type: "uint64" },
    ],
  };
  return signer.signTypedData(domain, types, facts);
}
