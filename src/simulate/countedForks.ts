import type { RequestCounts } from "../chain/rpcCache";
import type { OpenFork } from "./openFork";

/** Forks through a relay that remembers a pinned block in `cacheDir`, and sums what all of them asked for. */
export function countedForks(openFork: OpenFork, cacheDir: string): { openFork: OpenFork; requests(): RequestCounts } {
  const sum: RequestCounts = { total: 0, cached: 0, byMethod: {}, forwarded: {} };
  return {
    requests: () => sum,
    openFork: async (request) => {
      const fork = await openFork({ ...request, cacheDir });
      const close = fork.close.bind(fork);
      fork.close = async () => {
        const counts = fork.requests();
        await close();
        if (counts === undefined) return;
        sum.total += counts.total;
        sum.cached += counts.cached;
        add(sum.byMethod, counts.byMethod);
        add(sum.forwarded, counts.forwarded);
      };
      return fork;
    },
  };
}

function add(to: Record<string, number>, counts: Record<string, number>): void {
  for (const [method, count] of Object.entries(counts)) to[method] = (to[method] ?? 0) + count;
}
