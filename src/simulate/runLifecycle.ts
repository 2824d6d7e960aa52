import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { labelText } from "../plan/labelText";
import type { Plan } from "../plan/types";
import { advance } from "../registry/advance";
import { attest, attestRehearsal, type ReportName } from "../registry/attest";
import type { Registry } from "../registry/connect";
import { readFacts } from "../registry/facts";
import { propose } from "../registry/propose";
import { ready } from "../registry/ready";
import { schedule } from "../registry/schedule";
import { snapshot, strongestDelegates } from "../registry/snapshot";
import { readStatus } from "../registry/state";
import { vote } from "../registry/vote";
import { revalidate } from "../revalidate/revalidate";
import { checkInvariants } from "./checkInvariants";
import type { ForkSession } from "./forkSession";
import type { FuzzNotes } from "./fuzz/fuzz";
import type { GateTraffic, JourneyNotes } from "./journeys/types";
import { readModuleStates } from "./moduleState";
import { attempt, pastTheRegistry, type Attempt } from "./negatives";
import { fewest, readElectors, type Actors } from "./readActors";
import { containAttempt, runContainment } from "./runContainment";
import { runRollback } from "./runRollback";
import type { Namespaces } from "../layout/readNamespaces";
import { describeWrites } from "../trace/describeWrites";
import { settledLogs } from "../trace/settledFrames";
import type { StageRun } from "./checks/types";
import type { ReplayNotes } from "./replay/replay";
import type {
  ModuleState,
  NegativeResult,
  RehearsedContainment,
  RehearsedRollback,
  RehearsedStage,
  StorageWrite,
} from "./types";

/** What is filled while the lifecycle runs, so that an error leaves what came before it. */
export interface LifecycleNotes {
  stages: RehearsedStage[];
  rollbacks: RehearsedRollback[];
  containments: RehearsedContainment[];
  negatives: NegativeResult[];
  /** State of the modules when the plan was proposed, and at the end. */
  initial: ModuleState[];
  final: ModuleState[];
  /** What users did, where the plan file says what they do. */
  journeys?: JourneyNotes;
  traffic?: GateTraffic[];
  replay?: ReplayNotes;
  fuzz?: FuzzNotes;
}

export interface Lifecycle {
  session: ForkSession;
  registry: Registry;
  plan: Plan;
  proposalId: string;
  timelock: string;
  actors: Actors;
  /** A token's delegates who are to vote; found in its events unless named. */
  delegates?: readonly string[];
  /** Names of the cited invariants, by id. */
  names: Map<string, string>;
  /** What the plan's routers keep, by slot. */
  words: ReadonlyMap<string, string>;
  /** Layout of an account's code on the fork; undefined where no build is known that gives it. */
  layoutOf: (account: string) => Promise<Namespaces | undefined>;
  notes: LifecycleNotes;
  /** Lets users come where a stage waits for them. */
  traffic?: (lifecycle: Lifecycle, stage: number) => Promise<GateTraffic[]>;
}

/** Called after each stage, before its way back is tried. */
export type OnStage = (run: StageRun) => Promise<void>;
/** Called after the way back of so many stages, before it is taken back. */
export type OnRollback = (afterStages: number) => Promise<void>;

/**
 * The plan's whole life on the fork: propose, vote, attest, ready, schedule, wait, revalidate, every stage, completion. After
 * each stage its way back is tried on a snapshot, and what must not work is tried where it would hurt most.
 */
export async function runLifecycle(lifecycle: Lifecycle, onStage: OnStage, onRollback?: OnRollback): Promise<void> {
  await toScheduled(lifecycle);
  const { session, registry, proposalId, plan, notes, actors } = lifecycle;
  await refused(lifecycle, advanceAttempt(lifecycle, "advance before the delay is over", ["NotYet"]));
  await refused(lifecycle, { ...scheduleAttempt(lifecycle), name: "schedule a second time" });

  const writes: StorageWrite[] = [];
  for (let index = 0; index < plan.stages.length; ++index) {
    await session.waitUntil((await readStatus(registry, proposalId)).notBefore);
    await tryPastTheRegistry(lifecycle, index);
    const came = (await lifecycle.traffic?.(lifecycle, index)) ?? [];
    if (came.length > 0) notes.traffic = [...(notes.traffic ?? []), ...came];
    const run = await runStage(lifecycle, index, writes);
    notes.stages.push(run.stage);
    await onStage(run);
    const status = await readStatus(registry, proposalId);
    if (status.state !== "InProgress") break;
    if (status.notBefore > (await timeOf(session.client))) {
      await refused(lifecycle, advanceAttempt(lifecycle, `advance twice at stage ${index}`, ["NotYet"]));
    }
    await refused(lifecycle, rollbackAttempt(lifecycle, index));
    await session.onSnapshot(async () => {
      notes.rollbacks.push(await runRollback(lifecycle, index + 1, writes));
      await onRollback?.(index + 1);
    });
    await tryContainments(lifecycle, index + 1, writes);
  }
  const { state, notBefore } = await readStatus(registry, proposalId);
  if (state === "InProgress") {
    await session.waitUntil(notBefore);
    await session.act(stranger(actors), "advance (complete)", (client) => advance(client, registry, { proposalId }));
  }
  notes.final = await readModuleStates(session.client, registry, plan);
  await refused(lifecycle, advanceAttempt(lifecycle, "advance a completed plan", ["ProposalInState"]));
}

