import type { Interface, Log, Provider, Result } from "ethers";
import { toBeHex } from "ethers";
import { SlipwayError } from "../errors";
import { logsOf } from "../registry/registryLogs";
import { isRevert } from "../simulate/sendAs";

/** What a contract answers; undefined where it has no such function, or reverts. */
export async function ask(
  provider: Provider,
  to: string,
  abi: Interface,
  name: string,
  args: unknown[] = [],
  block?: number,
): Promise<Result | undefined> {
  let answer: string;
  try {
    answer = await provider.call({ to, data: abi.encodeFunctionData(name, args), blockTag: block });
  } catch (thrown) {
    if (isRevert(thrown)) return undefined;
    throw thrown;
  }
  try {
    return abi.decodeFunctionResult(name, answer);
  } catch {
    return undefined;
  }
}

/** The first value of an answer. */
export async function askOne<T>(
  provider: Provider,
  to: string,
  abi: Interface,
  name: string,
  args: unknown[] = [],
): Promise<T | undefined> {
  return (await ask(provider, to, abi, name, args))?.[0] as T | undefined;
}

/** The same of what has to be there. */
export async function told<T>(
  provider: Provider,
  to: string,
  abi: Interface,
  name: string,
  args: unknown[] = [],
): Promise<T> {
  const found = await askOne<T>(provider, to, abi, name, args);
  if (found !== undefined) return found;
  throw new SlipwayError("GovernanceUnknown", {
    where: to,
    expected: `an answer of ${abi.getFunction(name)?.format("sighash") ?? name}`,
    found: "none",
  });
}

export interface FoundLog {
  args: Result;
  transaction: string;
  block: number;
}

/** Events of a contract up to the end of the provider's chain, or of `toBlock`; those that do not decode are another's. */
export async function events(
  provider: Provider,
  address: string,
  abi: Interface,
  name: string,
  topics: (string | null)[] = [],
  toBlock?: number,
): Promise<FoundLog[]> {
  const fragment = abi.getEvent(name)!;
  const filter = { address, topics: [fragment.topicHash, ...topics] };
  const last = toBlock ?? (await provider.getBlockNumber());
  const logs = await logsOf({ provider } as Parameters<typeof logsOf>[0], filter, 0, last);
  return logs.flatMap((log: Log) => {
    try {
      const args = abi.decodeEventLog(fragment, log.data, log.topics);
      return [{ args, transaction: log.transactionHash, block: log.blockNumber }];
    } catch {
      return [];
    }
  });
}

/** A number as a word. */
export function wordOf(value: bigint): string {
  return toBeHex(value, 32);
}
