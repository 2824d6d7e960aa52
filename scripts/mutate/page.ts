import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ROOT, type Mutant } from "./build";
import type { Result } from "./index";

interface Judged {
  mutant: Mutant;
  result: Result;
}

/** Why a survivor may live, by `FILE OWNER TEXT`: lines move, these do not. */
type Reasons = Record<string, string>;

/** Writes `docs/mutation.md`: the score, and each survivor with the reason that somebody gave for it. */
export function writePage(
  judged: readonly Judged[],
  of: { all: number; left: number; seed: string; files: string },
): void {
  const reasons = (parse(readFileSync(join(__dirname, "survivors.yaml"), "utf8")) ?? {}) as Reasons;
  const killed = judged.filter(({ result }) => result.outcome === "killed");
  const alive = judged.filter(({ result }) => result.outcome !== "killed");
  const kinds = [...new Set(judged.map(({ mutant }) => mutant.kind))].sort();
  const lines = [
    "# Mutation test",
    "",
    "Written by `npm run mutate -- --write`. Every guard, comparison, logic, arithmetic, negation, statement and event of the contracts",
    "(without examples and mocks) is a place to change; a seeded draw of them is changed, one at a time, and test files that reach it are run until one",
    `fails, those first that are most about its source. What the first ${of.files} do not notice counts as a survivor, though others may, and tests with`,
    "bounds of gas in them are left out: the score is a lower bound.",
    "",
    `Contracts as of ${revision()}.`,
    "",
    `${of.all} places, ${judged.length} drawn with seed ${of.seed}: **${killed.length} killed (${percent(killed.length, judged.length)})**.`,
    ...(of.left === 0 ? [] : [`${of.left} more places could not be compiled with a switch and were left out.`]),
    "",
    "| kind | drawn | killed |",
    "| --- | --- | --- |",
    ...kinds.map((kind) => {
      const all = judged.filter(({ mutant }) => mutant.kind === kind);
      return `| ${kind} | ${all.length} | ${all.filter(({ result }) => result.outcome === "killed").length} |`;
    }),
    "",
    "## Survivors",
    "",
    ...(alive.length === 0 ? ["None."] : ["| where | what | reason |", "| --- | --- | --- |"]),
    ...alive.map(({ mutant, result }) => {
      const reason =
        reasons[keyOf(mutant)] ?? (result.outcome === "unreached" ? "no test reaches it" : "not explained");
      return `| \`${mutant.file}\` \`${mutant.owner}\` | ${mutant.kind} \`${mutant.text.replaceAll("|", "\\|")}\` | ${reason} |`;
    }),
    "",
  ];
  writeFileSync(join(ROOT, "docs", "mutation.md"), lines.join("\n"));
}

/** The last change of the contracts that were mutated. */
function revision(): string {
  const log = ["log", "-1", "--format=%h (%cs)", "--", "contracts"];
  return execFileSync("git", log, { cwd: ROOT, encoding: "utf8" }).trim();
}

function keyOf({ file, owner, text }: Mutant): string {
  return `${file} ${owner} ${text}`;
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)}%`;
}
