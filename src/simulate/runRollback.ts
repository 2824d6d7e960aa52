import { chainTime } from "../chain/devChain";
import { rollbackByCouncil } from "../emergency/acts";
import { rollback } from "../registry/rollback";
import type { Performed } from "../registry/perform";
import { readStatus } from "../registry/state";
import { checkInvariants } from "./checkInvariants";
import { isSameCode, readModuleStates } from "./moduleState";
import { stranger, type Lifecycle } from "./runLifecycle";
import { netWrites } from "./storageWrites";
import type { RehearsedRollback, StorageWrite } from "./types";

/**
 * The way back after `afterStages` stages. The council takes back a plan in good order; where it has no members, the plan is
 * left to stall, and a stranger does. `writes` is what the stages wrote so far.
 */
export async function runRollback(
  lifecycle: Lifecycle,
  afterStages: number,
  writes: readonly StorageWrite[],
): Promise<RehearsedRollback> {
  const { session, registry, plan, proposalId, timelock, actors, notes } = lifecycle;
  const { client, fork } = session;
  const last = afterStages - 1;
  const index = plan.rollbacks.findIndex(({ from, to }) => from <= last && last <= to);
  const { members, rollbackThreshold } = actors.council;
  const isByCouncil = members.length >= rollbackThreshold && rollbackThreshold > 0;
  const decidedAt = await chainTime(client.provider);
  const sent = session.steps.length;
  const done = isByCouncil ? await byCouncil(lifecycle, afterStages) : await afterStall(lifecycle, afterStages);
  const seconds = (await chainTime(client.provider)) - decidedAt;

  const after = await readModuleStates(client, registry, plan);
  const accounts = new Set(after.map(({ account }) => account));
  const books = new Set([registry.address.toLowerCase(), timelock.toLowerCase()]);
  const undone = (await fork.trace(done.hash)).writes;
  return {
    afterStages,
    index,
    by: isByCouncil ? `council, ${rollbackThreshold} of ${members.length}` : "stranger, once the plan had stalled",
    gasUsed: done.gasUsed,
    transactions: session.steps.length - sent,
    seconds,
    state: (await readStatus(registry, proposalId)).state,
    after,
    isRestored: isSameCode(notes.initial, after) && after.every(({ lockedBy }) => BigInt(lockedBy) === 0n),
    residue: netWrites([...writes, ...undone]).filter(
      ({ account }) => accounts.has(account) && !books.has(account.toLowerCase()),
    ),
    invariants: await checkInvariants(lifecycle, plan.rollbacks[index]?.invariants ?? []),
  };
}

type Confirmed = Extract<Performed, { status: "confirmed" }>;

async function byCouncil(
  { session, registry, proposalId, actors }: Lifecycle,
  afterStages: number,
): Promise<Confirmed> {
  const { members, rollbackThreshold } = actors.council;
  let done: Confirmed | undefined;
  for (const [i, account] of members.slice(0, rollbackThreshold).entries()) {
    const actor = { account, role: `council member ${i}` };
    done = await session.act(actor, `rollback after ${afterStages}`, (as) =>
      rollbackByCouncil(as, registry, { proposalId, reason: "rehearsal" }),
    );
  }
  return done as Confirmed;
}

async function afterStall(
  { session, registry, proposalId, actors }: Lifecycle,
  afterStages: number,
): Promise<Confirmed> {
  const { notAfter } = await readStatus(registry, proposalId);
  await session.waitUntil(notAfter + 1);
  return session.act(stranger(actors), `rollback after ${afterStages}`, (as) => rollback(as, registry, { proposalId }));
}
