import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Interface } from "ethers";
import { CANDIDATES, openVaultWorld, vaultPlan, type VaultWorld } from "../../test/helpers/vaultWorld";

const VAULT = new Interface(["function deposit(uint256,address)", "function withdraw(uint256,address,address)"]);

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
  const folder = mkdtempSync(join(tmpdir(), "slipway-replay-"));
  try {
    const rows: ReplayRow[] = [];
    for (const count of [...counts].sort((a, b) => a - b)) {
      log(`rehearsing with ${count} transactions`);
      const file = join(folder, `${count}.jsonl`);
      writeFileSync(file, transactions(world, count));
      const start = performance.now();
      const { result, heap } = await watched(() => world.rehearse(vaultPlan(CANDIDATES.v2), { replay: file }));
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
    rmSync(folder, { recursive: true, force: true });
    await world.close();
  }
}

/** Deposits and withdrawals of the vault's users by turns, one JSON object a line. */
function transactions(world: VaultWorld, count: number): string {
  const { vault } = world.traffic;
  const line = (_: unknown, turn: number) => {
    const from = world.user(turn % 8);
    const isExit = turn % 3 === 2;
    const data = isExit
      ? VAULT.encodeFunctionData("withdraw", [BigInt(1 + (turn % 7)), from, from])
      : VAULT.encodeFunctionData("deposit", [BigInt(1_000 + turn), from]);
    return JSON.stringify({ from, to: vault, data });
  };
  return Array.from({ length: count }, line).join("\n");
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
