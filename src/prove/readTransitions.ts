import { encodeBytes32String, ZeroHash, type Interface, type Log, type Result } from "ethers";
import type { Artifact, Client } from "../client";
import type { Registry } from "../registry/connect";
import { logsOf } from "../registry/registryLogs";
import type { Transition } from "./types";

/** Events about a module or a scope of halts, which name no proposal. */
const ABOUT_SCOPES = ["Halted", "Lifted", "CanaryFrozen", "CanaryFreezeFailed", "CanaryTightened"];

/** Blocks and transactions, each asked for once. */
export class ChainReader {
  private readonly times = new Map<number, Promise<number>>();
  private readonly senders = new Map<string, Promise<{ by: string; to: string; data: string }>>();

  readonly client: Client;

  constructor(
    client: Client,
    private readonly iface: Interface,
    private readonly registry: string,
  ) {
    const read = new Map<string, Promise<Artifact>>();
    const once = (name: string) => {
      const known = read.get(name) ?? client.artifacts.read(name);
      read.set(name, known);
      return known;
    };
    // A router is asked at hundreds of blocks, by the same ABI.
    this.client = { ...client, artifacts: { ...client.artifacts, read: once } };
  }

  timeOf(block: number): Promise<number> {
    const known = this.times.get(block);
    if (known !== undefined) return known;
    const asked = this.client.provider.getBlock(block).then((found) => found?.timestamp ?? 0);
    this.times.set(block, asked);
    return asked;
  }

  async senderOf(hash: string): Promise<{ by: string; through: string }> {
    let asked = this.senders.get(hash);
    if (asked === undefined) {
      asked = this.client.provider.getTransaction(hash).then((found) => ({
        by: found?.from ?? "",
        to: found?.to ?? "",
        data: found?.data ?? "0x",
      }));
      this.senders.set(hash, asked);
    }
    const { by, to, data } = await asked;
    const name = to === this.registry ? this.iface.getFunction(data.slice(0, 10))?.name : undefined;
    return { by, through: name ?? (to === this.registry ? data.slice(0, 10) : to) };
  }

  async transition(log: Log, iface: Interface = this.iface): Promise<Transition | undefined> {
    const parsed = iface.parseLog(log);
    if (parsed === null) return undefined;
    return {
      event: parsed.name,
      args: plainArgs(
        parsed.fragment.inputs.map(({ name }) => name),
        parsed.args,
      ),
      block: log.blockNumber,
      timestamp: await this.timeOf(log.blockNumber),
      transaction: log.transactionHash,
      logIndex: log.index,
      ...(await this.senderOf(log.transactionHash)),
    };
  }
}

/** Everything that the registry said about a proposal, its modules' canaries and halts, in the order of the chain. */
export async function readTransitions(
  reader: ChainReader,
  registry: Registry,
  about: { proposalId: string; modules: readonly string[]; from: number; to: number },
): Promise<Transition[]> {
  const { client } = reader;
  const { proposalId, modules, from, to } = about;
  const scopes = [ZeroHash, ...modules.map((module) => encodeBytes32String(module))];
  const topicsOf = (names: readonly string[]) => names.map((name) => registry.iface.getEvent(name)!.topicHash);
  const address = registry.address;
  const logs = [
    ...(await logsOf(client, { address, topics: [null, proposalId] }, from, to)),
    ...(await logsOf(client, { address, topics: [null, null, proposalId] }, from, to)),
    ...(await logsOf(client, { address, topics: [topicsOf(ABOUT_SCOPES), scopes] }, from, to)),
  ];
  const unique = [...new Map(logs.map((log) => [`${log.blockNumber} ${log.index}`, log])).values()];
  unique.sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index);
  const found = await Promise.all(unique.map((log) => reader.transition(log)));
  return found.filter((transition) => transition !== undefined);
}

function plainArgs(names: readonly string[], args: Result): Record<string, unknown> {
  const entries = names.map((name, index) => [name, plain(args[index])] as const);
  return Object.fromEntries(entries.filter(([name]) => name !== "plan"));
}

/** Decoded values as JSON holds them. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  return value;
}
