import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { COPY, ROOT } from "./build";
import { REACHED, SHARED, TEST } from "./switch";

export interface TestRun {
  isGreen: boolean;
  /** Title of the first test that failed; a run that takes too long is ended, and fails too. */
  failed?: string;
  /** Mutants reached outside of any one test: in hooks, and while a fixture is made. */
  shared: Set<number>;
  /** Mutants that each test reached by itself, by its full title. */
  tests: Map<string, Set<number>>;
}

/** Folders of tests that judge the engine, or need a node or a fork: slow, and seldom the first to notice a mutant. */
const APART = /^(fork|invariant|unit\/(docs|detectors|journal|metrics|plan|registry|tasks))\//;

/** Test files that a mutant may be tried with: those of the contracts, on Hardhat's own network. */
export function testFiles(): string[] {
  const files = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" });
  return files
    .filter((name) => name.endsWith(".test.ts") && !APART.test(name))
    .map((name) => join("test", name))
    .sort();
}

/** Runs a test file over the mutated contracts; `mutant` is a number, or zero to learn which mutants are reached. */
export function runTests(file: string, mutant: number, timeout: number): Promise<TestRun> {
  const marks = join("scripts", "mutate", "marks.ts");
  const args = ["hardhat", "--config", "hardhat.mutate.config.ts", "test", "--no-compile", "--bail", file, marks];
  const child = spawn("npx", args, {
    cwd: COPY,
    env: { ...process.env, SLIPWAY_MUTANT: String(mutant), FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const shared = new Set<number>();
  const tests = new Map<string, Set<number>>();
  let now = shared;
  let rest = "";
  let tail = "";
  let isTimeout = false;
  const timer = setTimeout(() => {
    isTimeout = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, timeout);
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) {
      if (line.startsWith(REACHED)) now.add(Number(line.slice(REACHED.length)));
      else if (line === SHARED) now = shared;
      else if (line.startsWith(TEST)) {
        const title = line.slice(TEST.length);
        now = tests.get(title) ?? new Set();
        tests.set(title, now);
      } else tail = (tail + line + "\n").slice(-20_000);
    }
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (tail = (tail + chunk).slice(-20_000)));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      const failed = /^\s+1\) ([\s\S]*?):\n/m.exec(tail.slice(tail.lastIndexOf(" failing")))?.[1];
      const what = isTimeout ? `${file} did not end` : (failed?.replace(/\s+/g, " ") ?? lastLine(tail));
      resolve({ isGreen: code === 0, shared, tests, ...(code === 0 ? {} : { failed: what }) });
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
