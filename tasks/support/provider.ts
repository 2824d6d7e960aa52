import { BrowserProvider, isAddress, type JsonRpcSigner } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { SlipwayError } from "../../src/errors";

/** Ethers' own provider over Hardhat's: complete where `hre.ethers.provider` is not, and without a cache of answers. */
export function providerOf(hre: HardhatRuntimeEnvironment): BrowserProvider {
  return new BrowserProvider(hre.network.provider, undefined, { cacheTimeout: -1, pollingInterval: 100 });
}

/** Whether the node takes cheats: only there may a task act for an account whose key it does not have. */
export async function isDevNode(provider: BrowserProvider): Promise<boolean> {
  const version = String(await provider.send("web3_clientVersion", []));
  return /anvil|hardhat/i.test(version);
}

/**
 * The account that signs: `--as ADDRESS`, else the network's first, else none. An account without a key here is
 * impersonated on a development node; elsewhere it is refused, unless nothing is to be signed (`isKeyless`).
 */
export async function signerFor(
  provider: BrowserProvider,
  as: string | undefined,
  isKeyless: boolean,
): Promise<JsonRpcSigner | undefined> {
  const accounts = (await provider.send("eth_accounts", [])) as string[];
  if (as === undefined) return accounts[0] === undefined ? undefined : provider.getSigner(accounts[0]);
  if (!isAddress(as)) {
    throw new SlipwayError("OptionInvalid", { where: "--as", expected: "an address", found: as });
  }
  const isOwn = accounts.some((account) => account.toLowerCase() === as.toLowerCase());
  if (isOwn) return provider.getSigner(as);
  if (isKeyless) return undefined;
  if (!(await isDevNode(provider))) {
    throw new SlipwayError("SignerMissing", {
      where: "--as",
      expected: `one of ${accounts.length === 0 ? "no accounts of this network" : accounts.join(", ")}`,
      found: as,
      next: "use --out raw or --out safe for an account whose key is elsewhere",
    });
  }
  await provider.send("hardhat_impersonateAccount", [as]);
  return provider.getSigner(as);
}
