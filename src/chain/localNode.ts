import { spawn, type ChildProcess } from "node:child_process";
import { SlipwayError } from "../errors";

export interface LocalNodeOptions {
  /** What an error calls it. */
  name: string;
  command: string;
  args: readonly string[];
  /** Environment of the node; this process's own unless stated. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Finds the port in what the node prints. */
  port: RegExp;
  /** Milliseconds to wait for that; 20 s unless stated. */
  patience?: number;
}

/** A local node that this process started, and stops. */
export interface LocalNode {
  url: string;
  pid: number;
  /** Ends this node, and no other; resolves when it is gone. */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Starts a node and waits for its port. It never outlives this process. */
export async function startLocalNode(options: LocalNodeOptions): Promise<LocalNode> {
  const { command, args, env, cwd } = options;
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: env as NodeJS.ProcessEnv, cwd });
  watch(child);
  const stop = () => stopChild(child);
  try {
    return { url: `http://127.0.0.1:${await portOf(child, options)}`, pid: child.pid as number, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function portOf(child: ChildProcess, { name, port, patience = 20_000 }: LocalNodeOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (found: string, cause?: unknown) => {
      clearTimeout(timer);
      reject(new SlipwayError("NodeNotStarted", { where: name, expected: "a line with its port", found, cause }));
    };
    const timer = setTimeout(() => fail(`nothing for ${patience} ms: ${tail(output)}`), patience);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const found = port.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      // Both pipes stay drained: a node that cannot write its log stands still.
      for (const stream of [child.stdout, child.stderr]) stream?.off("data", read).resume();
      child.off("exit", onExit);
      resolve(Number(found));
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
