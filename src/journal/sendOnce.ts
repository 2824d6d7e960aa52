import { keccak256, type TransactionReceipt, type TransactionRequest } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { appendJournal, openSending, readJournal } from "./journal";

export interface Step {
  verb: string;
  /** Journal file of the plan, or of the network for steps that belong to no plan. */
  journal: string;
  /** What to send; `from` and `nonce` are filled in. */
  transaction: TransactionRequest & { to: string };
  /** Whether the chain already shows the step's effect. */
  isDone(): Promise<boolean>;
}

export type StepOutcome = { status: "already" } | { status: "confirmed"; receipt: TransactionReceipt; gasUsed: bigint };

/**
 * Sends a step at most once, however often it is called and wherever an earlier run was killed: the chain is asked
 * first, then the journal. An earlier send whose fate is open is waited for, never repeated beside it.
 */
export async function sendOnce(client: Client, step: Step): Promise<StepOutcome> {
  if (await step.isDone()) return { status: "already" };
  const signer = client.signer;
  if (signer === undefined) throw new SlipwayError("SignerMissing", { where: step.verb });
  const from = await signer.getAddress();

  const open = openSending(readJournal(step.journal).entries);
  if (open !== undefined) {
    const settled = await settle(client, step, open);
    if (settled !== undefined) return settled;
  }

  const nonce = await client.provider.getTransactionCount(from, "pending");
  const data = String(step.transaction.data ?? "0x");
  const stamp = { verb: step.verb, from, nonce };
  // Estimated before anything is written: a call that would revert is never sent and leaves no trace.
  const gasLimit = ((await client.provider.estimateGas({ ...step.transaction, from })) * 12n) / 10n;
  appendJournal(step.journal, {
    kind: "sending",
    ...stamp,
    at: client.clock.now(),
    to: step.transaction.to,
    dataHash: keccak256(data),
  });
  const response = await signer.sendTransaction({ gasLimit, ...step.transaction, nonce });
  appendJournal(step.journal, { kind: "sent", ...stamp, at: client.clock.now(), hash: response.hash });
  return confirm(client, step, { from, nonce, hash: response.hash });
}

/** Finds out what became of an earlier send. Undefined: it will never arrive, and was abandoned. */
async function settle(
  client: Client,
  step: Step,
  open: { verb: string; from: string; nonce: number; hash?: string },
): Promise<StepOutcome | undefined> {
  const { hash } = open;
  if (hash !== undefined && (await client.provider.getTransaction(hash)) !== null) {
    client.log(`${open.verb}: waiting for ${hash}, sent by an earlier run`);
    const outcome = await confirm(client, { ...step, verb: open.verb }, { ...open, hash });
    return open.verb === step.verb || (await step.isDone()) ? outcome : undefined;
  }
  const mined = await client.provider.getTransactionCount(open.from, "latest");
  const pending = await client.provider.getTransactionCount(open.from, "pending");
  if (mined <= open.nonce && pending > open.nonce) {
    throw new SlipwayError("SendPending", {
      where: `${open.verb}, nonce ${open.nonce} of ${open.from}`,
      expected: "an earlier transaction to be mined first",
      found: "it is still in the mempool",
    });
  }
  appendJournal(step.journal, {
    kind: "abandoned",
    verb: open.verb,
    at: client.clock.now(),
    from: open.from,
    nonce: open.nonce,
    reason:
      mined > open.nonce ? "its nonce was used, and the chain does not show its effect" : "it was never broadcast",
  });
  return undefined;
}

async function confirm(
  client: Client,
  step: Step,
  sent: { from: string; nonce: number; hash: string },
): Promise<StepOutcome> {
  const receipt = await client.provider.waitForTransaction(sent.hash);
  if (receipt === null) throw new SlipwayError("TransactionLost", { where: step.verb, found: sent.hash });
  const isOk = receipt.status === 1;
  appendJournal(step.journal, {
    kind: "confirmed",
    verb: step.verb,
    at: client.clock.now(),
    from: sent.from,
    nonce: sent.nonce,
    hash: sent.hash,
    block: receipt.blockNumber,
    gasUsed: receipt.gasUsed.toString(),
    isOk,
  });
  if (!isOk) throw new SlipwayError("TransactionFailed", { where: step.verb, found: sent.hash });
  return { status: "confirmed", receipt, gasUsed: receipt.gasUsed };
}
