import { encodeBytes32String, getAddress, id, keccak256, toUtf8Bytes, ZeroHash } from "ethers";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "../client";
import { selectorDiffs } from "../impact/selectorDiff";
import { explainCall } from "../plan/decodeCall";
import { MigrationKind, PlanClass, type Plan } from "../plan/types";
import type { ExpectFile } from "../plan/schema";
import { beforeAfter } from "../simulate/beforeAfter";
import { CheckRuns } from "../simulate/checks";
import type { StageRun } from "../simulate/checks/types";
import { verdictOf } from "../simulate/checks/verdictOf";
import { compareReports } from "../simulate/compareReports";
import { ForkSession } from "../simulate/forkSession";
import { openAnvilFork, type OpenFork } from "../simulate/openFork";
import { outcomeOf, provenanceOf, refusalOf } from "../simulate/outcome";
import { checkSameChain, diffHashOf } from "../simulate/simulate";
import type { PinRow, RehearsalReport, RehearsedStage } from "../simulate/types";
import { describeWrites } from "../trace/describeWrites";
import { layoutsOf } from "../trace/layoutsOf";
import { settledLogs } from "../trace/settledFrames";
import { guardFaults } from "../guard/guardFaults";
import { guardOf } from "../guard/guardContract";
import { callsHash } from "./callsText";
import { attempts, compareAttempts } from "./circumstances";
import { FOREIGN_CHECKS } from "./checks";
import { abisAt, codeMoves, proxiesIn, statesOf } from "./codeMoves";
import { openDriver } from "./openDriver";
import { step } from "./step";
import { strangerOf } from "./stranger";
import type { CallsFile, Driver, ForeignRequest, ForeignWorld, Ground } from "./types";

export interface ForeignOptions {
  root: string;
  /** RPC endpoint of the remote chain. */
  url: string;
  /** Block to fork at; the latest unless stated, or the one before the execution. */
  block?: number;
  tool: string;
  openFork?: OpenFork;
  isTwice?: boolean;
  /** What the batch does besides what its calls say. */
  expect?: ExpectFile;
}

/** Past states that a fork keeps: a vote may be thousands of blocks long. */
const HISTORY = 256;
/** Blocks over which the chain's pace is measured. */
const PACE = 500;

/**
 * Rehearses what another governance than Slipway's is to run, on a private copy of the chain: its own contracts, its real holders, owners and
 * executors without their keys, no storage overrides. Nothing is sent to the chain itself.
 */
export async function simulateForeign(
  client: Client,
  request: ForeignRequest,
  options: ForeignOptions,
): Promise<RehearsalReport> {
  const first = await once(client, request, options);
  if (options.isTwice !== true) return first;
  client.log("rehearse: once more, to compare");
  return compareReports(first, await once(client, request, { ...options, block: first.provenance.block }));
}

async function once(client: Client, request: ForeignRequest, options: ForeignOptions): Promise<RehearsalReport> {
  const opener = await openDriver(client, request, options.block);
  const block = opener.execution === undefined ? options.block : opener.execution.block - 1;
  client.log(`rehearse: forking at ${block === undefined ? "the latest block" : `block ${block}`}`);
  const openFork = options.openFork ?? openAnvilFork;
  const fork = await openFork({ url: options.url, block, root: options.root, history: HISTORY });
  const deploymentsDir = mkdtempSync(join(tmpdir(), "slipway-rehearsal-"));
  try {
    await checkSameChain(client, fork);
    const onFork: Client = {
      ...client,
      provider: fork.provider,
      signer: undefined,
      deploymentsDir,
      log: () => undefined,
    };
    const session = new ForkSession(fork, onFork);
    const ground: Ground = {
      session,
      remote: client,
      request,
      negatives: [],
      errors: [],
      blockTime: await paceOf(client, fork.block),
    };
    const driver = await opener.open(ground);
    client.log(`rehearse: ${driver.governance.kind} ${driver.governance.account} on ${fork.engine}`);
    return await rehearse(ground, driver, opener.stated, options);
  } finally {
    await fork.close();
    rmSync(deploymentsDir, { recursive: true, force: true });
  }
}

/** Seconds from block to block, as the chain has had them; one at least. */
async function paceOf({ provider }: Client, block: number): Promise<number> {
  const before = Math.max(0, block - PACE);
  const [last, first] = await Promise.all([provider.getBlock(block), provider.getBlock(before)]);
  if (last === null || first === null || last.number === first.number) return 1;
  return Math.max(1, Math.round((last.timestamp - first.timestamp) / (last.number - first.number)));
}

