import { join } from "node:path";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { sendOnce } from "../journal/sendOnce";
import type { Registry } from "./connect";
import { decodeRevert } from "./decodeRevert";

/** What becomes of a transaction: sent, or written out for another signer. */
export type Out = "send" | "raw" | "safe";

export interface SendOptions {
  out?: Out;
  /** Simulate, show, send nothing. */
  isDryRun?: boolean;
}

export interface Work extends SendOptions {
  verb: string;
  /** Absent for verbs that belong to no proposal. */
  proposalId?: string;
  to: string;
  data: string;
  /** In wei. */
  value?: bigint;
  /** Whether the chain already shows the effect. */
  isDone(): Promise<boolean>;
}

/** A Safe Transaction Builder batch. */
export interface SafeBatch {
  version: "1.0";
  chainId: string;
  meta: { name: string };
  transactions: { to: string; value: string; data: string }[];
}

export type Performed = { verb: string; proposalId?: string } & (
  | { status: "already" }
  | { status: "would-send"; from: string; to: string; data: string; value: bigint }
  | { status: "raw"; transaction: { from: string; to: string; data: string; value: bigint; chainId: bigint } }
  | { status: "safe"; batch: SafeBatch }
  | { status: "confirmed"; hash: string; block: number; gasUsed: bigint }
);

/** Does one verb's transaction: asks the chain whether it is done, simulates it, then sends it once or writes it out. */
export async function perform(client: Client, registry: Registry, work: Work): Promise<Performed> {
  const named = { verb: work.verb, proposalId: work.proposalId };
  if (await work.isDone()) return { ...named, status: "already" };
  if (client.signer === undefined) throw new SlipwayError("SignerMissing", { where: work.verb });
  const from = await client.signer.getAddress();
  const value = work.value ?? 0n;
  const { to, data } = work;
  const out = work.out ?? "send";
  const { chainId } = await client.provider.getNetwork();
  if (out === "safe") {
    // The Safe is the sender, and only its owners know which one: it simulates on its own.
    const transactions = [{ to, value: value.toString(), data }];
    return {
      ...named,
      status: "safe",
      batch: { version: "1.0", chainId: chainId.toString(), meta: { name: `slipway ${work.verb}` }, transactions },
    };
  }
  try {
    await client.provider.call({ from, to, data, value });
    if (work.isDryRun === true) return { ...named, status: "would-send", from, to, data, value };
    if (out === "raw") return { ...named, status: "raw", transaction: { from, to, data, value, chainId } };
    const journal = journalOf(client, work.proposalId);
    const outcome = await sendOnce(client, {
      verb: work.verb,
      journal,
      transaction: { to, data, value },
      isDone: work.isDone,
    });
    if (outcome.status === "already") return { ...named, status: "already" };
    const { hash, blockNumber } = outcome.receipt;
    return { ...named, status: "confirmed", hash, block: blockNumber, gasUsed: outcome.gasUsed };
  } catch (thrown) {
    throw decodeRevert(thrown, registry.iface, { where: work.verb, proposalId: work.proposalId });
  }
}

/** One append-only file a plan; what belongs to no plan goes to the network's own. */
export function journalOf(client: Client, proposalId?: string): string {
  const name = proposalId === undefined ? "registry" : proposalId.slice(0, 12);
  return join(client.deploymentsDir, proposalId === undefined ? "" : "plans", `${name}.jsonl`);
}
