import { AbiCoder, keccak256 } from "ethers";
import type { Invariant } from "./types";

const PROBE = "tuple(address target, bytes data, uint64 gas)";
/** `Condition` and `Invariant` for the ABI coder. */
export const CONDITION_TYPE = `tuple(${PROBE} left, uint8 op, uint8 rightKind, ${PROBE} right, uint256 constantValue, uint256 tolerance, uint16 toleranceBps)`;
export const INVARIANT_TYPE = `tuple(string name, uint8 category, uint8 severity, string owner, uint8 action, bool isIrreversible, ${CONDITION_TYPE} condition)`;

/** `keccak256(abi.encode(invariant))`: the catalogue is addressed by content. */
export function invariantIdOf(invariant: Invariant): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode([INVARIANT_TYPE], [invariant]));
}
