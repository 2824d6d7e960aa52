import type { Client } from "../client";
import type { Plan } from "../plan/types";
import type { Registry } from "./connect";
import { perform, type Performed } from "./perform";
import { registryLogs, type RegistryLog } from "./registryLogs";
import type { Status } from "./state";

export interface DuePoke {
  verb: string;
  reason: string;
  run(options: { isDryRun: boolean }): Promise<Performed>;
}

/**
 * The next poke that would change something: the first sight of a break, or its proof in a later block. A break that was
 * proven already has had its effect, and poking it again would only cost gas.
 */
export async function duePoke(
  client: Client,
  registry: Registry,
  { proposalId, plan, status }: { proposalId: string; plan: Plan; status: Status },
): Promise<DuePoke | undefined> {
  if (status.state !== "InProgress") return undefined;
  const cited = plan.stages[status.nextStage - 1]?.invariants ?? [];
  for (const id of cited) {
    const result = await registry.contract.getFunction("check")(proposalId, id);
    if (!result.isAvailable || result.isOk) continue;
    const [seen, cleared, proven] = await Promise.all(
      ["BreachSeen", "BreachCleared", "BreachProven"].map(async (event) =>
        (await registryLogs(client, registry, event, [proposalId, id])).at(-1),
      ),
    );
    if (proven !== undefined) continue;
    const isSeen = seen !== undefined && isBefore(cleared, seen);
    // Estimated in the block of the first sight, the proof would look like a poke that does nothing.
    if (isSeen && (await client.provider.getBlockNumber()) <= seen.blockNumber) continue;
    return {
      verb: isSeen ? "poke, proof" : "poke, first sight",
      reason: `invariant ${id} is broken`,
      run: (options) =>
        perform(client, registry, {
          ...options,
          verb: `poke ${id.slice(2, 8)}${isSeen ? " again" : ""}`,
          proposalId,
          title: plan.title,
          to: registry.address,
          data: registry.iface.encodeFunctionData("poke", [plan, id]),
          isDone: async () => {
            const later = await registryLogs(client, registry, isSeen ? "BreachProven" : "BreachSeen", [
              proposalId,
              id,
            ]);
            return later.some((log) => isBefore(seen, log));
          },
        }),
    };
  }
  return undefined;
}

function isBefore(first: RegistryLog | undefined, second: RegistryLog): boolean {
  if (first === undefined) return true;
  return first.blockNumber === second.blockNumber ? first.index < second.index : first.blockNumber < second.blockNumber;
}
