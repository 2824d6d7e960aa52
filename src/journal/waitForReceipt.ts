import type { TransactionReceipt } from "ethers";
import type { Client } from "../client";

/** First and longest pause between two questions, milliseconds. */
const PAUSE_MS = { first: 25, longest: 1_000 };

/**
 * The receipt of a transaction once it is mined; null after `patience` milliseconds. Asks again and again: ethers waits for
 * the next block, and a transaction that was mined just before it began to listen would be seen one block late, or never
 * on a node that mines only what it is sent.
 */
export async function waitForReceipt(
  provider: Client["provider"],
  hash: string,
  patience: number,
): Promise<TransactionReceipt | null> {
  const end = Date.now() + patience;
  for (let pause = PAUSE_MS.first; ; pause = Math.min(pause * 2, PAUSE_MS.longest)) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt !== null || Date.now() > end) return receipt;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
