import { getAddress, type Provider } from "ethers";
import type { Call } from "../plan/types";
import { COMPOUND_TIMELOCK, CONTROLLER } from "./abis";
import { askOne, events } from "./ask";

/** How long a timelock makes everything wait, and how long it may be executed after that. */
export async function delayOf(
  provider: Provider,
  timelock: string,
): Promise<{ delay: bigint; grace?: bigint } | undefined> {
  const minimum = await askOne<bigint>(provider, timelock, CONTROLLER, "getMinDelay");
  if (minimum !== undefined) return { delay: minimum };
  const [delay, grace] = await Promise.all([
    askOne<bigint>(provider, timelock, COMPOUND_TIMELOCK, "delay"),
    askOne<bigint>(provider, timelock, COMPOUND_TIMELOCK, "GRACE_PERIOD"),
  ]);
  return delay === undefined ? undefined : { delay, grace };
}

/** What waits in a timelock besides these operations, and which of it calls the same accounts. */
export async function rivalsOf(
  provider: Provider,
  timelock: string,
  calls: readonly Call[],
  own: readonly string[],
): Promise<{ rivals: string[]; pending: number }> {
  const touched = new Set(calls.map(({ target }) => getAddress(target)));
  const found = new Map<string, { target: string; data: string; isPending: boolean }[]>();
  const add = async (
    id: string,
    target: string,
    data: string,
    question: [typeof CONTROLLER, string],
  ): Promise<void> => {
    if (own.includes(id)) return;
    const isPending = (await askOne<boolean>(provider, timelock, ...question, [id])) ?? false;
    found.set(id, [...(found.get(id) ?? []), { target, data, isPending }]);
  };
  for (const { args } of await events(provider, timelock, CONTROLLER, "CallScheduled")) {
    await add(args.getValue("id") as string, args.getValue("target") as string, args.getValue("data") as string, [
      CONTROLLER,
      "isOperationPending",
    ]);
  }
  const [now, grace] = await Promise.all([
    provider.getBlock("latest"),
    askOne<bigint>(provider, timelock, COMPOUND_TIMELOCK, "GRACE_PERIOD"),
  ]);
  for (const { args } of await events(provider, timelock, COMPOUND_TIMELOCK, "QueueTransaction")) {
    // What was never executed stays queued, and cannot be executed any more.
    if (grace !== undefined && (args.getValue("eta") as bigint) + grace < BigInt(now?.timestamp ?? 0)) continue;
    const what = (args.getValue("signature") as string) || (args.getValue("data") as string).slice(0, 10);
    await add(args.getValue("txHash") as string, args.getValue("target") as string, what, [
      COMPOUND_TIMELOCK,
      "queuedTransactions",
    ]);
  }
  const pending = [...found].filter(([, all]) => all.some(({ isPending }) => isPending));
  return {
    pending: pending.length,
    rivals: pending.flatMap(([id, all]) =>
      all
        .filter(({ target }) => touched.has(getAddress(target)))
        .map(({ target, data }) => `${id} is pending, and calls ${data.slice(0, 40)} on ${target}`),
    ),
  };
}
