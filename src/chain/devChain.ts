import { getAddress, JsonRpcProvider, JsonRpcSigner, toQuantity, type JsonRpcApiProvider, type Provider } from "ethers";
import { waitForReceipt } from "./waitForReceipt";

/** What a cheat needs of a provider. */
export type DevProvider = Provider & { send(method: string, params: unknown[]): Promise<unknown> };

/** What was sent to a local node is mined when `send` returns: ethers' own waiting can miss the only block there is. */
class LocalProvider extends JsonRpcProvider {
  override async send(method: string, params: unknown[] | Record<string, unknown>): Promise<unknown> {
    const result: unknown = await super.send(method, params);
    if (method === "eth_sendTransaction") await waitForReceipt(this, String(result), MINING_PATIENCE);
    return result;
  }
}

/** Milliseconds; a node that mines at intervals only is left to ethers. */
const MINING_PATIENCE = 2_000;

/** A provider for a local node: answers are never cached, and a mined transaction is seen at once. */
export function devProvider(url: string): JsonRpcProvider {
  return new LocalProvider(url, undefined, {
    cacheTimeout: -1,
    polling: true,
    pollingInterval: 10,
    batchMaxCount: 1,
    // A node keeps its chain id: else every question is two.
    staticNetwork: true,
  });
}

/*
 * Anvil answers to Hardhat's names for these, so one spelling serves both nodes.
 */

const PLENTY = 10n ** 24n;

/** A signer for any account, funded, whoever has its key. */
export async function impersonate(provider: JsonRpcApiProvider, account: string): Promise<JsonRpcSigner> {
  const address = getAddress(account);
  await provider.send("hardhat_impersonateAccount", [address]);
  await setBalance(provider, address, PLENTY);
  return new JsonRpcSigner(provider, address);
}

/** Balance in wei. */
export async function setBalance(provider: DevProvider, account: string, balance: bigint): Promise<void> {
  await provider.send("hardhat_setBalance", [account, toQuantity(balance)]);
}

export async function setCode(provider: DevProvider, account: string, code: string): Promise<void> {
  await provider.send("hardhat_setCode", [account, code]);
}

/** Time of the latest block, seconds. */
export async function chainTime(provider: DevProvider): Promise<number> {
  const block = (await provider.send("eth_getBlockByNumber", ["latest", false])) as { timestamp: string };
  return Number(block.timestamp);
}

/** Moves the clock forward by `seconds` and mines one block there. */
export async function warp(provider: DevProvider, seconds: number): Promise<void> {
  await warpTo(provider, (await chainTime(provider)) + seconds);
}

/** Mines one block at `timestamp` (seconds); does nothing where that is past. */
export async function warpTo(provider: DevProvider, timestamp: number): Promise<void> {
  if (timestamp <= (await chainTime(provider))) return;
  await provider.send("evm_setNextBlockTimestamp", [timestamp]);
  await mine(provider);
}

export async function mine(provider: DevProvider, blocks = 1): Promise<void> {
  for (let block = 0; block < blocks; ++block) await provider.send("evm_mine", []);
}

export async function takeSnapshot(provider: DevProvider): Promise<string> {
  return String(await provider.send("evm_snapshot", []));
}

/** Goes back to a snapshot, which is used up by it. */
export async function revertTo(provider: DevProvider, snapshot: string): Promise<void> {
  if ((await provider.send("evm_revert", [snapshot])) !== true) throw new Error(`the node lost snapshot ${snapshot}`);
}

/** Each block one second after the one before: no wall clock in what a rehearsal records. Anvil only. */
export async function tickBySecond(provider: DevProvider): Promise<void> {
  await provider.send("anvil_setBlockTimestampInterval", [1]);
}
