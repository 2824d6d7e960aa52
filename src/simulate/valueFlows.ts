import { AbiCoder, dataSlice, getAddress, id, ZeroAddress, zeroPadValue } from "ethers";
import type { Client } from "../client";
import { settledFrames, settledLogs } from "../trace/settledFrames";
import type { TracedCall, TracedLog, TransactionTrace } from "../trace/types";
import type { ValueFlow } from "./types";

const TRANSFER = id("Transfer(address,address,uint256)");
const APPROVAL = id("Approval(address,address,uint256)");
const APPROVAL_FOR_ALL = id("ApprovalForAll(address,address,bool)");
const TRANSFER_SINGLE = id("TransferSingle(address,address,address,uint256,uint256)");
const TRANSFER_BATCH = id("TransferBatch(address,address,address,uint256[],uint256[])");

/** Frames that move ether by themselves; DELEGATECALL only hands the value on. */
const PAYING = new Set<TracedCall["type"]>(["CALL", "CREATE", "CREATE2", "SELFDESTRUCT"]);

export type Payment = Omit<ValueFlow, "stage" | "asset">;

/** Somebody may spend what is somebody else's. */
export interface Allowance {
  token: string;
  owner: string;
  spender: string;
  /** 0: taken back. All of them, of an ERC-721 or ERC-1155: the largest word. */
  amount: bigint;
}

/** Ether by the frames that paid it, tokens by what they logged (ERC-20, 721, 1155). */
export function paymentsOf({ root }: TransactionTrace): Payment[] {
  const ether = [...settledFrames(root)]
    .filter(({ type, value }) => value > 0n && PAYING.has(type))
    .map(({ from, to, value }) => ({ from, to, amount: value }));
  return [...ether, ...settledLogs(root).flatMap((log) => tokenPayments(log))];
}

/** What allowances were set; the last one of each owner and spender stands. */
export function allowancesOf({ root }: TransactionTrace): Allowance[] {
  const set = new Map<string, Allowance>();
  for (const log of settledLogs(root)) {
    const allowance = allowanceOf(log);
    if (allowance !== undefined) set.set(`${allowance.token} ${allowance.owner} ${allowance.spender}`, allowance);
  }
  return [...set.values()];
}

function allowanceOf({ address, topics, data }: TracedLog): Allowance | undefined {
  const [kind, owner, spender, item] = topics;
  if (owner === undefined || spender === undefined) return undefined;
  const between = { token: address, owner: addressOf(owner), spender: addressOf(spender) };
  if (kind === APPROVAL && item === undefined && data.length === 66) return { ...between, amount: BigInt(data) };
  // An ERC-721: one item, to nobody where it is taken back.
  if (kind === APPROVAL && item !== undefined) return { ...between, amount: BigInt(spender) === 0n ? 0n : 1n };
  if (kind === APPROVAL_FOR_ALL && data.length === 66) {
    return { ...between, amount: BigInt(data) === 0n ? 0n : 2n ** 256n - 1n };
  }
  return undefined;
}

function tokenPayments({ address, topics, data }: TracedLog): Payment[] {
  const [kind, a, b, c] = topics;
  if (kind === TRANSFER && a !== undefined && b !== undefined) {
    const between = { token: address, from: addressOf(a), to: addressOf(b) };
    if (c !== undefined) return [{ ...between, amount: 1n }];
    return data.length === 66 ? [{ ...between, amount: BigInt(data) }] : [];
  }
  if (b === undefined || c === undefined) return [];
  const between = { token: address, from: addressOf(b), to: addressOf(c) };
  if (kind === TRANSFER_SINGLE && data.length === 130) {
    return [{ ...between, amount: BigInt(dataSlice(data, 32, 64)) }];
  }
  if (kind !== TRANSFER_BATCH) return [];
  const [, amounts] = AbiCoder.defaultAbiCoder().decode(["uint256[]", "uint256[]"], data);
  return (amounts as bigint[]).map((amount) => ({ ...between, amount }));
}

function addressOf(topic: string): string {
  return getAddress(dataSlice(topic, 12));
}

/** The asset's smallest unit's name: "ether" in wei, or a token's symbol where it tells one. */
export async function assetName({ provider }: Client, token: string | undefined): Promise<string> {
  if (token === undefined) return "wei";
  const answer = await ask(provider, token, id("symbol()").slice(0, 10), "latest");
  if (answer === undefined || answer === "0x") return "token";
  // Old tokens answer with a word instead of a string.
  const bytes = answer.length === 66 ? answer : `0x${answer.slice(130)}`;
  const words = Buffer.from(bytes.slice(2), "hex").toString("utf8").replaceAll("\u0000", "");
  return /^[\x21-\x7e]{1,24}$/.test(words) ? words : "token";
}

/** What `holder` has of an asset at the end of a block; undefined where the asset does not tell. */
export async function balanceAt(
  { provider }: Client,
  token: string | undefined,
  holder: string,
  block: number,
): Promise<bigint | undefined> {
  if (token === undefined) return provider.getBalance(holder, block);
  if (holder === ZeroAddress) return undefined;
  const data = `${id("balanceOf(address)").slice(0, 10)}${zeroPadValue(holder, 32).slice(2)}`;
  const answer = await ask(provider, token, data, `0x${block.toString(16)}`);
  return answer?.length === 66 ? BigInt(answer) : undefined;
}

/** Undefined where the call reverts. */
async function ask(provider: Client["provider"], to: string, data: string, block: string): Promise<string | undefined> {
  return provider.call({ to, data, gasLimit: 200_000n, blockTag: block }).catch((thrown: { code?: string }) => {
    if (thrown.code === "CALL_EXCEPTION") return undefined;
    throw thrown;
  });
}
