import { readCanary, type CanaryStatus } from "../canary/status";
import { rollbackByCouncil } from "../emergency/acts";
import { contain, readContainments } from "../emergency/contain";
import { SlipwayError } from "../errors";
import { checkInvariants } from "../invariants/checkInvariants";
import { Action, RightKind, type Condition } from "../invariants/types";
import { breachText } from "../plan/breachText";
import { modulesOf } from "../plan/moduleOf";
import { advance } from "../registry/advance";
import type { Registry } from "../registry/connect";
import { perform, type Performed } from "../registry/perform";
import { readPlan } from "../registry/readPlan";
import { rollback } from "../registry/rollback";
import { readStatus } from "../registry/state";
import type { ForkSession } from "../simulate/forkSession";
import { readActors } from "../simulate/readActors";
import type { Journey } from "../simulate/journeys/types";
import { runJourney } from "../simulate/journeys/runJourneys";
import { breakInvariant } from "./breakInvariant";
import type { DrillClass, DrillReport, DrillStep, Served } from "./types";

interface DrillRequest {
  class: DrillClass;
  proposalId: string;
  /** Most blocks from the break until it is contained. */
  within: number;
  /** What users do meanwhile. */
  journeys: readonly Journey[];
}

/**
 * Breaks an invariant of one class on a fork, and lets happen what the plan committed to: anyone shows the break twice, the action
 * runs, then the containments of that class, and then the council takes back what is only frozen. Everybody acts through the registry as on the
 * chain; only the break is a cheat.
 */
export async function runDrill(
  session: ForkSession,
  registry: Registry,
  { class: kind, proposalId, within, journeys }: DrillRequest,
): Promise<DrillReport> {
  const { client, fork } = session;
  const plan = await readPlan(client, registry, proposalId);
  const actors = await readActors(client, registry, plan);
  const stranger = await session.as(actors.stranger, "anyone");
  await toInProgress(session, registry, { proposalId, as: actors.stranger });
  const invariant = await invariantOf(registry, { kind, proposalId, plan });
  const named = new Set(plan.targets.map(({ module }) => module));
  const modules = (await modulesOf(registry)).filter(({ word }) => named.has(word));
  const canary = async (): Promise<CanaryStatus | undefined> => readCanary(client, registry, modules[0]!.name);

  const calls: Served[] = [];
  const look = async (moment: Served["moment"]) => calls.push(await served(session, journeys, moment));
  await look("before");
  const broken = await breakInvariant(fork.provider, registry, { proposalId, ...invariant });
  const start = await fork.provider.getBlockNumber();
  const steps: DrillStep[] = [];
  const step = async (by: DrillStep["by"], what: string, act: () => Promise<Performed>) => {
    const done = await act();
    if (done.status !== "confirmed") throw new Error(`${what} was not sent, but ${done.status}`);
    steps.push({ blocks: done.block - start, by, what, gasUsed: done.gasUsed });
  };
  const poke = () =>
    perform(stranger, registry, {
      verb: "poke",
      proposalId,
      title: plan.title,
      to: registry.address,
      data: registry.iface.encodeFunctionData("poke", [plan, invariant.id]),
      isDone: () => Promise.resolve(false),
    });
  await look("broken");
  const atBreak = await canary();
  await step("anyone", `shows that ${invariant.name} is broken`, poke);
  let blocksToContain: number | undefined;
  const note = async () => {
    const isHeld =
      (await canary())?.isFrozen === true || (await readStatus(registry, proposalId)).state !== "InProgress";
    const ran = (await readContainments(registry, proposalId, plan)).some(({ hasRun }) => hasRun);
    if (isHeld || ran) blocksToContain ??= steps.at(-1)!.blocks;
  };
  await note();
  if (blocksToContain === undefined) {
    await look("seen");
    await step("anyone", "shows it again, a block later: the break is proven, and the action runs", poke);
    await note();
  }
  // The break of its class is proven by now, so that each is open to anyone.
  for (const { index, label, breach } of await readContainments(registry, proposalId, plan)) {
    if (breach !== kind) continue;
    await step("anyone", `runs the containment "${label}"`, () =>
      contain(stranger, registry, { proposalId, containment: String(index) }),
    );
    await note();
  }
  if ((await readStatus(registry, proposalId)).state === "Stalled") {
    await step("anyone", "takes the plan back", () => rollback(stranger, registry, { proposalId }));
  }
  await look("contained");
  const latest = await fork.provider.getBlock("latest");
  const { chainId } = await fork.provider.getNetwork();
  const { state } = await readStatus(registry, proposalId);
  const isFrozen = (await canary())?.isFrozen === true;
  // No proof takes back a plan that is only frozen: people decide that.
  const { members, rollbackThreshold } = actors.council;
  for (const [i, member] of state === "InProgress" ? members.slice(0, rollbackThreshold).entries() : []) {
    const as = await session.as(member, "a member of the council");
    await step("the council", `approves the way back, ${i + 1} of ${rollbackThreshold}`, () =>
      rollbackByCouncil(as, registry, { proposalId, reason: `drill: ${invariant.name} is broken` }),
    );
  }
  return {
    schema: "slipway.drill.v1",
    verdict: blocksToContain !== undefined && blocksToContain <= within ? "pass" : "fail",
    class: kind,
    title: plan.title,
    proposalId,
    chainId: chainId.toString(),
    block: fork.block,
    time: latest?.timestamp ?? 0,
    modules: modules.map(({ name, account }) => ({ name, account })),
    invariant: {
      id: invariant.id,
      name: invariant.name,
      owner: invariant.owner,
      action: invariant.action === Action.Rollback ? "rollback" : "freeze",
    },
    broken,
    steps,
    ...(blocksToContain === undefined ? {} : { blocksToContain }),
    containments: (await readContainments(registry, proposalId, plan))
      .filter(({ hasRun }) => hasRun)
      .map(({ label }) => label),
    isFrozen,
    state,
    end: (await readStatus(registry, proposalId)).state,
    calls,
    ...(atBreak === undefined || atBreak.interval === 0
      ? {}
      : { atRisk: { cap: atBreak.cap, used: atBreak.usedPrevious + atBreak.usedCurrent, share: atBreak.share } }),
    humans: steps.filter(({ by }) => by !== "anyone").map(({ by, what }) => `${by} ${what}`),
  };
}

