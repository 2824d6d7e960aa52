import { ZeroAddress, type Provider } from "ethers";
import { beaconImplementation } from "./beacon";
import { readSlots } from "./erc1967";

/** The code behind an ERC-1967 proxy or a beacon; the account itself where it is neither. */
export async function implementationOf(provider: Provider, account: string): Promise<string> {
  const { implementation, beacon } = await readSlots(provider, account);
  if (implementation !== ZeroAddress) return implementation;
  return (await beaconImplementation(provider, beacon === ZeroAddress ? account : beacon)) ?? account;
}
