import { AbiCoder, concat, encodeBytes32String, keccak256, ZeroHash } from "ethers";
import type { Fraction } from "../plan/types";
import { packSeats, type Seat } from "./seats";

/** Seats that one contract's code holds. */
export const CHUNK = 512;

/** What the registry knows a long list of validators by. */
export interface ElectorateDraft {
  root: string;
  seats: number;
  total: bigint;
  caps: [bigint, bigint, bigint];
  unit: string;
}

/** One transaction's part of a draft: its seats, and the root of what follows. */
export interface Chunk {
  seats: string[];
  rest: string;
}

/**
 * Cuts a list of validators into chunks and works out the draft that commits to all of them. `maxPower` is by class, as
 * the registry has it now.
 */
export function draftElectorate(
  seats: readonly Seat[],
  { unit, maxPower }: { unit: string; maxPower: readonly [Fraction, Fraction, Fraction] },
): { draft: ElectorateDraft; chunks: Chunk[] } {
  const packed = packSeats(seats);
  const chunks: Chunk[] = [];
  let root = ZeroHash;
  for (let first = Math.floor((packed.length - 1) / CHUNK) * CHUNK; first >= 0; first -= CHUNK) {
    const words = packed.slice(first, first + CHUNK);
    chunks.unshift({ seats: words, rest: root });
    root = chunkRoot(words, root);
  }
  const total = seats.reduce((sum, { power }) => sum + power, 0n);
  const capOf = ({ numerator, denominator }: Fraction): bigint => {
    const cap = (total * BigInt(numerator)) / BigInt(denominator);
    return cap === 0n ? 1n : cap;
  };
  const [standard, critical, emergency] = maxPower;
  return {
    draft: {
      root,
      seats: packed.length,
      total,
      caps: [capOf(standard), capOf(critical), capOf(emergency)],
      unit: encodeBytes32String(unit),
    },
    chunks,
  };
}

/** Root of a chunk and of what follows it. */
export function chunkRoot(seats: readonly string[], rest: string): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "bytes32"], [keccak256(concat(seats)), rest]));
}
