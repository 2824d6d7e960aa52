import { dataSlice, getAddress, getBytes } from "ethers";

const DELEGATECALL = 0xf4;
const PUSH1 = 0x60;
const PUSH20 = 0x73;
const PUSH32 = 0x7f;

/**
 * Addresses that stand as constants in code which delegatecalls: further code that may run in the caller's storage.
 * Constants are PUSH20, immutables PUSH32 with twelve zero bytes in front. Whether they hold code is the caller's question.
 */
export function delegateTargets(code: string): string[] {
  const bytes = getBytes(code);
  const found = new Set<string>();
  let delegates = false;
  for (let i = 0; i < bytes.length; i++) {
    const op = bytes[i]!;
    if (op === DELEGATECALL) delegates = true;
    if (op < PUSH1 || op > PUSH32) continue;
    const size = op - PUSH1 + 1;
    const word = bytes.subarray(i + 1, i + 1 + size);
    if (op === PUSH20 && word.length === 20) found.add(getAddress(dataSlice(word, 0)));
    if (op === PUSH32 && word.length === 32 && word.subarray(0, 12).every((byte) => byte === 0)) {
      found.add(getAddress(dataSlice(word, 12)));
    }
    i += size;
  }
  return delegates ? [...found] : [];
}
