import { derivedAddress } from "../chain/simulateSequence";

/** Holds no role, no votes and no key. */
export function strangerOf(): string {
  return derivedAddress("slipway.rehearsal.stranger");
}
