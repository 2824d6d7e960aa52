import { relative } from "node:path";
import { readAddressBook } from "../../src/chain/addressBook";
import { chainTime, setCode, warpTo } from "../../src/chain/devChain";
import { readCanaryAt, type CanaryStatus } from "../../src/canary/status";
import { rollbackByCouncil } from "../../src/emergency/acts";
import { SlipwayError } from "../../src/errors";
import type { BuiltPlan } from "../../src/plan/buildPlan";
import { labelText } from "../../src/plan/labelText";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { readPlanFile, type LoadedPlanFile } from "../../src/plan/readPlanFile";
import { advance } from "../../src/registry/advance";
import { attest } from "../../src/registry/attest";
import { invalidate } from "../../src/registry/invalidate";
import type { Performed } from "../../src/registry/perform";
import { propose } from "../../src/registry/propose";
import type { Registry } from "../../src/registry/connect";
import { ready } from "../../src/registry/ready";
import { schedule } from "../../src/registry/schedule";
import { readStatus } from "../../src/registry/state";
import { vote } from "../../src/registry/vote";
import { driftError, revalidate } from "../../src/revalidate/revalidate";
import { openChecks, tally } from "../../src/report/rehearsal/rehearsalPage";
import { span } from "../../src/report/time";
import { simulate } from "../../src/simulate/simulate";
import { writeReport, type WrittenReport } from "../../src/simulate/writeReport";
import type { Show } from "./show";
import { INVARIANTS, MODULE, ROOT, type Chain, type World } from "./openWorld";

/** The remote chain once a registry governs the bridge. */
export type GovernedWorld = World & { registry: Registry };

/** A chain with a registry on it, whatever that governs. */
export type GovernedChain = Chain & { registry: Registry };

/** Transactions of users between two stages. */
const TRAFFIC = 90;

/** What the last page of the demo tells. */
export interface Story {
  proposalId: string;
  plan: BuiltPlan;
  report: WrittenReport;
  /** Gas of each transaction of the plan's life, in order. */
  gas: { step: string; gas: bigint }[];
  /** The router's statistics, after each round of traffic. */
  rounds: { after: string; status: CanaryStatus }[];
}

/** Rehearses the plan, deploys what it needs, and drives it until it is scheduled and its time has come. */
export async function untilScheduled(show: Show, world: GovernedChain, file: string): Promise<Story> {
  const { as, people, registry, provider } = world;
  const release = as(people.release);
  const loaded = readPlanFile(file, readAddressBook(release.deploymentsDir));
  show.chapter(3, `Plan ${file.slice(ROOT.length + 1)}: ${loaded.plan.title}`);

  show.chapter(4, "Rehearsal on a fork: the whole life of the plan, and every way back");
  const report = await rehearse(show, world, loaded);

  show.chapter(5, "The real one");
  const options = { root: ROOT, invariantsDir: INVARIANTS, reportHash: report.reportHash };
  const plan = await prepareDeployments(release, registry, loaded, options);
  for (const { role, contractName, address } of plan.deployments) show.step(`${role} ${contractName} ${address}`);
  const gas: Story["gas"] = [];
  const note = (step: string, done: Performed): void => {
    if (done.status !== "confirmed") throw new Error(`${step} was expected to be sent, and is ${done.status}`);
    gas.push({ step, gas: done.gasUsed });
  };
  const { proposalId } = plan;
  note("propose", await propose(release, registry, plan.plan));
  show.step(`proposed ${proposalId}`);
  const voters = people.electors.slice(0, 9);
  for (const account of voters) note("vote", await vote(as(account), registry, { proposalId, choice: "for" }));
  show.step(`${voters.length} of ${people.electors.length} voted for (needs 2/3)`);
  note("attest", await attest(as(people.attesters[0] as string), registry, { proposalId, kind: "integrity" }));
  note("attest", await attest(as(people.attesters[1] as string), registry, { proposalId, kind: "simulation" }));
  show.step(`integrity and simulation attested; report ${report.reportHash}`);
  const operators = people.electors.slice(0, 8);
  for (const account of operators) note("ready", await ready(as(account), registry, { proposalId }));
  show.step(`${operators.length} of ${people.electors.length} operators are ready (needs 2/3)`);
  await waitFor(show, world, proposalId, "the vote to end");
  note("schedule", await schedule(as(people.deployer), registry, { proposalId }));
  const { notBefore } = await readStatus(registry, proposalId);
  show.step(`scheduled with its rollback; timelock until ${span(notBefore - (await chainTime(provider)))} from now`);
  return { proposalId, plan, report, gas, rounds: [] };
}

