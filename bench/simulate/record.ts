import type { JsonRpcProvider } from "ethers";
import { waitForReceipt } from "../../src/chain/waitForReceipt";
import type { Fork, OpenFork } from "../../src/simulate/openFork";

/** One thing that a rehearsal did to its fork. */
export type Act =
  | { kind: "send"; from: string; to?: string; data: string; value: string }
  /** With the sender's nonce, which decides where the code is. */
  | { kind: "create"; from: string; data: string; value: string; nonce: number }
  /** A cheat or a block: sent again as it was. */
  | { kind: "tell"; method: string; params: unknown[] }
  | { kind: "snapshot" }
  /** Back to the `index`th snapshot. */
  | { kind: "revert"; index: number };

const TOLD = new Set(["hardhat_impersonateAccount", "hardhat_setBalance", "evm_setNextBlockTimestamp", "evm_mine"]);

/** A fork that notes what changes it. */
export function recording(openFork: OpenFork, acts: Act[]): OpenFork {
  return async (request) => {
    const fork = await openFork(request);
    const snapshots: string[] = [];
    const send = fork.provider.send.bind(fork.provider);
    fork.provider.send = async (method: string, params: unknown[] | Record<string, unknown>) => {
      const given = params as unknown[];
      if (method === "eth_sendTransaction") {
        const { from, to, data, input, value } = given[0] as Record<string, string | undefined>;
        const sent = { from: from!, data: data ?? input ?? "0x", value: value ?? "0x0" };
        if (to === undefined) {
          const nonce = Number(await send("eth_getTransactionCount", [from, "latest"]));
          acts.push({ kind: "create", ...sent, nonce });
        } else acts.push({ kind: "send", ...sent, to });
      }
      const answer: unknown = await send(method, given);
      if (method === "evm_snapshot") {
        snapshots.push(String(answer));
        acts.push({ kind: "snapshot" });
      } else if (method === "evm_revert") {
        acts.push({ kind: "revert", index: snapshots.indexOf(String(given[0])) });
      } else if (TOLD.has(method)) {
        acts.push({ kind: "tell", method, params: given });
      }
      return answer;
    };
    return fork;
  };
}

/** The same transactions on a fork of its own, and nothing else: no question is asked, nothing is checked but that each succeeded. */
export async function repeat({ provider }: Pick<Fork, "provider">, acts: readonly Act[]): Promise<number> {
  const snapshots: unknown[] = [];
  let sent = 0;
  for (const act of acts) {
    switch (act.kind) {
      case "send":
      case "create":
        await sendAgain(provider, act);
        sent += 1;
        break;
      case "tell":
        await provider.send(act.method, act.params);
        break;
      case "snapshot":
        snapshots.push(await provider.send("evm_snapshot", []));
        break;
      case "revert":
        await provider.send("evm_revert", [snapshots[act.index]]);
    }
  }
  return sent;
}

/** More than any of them uses: nothing is estimated. */
const GAS = "0xf42400";

async function sendAgain(provider: JsonRpcProvider, act: Extract<Act, { kind: "send" | "create" }>): Promise<void> {
  const { from, data, value } = act;
  const to = act.kind === "send" ? act.to : undefined;
  const hash = await provider.send("eth_sendTransaction", [{ from, to, data, value, gas: GAS }]);
  const receipt = await waitForReceipt(provider, String(hash), 60_000);
  if (receipt?.status !== 1) throw new Error(`${String(hash)} did not succeed again`);
}
