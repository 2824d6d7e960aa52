import type { DevProvider } from "./devChain";

const LOOK_EVERY_MS = 1_000;

/**
 * Mines what a local node has forgotten. Anvil mines each transaction as it comes, but now and then misses one, which then
 * waits for ever. A transaction that is seen waiting twice at the same block is mined. Returns what ends the watch.
 */
export function keepMining(provider: DevProvider): () => void {
  let seenAt: string | undefined;
  const look = async (): Promise<void> => {
    const { pending } = (await provider.send("txpool_status", [])) as { pending: string };
    const block = Number(pending) === 0 ? undefined : String(await provider.send("eth_blockNumber", []));
    if (block !== undefined && block === seenAt) await provider.send("evm_mine", []);
    seenAt = block;
  };
  // A node that is going away answers nothing, and there is nothing left to mine.
  const timer = setInterval(() => void look().catch(() => clearInterval(timer)), LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
