import { keccak256, type TransactionReceipt, type TransactionRequest } from "ethers";
import { waitForReceipt } from "../chain/waitForReceipt";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { findSent } from "./findSent";
import { openSending, readJournal, type SendingEntry } from "./journal";
import { withJournal, type Journal } from "./withJournal";

export interface Step {
  verb: string;
  proposalId?: string;
  /** Journal file of the plan, or of the network for steps that belong to no plan. */
  journal: string;
  /** What to send; account, nonce and gas are filled in. Without `to` it creates a contract. */
  transaction: Pick<TransactionRequest, "data" | "value"> & { to?: string };
  /** Whether the chain already shows the step's effect. */
  /** Gas beyond the estimate, for what the contract does only where enough is left: an estimate settles where it is not done. */
  gasRoom?: bigint;
  isDone(): Promise<boolean>;
}

export type StepOutcome =
  /** `receipt`: of the transaction of an earlier run that this run waited for. */
  { status: "already"; receipt?: TransactionReceipt } | { status: "confirmed"; receipt: TransactionReceipt };

/** How long a run waits for its transaction; the journal stays open, and the next run goes on waiting. */
const WAIT_MS = 300_000;

/**
 * Sends a step at most once, however often it is called and wherever an earlier run was killed. First what an earlier run
 * sent is brought to an end, then the chain is asked, and only then is anything sent. Account and nonce are written before
 * sending: a second attempt takes the same nonce while the first is open, so that at most one of them can be mined.
 */
export async function sendOnce(client: Client, step: Step): Promise<StepOutcome> {
  if (await step.isDone()) return { status: "already" };
  return withJournal(client, step.journal, async (journal) => {
    const receipt = await settle(client, journal);
    // Only now: what was open may have been this very step.
    if (await step.isDone()) return { status: "already", receipt };
    return send(client, journal, step);
  });
}

/** Brings to an end what an earlier run of any verb may have sent; asks nobody where nothing is open. */
export async function settleJournal(client: Client, path: string): Promise<TransactionReceipt | undefined> {
  if (openSending(readJournal(path).entries) === undefined) return undefined;
  return withJournal(client, path, (journal) => settle(client, journal));
}

async function send(client: Client, journal: Journal, step: Step): Promise<StepOutcome> {
  const { provider, signer, clock } = client;
  if (signer === undefined) throw new SlipwayError("SignerMissing", { where: step.verb });
  const from = await signer.getAddress();
  const { to, data, value } = step.transaction;
  // Estimated before anything is written: a call that would revert is never sent and leaves no trace.
  const [estimate, block, nonce] = await Promise.all([
    provider.estimateGas({ from, to, data, value }),
    provider.getBlock("latest"),
    provider.getTransactionCount(from, "pending"),
  ]);
  const roomy = (estimate * 12n) / 10n + (step.gasRoom ?? 0n);
  const gasLimit = block !== null && roomy > block.gasLimit ? block.gasLimit : roomy;
  const stamp = { verb: step.verb, proposalId: step.proposalId, from, nonce };
  journal.append({
    kind: "sending",
    ...stamp,
    at: clock.now(),
    to: to ?? null,
    dataHash: keccak256(data ?? "0x"),
    block: block?.number ?? 0,
  });
  const { hash } = await signer.sendTransaction({ to, data, value, gasLimit, nonce });
  journal.append({ kind: "sent", ...stamp, at: clock.now(), hash });
  const receipt = await confirm(client, journal, stamp, hash);
  if (receipt.status !== 1) throw new SlipwayError("TransactionFailed", { where: step.verb, found: hash });
  return { status: "confirmed", receipt };
}

/** Brings what an earlier run may have sent to an end: waited for, or abandoned because it can never arrive. */
async function settle(client: Client, journal: Journal): Promise<TransactionReceipt | undefined> {
  const open = openSending(journal.entries());
  if (open === undefined) return undefined;
  const stamp = { verb: open.verb, proposalId: open.proposalId, from: open.from, nonce: open.nonce };
  const hash = open.hash ?? (await findSent(client.provider, open));
  if (hash !== undefined && (await client.provider.getTransaction(hash)) !== null) {
    client.log(`${open.verb}: ${hash} was sent by an earlier run, waiting for it`);
    if (open.hash === undefined) journal.append({ kind: "sent", ...stamp, at: client.clock.now(), hash });
    return confirm(client, journal, stamp, hash);
  }
  journal.append({ kind: "abandoned", ...stamp, at: client.clock.now(), reason: await whyLost(client, open) });
  return undefined;
}

async function whyLost(client: Client, open: SendingEntry): Promise<string> {
  const mined = await client.provider.getTransactionCount(open.from, "latest");
  if (mined > open.nonce) return "its nonce was used by another transaction";
  const pending = await client.provider.getTransactionCount(open.from, "pending");
  if (pending <= open.nonce) return "it was never broadcast";
  throw new SlipwayError("SendPending", {
    where: `${open.verb}, nonce ${open.nonce} of ${open.from}`,
    expected: "that transaction to be mined",
    found: "it is in the mempool",
  });
}

async function confirm(
  client: Client,
  journal: Journal,
  stamp: { verb: string; proposalId?: string; from: string; nonce: number },
  hash: string,
): Promise<TransactionReceipt> {
  const receipt = await waitForReceipt(client.provider, hash, WAIT_MS);
  if (receipt === undefined) {
    throw new SlipwayError("SendPending", {
      where: `${stamp.verb}, nonce ${stamp.nonce} of ${stamp.from}`,
      expected: `${hash} to be mined within ${WAIT_MS / 1000} s`,
      found: "it is still open; run the same command again to go on waiting",
    });
  }
  journal.append({
    kind: "confirmed",
    ...stamp,
    at: client.clock.now(),
    hash,
    block: receipt.blockNumber,
    gasUsed: receipt.gasUsed.toString(),
    isOk: receipt.status === 1,
  });
  return receipt;
}
