import { AbiCoder, keccak256 } from "ethers";
import type { Call } from "../plan/types";

/** Calls as one line that tells them apart. */
export function callsText(calls: readonly Call[]): string {
  return `${calls.length} calls, hash ${callsHash(calls)}`;
}

/** keccak256 of targets, values and data, in their order. */
export function callsHash(calls: readonly Call[]): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["address[]", "uint256[]", "bytes[]"],
      [calls.map(({ target }) => target), calls.map(({ value }) => value), calls.map(({ data }) => data)],
    ),
  );
}
