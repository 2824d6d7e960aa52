import type { Registry } from "./connect";
import { unpackSeat, type Seat } from "./seats";

/** `proposalOf`, with plain numbers; powers in units of the electorate. */
export interface Facts {
  proposer: string;
  proposedAt: number;
  proposedAtBlock: number;
  votingEndsAt: number;
  scheduledAt: number;
  scheduledAtBlock: number;
  eta: number;
  reportHash: string;
  electorate: string;
  modules: string[];
  forPower: bigint;
  againstPower: bigint;
  abstainPower: bigint;
  voters: number;
  readyPower: bigint;
  readySeats: number;
  clippedTotal: bigint;
  integrityAttestations: number;
  simulationAttestations: number;
}

export async function readFacts(registry: Registry, proposalId: string): Promise<Facts> {
  const raw = await registry.contract.getFunction("proposalOf")(proposalId);
  return {
    proposer: raw.proposer,
    proposedAt: Number(raw.proposedAt),
    proposedAtBlock: Number(raw.proposedAtBlock),
    votingEndsAt: Number(raw.votingEndsAt),
    scheduledAt: Number(raw.scheduledAt),
    scheduledAtBlock: Number(raw.scheduledAtBlock),
    eta: Number(raw.eta),
    reportHash: raw.reportHash,
    electorate: raw.electorate,
    modules: [...raw.modules],
    forPower: raw.forPower,
    againstPower: raw.againstPower,
    abstainPower: raw.abstainPower,
    voters: Number(raw.voters),
    readyPower: raw.readyPower,
    readySeats: Number(raw.readySeats),
    clippedTotal: raw.clippedTotal,
    integrityAttestations: Number(raw.integrityAttestations),
    simulationAttestations: Number(raw.simulationAttestations),
  };
}

/** Seats that one call reads: no node's gas limit for calls is below what these take. */
const PAGE = 2_000;

/** The accounts of an electorate by seat, with their power; the first `most` of them. */
export async function readSeats(registry: Registry, electorate: string, most = Infinity): Promise<Seat[]> {
  const seats: Seat[] = [];
  while (seats.length < most) {
    const count = Math.min(PAGE, most - seats.length);
    const page = (await registry.contract.getFunction("seatsOf")(electorate, seats.length, count)) as string[];
    seats.push(...page.map(unpackSeat));
    if (page.length < count) break;
  }
  return seats;
}

/** `citedEvidenceOf`: what a plan cites besides its report, and how many vouched for it. Times in seconds. */
export interface CitedEvidence {
  /** sha256 of the node artifact; zero: the plan has none. */
  artifactHash: string;
  rehearsalProposal: string;
  /** Zero: the plan names no rehearsal. */
  rehearsalChainId: bigint;
  minAge: number;
  artifactAttestations: number;
  auditAttestations: number;
  rehearsalAttestations: number;
}

export async function readCited(registry: Registry, proposalId: string): Promise<CitedEvidence> {
  const raw = await registry.contract.getFunction("citedEvidenceOf")(proposalId);
  return {
    artifactHash: raw.artifactHash,
    rehearsalProposal: raw.rehearsalProposal,
    rehearsalChainId: raw.rehearsalChainId,
    minAge: Number(raw.minAge),
    artifactAttestations: Number(raw.artifactAttestations),
    auditAttestations: Number(raw.auditAttestations),
    rehearsalAttestations: Number(raw.rehearsalAttestations),
  };
}
