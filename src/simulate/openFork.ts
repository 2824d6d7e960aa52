import type { JsonRpcProvider } from "ethers";
import { startAnvil } from "../chain/anvil";
import { devProvider, mine, tickBySecond } from "../chain/devChain";
import { startRelay, type RequestCounts } from "../chain/rpcCache";
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
  /** What the node asked the remote for so far; undefined where the request named no `cacheDir`. */
  requests(): RequestCounts | undefined;
  close(): Promise<void>;
}

export interface ForkRequest {
  /** RPC endpoint of the remote chain. */
  url: string;
  /** Without it, the remote's latest block. */
  block?: number;
  /** Folder that packages are looked up from. */
  root: string;
  /** Folder of what the remote answered of this block before; it is asked through a relay then, which counts. */
  cacheDir?: string;
  /** Past states that the node keeps; all of them unless stated. A rehearsal that mines by the thousand states it. */
  history?: number;
}

/** Where a node forks from. */
export interface ForkSource {
  url: string;
  requests(): RequestCounts | undefined;
  close(): Promise<void>;
}

/** The remote itself, or a relay before it that remembers, where the request names a folder. */
export async function forkSource(
  { url, cacheDir }: ForkRequest,
  pinned: { chainId: bigint; block: number; blockHash: string },
): Promise<ForkSource> {
  if (cacheDir === undefined) return { url, requests: () => undefined, close: () => Promise.resolve() };
  return startRelay({ url, folder: cacheDir, ...pinned });
}

/** Starts a copy of a chain. Another engine than anvil is one more function of this type. */
export type OpenFork = (request: ForkRequest) => Promise<Fork>;

/** Forks with anvil from npm. Its blocks follow one second after another, so that a rehearsal reads no wall clock. */
export const openAnvilFork: OpenFork = async (request) => {
  const { url, block, root, cacheDir } = request;
  const remote = devProvider(url);
  const number = block ?? (await remote.getBlockNumber());
  const [pinned, { chainId }] = await Promise.all([remote.getBlock(number), remote.getNetwork()]);
  remote.destroy();
  if (pinned?.hash == null) throw new Error(`the remote chain has no block ${number}`);
  const source = await forkSource(request, { chainId, block: number, blockHash: pinned.hash });
  const anvil = {
    root,
    forkUrl: source.url,
    forkBlock: number,
    isForkCached: cacheDir === undefined,
    history: request.history,
    patience: 60_000,
  };
  const node = await startAnvil(anvil).catch(async (thrown: unknown) => {
    await source.close();
    throw thrown;
  });
  const provider = devProvider(node.url);
  const close = async () => {
    provider.destroy();
    await node.stop();
    await source.close();
  };
  try {
    await tickBySecond(provider);
    // As on the other engine, which needs a block of its own: what counts blocks is then the same on both.
    await mine(provider);
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
      requests: source.requests,
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
};
