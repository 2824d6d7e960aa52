import { getBytes, hexlify } from "ethers";

const DUP1 = 0x80;
const PUSH1 = 0x60;
const PUSH2 = 0x61;
const PUSH3 = 0x62;
const PUSH4 = 0x63;
const PUSH32 = 0x7f;
const EQ = 0x14;
const JUMPI = 0x57;

/**
 * The selectors that code compares its calldata with, as solc and Vyper write a dispatch table: `DUP1 PUSH4 selector EQ PUSH2
 * place JUMPI`. A selector that begins with a zero byte is a PUSH3.
 */
export function dispatchedSelectors(code: string): string[] {
  const bytes = getBytes(code);
  const found = new Set<string>();
  for (let i = 0; i < bytes.length; i++) {
    const op = bytes[i]!;
    if (op === DUP1 && (bytes[i + 1] === PUSH4 || bytes[i + 1] === PUSH3)) {
      const size = bytes[i + 1]! - PUSH1 + 1;
      const after = i + 2 + size;
      const place = bytes[after + 1] === PUSH2 ? 2 : bytes[after + 1] === PUSH1 ? 1 : 0;
      if (bytes[after] === EQ && place > 0 && bytes[after + 2 + place] === JUMPI) {
        const selector = hexlify(bytes.subarray(i + 2, after)).slice(2);
        found.add(`0x${selector.padStart(8, "0")}`);
      }
    }
    if (op >= PUSH1 && op <= PUSH32) i += op - PUSH1 + 1;
  }
  return [...found].sort();
}