/** Drives a scheduled plan through its canary to the end, with users' traffic between the steps. */
export async function promote(show: Show, world: GovernedWorld, story: Story): Promise<void> {
  const { as, people, registry } = world;
  const { proposalId } = story;
  const keeper = as(people.deployer);
  for (const [index, stage] of story.plan.plan.stages.entries()) {
    await waitFor(show, world, proposalId, index === 0 ? "the timelock" : "the dwell");
    const drift = driftError(await revalidate(keeper, registry, proposalId));
    if (drift !== undefined) throw drift;
    const done = await advance(keeper, registry, { proposalId, stage: index });
    if (done.status !== "confirmed") throw new Error(`stage ${index} is ${done.status}`);
    const label = labelText(stage.label);
    story.gas.push({ step: `advance ${index} ${label}`, gas: done.gasUsed });
    show.step(`every hash revalidated, stage ${index} "${label}" executed, ${done.gasUsed} gas`);
    await drive(show, world, story, label);
  }
}

/** The candidate's code is swapped after the vote: nothing may reach the module. */
export async function sabotage(show: Show, world: GovernedWorld, story: Story): Promise<void> {
  const { as, people, registry, provider, traffic, bridge } = world;
  const { proposalId } = story;
  const keeper = as(people.deployer);
  await waitFor(show, world, proposalId, "the timelock");
  const candidate = story.plan.deployments.find(({ role }) => role === "candidate")?.address as string;
  await setCode(provider, candidate, await provider.getCode(bridge.gatewayRouterImplementation));
  show.step(`someone swapped the candidate's code at ${candidate}`);

  const drift = driftError(await revalidate(keeper, registry, proposalId));
  expectThat(drift?.errorName === "CodeHashMismatch", "revalidation finds CodeHashMismatch");
  show.line(indent(String(drift)));
  const refusal = await refusalOf(advance(keeper, registry, { proposalId }));
  expectThat(refusal?.errorName === "CodeHashMismatch", "the registry refuses the stage with CodeHashMismatch");
  show.step("advance: the registry refuses the stage with CodeHashMismatch, nothing executed");
  const closed = await invalidate(keeper, registry, { proposalId });
  expectThat(closed.status === "confirmed", "the plan is invalidated");
  const { state } = await readStatus(registry, proposalId);
  expectThat(state === "Invalidated", "the proposal is Invalidated for ever");
  show.step("invalidate: the plan is closed; putting the code back does not help");
  await traffic.run(TRAFFIC, (done) => show.count(`traffic ${done}/${TRAFFIC}`));
  const books = await traffic.reconcile();
  expectThat(books.isBalanced, "users still use the bridge as it was, and the books balance");
  show.step(`users went on as before: escrow ${books.escrow} = supply ${books.supply} + exits ${books.exits}`);
}

/** The candidate mints every deposit twice: the frame catches it, stable serves, the canary freezes, the council goes back. */
export async function contain(show: Show, world: GovernedWorld, story: Story): Promise<void> {
  const { as, people, registry, traffic, bridge } = world;
  const { proposalId } = story;
  const keeper = as(people.deployer);
  await waitFor(show, world, proposalId, "the timelock");
  await advance(keeper, registry, { proposalId, stage: 0 });
  show.step("stage 0 executed: 5% of keys meet a candidate that mints twice");
  const status = await driveUntilFrozen(show, world, story);
  expectThat(status.isFrozen && status.breaks >= status.errorBudget, "the canary froze itself at its error budget");
  show.step(
    `${status.breaks} double mints caught and undone, each deposit then served by stable in the same transaction; the canary froze itself`,
  );
  await waitFor(show, world, proposalId, "the dwell");
  const refusal = await refusalOf(advance(keeper, registry, { proposalId, stage: 1 }));
  expectThat(refusal !== undefined, "no later stage can widen a frozen canary");
  show.step(`advance to 25%: refused with ${refusal?.errorName}`);
  for (const [index, member] of people.council.slice(0, 3).entries()) {
    const done = await rollbackByCouncil(as(member), registry, { proposalId, reason: "the candidate mints twice" });
    show.step(`council member ${index + 1} of 3 approves the rollback: ${done.status}`);
  }
  const { state } = await readStatus(registry, proposalId);
  expectThat(state === "RolledBack", "the plan is rolled back");
  const books = await traffic.reconcile();
  expectThat(books.isBalanced, "every balance is what deposits and withdrawals made it");
  show.step(`rolled back; escrow ${books.escrow} = supply ${books.supply} + exits ${books.exits}, 0 balances off`);
  expectThat(
    (await readCanaryAt(keeper, { module: MODULE, proxy: bridge.gateway })) === undefined,
    "no router is left",
  );
}

