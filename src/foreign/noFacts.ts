import type { GovernanceFacts } from "./types";

/** Nothing is known yet. */
export function noFacts(): GovernanceFacts {
  return {
    hashes: [],
    stored: [],
    rivals: [],
    pending: 0,
    counters: [],
    faults: [],
    people: new Map(),
    circumstances: [],
    sentAlong: 0n,
    apart: [],
  };
}
