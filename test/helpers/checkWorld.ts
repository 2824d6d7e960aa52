import { readAddressBook } from "../../src/chain/addressBook";
import { loadInvariants } from "../../src/invariants/loadInvariants";
import { hashPlan } from "../../src/plan/eip712";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText } from "../../src/plan/readPlanFile";
import type { Plan } from "../../src/plan/types";
import type { CheckKind, CheckRun, Conclusion, Evidence, StageRun, World } from "../../src/simulate/checks/types";
import { ForkSession } from "../../src/simulate/forkSession";
import type { Fork } from "../../src/simulate/openFork";
import { readActors } from "../../src/simulate/readActors";
import { routerWords } from "../../src/simulate/routerWords";
import { runLifecycle } from "../../src/simulate/runLifecycle";

import { layoutsOf } from "../../src/trace/layoutsOf";
import { traceByStructLogs } from "../../src/trace/traceByStructLogs";
import { readStatus } from "../../src/registry/state";
import { CATALOGUE, ROOT } from "../fixtures/bridgeModule";
import type { Client } from "../../src/client";
import type { Registry } from "../../src/registry/connect";

interface Governed {
  client: Client;
  connected: Registry;
}

/**
 * The world that a rehearsal's checks see, on the in-process chain: it is both the chain and its copy, pinned at the block before anything
 * was deployed.
 */
export async function checkWorld({ client, connected }: Governed, text: string): Promise<World> {
  const { provider } = client;
  const pinned = await provider.getBlock("latest");
  if (pinned?.hash == null) throw new Error("the chain has no block");
  const fork: Fork = {
    provider: provider as unknown as Fork["provider"],
    url: "in-process",
    engine: "hardhat 0.0.0",
    block: pinned.number,
    blockHash: pinned.hash,
    blockTime: pinned.timestamp,
    hasTracer: false,
    trace: (hash) => traceByStructLogs(provider, hash),
    requests: () => undefined,
    close: () => Promise.resolve(),
  };
  const session = new ForkSession(fork, { ...client, signer: undefined });
  const book = readAddressBook(client.deploymentsDir);
  const loaded = parsePlanText(text, "plan.yaml", book);
  const options = { root: ROOT, invariantsDir: CATALOGUE };
  const built = await prepareDeployments(client, connected, loaded, options);
  const plan: Plan = { ...built.plan, evidence: { ...built.plan.evidence, reportHash: built.subject } };
  const invariants = loadInvariants(CATALOGUE, loaded.plan.invariants ?? [], readAddressBook(client.deploymentsDir));
  return {
    session,
    registry: connected,
    plan,
    proposalId: hashPlan(plan, connected.domain),
    timelock: (await connected.contract.getFunction("timelock")()) as string,
    actors: await readActors(client, connected, plan),
    layoutOf: layoutsOf(client),
    words: await routerWords(client, built.deployments),
    names: new Map(invariants.map(({ id, name }) => [id, name])),
    notes: { stages: [], rollbacks: [], containments: [], negatives: [], initial: [], final: [] },
    remote: client,
    built,
    loaded,
    options: { ...options, url: "in-process", tool: "slipway test" },
    module: built.explain.module.account,
    journeys: [],
    expectedErrors: [],
    invariants,
    errors: [],
  };
}

/** What a check says of a world in which nothing has run; `over` is what the rehearsal would have written down. */
export async function answerOf(kind: CheckKind, world: World, over: Partial<Evidence> = {}): Promise<Conclusion> {
  const run = kind.begin();
  await run.start?.(world);
  await run.end?.(world);
  return run.conclude({ ...evidenceOf(world, []), ...over });
}

/** What it says once the plan's whole life has run. */
export async function answerAfterLife(kind: CheckKind, world: World): Promise<Conclusion> {
  const { run, evidence } = await lifeOf(kind, world);
  return run.conclude(evidence);
}

/** A check that has seen the plan's whole life, and what was written down of it. */
export async function lifeOf(kind: CheckKind, world: World): Promise<{ run: CheckRun; evidence: Evidence }> {
  const run = kind.begin();
  const runs: StageRun[] = [];
  await run.start?.(world);
  await runLifecycle(world, async (stage) => {
    runs.push(stage);
    await run.afterStage?.(world, stage);
  });
  await run.end?.(world);
  const { state } = await readStatus(world.registry, world.proposalId);
  return { run, evidence: { ...evidenceOf(world, runs), state } };
}

function evidenceOf(world: World, runs: StageRun[]): Evidence {
  const { steps, overrides } = world.session;
  return { ...world, runs, steps, overrides, state: "Unknown", blockGasLimit: 30_000_000n };
}
