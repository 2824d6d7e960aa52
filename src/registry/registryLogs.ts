import type { Log, Result } from "ethers";
import type { Client } from "../client";
import { readDeployment } from "./deploymentRecord";
import type { Registry } from "./connect";

export interface RegistryLog {
  args: Result;
  blockNumber: number;
  index: number;
  transactionHash: string;
}

/** Blocks asked for at once after a node refused a larger range. */
const LEAST_RANGE = 1_000;

/** Events of the registry since it was deployed. `topics` filters by indexed arguments, in order. */
export async function registryLogs(
  client: Client,
  registry: Registry,
  event: string,
  topics: (string | null)[] = [],
): Promise<RegistryLog[]> {
  const fragment = registry.iface.getEvent(event);
  if (fragment === null) throw new Error(`the registry has no event ${event}`);
  const fromBlock = readDeployment(client.deploymentsDir, registry.address)?.block ?? 0;
  const filter = { address: registry.address, topics: [fragment.topicHash, ...topics] };
  const logs = await logsOf(client, filter, fromBlock, await client.provider.getBlockNumber());
  return logs.map((log) => ({
    args: registry.iface.decodeEventLog(fragment, log.data, log.topics),
    blockNumber: log.blockNumber,
    index: log.index,
    transactionHash: log.transactionHash,
  }));
}

/** Nodes bound the range of one question, each in its own way: halve it until the node answers. */
export async function logsOf(
  client: Pick<Client, "provider">,
  filter: { address: string; topics: (string | string[] | null)[] },
  fromBlock: number,
  toBlock: number,
): Promise<Log[]> {
  if (fromBlock > toBlock) return [];
  try {
    return await client.provider.getLogs({ ...filter, fromBlock, toBlock });
  } catch (thrown) {
    if (toBlock - fromBlock < LEAST_RANGE) throw thrown;
    const middle = Math.floor((fromBlock + toBlock) / 2);
    return [
      ...(await logsOf(client, filter, fromBlock, middle)),
      ...(await logsOf(client, filter, middle + 1, toBlock)),
    ];
  }
}