async function rehearse(show: Show, world: GovernedChain, loaded: LoadedPlanFile): Promise<WrittenReport> {
  const { as, people, registry, node } = world;
  const client = as(people.release);
  const report = await simulate(client, registry, loaded, {
    root: ROOT,
    invariantsDir: INVARIANTS,
    url: node.url,
    tool: "slipway demo",
  });
  const command = `npx hardhat upgrade simulate ${relative(ROOT, loaded.file)} --block ${report.provenance.block}`;
  const written = writeReport(client.deploymentsDir, report, command);
  show.step(
    `${report.verdict}: checks ${tally(report.checks)}; ${report.stages.length} stages, ${report.rollbacks.length} rollbacks, ${report.negatives.length} refusals`,
  );
  for (const check of openChecks(report.checks)) {
    show.step(`${check.status} ${check.id} ${check.name}: ${check.evidence[0] ?? ""}`);
  }
  expectThat(report.verdict !== "fail", "the rehearsal passes");
  return written;
}

async function drive(show: Show, world: GovernedWorld, story: Story, after: string): Promise<void> {
  const { traffic, as, people, bridge } = world;
  // A policy takes effect in the block after the one that set it; the first transaction is in a later one anyway.
  const round = await traffic.run(TRAFFIC, (done) => show.count(`traffic ${done}/${TRAFFIC}`));
  const books = await traffic.reconcile();
  expectThat(round.failed === 0 && books.isBalanced, `after ${after} no user failed and the books balance`);
  const status = await readCanaryAt(as(people.deployer), { module: MODULE, proxy: bridge.gateway });
  if (status === undefined) {
    show.step(`${TRAFFIC} user transactions, no router any more; books balance`);
    return;
  }
  story.rounds.push({ after, status });
  show.step(
    `${TRAFFIC} user transactions; so far stable ${status.stableCalls}, candidate ${status.candidateCalls}; value at risk ${status.usedPrevious + status.usedCurrent} of ${status.cap} per ${span(status.interval)}; books balance`,
  );
}

async function driveUntilFrozen(show: Show, world: GovernedWorld, story: Story): Promise<CanaryStatus> {
  const { traffic, as, people, bridge } = world;
  for (let batch = 0; batch < 20; ++batch) {
    const round = await traffic.run(30, (done) => show.count(`traffic ${batch * 30 + done}`));
    expectThat(round.failed === 0, "users' transactions succeed");
    const status = await readCanaryAt(as(people.deployer), { module: MODULE, proxy: bridge.gateway });
    if (status === undefined) throw new Error("the router is gone before it froze");
    story.rounds[0] = { after: "stage 0", status };
    if (status.isFrozen) return status;
  }
  throw new Error("600 transactions of users did not freeze the canary");
}

/** Time travel: what takes days on a real chain. */
export async function waitFor(show: Show, world: GovernedChain, proposalId: string, what: string): Promise<void> {
  const { notBefore } = await readStatus(world.registry, proposalId);
  const now = await chainTime(world.provider);
  if (notBefore <= now) return;
  show.step(`${span(notBefore - now)} pass: ${what}`);
  await warpTo(world.provider, notBefore);
}

export async function refusalOf(promise: Promise<unknown>): Promise<SlipwayError | undefined> {
  try {
    await promise;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof SlipwayError) return thrown;
    throw thrown;
  }
}

/** The demo says only what it has checked. */
export function expectThat(isTrue: boolean, claim: string): void {
  if (!isTrue) throw new Error(`expected that ${claim}, and it did not happen`);
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `     ${line}`)
    .join("\n");
}
