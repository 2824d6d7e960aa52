import { time } from "@nomicfoundation/hardhat-network-helpers";
import type { Plan } from "../../src/plan/types";
import { DAY, type RegistryFixture } from "../fixtures/registry";
import { REPORT } from "./plans";

export const Choice = { Against: 0, For: 1, Abstain: 2 } as const;
export const AttestationKind = { Integrity: 0, Simulation: 1, Artifact: 2, Audit: 3, Rehearsal: 4 } as const;
export const State = {
  Unknown: 0n,
  Voting: 1n,
  Defeated: 2n,
  Approved: 3n,
  Scheduled: 4n,
  InProgress: 5n,
  Stalled: 6n,
  Completed: 7n,
  RolledBack: 8n,
  Cancelled: 9n,
  Expired: 10n,
  Invalidated: 11n,
} as const;

/** Why a plan was taken back. */
export const RollbackReason = {
  None: 0n,
  Council: 1n,
  Veto: 2n,
  Invalidated: 3n,
  Breach: 4n,
  Reports: 5n,
  Window: 6n,
} as const;

export async function propose({ registry, release }: RegistryFixture, plan: Plan): Promise<string> {
  await registry.connect(release).propose(plan);
  return registry.proposalIdOf(plan);
}

/** Votes of the first `count` seats. */
export async function vote(
  { registry, electors }: RegistryFixture,
  proposalId: string,
  count = 8,
  choice: number = Choice.For,
): Promise<void> {
  for (const [seat, elector] of electors.slice(0, count).entries()) {
    await registry.connect(elector).castVote(proposalId, choice, seat);
  }
}

export async function attest({ registry, attesters }: RegistryFixture, proposalId: string): Promise<void> {
  const attester = registry.connect(attesters[0]);
  await attester.attest(proposalId, AttestationKind.Integrity, REPORT);
  await attester.attest(proposalId, AttestationKind.Simulation, REPORT);
}

export async function ready({ registry, electors }: RegistryFixture, proposalId: string, count = 8): Promise<void> {
  for (const [seat, elector] of electors.slice(0, count).entries()) {
    await registry.connect(elector).signalReady(proposalId, seat);
  }
}

/** Proposed, voted for by 8 of 12, attested, ready, and the vote is over. */
export async function toApproved(fixture: RegistryFixture, plan: Plan): Promise<string> {
  const proposalId = await propose(fixture, plan);
  await vote(fixture, proposalId, 10);
  await attest(fixture, proposalId);
  await ready(fixture, proposalId);
  await time.increase(3 * DAY);
  return proposalId;
}

export async function toScheduled(fixture: RegistryFixture, plan: Plan): Promise<string> {
  const proposalId = await toApproved(fixture, plan);
  await fixture.registry.schedule(plan);
  return proposalId;
}

/** The first stage has run. */
export async function toInProgress(fixture: RegistryFixture, plan: Plan): Promise<string> {
  const proposalId = await toScheduled(fixture, plan);
  await toNextStep(fixture, proposalId);
  await fixture.registry.advance(plan);
  return proposalId;
}

/** Moves the clock to the first second in which the next step is possible. */
export async function toNextStep({ registry }: RegistryFixture, proposalId: string): Promise<void> {
  const { notBefore } = await registry.stateOf(proposalId);
  await time.increaseTo(notBefore);
}

export async function stateOf({ registry }: RegistryFixture, proposalId: string): Promise<bigint> {
  return (await registry.stateOf(proposalId)).state;
}
