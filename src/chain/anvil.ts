import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { SlipwayError } from "../errors";

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
  /** Seconds since the epoch of the first block. */
  timestamp?: number;
  /** Milliseconds to wait for the node; 20 s unless stated. */
  patience?: number;
}

/** A local node that this process started, and stops. */
export interface AnvilNode {
  url: string;
  pid: number;
  /** Ends this node, and no other; resolves when it is gone. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Starts anvil from the npm package on a free port. It never outlives this process. */
export async function startAnvil(options: AnvilOptions): Promise<AnvilNode> {
  const child = spawn(anvilBinary(options.root), argumentsOf(options), { stdio: ["ignore", "pipe", "pipe"] });
  watch(child);
  const stop = () => stopChild(child);
  try {
    const port = await portOf(child, options.patience ?? 20_000);
    return { url: `http://127.0.0.1:${port}`, pid: child.pid as number, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
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
    // Named, so that two versions of the node agree on what an opcode does.
    ["--hardfork", "cancun"],
  ];
  return given.flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]));
}

function portOf(child: ChildProcess, patience: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (found: string, cause?: unknown) => {
      clearTimeout(timer);
      reject(new SlipwayError("NodeNotStarted", { where: "anvil", expected: "a line with its port", found, cause }));
    };
    const timer = setTimeout(() => fail(`nothing for ${patience} ms: ${tail(output)}`), patience);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const port = /Listening on [^\s]+:(\d+)/.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      // Both pipes stay drained: a node that cannot write its log stands still.
      for (const stream of [child.stdout, child.stderr]) stream?.off("data", read).resume();
      child.off("exit", onExit);
      resolve(Number(port));
    };
    const onExit = (code: number | null) => fail(`it ended with code ${code}: ${tail(output)}`);
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("exit", onExit);
    child.once("error", (cause) => fail(cause.message, cause));
  });
}

function tail(output: string): string {
  return output.trim().split("\n").slice(-3).join(" / ");
}

function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    // A fork under load may take its time to say goodbye; nothing of it is worth keeping.
    const timer = setTimeout(() => child.kill("SIGKILL"), 2_000);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function watch(child: ChildProcess): void {
  if (running.size === 0) {
    process.on("exit", killAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  running.add(child);
  child.once("exit", () => {
    running.delete(child);
    if (running.size === 0) unwatch();
  });
}

function unwatch(): void {
  process.off("exit", killAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Stops the nodes, then lets the signal do what it would have done without us. */
function onSignal(signal: NodeJS.Signals): void {
  killAll();
  unwatch();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
