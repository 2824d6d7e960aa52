import type { JsonRpcProvider } from "ethers";
import { startAnvil } from "../chain/anvil";
import { devProvider, tickBySecond } from "../chain/devChain";
import { traceByTracers } from "../trace/traceByTracers";
import type { TransactionTrace } from "../trace/types";

/** A private copy of the remote chain, as it was at one block. */
export interface Fork {
  provider: JsonRpcProvider;
  url: string;
  /** Program and version: "anvil 1.7.1". */
  engine: string;
  block: number;
  blockHash: string;
  /** Seconds since the epoch. */
  blockTime: number;
  /** Whether the node has `callTracer` and `prestateTracer`; where it has not, `trace` tells the same. */
  hasTracer: boolean;
  /** What a transaction of the fork did. It is the same whatever the engine. */
  trace(hash: string): Promise<TransactionTrace>;
  close(): Promise<void>;
}

export interface ForkRequest {
  /** RPC endpoint of the remote chain. */
  url: string;
  /** Without it, the remote's latest block. */
  block?: number;
  /** Folder that packages are looked up from. */
  root: string;
}

/** Starts a copy of a chain. Another engine than anvil is one more function of this type. */
export type OpenFork = (request: ForkRequest) => Promise<Fork>;

/** Forks with anvil from npm. Its blocks follow one second after another, so that a rehearsal reads no wall clock. */
export const openAnvilFork: OpenFork = async ({ url, block, root }) => {
  const remote = devProvider(url);
  const number = block ?? (await remote.getBlockNumber());
  const pinned = await remote.getBlock(number);
  remote.destroy();
  if (pinned?.hash == null) throw new Error(`the remote chain has no block ${number}`);
  const node = await startAnvil({ root, forkUrl: url, forkBlock: number });
  const provider = devProvider(node.url);
  try {
    await tickBySecond(provider);
    const version = String(await provider.send("web3_clientVersion", []));
    return {
      provider,
      url: node.url,
      engine: `anvil ${/v?(\d+\.\d+\.\d+)/.exec(version)?.[1] ?? version}`,
      block: number,
      blockHash: pinned.hash,
      blockTime: pinned.timestamp,
      hasTracer: true,
      trace: (hash) => traceByTracers(provider, hash),
      close: async () => {
        provider.destroy();
        await node.stop();
      },
    };
  } catch (thrown) {
    provider.destroy();
    await node.stop();
    throw thrown;
  }
};
