import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, WORK } from "./bytecode";

/** What the handler counts, in the order in which it prints it. */
export const COUNTED = [
  "proposed",
  "scheduled",
  "stages",
  "critical stages",
  "completed",
  "rolled back",
  "rolled back by the council",
  "halts",
  "vetoes",
  "cancelled",
  "invalidated",
  "breaches proven",
  "intrusions",
  "stalled",
  "expired",
  "defeated",
  "deposits",
  "canary steps",
  "completed by reports",
  "accepted calls",
  "refused calls",
] as const;
export type Tally = Record<(typeof COUNTED)[number], number>;

export interface FuzzOptions {
  /** File that `writeBytecode` wrote. */
  bytecode: string;
  seed: string;
  runs: number;
  depth: number;
  /** Whether a failing sequence is made shorter. */
  isShrunk?: boolean;
}

export interface FuzzRun {
  isGreen: boolean;
  seconds: number;
  tally: Tally;
  /** What did not hold, and the shortest sequence of calls that shows it. */
  failure?: string;
  sequence: string[];
  /** All that Forge said. */
  output: string;
}

/** Runs the invariants of test/invariant with Forge. */
export async function runForge({ bytecode, seed, runs, depth, isShrunk = true }: FuzzOptions): Promise<FuzzRun> {
  const tallyFile = join(WORK, `tally-${process.pid}.txt`);
  rmSync(tallyFile, { force: true });
  rmSync(join(WORK, "failures"), { recursive: true, force: true });
  const since = Date.now();
  const child = spawn(forgeBinary(), ["test", "--fuzz-seed", seed, "--color", "never"], {
    cwd: ROOT,
    env: {
      ...process.env,
      FOUNDRY_INVARIANT_RUNS: String(runs),
      FOUNDRY_INVARIANT_DEPTH: String(depth),
      ...(isShrunk ? {} : { FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT: "0" }),
      SLIPWAY_FUZZ_BUILD: bytecode,
      SLIPWAY_FUZZ_TALLY: tallyFile,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (chunk: string) => {
    output += chunk;
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  const tally = readTally(tallyFile);
  rmSync(tallyFile, { force: true });
  const failure = /\[FAIL(?:: (.*?))?\]/.exec(output)?.[1];
  const isGreen = code === 0 && output.includes("[PASS] invariant_properties()");
  return {
    isGreen,
    seconds: (Date.now() - since) / 1000,
    tally,
    sequence: [
      ...new Set([...output.matchAll(/calldata=(\S+) args=(\[.*\])/g)].map(([, call, args]) => `${call} ${args}`)),
    ],
    output,
    ...(isGreen ? {} : { failure: failure ?? (output.trim().split("\n").slice(-12).join("\n") || "Forge ended") }),
  };
}

/** The binary is a package of its own by platform; a run without it must not look like one that passed. */
export function forgeBinary(): string {
  const cpu = process.arch === "x64" ? "amd64" : process.arch;
  const name = `@foundry-rs/forge-${process.platform}-${cpu}`;
  try {
    return require.resolve(`${name}/bin/forge${process.platform === "win32" ? ".exe" : ""}`);
  } catch {
    throw new Error(
      `${name} is not installed, so the stateful invariants cannot run here: run \`npm ci\`, or a platform that Foundry builds for`,
    );
  }
}

function readTally(file: string): Tally {
  const tally = Object.fromEntries(COUNTED.map((name) => [name, 0])) as Tally;
  if (!existsSync(file)) return tally;
  for (const line of readFileSync(file, "utf8").trim().split("\n")) {
    line.split(" ").forEach((value, index) => {
      const name = COUNTED[index];
      if (name !== undefined) tally[name] += Number(value);
    });
  }
  return tally;
}
