import { labelText } from "../plan/labelText";
import type { Call, Plan } from "../plan/types";

/** Every call of a plan with its place: "stage 0 "canary 5%", call 1". */
export function planCalls(plan: Plan): { where: string; call: Call }[] {
  const batch = (name: string, calls: readonly Call[]) =>
    calls.map((call, i) => ({ where: `${name}, call ${i}`, call }));
  return [
    ...plan.stages.flatMap(({ label, calls }, i) => batch(`stage ${i} "${labelText(label)}"`, calls)),
    ...plan.rollbacks.flatMap(({ calls }, i) => batch(`way back ${i}`, calls)),
    ...plan.containments.flatMap(({ label, calls }, i) => batch(`containment ${i} "${labelText(label)}"`, calls)),
  ];
}
