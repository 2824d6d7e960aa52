import { join } from "node:path";
import { devProvider, mine } from "../../src/chain/devChain";
import { startLocalNode } from "../../src/chain/localNode";
import type { OpenFork } from "../../src/simulate/openFork";
import { askUrl, traceByStructLogs } from "../../src/trace/traceByStructLogs";

/** Forks with Hardhat's own node, under the remote's chain id: EIP-712 ids depend on it. */
export const openHardhatFork: OpenFork = async ({ url, block, root }) => {
  const remote = devProvider(url);
  const number = block ?? (await remote.getBlockNumber());
  const [pinned, { chainId }] = await Promise.all([remote.getBlock(number), remote.getNetwork()]);
  remote.destroy();
  if (pinned?.hash == null) throw new Error(`the remote chain has no block ${number}`);
  const node = await startLocalNode({
    name: "hardhat node",
    command: process.execPath,
    args: [
      join(root, "node_modules/hardhat/internal/cli/bootstrap.js"),
      ...["node", "--hostname", "127.0.0.1", "--port", "0"],
      ...["--fork", url, "--fork-block-number", String(number)],
    ],
    env: { ...process.env, SLIPWAY_CHAIN_ID: String(chainId), HARDHAT_NETWORK: "hardhat" },
    cwd: root,
    port: /JSON-RPC server at http:\/\/127\.0\.0\.1:(\d+)/,
    patience: 240_000,
  });
  const provider = devProvider(node.url);
  const close = async () => {
    provider.destroy();
    await node.stop();
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
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
};
