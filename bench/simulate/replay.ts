import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CANDIDATES, openVaultWorld, vaultPlan } from "../../test/helpers/vaultWorld";

/** One rehearsal with recorded transactions of the vault's users. */
export interface ReplayRow {
  transactions: number;
  same: number;
  seconds: number;
  /** What the process holds on to at most, in MiB: its heap right after each collection. */
  heap: number;
}

/** Milliseconds between two looks at the heap. */
const LOOK = 5_000;

/** Rehearses the vault's upgrade with so many recorded transactions; twice where `counts` has two. */
export async function measureReplay(counts: readonly number[], log: (line: string) => void): Promise<ReplayRow[]> {
  const world = await openVaultWorld();
  try {
    const rows: ReplayRow[] = [];
    let sent = 0;
    // Everything of the vault and its governance is there by now.
    const first = await world.provider.getBlockNumber();
    for (const count of [...counts].sort((a, b) => a - b)) {
      log(`${count - sent} transactions of users`);
      await world.traffic.run(count - sent);
      sent = count;
      log(`rehearsing with ${count} of them`);
      const blocks = await world.provider.getBlockNumber();
      const start = performance.now();
      const { result, heap } = await watched(() => world.rehearse(vaultPlan(CANDIDATES.v2), { replay: blocks - first }));
      const { replay, failure } = result;
      if (replay === undefined || replay.failure !== undefined || failure !== undefined) {
        throw new Error(`nothing was replayed: ${replay?.failure ?? failure?.meaning ?? "no notes"}`);
      }
      rows.push({
        transactions: replay.transactions,
        same: replay.same,
        seconds: (performance.now() - start) / 1_000,
        heap: heap / 2 ** 20,
      });
    }
    return rows;
  } finally {
    await world.close();
  }
}

async function watched<T>(action: () => Promise<T>): Promise<{ result: T; heap: number }> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let heap = 0;
  const look = () => {
    collect();
    heap = Math.max(heap, process.memoryUsage().heapUsed);
  };
  const timer = setInterval(look, LOOK);
  try {
    const result = await action();
    look();
    return { result, heap };
  } finally {
    clearInterval(timer);
  }
}
