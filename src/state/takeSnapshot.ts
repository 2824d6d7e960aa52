import { keccak256, toBeHex, toUtf8Bytes, type Provider } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { canonicalJson } from "../simulate/canonicalJson";
import { FORMAT, type AccountState, type CallState, type Snapshot, type StateRequest } from "./types";

/** Questions asked of a node at once. */
const AT_ONCE = 16;

/** Reads all that the request names at one block: nothing in it depends on when or by whom it is asked. */
export async function takeSnapshot(client: Client, request: StateRequest, block?: number): Promise<Snapshot> {
  if (request.accounts.length === 0) {
    throw new SlipwayError("SnapshotEmpty", {
      where: "--accounts, --from-plan",
      expected: "accounts, or a plan whose accounts are meant",
      found: "none",
    });
  }
  const { number, hash } = await blockAt(client, block);
  const { chainId } = await client.provider.getNetwork();
  const accounts: Record<string, AccountState> = {};
  for (const account of [...new Set(request.accounts)].sort()) {
    const slots = request.slots.filter((entry) => entry.account === account).map(({ slot }) => slot);
    accounts[account] = await readAccount(client, account, { slots, block: number, hasRoot: request.hasRoot });
  }
  const calls = await inBatches(request.calls, (call) => readCall(client.provider, call, number));
  const names: Snapshot["names"] = {};
  for (const { account, slot, name } of request.slots) if (name !== undefined) (names[account] ??= {})[slot] = name;
  return sealed({
    format: FORMAT,
    chainId: chainId.toString(),
    block: { number, hash },
    accounts,
    calls: calls.sort((a, b) => compare(`${a.account} ${a.data}`, `${b.account} ${b.data}`)),
    names,
    unread: Object.fromEntries(
      Object.entries(request.unread ?? {}).map(([account, list]) => [account, [...list].sort()]),
    ),
  });
}

/** A block of this chain; the latest unless one is named. */
export async function blockAt(client: Client, block?: number): Promise<{ number: number; hash: string }> {
  const number = block ?? (await client.provider.getBlockNumber());
  const found = await client.provider.getBlock(number);
  if (found?.hash != null) return { number, hash: found.hash };
  throw new SlipwayError("OptionInvalid", { where: "--block", expected: "a block of this chain", found: `${number}` });
}

/** The snapshot with its own hash. */
export function sealed(content: Omit<Snapshot, "hash">): Snapshot {
  return { ...content, hash: hashOf(content) };
}

export function hashOf(content: Omit<Snapshot, "hash"> & { hash?: string }): string {
  return keccak256(toUtf8Bytes(canonicalJson({ ...content, hash: undefined })));
}

async function readAccount(
  { provider }: Client,
  account: string,
  { slots, block, hasRoot = false }: { slots: readonly string[]; block: number; hasRoot?: boolean },
): Promise<AccountState> {
  const [code, balance, nonce] = await Promise.all([
    provider.getCode(account, block),
    provider.getBalance(account, block),
    provider.getTransactionCount(account, block),
  ]);
  const sorted = [...new Set(slots)].sort();
  const words = await inBatches(sorted, async (slot) => toBeHex(await provider.getStorage(account, slot, block), 32));
  const state: AccountState = {
    codeHash: keccak256(code),
    balance: balance.toString(),
    nonce,
    slots: Object.fromEntries(sorted.map((slot, i) => [slot, words[i]!])),
  };
  if (!hasRoot) return state;
  const proof = (await provider.send("eth_getProof", [account, [], toBeHex(block).replace(/^0x0+(?=.)/, "0x")])) as {
    storageHash: string;
  };
  return { ...state, storageRoot: proof.storageHash };
}

async function readCall(provider: Provider, call: Omit<CallState, "result">, block: number): Promise<CallState> {
  try {
    return { ...call, result: await provider.call({ to: call.account, data: call.data, blockTag: block }) };
  } catch (thrown) {
    // Only a revert is an answer; a node that does not answer is not.
    if ((thrown as { code?: string }).code !== "CALL_EXCEPTION") throw thrown;
    return { ...call, result: "reverted" };
  }
}

async function inBatches<T, R>(list: readonly T[], act: (entry: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let i = 0; i < list.length; i += AT_ONCE) done.push(...(await Promise.all(list.slice(i, i + AT_ONCE).map(act))));
  return done;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
