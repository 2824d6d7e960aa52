import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RequestCounts } from "../chain/rpcCache";
import { formatDuration } from "../plan/units";
import { canonicalJson } from "./canonicalJson";
import type { RehearsalReport } from "./types";

/** When and where a rehearsal ran: nothing that its report, and so its hash, may depend on. */
export interface RunFacts {
  /** Commit that is checked out; absent outside of a repository. */
  commit?: string;
  /** Files that are not as that commit has them, what the tool keeps in `deployments` aside. */
  changed: string[];
  node: string;
  /** "linux x64". */
  platform: string;
  /** Seconds since the epoch. */
  started: number;
  /** How long it took. */
  seconds: number;
  block: number;
  /** Seconds from the pinned block to the start; a chain of one's own may be ahead of the clock. */
  blockAge: number;
  /** What the forks asked the remote for, where that was counted. */
  requests?: RequestCounts;
}

export interface RunPolicy {
  /** Runs by itself, or as if: what is not committed cannot be looked up later. */
  isStrict: boolean;
  /** Seconds that the pinned block may be old. */
  maxAge: number;
}

/** What is wrong with a run, whatever its report says. */
export interface RunFindings {
  warnings: string[];
  failures: string[];
}

/** Files that are told by name. */
const TOLD = 3;

/** `root` is the project's folder; `started` and `now` in seconds since the epoch. */
export function readRunFacts(
  root: string,
  { provenance }: Pick<RehearsalReport, "provenance">,
  { started, now, requests }: { started: number; now: number; requests?: RequestCounts },
): RunFacts {
  const commit = git(root, ["rev-parse", "HEAD"])?.trim();
  const status = git(root, ["status", "--porcelain", "--", ".", ":(exclude)deployments"]) ?? "";
  return {
    ...(commit === undefined ? {} : { commit }),
    changed: status.split("\n").flatMap((line) => (line === "" ? [] : [line.slice(3)])),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    started,
    seconds: now - started,
    block: provenance.block,
    blockAge: started - provenance.blockTime,
    ...(requests === undefined ? {} : { requests }),
  };
}

/** What warns, and what fails: a strict run does not take what nobody can look up, nor a world that has moved on. */
export function judgeRun(facts: RunFacts, { isStrict, maxAge }: RunPolicy): RunFindings {
  const { commit, changed, block, blockAge } = facts;
  const stale =
    blockAge <= maxAge
      ? []
      : [`block ${block} is ${formatDuration(BigInt(blockAge))} old, more than ${formatDuration(BigInt(maxAge))}`];
  const unkept =
    commit === undefined
      ? ["no git repository: nobody can look up what was rehearsed"]
      : changed.length === 0
        ? []
        : [`${changed.length} files are not as commit ${commit.slice(0, 8)} has them: ${namesOf(changed)}`];
  return isStrict ? { warnings: stale, failures: unkept } : { warnings: [...unkept, ...stale], failures: [] };
}

/** Writes `run.json` beside a report, and tells its path. */
export function writeRunFacts(folder: string, facts: RunFacts & RunFindings): string {
  const file = join(folder, "run.json");
  writeFileSync(file, canonicalJson(facts));
  return file;
}

function namesOf(files: readonly string[]): string {
  const rest = files.length - TOLD;
  return `${files.slice(0, TOLD).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** Undefined where git does not answer: no repository, or no git. */
function git(root: string, args: string[]): string | undefined {
  try {
    return execFileSync("git", ["-C", root, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}
