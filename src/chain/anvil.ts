import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { SlipwayError } from "../errors";
import { startLocalNode, type LocalNode } from "./localNode";

export interface AnvilOptions {
  /** Folder that the npm package is looked up from; any file or folder of this project will do. */
  root: string;
  /** Chain id; a fork keeps the remote's unless this says otherwise. */
  chainId?: number;
  /** Unlocked accounts, each with 10,000 ether. */
  accounts?: number;
  forkUrl?: string;
  /** Block to fork at. Without it, the remote's latest. */
  forkBlock?: number;
  /** Whether anvil may keep what it read of the remote by chain and block number, whatever the block's hash; true unless stated. */
  isForkCached?: boolean;
  /** Seconds since the epoch of the first block. */
  timestamp?: number;
  /** Past states that it keeps; all of them unless stated. */
  history?: number;
  /** Milliseconds to wait for the node; 20 s unless stated. */
  patience?: number;
}

/** Starts anvil from the npm package on a free port. It never outlives this process. */
export function startAnvil(options: AnvilOptions): Promise<LocalNode> {
  return startLocalNode({
    name: "anvil",
    command: anvilBinary(options.root),
    args: argumentsOf(options),
    port: /Listening on [^\s]+:(\d+)/,
    patience: options.patience,
  });
}

/** Path of the native program inside the platform's own npm package. */
export function anvilBinary(root: string): string {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`;
  try {
    const folder = dirname(createRequire(join(root, "package.json")).resolve(`${name}/package.json`));
    const file = join(folder, "bin", process.platform === "win32" ? "anvil.exe" : "anvil");
    if (existsSync(file)) return file;
    throw new Error(`${file} does not exist`);
  } catch (cause) {
    throw new SlipwayError("NodeNotStarted", { where: "anvil", expected: `the npm package ${name}`, cause });
  }
}

function argumentsOf(options: AnvilOptions): string[] {
  const given: [string, string | number | undefined][] = [
    ["--port", 0],
    ["--chain-id", options.chainId],
    ["--accounts", options.accounts],
    ["--fork-url", options.forkUrl],
    ["--fork-block-number", options.forkBlock],
    ["--timestamp", options.timestamp],
    ["--prune-history", options.history],
    // Named, so that two versions of the node agree on what an opcode does.
    ["--hardfork", "cancun"],
  ];
  const flags = given.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]));
  return options.isForkCached === false ? [...flags, "--no-storage-caching"] : flags;
}
