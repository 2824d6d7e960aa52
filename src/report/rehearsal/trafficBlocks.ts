import type { ReplayNotes } from "../../simulate/replay/replay";
import type { RehearsalReport } from "../../simulate/types";
import { formatShare } from "../../plan/units";
import { heading, list, table, text, type Block } from "./page";

/** What users did in the rehearsal: their journeys, recorded transactions, random calls. Nothing of what was not asked for. */
export function trafficBlocks({ journeys, traffic, replay, fuzz }: RehearsalReport): Block[] {
  return [
    ...(journeys === undefined ? [] : journeyBlocks(journeys)),
    ...(traffic === undefined ? [] : gateBlocks(traffic)),
    ...(replay === undefined ? [] : replayBlocks(replay)),
    ...(fuzz === undefined ? [] : fuzzBlocks(fuzz)),
  ];
}

function journeyBlocks({ stated, differences, load }: NonNullable<RehearsalReport["journeys"]>): Block[] {
  return [
    heading("Journeys, as the plan file has them"),
    table(
      ["journey", "by", "steps", "tolerance"],
      stated.map(({ name, users, steps, tolerance }) => [
        name,
        users.join(", "),
        steps.join("; "),
        tolerance === 0 ? "none" : formatShare(tolerance),
      ]),
    ),
    heading("Where journeys differ from before the plan"),
    table(
      ["when", "journey", "user", "kind", "what"],
      differences.map(({ moment, journey, user, kind, text: what, isExpected }) => [
        moment,
        journey,
        user,
        isExpected ? `${kind}, expected` : kind,
        what,
      ]),
    ),
    heading("Journeys by many users"),
    table(
      ["journey", "when", "# users", "# failed", "# gas, first", "# gas, last"],
      load.map(({ journey, moment, users, failed, firstGas, lastGas }) => [
        journey,
        moment,
        String(users),
        String(failed),
        String(firstGas),
        String(lastGas),
      ]),
    ),
  ];
}

function gateBlocks(traffic: NonNullable<RehearsalReport["traffic"]>): Block[] {
  return [
    heading("Users who came because a gate waited for them"),
    table(
      ["stage", "gate", "# users", "# transactions", "# failed", "then"],
      traffic.map(({ stage, gate, senders, transactions, failed, isOpen }) => [
        String(stage),
        gate,
        String(senders),
        String(transactions),
        String(failed),
        isOpen ? "open" : "still closed",
      ]),
    ),
  ];
}

function replayBlocks({ source, base, transactions, same, rows, more, gas, words, moreWords }: ReplayNotes): Block[] {
  const quantiles = (name: string, { p50, p90, p99, max }: ReplayNotes["gas"]["stable"]) =>
    [name, p50, p90, p99, max].map(String);
  return [
    heading("Recorded transactions, on stable and on candidate"),
    text(`${source} from block ${base + 1}: ${transactions} transactions, ${same} came out the same`),
    table(
      ["transaction", "from", "function", "difference"],
      rows.map(({ transaction, from, selector, differences }) => [
        transaction,
        from,
        selector,
        differences
          .map(({ kind, text: what, isExpected }) => `${kind}${isExpected ? " (expected)" : ""}: ${what}`)
          .join("; "),
      ]),
    ),
    ...(more === 0 ? [] : [text(`${more} transactions more with differences`)]),
    table(
      ["gas", "# p50", "# p90", "# p99", "# most"],
      [quantiles("stable", gas.stable), quantiles("candidate", gas.candidate)],
    ),
    ...(words === undefined
      ? [text("storage at the end: the engine has no tracer")]
      : [
          text(`words of the module that differ at the end: ${words.length + moreWords}`),
          table(
            ["slot", "stable", "candidate"],
            words.map(({ slot, stable, candidate }) => [slot, stable, candidate]),
          ),
        ]),
  ];
}

function fuzzBlocks({ seed, calls, succeeded, found, known }: NonNullable<RehearsalReport["fuzz"]>): Block[] {
  return [
    heading("Random calls"),
    text(`seed ${seed}, ${calls} calls, ${succeeded} went through`),
    ...known.map(({ invariant }) => text(`${invariant} breaks on stable too, with the same calls`)),
    ...(found === undefined ? [] : [text(`${found.invariant} breaks by these calls, in order:`), list(found.sequence)]),
  ];
}
