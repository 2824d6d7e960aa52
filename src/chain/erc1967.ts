import { AbiCoder, dataSlice, getAddress, keccak256, toBeHex, ZeroAddress, type Provider } from "ethers";

/** The slots of ERC-1967: `keccak256("eip1967.proxy.<name>") - 1`. */
export const SLOTS = {
  implementation: "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
  admin: "0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103",
  beacon: "0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50",
} as const;

/** Where Axelar's `EternalStorage` keeps an address of this name: in its third mapping. */
export function eternalSlot(key: string): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [key, 2]));
}

/** Axelar's gateway keeps its implementation there, under the name of ERC-1967's slot. */
export const ETERNAL_IMPLEMENTATION = eternalSlot(SLOTS.implementation);

/** What the three slots of an account hold; the zero address where a slot is empty. */
export interface ProxySlots {
  implementation: string;
  admin: string;
  beacon: string;
}

/** Reads an account's ERC-1967 slots. No opcode reads a foreign slot, so this is the off-chain half of a check. */
export async function readSlots(
  provider: Provider,
  account: string,
  block: number | "latest" = "latest",
): Promise<ProxySlots> {
  const [implementation, admin, beacon] = await Promise.all(
    [SLOTS.implementation, SLOTS.admin, SLOTS.beacon].map((slot) => addressAt(provider, account, slot, block)),
  );
  const isElsewhere = implementation === ZeroAddress && beacon === ZeroAddress;
  return {
    implementation: isElsewhere ? await addressAt(provider, account, ETERNAL_IMPLEMENTATION, block) : implementation!,
    admin: admin!,
    beacon: beacon!,
  };
}

/** The address in one slot of an account; the zero address where it is empty. */
export async function addressAt(
  provider: Provider,
  account: string,
  slot: string,
  block: number | "latest" = "latest",
): Promise<string> {
  const value = await provider.getStorage(account, slot, block);
  return BigInt(value) === 0n ? ZeroAddress : getAddress(dataSlice(toBeHex(value, 32), 12));
}
