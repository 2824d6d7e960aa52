import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { SlipwayError } from "../errors";

interface Stamp {
  verb: string;
  /** Seconds since the epoch, by the clock of the machine that ran. */
  at: number;
  /** Absent in the network's own journal. */
  proposalId?: string;
}

/** A transaction is known by its account and nonce before it has a hash. */
interface Sender {
  from: string;
  nonce: number;
}

/**
 * What a line of the journal says. `sending` is on disk before a transaction leaves, so that a kill at any moment leaves
 * a trace of what may have been sent.
 */
export type JournalEntry =
  | (Stamp & { kind: "note"; text: string; facts?: Record<string, unknown> })
  // `block` is the newest block seen before sending: what was sent is in a later one. `to` is null for a creation.
  | (Stamp & Sender & { kind: "sending"; to: string | null; dataHash: string; block: number })
  | (Stamp & Sender & { kind: "sent"; hash: string })
  | (Stamp & Sender & { kind: "confirmed"; hash: string; block: number; gasUsed: string; isOk: boolean })
  | (Stamp & Sender & { kind: "abandoned"; reason: string });

export type SendingEntry = Extract<JournalEntry, { kind: "sending" }>;

export interface JournalFile {
  entries: JournalEntry[];
  /** Bytes of a last line that a kill cut short; the next append removes them. */
  tornBytes: number;
}

const NEWLINE = 0x0a;

/** Reads a journal. A torn last line is left out and counted; a line that is no entry anywhere else is damage. */
export function readJournal(path: string): JournalFile {
  if (!existsSync(path)) return { entries: [], tornBytes: 0 };
  const bytes = readFileSync(path);
  // By bytes: a line may be torn inside a character.
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  const entries = bytes
    .subarray(0, end)
    .toString("utf8")
    .split("\n")
    .slice(0, -1)
    .map((line, index) => parseLine(line, path, index + 1));
  return { entries, tornBytes: bytes.length - end };
}

/** Appends one line, after cutting off a torn one, and waits until the disk has it. */
export function appendJournal(path: string, entry: JournalEntry): void {
  const isNew = !existsSync(path);
  if (isNew) mkdirSync(dirname(path), { recursive: true });
  const { tornBytes } = readJournal(path);
  const file = openSync(path, "a");
  try {
    if (tornBytes > 0) ftruncateSync(file, fstatSync(file).size - tornBytes);
    writeSync(file, `${JSON.stringify(entry)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // A file that is on disk under no name is lost: the folder's entry has to be there too.
  if (isNew) syncFolder(dirname(path));
}

/** The last `sending` entry that was neither confirmed nor abandoned, with its hash where one was written. */
export function openSending(entries: readonly JournalEntry[]): (SendingEntry & { hash?: string }) | undefined {
  const index = entries.map((entry) => entry.kind).lastIndexOf("sending");
  const sending = entries[index];
  if (sending?.kind !== "sending") return undefined;
  const later = entries.slice(index + 1);
  if (later.some((entry) => entry.kind === "confirmed" || entry.kind === "abandoned")) return undefined;
  const sent = later.find((entry) => entry.kind === "sent");
  return { ...sending, hash: sent?.kind === "sent" ? sent.hash : undefined };
}

function parseLine(line: string, path: string, number: number): JournalEntry {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch (cause) {
    throw damaged(path, number, line, cause);
  }
  if (typeof entry !== "object" || entry === null || !("kind" in entry)) throw damaged(path, number, line);
  return entry as JournalEntry;
}

function damaged(path: string, number: number, line: string, cause?: unknown): SlipwayError {
  return new SlipwayError("JournalDamaged", {
    where: `${path}:${number}`,
    expected: "one journal entry in JSON",
    found: line.slice(0, 60),
    next: `look at the line, and move the file away if nothing of this plan is in the mempool`,
    cause,
  });
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