async function toScheduled(lifecycle: Lifecycle): Promise<void> {
  const { session, registry, plan, proposalId, actors, notes } = lifecycle;
  const { client } = session;
  notes.initial = await readModuleStates(client, registry, plan);
  await refused(lifecycle, proposeAttempt(lifecycle));
  await session.act({ account: actors.proposer, role: "proposer" }, "propose", (as) => propose(as, registry, plan));
  await refused(lifecycle, { ...scheduleAttempt(lifecycle), name: "schedule before the vote" });

  if (actors.isToken) Object.assign(actors, await listDelegates(lifecycle));
  const { policy } = actors;
  const stricter = !actors.isToken && policy.approval[0] * policy.quorum[1] > policy.quorum[0] * policy.approval[1];
  for (const elector of fewest(actors, stricter ? policy.approval : policy.quorum, policy.minVoters)) {
    await session.act(seated(elector), "vote for", (as) => vote(as, registry, { proposalId, choice: "for" }));
  }
  await attestAll(lifecycle);
  const { numerator, denominator } = plan.readiness.threshold;
  for (const elector of fewest(actors, [BigInt(numerator), BigInt(denominator)])) {
    await session.act(seated(elector), "signal ready", (as) => ready(as, registry, { proposalId }));
  }
  await session.waitUntil((await readStatus(registry, proposalId)).notBefore);
  await session.act(stranger(actors), "schedule", (as) => schedule(as, registry, { proposalId }));
}

/** Takes the proposal's snapshot of those who really hold the token's votes, and finds out whether they can carry the plan. */
async function listDelegates(lifecycle: Lifecycle): Promise<Pick<Actors, "electors" | "total" | "isToken">> {
  const { session, registry, plan, proposalId, actors, delegates } = lifecycle;
  // Votes can be read once the token's clock has moved on.
  await session.waitUntil((await timeOf(session.client)) + 60);
  const found = await strongestDelegates(session.client, registry, { proposalId, delegates });
  const held = found.delegates.reduce((sum, { power }) => sum + power, 0n);
  const { numerator, denominator } = plan.readiness.threshold;
  const shares = [
    ["quorum", actors.policy.quorum],
    ["readiness", [BigInt(numerator), BigInt(denominator)]],
  ] as const;
  for (const [name, [least, of]] of shares) {
    if (held * of >= found.supply * least && found.delegates.length >= actors.policy.minVoters) continue;
    throw new SlipwayError("DelegatesTooFew", {
      where: `token ${found.token}, ${name}`,
      expected: `${least}/${of} of ${found.supply}, and ${actors.policy.minVoters} delegates`,
      found: `${held}, of ${found.delegates.length} delegates`,
    });
  }
  const accounts = found.delegates.map(({ account }) => account);
  await session.act(stranger(actors), "snapshot", (as) => snapshot(as, registry, { proposalId, delegates: accounts }));
  return readElectors(registry, (await readFacts(registry, proposalId)).electorate, plan);
}

/** Everyone whose statement the registry asks for, as many as it asks for. */
async function attestAll({ session, registry, plan, proposalId, actors }: Lifecycle): Promise<void> {
  const { policy } = actors;
  const { evidence, artifact } = plan;
  const statements: [ReportName, string, readonly string[], number][] = [
    ["integrity", "attester", actors.attesters, policy.integrityAttestations],
    ["simulation", "attester", actors.attesters, policy.simulationAttestations],
    ["artifact", "maintainer", actors.maintainers, artifact.version === "" ? 0 : policy.artifactAttestations],
    ["audit", "auditor", actors.auditors, policy.auditAttestations],
  ];
  for (const [kind, role, accounts, count] of statements) {
    for (const account of accounts.slice(0, count)) {
      // What an auditor will have found is not the rehearsal's to say.
      const reportHash = kind === "audit" ? evidence.reportHash : undefined;
      await session.act({ account, role }, `attest ${kind}`, (as) =>
        attest(as, registry, { proposalId, kind, reportHash }),
      );
    }
  }
  if (evidence.rehearsalChainId === 0n) return;
  const completedAt = (await readFacts(registry, proposalId)).proposedAt - Number(evidence.minAge);
  for (const account of actors.attesters.slice(0, Math.max(1, policy.rehearsalAttestations))) {
    await session.act({ account, role: "attester" }, "attest rehearsal", (as) =>
      attestRehearsal(as, registry, { proposalId, completedAt }),
    );
  }
}

