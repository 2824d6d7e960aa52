import type { Provider, TransactionReceipt } from "ethers";

/** Pause between two questions, and how it grows on a chain that takes its time; milliseconds. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 2_000;

/**
 * Asks for a receipt until there is one; undefined once `patience` milliseconds are over. Ethers' own waiting looks at new
 * blocks: where a node mines only when something is sent, a block that came before the first look is the last one, and the
 * wait never ends.
 */
export async function waitForReceipt(
  provider: Pick<Provider, "getTransactionReceipt">,
  hash: string,
  patience: number,
): Promise<TransactionReceipt | undefined> {
  let pause = FIRST_PAUSE;
  for (let waited = 0; ; waited += pause) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt !== null) return receipt;
    if (waited >= patience) return undefined;
    pause = Math.min(pause * 2, LONGEST_PAUSE, patience - waited);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