async function rehearse(
  ground: Ground,
  driver: Driver,
  stated: CallsFile | undefined,
  options: ForeignOptions,
): Promise<RehearsalReport> {
  const { session, remote } = ground;
  const { client, fork } = session;
  const { governance, batches } = driver;
  const calls = batches.flatMap((batch) => batch.calls);
  const proxies = await proxiesIn(client, calls, [...driver.abis, ...driver.claimed()]);
  const moves = await codeMoves(client, proxies, calls);
  // What a file or a proposal says of itself comes last: four bytes are soon made to fit another name.
  const known = [
    ...(await abisAt(client, calls, proxies)),
    ...moves.flatMap(({ after }) => after?.abi ?? []),
    ...driver.abis,
    ...driver.claimed(),
  ];
  ground.errors.push(...known);
  const guard = await guardOf(remote);
  for (const batch of batches) driver.facts.faults.push(...guardFaults(batch.calls, guard));
  const plan = planOf(driver);
  const pinned = new Map(
    await Promise.all(
      [...new Set(calls.map(({ target }) => getAddress(target)))].map(
        async (account) => [account, keccak256(await client.provider.getCode(account))] as const,
      ),
    ),
  );
  const readStates = () => statesOf(client, proxies);
  const notes: ForeignWorld["notes"] = {
    stages: [],
    rollbacks: [],
    containments: [],
    negatives: ground.negatives,
    initial: await readStates(),
    final: [],
  };
  const modules = proxies.flatMap(({ account, kind }) =>
    kind === undefined ? [] : [{ name: account, kind, account }],
  );
  const expect: ExpectFile = { ...options.expect, flows: [...(options.expect?.flows ?? [])] };
  const world: ForeignWorld = {
    session,
    remote,
    registry: { address: governance.account },
    plan,
    timelock: governance.executor,
    notes,
    built: {
      deployments: [],
      abis: { known },
      impact: { roles: [], selectors: await selectorDiffs(client, plan, modules, { abis: known, codes: {} }) },
    },
    loaded: { where: (...path) => `expect.${path.join(".")}`, plan: { expect } },
    driver,
    tool: options.tool,
    stated,
    moves,
    readStates,
    actors: { stranger: strangerOf(ground) },
    module: calls[0]!.target,
  };
  const checksRun = new CheckRuns(FOREIGN_CHECKS);
  await checksRun.start(world);
  const runs: StageRun[] = [];
  const failure = await refusalOf(async () => {
    await driver.prepare();
    for (const index of batches.keys()) {
      const run = await runBatch(ground, world, index, pinned);
      notes.stages.push(run.stage);
      runs.push(run);
      remote.log(`rehearse: ${run.stage.label} ran`);
      await checksRun.afterStage(world, run);
    }
    await driver.after();
    notes.final = await readStates();
    await compareWithChain(ground, driver, runs);
  });
  await checksRun.end(world);
  const state = failure === undefined ? "Completed" : driver.governance.told;
  const outcome = await outcomeOf(session, { runs, failure, state });
  const { checks, flows, unexplained, ...found } = await checksRun.conclude({ ...world, ...outcome });
  const provenance = await provenanceOf(fork, options.tool);
  const subject = id(
    [provenance.chainId, governance.kind, governance.account, governance.proposal ?? "", callsHash(calls)].join(" "),
  );
  const nameOf = (address: string) => address;
  return {
    schema: "slipway.rehearsal.v2",
    verdict: verdictOf(checks),
    title: driver.title,
    subject,
    proposalId: wordIn(governance.identifiers.at(0)?.value) ?? subject,
    governance,
    provenance,
    overrides: outcome.overrides,
    checks,
    what: {
      stages: batches.map((batch, index) => ({
        index,
        label: batch.label,
        calls: batch.calls.map((call) => explainCall(call, known, nameOf)),
        pins: [],
        gates: [],
        invariants: [],
        dwell: "none",
      })),
      rollbacks: [],
      containments: [],
      warnings: ["no way back, canary or invariant is bound to it: what it does wrong, another proposal has to mend"],
      defaults: [],
    },
    beforeAfter: [
      ...beforeAfter({ initial: notes.initial, final: notes.final, roles: [], parameters: { before: [], after: [] } }),
      ...found.beforeAfter,
    ],
    flows,
    timeline: driver.timeline,
    diffHash: diffHashOf(notes),
    unexplained,
    impact: { selectors: world.built.impact.selectors, roles: [] },
    deployments: await Promise.all(
      moves.map(async ({ to, after }) => ({
        role: "new code",
        contractName: after?.contract ?? "unknown",
        address: to,
        codeHash: keccak256(await client.provider.getCode(to)),
        isOnChain: (await remote.provider.getCode(to, fork.block)) !== "0x",
      })),
    ),
    steps: outcome.steps,
    stages: notes.stages,
    rollbacks: [],
    containments: [],
    negatives: notes.negatives,
    failure: failure?.toJSON(),
  };
}

