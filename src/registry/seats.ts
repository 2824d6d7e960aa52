import { getAddress, toBeHex } from "ethers";

/** An elector and its voting power. */
export interface Seat {
  account: string;
  power: bigint;
}

/** Packs electors as the registry stores them: 160 bits of account, 96 of power, in increasing order of account. */
export function packSeats(seats: readonly Seat[]): string[] {
  return seats
    .map(({ account, power }) => (BigInt(getAddress(account)) << 96n) | power)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .map((word) => toBeHex(word, 32));
}

/** The inverse of `packSeats` for one word. */
export function unpackSeat(word: string): Seat {
  const value = BigInt(word);
  return { account: getAddress(toBeHex(value >> 96n, 20)), power: value & ((1n << 96n) - 1n) };
}
