import { join } from "node:path";
import { devProvider, mine } from "../../src/chain/devChain";
import { startLocalNode } from "../../src/chain/localNode";
import { forkSource, type OpenFork } from "../../src/simulate/openFork";
import { askUrl, traceByStructLogs } from "../../src/trace/traceByStructLogs";

/** Forks with Hardhat's own node, under the remote's chain id: EIP-712 ids depend on it. */
export const openHardhatFork: OpenFork = async (request) => {
  const { url, block, root } = request;
  const remote = devProvider(url);
  const number = block ?? (await remote.getBlockNumber());
  const [pinned, { chainId }] = await Promise.all([remote.getBlock(number), remote.getNetwork()]);
  remote.destroy();
  if (pinned?.hash == null) throw new Error(`the remote chain has no block ${number}`);
  const source = await forkSource(request, { chainId, block: number, blockHash: pinned.hash });
  const node = await startLocalNode({
    name: "hardhat node",
    command: process.execPath,
    args: [
      join(root, "node_modules/hardhat/internal/cli/bootstrap.js"),
      ...["node", "--hostname", "127.0.0.1", "--port", "0"],
      ...["--fork", source.url, "--fork-block-number", String(number)],
    ],
    env: { ...process.env, SLIPWAY_CHAIN_ID: String(chainId), HARDHAT_NETWORK: "hardhat" },
    cwd: root,
    port: /JSON-RPC server at http:\/\/127\.0\.0\.1:(\d+)/,
    patience: 240_000,
  }).catch(async (thrown: unknown) => {
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
    // Without a block of its own the node does not know under which rules to answer.
    await mine(provider);
    const version = String(await provider.send("web3_clientVersion", []));
    const engine = `hardhat ${/(\d+\.\d+\.\d+)/.exec(version)?.[1] ?? version}`;
    return {
      provider,
      url: node.url,
      engine,
      block: number,
      blockHash: pinned.hash,
      blockTime: pinned.timestamp,
      hasTracer: false,
      trace: (hash) => traceByStructLogs(provider, hash, askUrl(node.url)),
      requests: source.requests,
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
};