async function runStage(lifecycle: Lifecycle, index: number, writes: StorageWrite[]): Promise<StageRun> {
  const { session, registry, plan, proposalId, timelock, actors } = lifecycle;
  const { client, fork } = session;
  const found = await revalidate(client, registry, proposalId);
  const rows = found.rows.filter((row) => row.stage === index && row.kind !== "pointer");
  const before = await readModuleStates(client, registry, plan);
  const label = labelText(plan.stages[index]?.label ?? "0x");
  const done = await session.act(stranger(actors), `advance ${index} "${label}"`, (as) =>
    advance(as, registry, { proposalId, stage: index }),
  );
  const books = new Set([registry.address.toLowerCase(), timelock.toLowerCase()]);
  const trace = await fork.trace(done.hash);
  const written = trace.writes.filter(({ account }) => !books.has(account.toLowerCase()));
  writes.push(...written);
  const stage: RehearsedStage = {
    index,
    label,
    gasUsed: done.gasUsed,
    pins: rows
      .filter((row) => row.kind === "pin")
      .map(({ account, expected, actual, isOk }) => ({ account, expected, actual, isOk })),
    gates: rows
      .filter((row) => row.kind === "gate")
      .map(({ account, expected, actual, isOk, isAvailable }) => ({ account, expected, actual, isOk, isAvailable })),
    invariants: await checkInvariants(lifecycle, plan.stages[index]?.invariants ?? []),
    before,
    after: await readModuleStates(client, registry, plan),
    writes: await describeWrites({ ...trace, writes: written }, lifecycle.layoutOf, lifecycle.words),
    events: settledLogs(trace.root)
      .filter(({ address }) => !books.has(address.toLowerCase()))
      .map(({ address, topics, data }) => ({ account: address, topics, data })),
  };
  return { stage, hash: done.hash, block: done.block, trace };
}

async function tryContainments(
  lifecycle: Lifecycle,
  afterStages: number,
  writes: readonly StorageWrite[],
): Promise<void> {
  const { session, plan, notes } = lifecycle;
  for (const index of plan.containments.keys()) {
    await refused(lifecycle, containAttempt(lifecycle, index, afterStages));
    await session.onSnapshot(async () => {
      const done = await runContainment(lifecycle, index, afterStages, writes);
      if (done !== undefined) notes.containments.push(done);
    });
  }
}

async function tryPastTheRegistry(lifecycle: Lifecycle, stage: number): Promise<void> {
  const { registry, plan, proposalId, timelock, actors } = lifecycle;
  const shared = { plan, proposalId, timelock, stranger: actors.stranger };
  await refused(lifecycle, pastTheRegistry(registry, { ...shared, stage }));
  if (stage > 0) return;
  for (const rollback of plan.rollbacks.keys()) {
    await refused(lifecycle, pastTheRegistry(registry, { ...shared, rollback }));
  }
  for (const containment of plan.containments.keys()) {
    await refused(lifecycle, pastTheRegistry(registry, { ...shared, containment }));
  }
  const edited = { ...plan, nonce: plan.nonce + 1n };
  await refused(
    lifecycle,
    advanceAttempt({ ...lifecycle, plan: edited }, "advance an edited plan", ["ProposalUnknown"]),
  );
}

async function refused({ session, registry, notes }: Lifecycle, what: Attempt): Promise<void> {
  notes.negatives.push(await attempt(session, registry, what));
}

function advanceAttempt({ registry, plan, actors }: Lifecycle, name: string, expected: string[]): Attempt {
  const data = registry.iface.encodeFunctionData("advance", [plan]);
  return { name, by: "stranger", account: actors.stranger, to: registry.address, data, expected };
}

function scheduleAttempt({ registry, plan, actors }: Lifecycle): Omit<Attempt, "name"> {
  const data = registry.iface.encodeFunctionData("schedule", [plan]);
  return { by: "stranger", account: actors.stranger, to: registry.address, data, expected: ["ProposalInState"] };
}

function proposeAttempt({ registry, plan, actors }: Lifecycle): Attempt {
  const data = registry.iface.encodeFunctionData("propose", [plan]);
  const name = "propose without the release role";
  return { name, by: "stranger", account: actors.stranger, to: registry.address, data, expected: ["Unauthorized"] };
}

function rollbackAttempt({ registry, plan, actors }: Lifecycle, index: number): Attempt {
  const data = registry.iface.encodeFunctionData("rollback", [plan]);
  const name = `a stranger takes back a plan in good order, after stage ${index}`;
  return { name, by: "stranger", account: actors.stranger, to: registry.address, data, expected: ["ProposalInState"] };
}

function seated({ seat, account }: { seat: number; account: string }) {
  return { account, role: `elector at seat ${seat}` };
}

export function stranger(actors: Actors) {
  return { account: actors.stranger, role: "stranger" };
}

async function timeOf(client: Client): Promise<number> {
  return (await client.provider.getBlock("latest"))?.timestamp ?? 0;
}
