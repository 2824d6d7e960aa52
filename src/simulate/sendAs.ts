import { AbiCoder, toQuantity, type Interface } from "ethers";
import { revertData } from "../registry/decodeRevert";
import type { Fork } from "./openFork";

/** A transaction from an account that the fork impersonates. */
export interface Traffic {
  from: string;
  to: string;
  data: string;
  value?: bigint;
  gas?: bigint;
}

export interface SentLog {
  address: string;
  topics: readonly string[];
  data: string;
}

/** What a mined transaction came to. */
export interface Sent {
  isOk: boolean;
  hash: string;
  /** Returned data, or revert data. */
  output: string;
  gasUsed: bigint;
  /** Wei that the sender paid for gas. */
  fee: bigint;
  logs: SentLog[];
}

/** What one transaction may use since Fusaka (EIP-7825): what a wallet's transaction must fit into. */
export const TRANSACTION_GAS = 2n ** 24n;

interface Receipt {
  status: string;
  gasUsed: string;
  effectiveGasPrice: string;
  logs: SentLog[];
}

/** Mines one transaction of an impersonated account, and says what it returned or why it reverted. */
export async function sendAs({ provider, hasTracer }: Fork, traffic: Traffic): Promise<Sent> {
  const { from, to, data, value = 0n, gas = TRANSACTION_GAS } = traffic;
  const request = { from, to, data, value: toQuantity(value), gas: toQuantity(gas) };
  // Without a tracer the answer is asked for beforehand.
  const asked = hasTracer ? undefined : await answerOf(() => provider.send("eth_call", [request, "latest"]));
  const hash = await minedHash(() => provider.send("eth_sendTransaction", [request]));
  const receipt = (await provider.send("eth_getTransactionReceipt", [hash])) as Receipt;
  const output = asked ?? (await tracedOutput(provider, hash));
  return {
    isOk: BigInt(receipt.status) === 1n,
    hash,
    output,
    gasUsed: BigInt(receipt.gasUsed),
    fee: BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice ?? "0x0"),
    logs: receipt.logs.map(({ address, topics, data: words }) => ({ address, topics, data: words })),
  };
}

async function tracedOutput(provider: Fork["provider"], hash: string): Promise<string> {
  const options = { tracer: "callTracer", tracerConfig: { onlyTopCall: true } };
  const frame = (await provider.send("debug_traceTransaction", [hash, options])) as { output?: string };
  return frame.output ?? "0x";
}

/** Returned data, or what it reverts with. */
async function answerOf(call: () => Promise<unknown>): Promise<string> {
  try {
    return String(await call());
  } catch (thrown) {
    if (!isRevert(thrown)) throw thrown;
    return revertData(thrown) ?? "0x";
  }
}

/** Whether a node's error is the call's own revert, and not the node's failure. */
export function isRevert(thrown: unknown): boolean {
  return revertData(thrown) !== undefined || /revert|execution error/i.test(JSON.stringify(thrown) + String(thrown));
}

/** Hardhat's node answers a mined transaction that reverted with an error, which has the hash in it. */
async function minedHash(send: () => Promise<unknown>): Promise<string> {
  try {
    return String(await send());
  } catch (thrown) {
    const hash = /"(?:txHash|transactionHash)"\s*:\s*"(0x[0-9a-f]{64})"/i.exec(JSON.stringify(thrown))?.[1];
    if (hash === undefined) throw thrown;
    return hash;
  }
}

/** A revert in words: "LimitExceeded(5, 3)", "Error(too much)", "Panic(17)". */
export interface Refusal {
  name: string;
  text: string;
}

export function refusalOf(data: string, abis: readonly Interface[]): Refusal {
  if (data === "0x") return { name: "Revert", text: "a revert without a reason" };
  for (const [selector, name, type] of [
    ["0x08c379a0", "Error", "string"],
    ["0x4e487b71", "Panic", "uint256"],
  ] as const) {
    if (!data.startsWith(selector)) continue;
    try {
      const [reason] = AbiCoder.defaultAbiCoder().decode([type], `0x${data.slice(10)}`);
      return { name, text: `${name}(${String(reason)})` };
    } catch {
      break;
    }
  }
  for (const abi of abis) {
    const found = errorIn(abi, data);
    if (found !== undefined) return found;
  }
  return { name: data.slice(0, 10), text: `revert data ${data}` };
}

function errorIn(abi: Interface, data: string): Refusal | undefined {
  try {
    const error = abi.parseError(data);
    return error === null
      ? undefined
      : { name: error.name, text: `${error.name}(${error.args.map(String).join(", ")})` };
  } catch {
    return undefined;
  }
}
