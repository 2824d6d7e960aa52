import { id, ZeroAddress } from "ethers";
import type { Lifecycle } from "../runLifecycle";
import { Crowd } from "./crowd";
import type { GateTraffic, Journey } from "./types";

/** Gates that open with use, by their selector. */
const CANARY_CALLS = id("canaryCalls(address)").slice(0, 10);
/** Journeys that a gate may take before it is given up. */
export const MAX_JOURNEYS = 600;

/**
 * Lets generated users make the journeys until the gates of a stage that count calls are open. Users whose calls counted come
 * back in between: a narrow canary draws few.
 */
export async function openGates(
  lifecycle: Lifecycle,
  stage: number,
  journeys: readonly Journey[],
  crowd: Crowd,
): Promise<GateTraffic[]> {
  if (journeys.length === 0) return [];
  const found: GateTraffic[] = [];
  for (const [index, gate] of (lifecycle.plan.stages[stage]?.gates ?? []).entries()) {
    if (gate.probe.target !== ZeroAddress || !gate.probe.data.startsWith(CANARY_CALLS)) continue;
    if (await isOpen(lifecycle, stage, index)) continue;
    found.push(await openGate(lifecycle, { stage, index, bound: gate.bound }, journeys, crowd));
  }
  return found;
}

async function openGate(
  lifecycle: Lifecycle,
  { stage, index, bound }: { stage: number; index: number; bound: bigint },
  journeys: readonly Journey[],
  crowd: Crowd,
): Promise<GateTraffic> {
  const drawn: { sender: string; journey: Journey }[] = [];
  const senders = new Set<string>();
  let [transactions, failed, made] = [0, 0, 0];
  let count = await actual(lifecycle, stage, index);
  const make = async (sender: string, journey: Journey) => {
    const { steps } = await crowd.run(journey, sender);
    made += 1;
    senders.add(sender);
    transactions += steps.length;
    failed += steps.filter(({ isOk }) => !isOk).length;
    const now = await actual(lifecycle, stage, index);
    const hasCounted = now !== count;
    count = now;
    return hasCounted;
  };
  let isDone = false;
  while (!isDone && made < MAX_JOURNEYS) {
    const sender = await crowd.next();
    for (const journey of journeys) if (await make(sender, journey)) drawn.push({ sender, journey });
    const again = drawn[made % Math.max(1, drawn.length)];
    if (again !== undefined) await make(again.sender, again.journey);
    isDone = await isOpen(lifecycle, stage, index);
  }
  const gate = `canaryCalls: ${count} of ${bound}`;
  return { stage, gate, senders: senders.size, transactions, failed, isOpen: isDone };
}

async function rowOf({ registry, plan }: Lifecycle, stage: number, index: number) {
  const [, gates] = await registry.contract.getFunction("revalidate")(plan);
  const rows = [...gates].filter((row: { stage: bigint }) => Number(row.stage) === stage);
  return rows[index] as { actual: bigint; isOk: boolean; isAvailable: boolean };
}

async function isOpen(lifecycle: Lifecycle, stage: number, index: number): Promise<boolean> {
  return (await rowOf(lifecycle, stage, index)).isOk;
}

async function actual(lifecycle: Lifecycle, stage: number, index: number): Promise<string> {
  const { isAvailable, actual: word } = await rowOf(lifecycle, stage, index);
  return isAvailable ? String(word) : "none";
}
