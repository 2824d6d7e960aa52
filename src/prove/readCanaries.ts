import { Interface } from "ethers";
import { readCanaryAt, type CanaryStatus } from "../canary/status";
import type { RegisteredModule } from "../plan/moduleOf";
import { ModuleKind } from "../plan/types";
import { logsOf } from "../registry/registryLogs";
import { clientAt } from "./atBlock";
import type { ChainReader } from "./readTransitions";
import type { CanaryProof, CanarySample } from "./types";

/** Windows of one budget that are looked at, at most. */
const MOST_SAMPLES = 400;

/**
 * What each canary of the plan did between two blocks. The charge of a window only grows, so the last block of a window shows the most
 * that it and the one before it came to: no block between needs to be asked.
 */
export async function readCanaries(
  reader: ChainReader,
  modules: readonly RegisteredModule[],
  span: { from: number; to: number },
): Promise<CanaryProof[]> {
  const proofs: CanaryProof[] = [];
  for (const module of modules) {
    const proof = await readOne(reader, module, span);
    if (proof !== undefined) proofs.push(proof);
  }
  return proofs;
}

async function readOne(
  reader: ChainReader,
  { name, account, kind }: RegisteredModule,
  { from, to }: { from: number; to: number },
): Promise<CanaryProof | undefined> {
  const { client } = reader;
  const events = new Interface((await client.artifacts.read("TrafficEvents")).abi);
  const topics = [
    events.fragments.filter(({ type }) => type === "event").map((one) => events.getEvent(one.format())!.topicHash),
  ];
  const logs = await logsOf(client, { address: account, topics }, from, to);
  if (logs.length === 0) return undefined;
  logs.sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index);
  const said = (await Promise.all(logs.map((log) => reader.transition(log, events)))).filter(
    (one) => one !== undefined,
  );
  const first = logs[0]!.blockNumber;
  const statusAt = (block: number) => readCanaryAt(clientAt(client, block), { module: name, proxy: account });
  const installed = await statusAt(first);
  if (installed === undefined) return undefined;
  // The take-out is a stage like any other: the last block with a router is found by halving.
  const last = await lastWithRouter(statusAt, first, to);
  const { samples, isWhole } = await sample(reader, { statusAt, first, last, interval: installed.interval });
  const gaps =
    kind === ModuleKind.Beacon
      ? "every proxy of a beacon has a budget of its own"
      : isWhole
        ? ""
        : `more than ${MOST_SAMPLES} windows`;
  return {
    module: name,
    account,
    stable: installed.stable,
    candidate: installed.candidate,
    interval: installed.interval,
    errorBudget: installed.errorBudget,
    gaps,
    samples,
    events: said.map(({ through: _through, ...event }) => event),
  };
}

type StatusAt = (block: number) => Promise<CanaryStatus | undefined>;

async function lastWithRouter(statusAt: StatusAt, first: number, to: number): Promise<number> {
  if ((await statusAt(to)) !== undefined) return to;
  let [low, high] = [first, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((await statusAt(middle)) === undefined) high = middle;
    else low = middle;
  }
  return low;
}

async function sample(
  reader: ChainReader,
  { statusAt, first, last, interval }: { statusAt: StatusAt; first: number; last: number; interval: number },
): Promise<{ samples: CanarySample[]; isWhole: boolean }> {
  const blocks = new Set([first]);
  const windowOf = async (block: number) => Math.floor((await reader.timeOf(block)) / interval);
  const split = async (low: number, high: number): Promise<void> => {
    if (blocks.size > MOST_SAMPLES) return;
    if (low === high || (await windowOf(low)) === (await windowOf(high))) return void blocks.add(high);
    const middle = Math.floor((low + high) / 2);
    await split(low, middle);
    await split(middle + 1, high);
  };
  if (interval > 0) await split(first, last);
  blocks.add(last);
  const samples: CanarySample[] = [];
  for (const block of [...blocks].sort((a, b) => a - b).slice(0, MOST_SAMPLES)) {
    const status = await statusAt(block);
    if (status === undefined) continue;
    const { share, epoch, isFrozen, breaks, usedPrevious, usedCurrent, cap } = status;
    samples.push({
      block,
      timestamp: await reader.timeOf(block),
      share,
      epoch,
      isFrozen,
      breaks,
      used: (usedPrevious + usedCurrent).toString(),
      cap: cap.toString(),
      stableCalls: status.stableCalls.toString(),
      candidateCalls: status.candidateCalls.toString(),
      fallbacks: status.fallbacks.toString(),
    });
  }
  return { samples, isWhole: blocks.size <= MOST_SAMPLES };
}
