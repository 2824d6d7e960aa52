import type { TypedDataDomain } from "ethers";

/** EIP-712 domain of a registry: what every plan's id and every signature is bound to. */
export function registryDomain(chainId: bigint, verifyingContract: string): TypedDataDomain {
  return { name: "Slipway UpgradeRegistry", version: "1", chainId, verifyingContract };
}
