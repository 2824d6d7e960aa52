import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, WORK } from "./bytecode";

/** What the registry's handler counts, in the order in which it prints it. */
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
/** What the router's handler counts, in the order in which it prints it. */
export const ROUTER_COUNTED = [
  "calls",
  "served by stable",
  "served by the candidate",
  "fallbacks",
  "slots broken",
  "invariants broken",
  "breaks not counted",
  "frozen by breaks",
  "expected errors",
  "stopped by a lane",
  "nested in the candidate",
  "static calls",
  "estimates",
  "short of gas",
  "messages",
  "canaries",
  "messages refused",
  "freezes",
  "tightenings",
  "comebacks",
  "falls refused",
  "falls charged",
  "brought by a segment",
  "metered by several words",
] as const;

/** Tests of one folder, which build and run apart from the others. */
export interface Campaign<Name extends string> {
  name: string;
  folder: string;
  /** Folders below it that are another campaign's. */
  skipped: readonly string[];
  environment: Readonly<Record<string, string>>;
  counted: readonly Name[];
}
/** Arguments are seeds; to collect what calls leave on stack and in memory takes most of the time. */
const SMALL_DICTIONARY = {
  FOUNDRY_INVARIANT_MAX_FUZZ_DICTIONARY_VALUES: "64",
  FOUNDRY_INVARIANT_MAX_FUZZ_DICTIONARY_ADDRESSES: "16",
};
export const REGISTRY_CAMPAIGN: Campaign<(typeof COUNTED)[number]> = {
  name: "registry",
  folder: "test/invariant",
  skipped: ["test/invariant/router/*"],
  environment: SMALL_DICTIONARY,
  counted: COUNTED,
};
export const ROUTER_CAMPAIGN: Campaign<(typeof ROUTER_COUNTED)[number]> = {
  name: "router",
  folder: "test/invariant/router",
  skipped: [],
  environment: SMALL_DICTIONARY,
  counted: ROUTER_COUNTED,
};

export interface FuzzOptions<Name extends string> {
  campaign: Campaign<Name>;
  /** File that `writeBytecode` wrote. */
  bytecode: string;
  seed: string;
  runs: number;
  depth: number;
  /** Whether a failing sequence is made shorter. */
  isShrunk?: boolean;
}

export interface FuzzRun<Name extends string = string> {
  isGreen: boolean;
  seconds: number;
  tally: Record<Name, number>;
  /** What did not hold, and the shortest sequence of calls that shows it. */
  failure?: string;
  sequence: string[];
  /** All that Forge said. */
  output: string;
}

/** Runs a campaign's invariants with Forge. Campaigns may run side by side: each has its own folders. */
export async function runForge<Name extends string>({
  campaign,
  bytecode,
  seed,
  runs,
  depth,
  isShrunk = true,
}: FuzzOptions<Name>): Promise<FuzzRun<Name>> {
  const tallyFile = join(WORK, `tally-${process.pid}.txt`);
  const work = join(WORK, campaign.name);
  rmSync(tallyFile, { force: true });
  rmSync(join(work, "failures"), { recursive: true, force: true });
  const since = Date.now();
  const skipped = campaign.skipped.flatMap((path) => ["--skip", path]);
  const child = spawn(forgeBinary(), ["test", "--fuzz-seed", seed, "--color", "never", ...skipped], {
    cwd: ROOT,
    env: {
      ...process.env,
      FOUNDRY_SRC: campaign.folder,
      FOUNDRY_TEST: campaign.folder,
      FOUNDRY_OUT: join(work, "out"),
      FOUNDRY_CACHE_PATH: join(work, "cache"),
      FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR: join(work, "failures"),
      ...campaign.environment,
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
  const tally = readTally(tallyFile, campaign.counted);
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

function readTally<Name extends string>(file: string, counted: readonly Name[]): Record<Name, number> {
  const tally = Object.fromEntries(counted.map((name) => [name, 0])) as Record<Name, number>;
  if (!existsSync(file)) return tally;
  for (const line of readFileSync(file, "utf8").trim().split("\n")) {
    line.split(" ").forEach((value, index) => {
      const name = counted[index];
      if (name !== undefined) tally[name] += Number(value);
    });
  }
  return tally;
}
