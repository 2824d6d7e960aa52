import { getAddress, Interface, type Provider } from "ethers";
import { readProbe } from "../plan/probe";
import type { Probe } from "../plan/types";

/** OpenZeppelin's `UpgradeableBeacon`. */
export const BEACON_ABI = new Interface([
  "function implementation() view returns (address)",
  "function upgradeTo(address implementation)",
  "function owner() view returns (address)",
]);

/** The question that every beacon answers, and that a gate can ask. */
export function implementationProbe(beacon: string): Probe {
  return { target: beacon, data: BEACON_ABI.encodeFunctionData("implementation"), gas: 100_000n };
}

/** What a beacon names; undefined where the account is none. */
export async function beaconImplementation(provider: Provider, beacon: string): Promise<string | undefined> {
  const word = await readProbe(provider, implementationProbe(beacon));
  if (word === undefined || word === 0n || word >> 160n !== 0n) return undefined;
  return getAddress(`0x${word.toString(16).padStart(40, "0")}`);
}
