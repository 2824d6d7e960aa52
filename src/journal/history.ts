import type { JournalEntry } from "./journal";

/** One step as the journal tells it. */
export interface HistoryStep {
  verb: string;
  from: string;
  nonce: number;
  /** keccak256 of what was sent. */
  dataHash: string;
  outcome: "open" | "confirmed" | "reverted" | "abandoned";
  startedAt: number;
  hash?: string;
  block?: number;
  gasUsed?: bigint;
}

/** What was done, in order: each `sending` with what became of it. */
export function historyOf(entries: readonly JournalEntry[]): HistoryStep[] {
  const steps: HistoryStep[] = [];
  for (const entry of entries) {
    if (entry.kind === "sending") {
      const { verb, from, nonce, dataHash, at } = entry;
      steps.push({ verb, from, nonce, dataHash, outcome: "open", startedAt: at });
      continue;
    }
    // One writer, one open step: whatever is not a new one speaks of the last.
    const last = steps.at(-1);
    if (last === undefined || entry.kind === "note") continue;
    if (entry.kind === "abandoned") last.outcome = "abandoned";
    if (entry.kind === "sent") last.hash = entry.hash;
    if (entry.kind === "confirmed") {
      last.outcome = entry.isOk ? "confirmed" : "reverted";
      last.hash = entry.hash;
      last.block = entry.block;
      last.gasUsed = BigInt(entry.gasUsed);
    }
  }
  return steps;
}
