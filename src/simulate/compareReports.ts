import { id } from "ethers";
import { canonicalJson } from "./canonicalJson";
import { fail, pass } from "./checks/types";
import { verdictOf } from "./checks/verdictOf";
import type { RehearsalReport } from "./types";

/** The first report, with what the second one says about it: whether the two are the same in every byte. */
export function compareReports(first: RehearsalReport, second: RehearsalReport): RehearsalReport {
  const [one, two] = [id(canonicalJson(first)), id(canonicalJson(second))];
  const hashes = [`diff ${first.diffHash}, again ${second.diffHash}`, `report ${one}, again ${two}`];
  const answer =
    first.diffHash === second.diffHash && one === two
      ? // The report's own hash is another one once this is in it.
        pass(`two runs: ${hashes[0]}; every byte of the two reports the same`)
      : fail(
          [...hashes, `differing: ${differingKeys(first, second).join(", ")}`],
          "what a report depends on besides plan and block has to be found: it cannot be attested as it is",
        );
  const checks = first.checks.map((check) => {
    if (check.id !== "determinism") return check;
    // What one run found already stays.
    const isFound = answer.status === "pass" && check.status !== "skip";
    return isFound ? { ...check, evidence: [...answer.evidence, ...check.evidence] } : { ...check, ...answer };
  });
  return { ...first, checks, verdict: verdictOf(checks) };
}

function differingKeys(first: RehearsalReport, second: RehearsalReport): string[] {
  const keys = [...new Set([...Object.keys(first), ...Object.keys(second)])] as (keyof RehearsalReport)[];
  return keys.filter((key) => canonicalJson(first[key] ?? null) !== canonicalJson(second[key] ?? null));
}
