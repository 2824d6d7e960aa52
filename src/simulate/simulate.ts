import { id, ZeroHash } from "ethers";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAddressBook, writeAddresses } from "../chain/addressBook";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { loadInvariants } from "../invariants/loadInvariants";
import type { BuildOptions, BuiltPlan } from "../plan/buildPlan";
import { hashPlan } from "../plan/eip712";
import { prepareDeployments } from "../plan/prepareDeployments";
import type { LoadedPlanFile } from "../plan/readPlanFile";
import type { Plan } from "../plan/types";
import { connectRegistry, type Registry } from "../registry/connect";
import { readDeployment, writeDeployment } from "../registry/deploymentRecord";
import { readStatus } from "../registry/state";
import { layoutsOf } from "../trace/layoutsOf";
import { beforeAfter } from "./beforeAfter";
import { canonicalJson } from "./canonicalJson";
import { CHECKS, CheckRuns } from "./checks";
import type { StageRun, World } from "./checks/types";
import { verdictOf } from "./checks/verdictOf";
import { compareReports } from "./compareReports";
import { ForkSession } from "./forkSession";
import { Crowd } from "./journeys/crowd";
import { openGates } from "./journeys/openGates";
import { readJourneys } from "./journeys/readJourneys";
import type { Journey, StatedJourney } from "./journeys/types";
import { openAnvilFork, type Fork, type OpenFork } from "./openFork";
import { readActors } from "./readActors";
import { readParameters } from "./readParameters";
import { fileOf, historyOf, windowOf } from "./replay/readTransactions";
import { routerWords } from "./routerWords";
import { outcomeOf, provenanceOf, refusalOf } from "./outcome";
import { runLifecycle, type Lifecycle, type LifecycleNotes } from "./runLifecycle";
import { netWrites } from "./storageWrites";
import type { RehearsalReport, RehearsedRollback, StorageWrite, WorstRollback } from "./types";

export interface SimulateOptions extends Omit<BuildOptions, "addresses" | "reportHash"> {
  /** RPC endpoint of the remote chain. */
  url: string;
  /** Block to fork at; the latest unless stated. */
  block?: number;
  /** "slipway 0.1.0". */
  tool: string;
  openFork?: OpenFork;
  /** A token's delegates who are to vote; found in its events unless named. */
  delegates?: readonly string[];
  /** Recorded transactions to run on stable and candidate: of so many blocks before the fork's, or of a file. */
  replay?: number | string;
  /** Rehearses a second time and compares. */
  isTwice?: boolean;
  /** Random calls after the last stage; none unless stated. */
  fuzz?: number;
  /** What the random calls follow from; the plan's subject unless stated. */
  seed?: string;
  /** Plan files that came before on the same module: what their journeys found mended has to stay so. */
  earlier?: readonly LoadedPlanFile[];
  /** Ids of checks that are left out, to see what the others find without them. The report does not have them. */
  without?: readonly string[];
}

/**
 * Rehearses a plan file on a private copy of the chain: deploys what is missing there, then runs the plan's whole life and every
 * way back. Nothing is sent to the chain itself.
 */
export async function simulate(
  client: Client,
  registry: Registry,
  loaded: LoadedPlanFile,
  options: SimulateOptions,
): Promise<RehearsalReport> {
  const first = await simulateOnce(client, registry, loaded, options);
  if (options.isTwice !== true) return first;
  client.log("rehearse: once more, to compare");
  const block = first.provenance.block;
  return compareReports(first, await simulateOnce(client, registry, loaded, { ...options, block }));
}

async function simulateOnce(
  client: Client,
  registry: Registry,
  loaded: LoadedPlanFile,
  options: SimulateOptions,
): Promise<RehearsalReport> {
  const openFork = options.openFork ?? openAnvilFork;
  client.log(`rehearse: forking at ${options.block === undefined ? "the latest block" : `block ${options.block}`}`);
  const fork = await openFork({ url: options.url, block: options.block, root: options.root });
  // The rehearsal has books of its own: its journal and addresses end with it.
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-rehearsal-"));
  try {
    await checkSameChain(client, fork);
    writeAddresses(deploymentsDir, readAddressBook(client.deploymentsDir).addresses);
    const record = readDeployment(client.deploymentsDir, registry.address);
    if (record !== undefined) writeDeployment(deploymentsDir, record);
    const onFork: Client = {
      ...client,
      provider: fork.provider,
      signer: undefined,
      deploymentsDir,
      log: () => undefined,
    };
    const session = new ForkSession(fork, onFork);
    const there = await connectRegistry(onFork, registry.address);
    const proposer = options.proposer ?? loaded.plan.proposer ?? (await client.signer?.getAddress());
    if (proposer === undefined) {
      throw new SlipwayError("SignerMissing", { where: loaded.file, expected: "a proposer", next: "add --as ADDRESS" });
    }
    const onChain = await deployedAddresses(client, loaded, options);
    const deployer = await session.as((await client.signer?.getAddress()) ?? proposer, "deployer");
    const built = await prepareDeployments(deployer, there, loaded, {
      root: options.root,
      invariantsDir: options.invariantsDir,
      proposer,
    });
    client.log(`rehearse: ${built.plan.stages.length} stages on ${fork.engine}`);
    return await rehearse({ client, session, registry: there, built, loaded, options, onChain });
  } finally {
    await fork.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  }
}

