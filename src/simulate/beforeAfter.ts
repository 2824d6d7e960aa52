import type { PlanImpact } from "../impact/types";
import type { Parameter } from "./readParameters";
import type { BeforeAfter, ModuleState } from "./types";

/** What the plan moves, as people name it: pointers, power, and what the modules answer. */
export function beforeAfter(params: {
  initial: readonly ModuleState[];
  final: readonly ModuleState[];
  roles: PlanImpact["roles"];
  parameters: { before: readonly Parameter[]; after: readonly Parameter[] };
}): BeforeAfter[] {
  const { initial, final, roles, parameters } = params;
  const proxies = initial.flatMap((was, i) => {
    const now = final[i];
    const slots = (["implementation", "admin", "beacon"] as const).map((slot) => ({
      what: `${was.module} ${slot}`,
      before: was.slots[slot],
      after: now?.slots[slot] ?? "not reached",
    }));
    const version = {
      what: `${was.module} version`,
      before: String(was.version),
      after: now === undefined ? "not reached" : String(now.version),
    };
    return [...slots, version].filter(({ before, after }) => before !== after);
  });
  const known = new Map(parameters.before.map(({ what, value }) => [what, value]));
  const answers = parameters.after
    .map(({ what, value }) => ({ what, before: known.get(what) ?? "not there", after: value }))
    .filter(({ before, after }) => before !== after);
  const gone = parameters.before
    .filter(({ what }) => !parameters.after.some((row) => row.what === what))
    .map(({ what, value }) => ({ what, before: value, after: final.length === 0 ? "not reached" : "not there" }));
  return [
    ...proxies.map((row) => ({ group: "proxies" as const, ...row })),
    ...roles.map(({ what, account, where, before, after }) => ({
      group: "roles" as const,
      what: `${what} of ${account} (${where})`,
      before,
      after,
    })),
    ...[...answers, ...gone].map((row) => ({ group: "parameters" as const, ...row })),
  ];
}
