import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { lock } from "proper-lockfile";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { appendJournal, readJournal, type JournalEntry } from "./journal";

/** An open journal that no other run writes. */
export interface Journal {
  path: string;
  entries(): JournalEntry[];
  append(entry: JournalEntry): void;
}

/** A holder renews its lock every second; one that is silent for five was killed. */
const STALE_MS = 5_000;
const UPDATE_MS = 1_000;
/** Together longer than a dead holder's lock lasts. */
const RETRIES = { retries: 14, minTimeout: 250, maxTimeout: 750, factor: 1.3 };

/** Runs `work` while no other run writes the journal: two runs at once would both find a step undone, and both send it. */
export async function withJournal<T>(
  client: Pick<Client, "log">,
  path: string,
  work: (journal: Journal) => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  let lost: Error | undefined;
  const release = await lock(path, {
    realpath: false,
    stale: STALE_MS,
    update: UPDATE_MS,
    retries: RETRIES,
    onCompromised: (error) => (lost = error),
  }).catch((cause: unknown) => {
    throw new SlipwayError("JournalBusy", {
      where: path,
      expected: "one writer",
      found: `${path}.lock is held`,
      cause,
    });
  });
  try {
    const { tornBytes } = readJournal(path);
    if (tornBytes > 0)
      client.log(`${path}: the last line was cut short by a kill (${tornBytes} bytes); it is left out`);
    return await work({
      path,
      entries: () => readJournal(path).entries,
      append: (entry) => {
        if (lost !== undefined)
          throw new SlipwayError("JournalBusy", { where: path, found: "the lock was lost", cause: lost });
        appendJournal(path, entry);
      },
    });
  } finally {
    if (lost === undefined) await release();
  }
}
