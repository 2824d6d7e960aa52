import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** What a line of the journal says. `sending` is written before a transaction leaves, so that a kill leaves a trace. */
export type JournalEntry =
  | { kind: "note"; verb: string; at: number; text: string; facts?: Record<string, unknown> }
  | { kind: "sending"; verb: string; at: number; from: string; nonce: number; to: string; dataHash: string }
  | { kind: "sent"; verb: string; at: number; nonce: number; from: string; hash: string }
  | {
      kind: "confirmed";
      verb: string;
      at: number;
      nonce: number;
      from: string;
      hash: string;
      block: number;
      gasUsed: string;
      isOk: boolean;
    }
  | { kind: "abandoned"; verb: string; at: number; from: string; nonce: number; reason: string };

export interface JournalFile {
  entries: JournalEntry[];
  /** Bytes of a last line that a kill cut short; the next append removes them. */
  tornBytes: number;
}

/** Reads a journal. A torn last line is left out and counted; a torn line anywhere else is damage and throws. */
export function readJournal(path: string): JournalFile {
  if (!existsSync(path)) return { entries: [], tornBytes: 0 };
  const text = readFileSync(path, "utf8");
  const end = text.lastIndexOf("\n") + 1;
  const entries = text
    .slice(0, end)
    .split("\n")
    .filter((line) => line !== "")
    .map((line, index) => parseLine(line, path, index + 1));
  return { entries, tornBytes: Buffer.byteLength(text.slice(end)) };
}

/** Appends one line and waits until the disk has it. */
export function appendJournal(path: string, entry: JournalEntry): void {
  mkdirSync(dirname(path), { recursive: true });
  const { tornBytes } = readJournal(path);
  if (tornBytes > 0) truncateSync(path, Buffer.byteLength(readFileSync(path)) - tornBytes);
  const fd = openSync(path, "a");
  try {
    writeSync(fd, `${JSON.stringify(entry)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The last `sending` entry that has neither been confirmed nor abandoned, with its hash where one was written. */
export function openSending(
  entries: readonly JournalEntry[],
): (Extract<JournalEntry, { kind: "sending" }> & { hash?: string }) | undefined {
  for (let index = entries.length - 1; index >= 0; --index) {
    const entry = entries[index];
    if (entry?.kind === "confirmed" || entry?.kind === "abandoned") return undefined;
    if (entry?.kind !== "sending") continue;
    const sent = entries.slice(index + 1).find((later) => later.kind === "sent");
    return sent?.kind === "sent" ? { ...entry, hash: sent.hash } : entry;
  }
  return undefined;
}

function parseLine(line: string, path: string, number: number): JournalEntry {
  try {
    return JSON.parse(line) as JournalEntry;
  } catch (cause) {
    throw new Error(`${path}:${number} is not a journal entry`, { cause });
  }
}
