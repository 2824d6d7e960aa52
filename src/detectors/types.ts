/** What a detector saw: one row an excess, with what was expected and what was found. No score, and no sum of them. */
export interface Finding<Kind extends string = string> {
  kind: Kind;
  /** What it is about: a selector, a pair, an account. */
  subject: string;
  expected: string;
  found: string;
}

/** Basis points of a whole. */
export const WHOLE = 10_000n;

/** `part / whole` in basis points, rounded up: an excess is never rounded away. Of nothing, anything is endless. */
export function bpsOf(part: bigint, whole: bigint): bigint {
  if (part === 0n) return 0n;
  return whole === 0n ? 2n ** 256n - 1n : (part * WHOLE + whole - 1n) / whole;
}

export function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}

/** "0.5%" of 50. */
export function percent(bps: bigint): string {
  return bps >= 2n ** 255n ? "of nothing" : `${Number(bps) / 100}%`;
}
