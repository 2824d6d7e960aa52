import { Contract, Interface, type TypedDataDomain } from "ethers";
import { readAddressBook } from "../chain/addressBook";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { registryDomain } from "./domain";
import { registryAbi } from "./registryAbi";

/** A live registry, ready to be asked. */
export interface Registry {
  address: string;
  contract: Contract;
  iface: Interface;
  domain: TypedDataDomain;
}

/** Connects to the registry of this network's address book, or to the one at `address`. */
export async function connectRegistry(client: Client, address?: string): Promise<Registry> {
  const book = readAddressBook(client.deploymentsDir);
  const at = address ?? book.addresses["registry"];
  if (at === undefined) {
    throw new SlipwayError("RegistryMissing", {
      where: book.file,
      expected: "an address named registry",
      found: "none",
      next: "npx hardhat registry deploy registry.yaml",
    });
  }
  if ((await client.provider.getCode(at)) === "0x") {
    throw new SlipwayError("RegistryMissing", {
      where: at,
      expected: "the registry's code",
      found: "no code: another chain, or a chain that was started anew",
    });
  }
  const iface = new Interface(await registryAbi(client.artifacts));
  const { chainId } = await client.provider.getNetwork();
  return {
    address: at,
    iface,
    contract: new Contract(at, iface, client.provider),
    domain: registryDomain(chainId, at),
  };
}
