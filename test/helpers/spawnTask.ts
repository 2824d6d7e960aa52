import { spawn } from "node:child_process";
import { join } from "node:path";
import type { TaskRun } from "./tasks";
import { killingNode } from "./killingNode";

const ROOT = join(__dirname, "..", "..");
const HARDHAT = join(ROOT, "node_modules", "hardhat", "internal", "cli", "bootstrap.js");

export interface SpawnedRun extends TaskRun {
  signal: string | null;
}

/** Runs `npx hardhat --network remote …` in a process of its own. `onPid` is told which one, so that only it is killed. */
export function spawnTask(url: string, args: readonly string[], onPid?: (pid: number) => void): Promise<SpawnedRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [HARDHAT, "--network", "remote", ...args], {
      cwd: ROOT,
      env: { ...process.env, SLIPWAY_RPC_URL: url, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (texts.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (texts.stderr += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ ...texts, exitCode: code ?? -1, signal }));
    if (child.pid !== undefined) onPid?.(child.pid);
  });
}

/** The same, killed with SIGKILL when its n-th transaction is sent: before or after the node got it. */
export async function spawnKilled(
  url: string,
  args: readonly string[],
  params: { count: number; when: "before" | "after" },
): Promise<SpawnedRun> {
  let pid = 0;
  const node = await killingNode(url, { ...params, strike: () => process.kill(pid, "SIGKILL") });
  try {
    return await spawnTask(node.url, args, (started) => (pid = started));
  } finally {
    await node.close();
  }
}
