import { contain } from "../emergency/contain";
import { labelText } from "../plan/labelText";
import type { Attempt } from "./negatives";
import type { Lifecycle } from "./runLifecycle";
import { runRollback } from "./runRollback";
import type { RehearsedContainment, StorageWrite } from "./types";

/**
 * Containment `index` after `afterStages` stages, by the incident role, or by a council member where nobody holds it; then the
 * way back, which must still be open behind it. Nobody may run it: undefined.
 */
export async function runContainment(
  lifecycle: Lifecycle,
  index: number,
  afterStages: number,
  writes: readonly StorageWrite[],
): Promise<RehearsedContainment | undefined> {
  const { session, registry, plan, proposalId, actors } = lifecycle;
  const [incident] = actors.incident;
  const account = incident ?? actors.council.members[0];
  if (account === undefined) return undefined;
  const by = incident === undefined ? "council member 0" : "incident role";
  const done = await session.act({ account, role: by }, `contain ${index} after ${afterStages}`, (as) =>
    contain(as, registry, { proposalId, containment: String(index) }),
  );
  const { state, isRestored } = await runRollback(lifecycle, afterStages, writes);
  const label = labelText(plan.containments[index]?.label ?? "0x");
  return { afterStages, index, label, by, gasUsed: done.gasUsed, isRestored, state };
}

/** What nobody may do without proof. */
export function containAttempt({ registry, plan, actors }: Lifecycle, index: number, afterStages: number): Attempt {
  return {
    name: `a stranger runs containment ${index} without a breach, after stage ${afterStages - 1}`,
    by: "stranger",
    account: actors.stranger,
    to: registry.address,
    data: registry.iface.encodeFunctionData("contain", [plan, index]),
    expected: ["BreachUnproven"],
  };
}
