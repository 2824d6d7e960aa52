import type { Mismatch } from "../prove/checkBundle";
import type { Bundle } from "../prove/types";
import { shortId } from "../registry/words";
import { table } from "./table";
import { utc } from "./time";

/** The answer first, then every bound, then what happened. */
export function renderProof(bundle: Bundle): string {
  const { verdict, hypothesis, bounds, transitions, block } = bundle;
  return [
    `${verdict.toUpperCase()}  ${hypothesis.title} stayed within its policy: ${verdict}`,
    `${shortId(bundle.proposalId)}  ${bundle.state}, as of block ${block.number}, ${utc(block.timestamp)}`,
    "",
    ...table(bounds.map((one) => [`  ${one.verdict}`, one.bound, one.evidence])),
    "",
    ...table(
      milestones(transitions).map(({ block: at, timestamp, event, by }) => [
        `  ${at}`,
        utc(timestamp),
        event,
        `by ${by}`,
      ]),
    ),
    "",
    `bundle ${bundle.hash}`,
  ].join("\n");
}

/** Votes and signals are counted above; here stands what moved the plan. */
function milestones(transitions: Bundle["transitions"]): Bundle["transitions"] {
  return transitions.filter(({ event }) => !/^(Vote|Ready|Ballot|Statement|VersionAdv|ActApproved)/.test(event));
}

export function renderMismatches(file: string, mismatches: readonly Mismatch[]): string {
  return [
    `MISMATCH  ${file}: ${mismatches.length} fields are not what the chain says`,
    ...mismatches.flatMap(({ field, expected, found }) => [
      `  ${field}`,
      `    file   ${found}`,
      `    chain  ${expected}`,
    ]),
  ].join("\n");
}
