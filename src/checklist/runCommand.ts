import { spawn } from "node:child_process";

export interface CommandRun {
  /** Undefined: it did not start, or did not end in time. */
  exit?: number;
  /** Milliseconds since the epoch. */
  started: number;
  seconds: number;
  /** Last lines of what it said. */
  tail: string[];
}

const KEPT = 16_384;
const TAIL = 5;
/** What a shell answers where there is no such command, or it may not be run. */
const NOT_RUN = [126, 127];

/** Runs a shell command. It is killed with all that it started once its time is over. */
export function runCommand(command: string, { root, seconds }: { root: string; seconds: number }): Promise<CommandRun> {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(command, { cwd: root, shell: true, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    let isLate = false;
    const keep = (chunk: Buffer) => (text = (text + chunk.toString()).slice(-KEPT));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, seconds * 1_000);
    const end = (code: number | null) => {
      clearTimeout(timer);
      const hasRun = !isLate && code !== null && !NOT_RUN.includes(code);
      const lines = text.split("\n").filter((line) => line.trim() !== "");
      resolve({
        ...(hasRun ? { exit: code } : {}),
        started,
        seconds: Math.round((Date.now() - started) / 1_000),
        tail: [...lines.slice(-TAIL), ...(isLate ? [`killed after ${seconds}s`] : [])],
      });
    };
    child.once("error", (error) => {
      text += `${error.message}\n`;
      end(null);
    });
    child.once("close", end);
  });
}