/** EIP-712 ids depend on the chain's id: on a fork with another id every hash would be another. */
export async function checkSameChain(client: Client, fork: Fork): Promise<void> {
  const [remote, local] = await Promise.all([client.provider.getNetwork(), fork.provider.getNetwork()]);
  if (remote.chainId === local.chainId) return;
  throw new SlipwayError("ForkMismatch", {
    where: fork.engine,
    expected: `chain id ${remote.chainId}`,
    found: `chain id ${local.chainId}`,
  });
}

async function deployedAddresses(
  client: Client,
  loaded: LoadedPlanFile,
  options: SimulateOptions,
): Promise<Set<string>> {
  const book = readAddressBook(client.deploymentsDir);
  const stated = loaded.plan.upgrade.address;
  const candidates = [...Object.values(book.addresses), ...(stated === undefined ? [] : [stated])];
  const found = await Promise.all(
    candidates.map(async (address) => ({
      address,
      code: await client.provider.getCode(address, options.block ?? "latest"),
    })),
  );
  return new Set(found.filter(({ code }) => code !== "0x").map(({ address }) => address));
}

interface RehearseParams {
  /** The real chain. */
  client: Client;
  session: ForkSession;
  registry: Registry;
  built: BuiltPlan;
  loaded: LoadedPlanFile;
  options: SimulateOptions;
  onChain: Set<string>;
}

async function rehearse(params: RehearseParams): Promise<RehearsalReport> {
  const { session, registry, built, loaded, options, onChain } = params;
  const { client, fork } = session;
  // The report cannot depend on its own hash, and the registry wants some evidence: the subject stands in for it.
  const { subject } = built;
  const plan: Plan = { ...built.plan, evidence: { ...built.plan.evidence, reportHash: subject } };
  const proposalId = hashPlan(plan, registry.domain);
  const timelock = (await registry.contract.getFunction("timelock")()) as string;
  const notes: LifecycleNotes = {
    stages: [],
    rollbacks: [],
    containments: [],
    negatives: [],
    initial: [],
    final: [],
  };
  const book = readAddressBook(client.deploymentsDir);
  const invariants = loadInvariants(options.invariantsDir, loaded.plan.invariants ?? [], book);
  const lifecycle: Lifecycle = {
    session,
    registry,
    plan,
    proposalId,
    timelock,
    actors: await readActors(client, registry, plan),
    delegates: options.delegates,
    layoutOf: layoutsOf(client),
    words: await routerWords(client, built.deployments),
    names: new Map(invariants.map(({ id, name }) => [id, name])),
    notes,
  };
  const module = await moduleAccount(lifecycle);
  const world = worldOf(params, lifecycle, { module, invariants });
  const parameters = () => readParameters(client, module, built.abis.candidate);
  const before = await parameters();
  const { without = [] } = options;
  const checksRun = new CheckRuns(CHECKS.filter(({ id }) => !without.includes(id)));
  await checksRun.start(world);
  const runs: StageRun[] = [];
  const onStage = async (run: StageRun) => {
    runs.push(run);
    client.log(`rehearse: stage ${run.stage.index} "${run.stage.label}" ran`);
    await checksRun.afterStage(world, run);
  };
  const failure = await refusalOf(() =>
    runLifecycle(lifecycle, onStage, (afterStages) => checksRun.afterRollback(world, afterStages)),
  );
  await checksRun.end(world);
  const { state } = await readStatus(registry, proposalId);
  const outcome = await outcomeOf(session, { runs, failure, state });
  const { checks, flows, unexplained, ...found } = await checksRun.conclude({ ...world, ...outcome });
  const { roles, selectors, storage } = built.impact;
  const { stages, rollbacks, containments, policy, warnings, defaults } = built.explain;
  return {
    schema: "slipway.rehearsal.v2",
    verdict: verdictOf(checks),
    title: plan.title,
    subject,
    proposalId,
    plan: { ...plan, evidence: { ...plan.evidence, reportHash: ZeroHash } },
    provenance: { ...(await provenanceOf(fork, options.tool)), registry: registry.address, timelock },
    overrides: outcome.overrides,
    checks,
    what: { stages, rollbacks, containments, policy, warnings, defaults },
    beforeAfter: [
      ...beforeAfter({
        initial: notes.initial,
        final: notes.final,
        roles,
        parameters: { before, after: notes.final.length === 0 ? before : await parameters() },
      }),
      ...found.beforeAfter,
    ],
    flows,
    timeline: built.explain.timeline,
    worstRollback: worstRollback(notes.rollbacks),
    diffHash: diffHashOf(notes),
    unexplained,
    impact: { selectors, roles, ...(storage === undefined ? {} : { storage }) },
    deployments: built.deployments.map(({ role, contractName, address, codeHash }) => ({
      role,
      contractName,
      address,
      codeHash,
      isOnChain: onChain.has(address),
    })),
    steps: outcome.steps,
    stages: notes.stages,
    rollbacks: notes.rollbacks,
    containments: notes.containments,
    negatives: notes.negatives,
    journeys: notes.journeys && { stated: world.journeys.map(statedJourney), ...notes.journeys },
    traffic: notes.traffic,
    replay: notes.replay,
    fuzz: notes.fuzz,
    failure: failure?.toJSON(),
  };
}

