import { BrowserProvider, type JsonRpcSigner } from "ethers";
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

/** The account that signs: `--as ADDRESS`, else the network's first. */
export async function signerFor(provider: BrowserProvider, as: string | undefined): Promise<JsonRpcSigner> {
  const accounts = (await provider.send("eth_accounts", [])) as string[];
  if (as === undefined) {
    const first = accounts[0];
    if (first === undefined) {
      throw new SlipwayError("SignerMissing", { expected: "an account of this network", found: "none" });
    }
    return provider.getSigner(first);
  }
  const isOwn = accounts.some((account) => account.toLowerCase() === as.toLowerCase());
  if (!isOwn) {
    if (!(await isDevNode(provider))) {
      throw new SlipwayError("SignerMissing", {
        where: "--as",
        expected: `the key of ${as}`,
        found: "no such account",
      });
    }
    await provider.send("hardhat_impersonateAccount", [as]);
  }
  return provider.getSigner(as);
}
