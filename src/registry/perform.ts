import { join } from "node:path";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { planPaths } from "../journal/planPaths";
import { sendOnce, settleJournal } from "../journal/sendOnce";
import type { Registry } from "./connect";
import { decodeRevert, type RevertContext } from "./decodeRevert";

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
  /** The plan's title, for the name of a journal that this step starts. */
  title?: string;
  /** What helps to explain a revert. */
  context?: Partial<RevertContext>;
  /** Gas beyond the estimate; see `sendOnce`. */
  gasRoom?: bigint;
  /** Whether the chain already shows the effect. */
  isDone(): Promise<boolean>;
}

/** A batch for Safe's Transaction Builder. */
export interface SafeBatch {
  version: "1.0";
  chainId: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  meta: { name: string; description: string; txBuilderVersion: string; createdFromSafeAddress: string };
  transactions: { to: string; value: string; data: string; contractMethod: null; contractInputsValues: null }[];
}

export interface RawTransaction {
  from: string;
  to: string;
  data: string;
  value: bigint;
  chainId: bigint;
}

export type Performed = { verb: string; proposalId?: string } &
  /** `hash`: of the transaction of an earlier run that this run waited for. */
  (
    | { status: "already"; hash?: string }
    | { status: "would-send"; transaction: RawTransaction }
    | { status: "raw"; transaction: RawTransaction }
    | { status: "safe"; batch: SafeBatch }
    | { status: "confirmed"; hash: string; block: number; gasUsed: bigint }
  );

/** Does one verb's transaction: asks the chain whether it is done, simulates it, then sends it once or writes it out. */
export async function perform(client: Client, registry: Registry, work: Work): Promise<Performed> {
  const named = { verb: work.verb, proposalId: work.proposalId };
  const out = work.out ?? "send";
  const journal = journalOf(client, work.proposalId, work.title);
  if (await work.isDone()) {
    // Perhaps by a run that was killed before it could write so.
    const receipt = out === "send" && work.isDryRun !== true ? await settleJournal(client, journal) : undefined;
    return { ...named, status: "already", hash: receipt?.hash };
  }
  const from = await client.signer?.getAddress();
  const { chainId } = await client.provider.getNetwork();
  const { to, data, value = 0n } = work;
  if (from === undefined) {
    // The Safe is the sender. Where it was not named with --as, only its owners know it, and Safe simulates by itself.
    if (out === "safe" && work.isDryRun !== true)
      return { ...named, status: "safe", batch: batchOf(client, work, chainId) };
    throw new SlipwayError("SignerMissing", {
      where: work.verb,
      expected: "--as ADDRESS, or an account of the network",
    });
  }
  const transaction = { from, to, data, value, chainId };
  try {
    await client.provider.call({ from, to, data, value });
    if (work.isDryRun === true) return { ...named, status: "would-send", transaction };
    if (out === "raw") return { ...named, status: "raw", transaction };
    if (out === "safe") return { ...named, status: "safe", batch: batchOf(client, work, chainId, from) };
    const outcome = await sendOnce(client, {
      verb: work.verb,
      proposalId: work.proposalId,
      journal,
      transaction: { to, data, value },
      gasRoom: work.gasRoom,
      isDone: work.isDone,
    });
    if (outcome.status === "already") return { ...named, status: "already", hash: outcome.receipt?.hash };
    const { hash, blockNumber, gasUsed } = outcome.receipt;
    return { ...named, status: "confirmed", hash, block: blockNumber, gasUsed };
  } catch (thrown) {
    const block = await client.provider.getBlockNumber();
    const context = { where: work.verb, proposalId: work.proposalId, block, ...work.context };
    throw decodeRevert(thrown, registry.iface, context);
  }
}

/** One append-only file a plan; what belongs to no plan goes to the network's own. */
export function journalOf(client: Client, proposalId?: string, title?: string): string {
  if (proposalId === undefined) return join(client.deploymentsDir, "registry.jsonl");
  return planPaths(client.deploymentsDir, proposalId, title).journal;
}

function batchOf(client: Client, work: Work, chainId: bigint, safe = ""): SafeBatch {
  const { to, data, value = 0n } = work;
  return {
    version: "1.0",
    chainId: chainId.toString(),
    createdAt: client.clock.now() * 1000,
    meta: {
      name: `slipway ${work.verb}`,
      description: work.proposalId === undefined ? "" : `proposal ${work.proposalId}`,
      txBuilderVersion: "1.16.5",
      createdFromSafeAddress: safe,
    },
    transactions: [{ to, value: value.toString(), data, contractMethod: null, contractInputsValues: null }],
  };
}