function statedJourney({ name, users, steps, tolerance }: Journey): StatedJourney {
  return { name, users: [...users], steps: steps.map(({ stated }) => stated), tolerance };
}

/** What the checks know, and the users who come where a stage waits for them. */
function worldOf(
  params: RehearseParams,
  lifecycle: Lifecycle,
  { module, invariants }: Pick<World, "module" | "invariants">,
): World {
  const { built, loaded, options } = params;
  const { candidate, stable, known } = built.abis;
  const errors = [candidate, ...(stable === undefined ? [] : [stable]), ...known, lifecycle.registry.iface];
  const abis = [candidate, ...(stable === undefined ? [] : [stable])];
  const journeys = [
    ...readJourneys(loaded, module, abis),
    ...(options.earlier ?? []).flatMap((file) =>
      readJourneys(file, module, abis).map((one) => ({ ...one, name: `${one.name} (${file.plan.title})` })),
    ),
  ];
  const { canary } = loaded.plan;
  const stated = canary === undefined || canary === "none" ? [] : (canary.expectedErrors ?? []);
  const expected = journeys.flatMap(({ steps }) => steps.flatMap(({ expect }) => expect ?? []));
  const crowd = new Crowd(lifecycle.session, errors);
  const { replay: source } = options;
  const block = lifecycle.session.fork.block;
  const recorded = () =>
    typeof source === "string" ? fileOf(source) : historyOf(params.client, module, windowOf(source ?? 0, block));
  const users = { journeys, crowd, recorded: source === undefined || source === 0 ? undefined : recorded };
  lifecycle.traffic = (running, stage) => openGates(running, stage, users);
  return {
    ...lifecycle,
    remote: params.client,
    built,
    loaded,
    options,
    module,
    journeys,
    expectedErrors: [...new Set([...stated, ...expected])].filter((name) => name !== "ok"),
    invariants,
    errors,
  };
}

/** The account of the plan's module: what its users call. */
async function moduleAccount({ registry, plan }: Lifecycle): Promise<string> {
  const entry = await registry.contract.getFunction("moduleOf")(plan.targets[0]?.module);
  return entry.account as string;
}

/** The way back that takes longest. */
function worstRollback(all: readonly RehearsedRollback[]): WorstRollback | undefined {
  const worst = all.reduce<RehearsedRollback | undefined>(
    (a, b) => (a === undefined || b.seconds > a.seconds ? b : a),
    undefined,
  );
  if (worst === undefined) return undefined;
  const { afterStages, by, seconds, transactions } = worst;
  return { afterStages, by, seconds, transactions };
}

/** A slot that holds several variables has a row for each; the word is the same in all of them. */
function distinct(writes: readonly StorageWrite[]): StorageWrite[] {
  const found = new Map(writes.map((write) => [canonicalJson(write), write]));
  return [...found.values()];
}

/** keccak256 of what the stages left behind: pointers and code of the modules, and each word that is another one. */
export function diffHashOf({ initial, final, stages }: Pick<LifecycleNotes, "initial" | "final" | "stages">): string {
  // What is written, not what it is called: names come from the builds at hand.
  const written = stages.flatMap((stage) => stage.writes);
  const writes = netWrites(
    distinct(written.map(({ account, slot, before, after }) => ({ account, slot, before, after }))),
  );
  const order = ({ account, slot }: StorageWrite) => `${account.toLowerCase()} ${slot}`;
  writes.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return id(canonicalJson({ initial, final, writes }));
}