/** A scheduled plan's first stage is carried out on the copy; any other than one in progress has nothing to break. */
async function toInProgress(
  session: ForkSession,
  registry: Registry,
  { proposalId, as }: { proposalId: string; as: string },
): Promise<void> {
  const status = await readStatus(registry, proposalId);
  if (status.state === "InProgress") return;
  if (status.state !== "Scheduled") {
    throw new SlipwayError("DrillImpossible", {
      where: `proposal ${proposalId}`,
      expected: "a plan that is scheduled or in progress",
      found: status.state,
    });
  }
  await session.waitUntil(status.notBefore);
  await advance(await session.as(as, "anyone"), registry, { proposalId, stage: 0 });
}

/** An invariant of the class that is in force now, holds, and can be shown broken between two stages. */
async function invariantOf(
  registry: Registry,
  { kind, proposalId, plan }: { kind: DrillClass; proposalId: string; plan: Awaited<ReturnType<typeof readPlan>> },
) {
  const { nextStage } = await readStatus(registry, proposalId);
  const cited = plan.stages[nextStage - 1]?.invariants ?? [];
  const holding = (await checkInvariants(registry, cited, proposalId)).filter(({ state }) => state === "holds");
  const found = [];
  for (const { id } of holding) {
    const { invariant } = await registry.contract.getFunction("invariantOf").staticCall(id);
    const condition = invariant.condition.toObject(true) as Condition;
    const isOf = breachText(Number(invariant.category) as 0) === kind;
    if (isOf && Number(condition.rightKind) !== RightKind.Before) {
      const { name, owner } = invariant as { name: string; owner: string };
      found.push({ id, name, owner, action: Number(invariant.action), condition });
    }
  }
  const [first] = found;
  if (first !== undefined) return first;
  throw new SlipwayError("DrillImpossible", {
    where: plan.title,
    expected: `an invariant of the class ${kind} that is in force, holds and is seen between stages`,
    found: `${cited.length} invariants, none of them`,
    next: "npx hardhat invariant list",
  });
}

/** Journeys on a copy, so that they take none of the blocks that are counted. */
async function served(session: ForkSession, journeys: readonly Journey[], moment: Served["moment"]): Promise<Served> {
  const result: Served = { moment, served: 0, refused: 0, errors: [] };
  for (const journey of journeys) {
    for (const user of journey.users) {
      await session.onSnapshot(async () => {
        await session.as(user, "user of a journey");
        const { run } = await runJourney(session, journey, user, []);
        for (const { isOk, error } of run.steps) {
          if (isOk) ++result.served;
          else ++result.refused;
          if (error !== undefined && !result.errors.includes(error.name)) result.errors.push(error.name);
        }
      });
    }
  }
  return result;
}