async function runBatch(
  ground: Ground,
  world: ForeignWorld,
  index: number,
  pinned: ReadonlyMap<string, string>,
): Promise<StageRun> {
  const { session } = ground;
  const { client, fork } = session;
  const { driver } = world;
  const batch = driver.batches[index]!;
  const before = await world.readStates();
  const { actor, verb, ...transaction } = await driver.batch(index);
  const { sentAlong } = driver.facts;
  if (sentAlong > 0n) {
    // By way of the governor, and as its calls say from there.
    const { account, executor } = driver.governance;
    world.loaded.plan.expect?.flows?.push(
      { from: actor.account, to: account, most: sentAlong },
      { from: account, to: executor, most: sentAlong },
    );
  }
  const pins: PinRow[] = await Promise.all(
    [...new Set(batch.calls.map(({ target }) => getAddress(target)))].map(async (account) => {
      const actual = keccak256(await client.provider.getCode(account));
      // An earlier transaction of the same batch may well have changed it.
      const expected = index === 0 ? pinned.get(account)! : actual;
      return { account, expected, actual, isOk: actual === expected };
    }),
  );
  const tried = await attempts(ground, actor, transaction);
  const sent = await step(ground, actor, verb, transaction);
  const trace = await fork.trace(sent.hash);
  const { executor } = driver.governance;
  driver.facts.circumstances.push(
    await compareAttempts(ground, tried, { trace, actor, executor, books: driver.books }),
  );
  const books = new Set(driver.books.map((account) => account.toLowerCase()));
  const written = trace.writes.filter(({ account }) => !books.has(account.toLowerCase()));
  const stage: RehearsedStage = {
    index,
    label: batch.label,
    gasUsed: sent.gasUsed,
    pins,
    gates: [],
    invariants: [],
    before,
    after: await world.readStates(),
    events: settledLogs(trace.root)
      .filter(({ address }) => !books.has(address.toLowerCase()))
      .map(({ address, topics, data }) => ({ account: address, topics, data })),
    writes: await describeWrites({ ...trace, writes: written }, layoutsOf(client)),
  };
  const block = await fork.provider.getBlockNumber();
  return { stage, hash: sent.hash, block, trace };
}

/** What was executed on chain has logged the same, in the same order. */
async function compareWithChain(
  { remote, session }: Ground,
  { governance, facts }: Driver,
  runs: readonly StageRun[],
): Promise<void> {
  const { execution } = governance;
  if (execution === undefined) return;
  const receipt = await remote.provider.getTransactionReceipt(execution.transaction);
  const text = (logs: readonly { address: string; topics: readonly string[] }[]) =>
    `${logs.length} events, hash ${id(logs.map(({ address, topics }) => `${getAddress(address)} ${topics.join(" ")}`).join("\n"))}`;
  const receipts = await Promise.all(runs.map(({ hash }) => session.fork.provider.getTransactionReceipt(hash)));
  const all = receipts.flatMap((one) => [...(one?.logs ?? [])]);
  facts.stored.push({
    what: `events of its execution in ${execution.transaction}`,
    expected: text(all),
    found: text(receipt?.logs ?? []),
  });
}

/** The batches in the form that checks of plans read. It is hashed by nobody. */
function planOf({ title, governance, batches }: Driver): Plan {
  const label = (text: string) => encodeBytes32String(toUtf8Bytes(text).length < 32 ? text : text.slice(0, 20));
  return {
    title,
    uri: "",
    proposer: governance.executor,
    nonce: 0n,
    planClass: PlanClass.Standard,
    targets: [],
    stages: batches.map((batch) => ({
      label: label(batch.label),
      calls: batch.calls,
      pins: [],
      gates: [],
      invariants: [],
      dwell: 0n,
      minGas: 0n,
    })),
    rollbacks: [],
    containments: [],
    readiness: { threshold: { numerator: 0, denominator: 1 }, deadline: 0n, schedulingWindow: 0n },
    artifact: {
      version: "",
      protocolVersion: 0n,
      sha256Hash: ZeroHash,
      uri: "",
      migration: MigrationKind.None,
      graceBlocks: 0n,
      isGraceReadOnly: false,
      parentPlan: ZeroHash,
      successDeadline: 0n,
      successThreshold: { numerator: 0, denominator: 1 },
    },
    executionWindow: 0n,
    evidence: { reportHash: ZeroHash, rehearsalChainId: 0n, rehearsalProposal: ZeroHash, minAge: 0n },
  };
}

/** An id as a word, where it is one or a number. */
function wordIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text;
  return /^\d+$/.test(text) ? `0x${BigInt(text).toString(16).padStart(64, "0")}` : undefined;
}
