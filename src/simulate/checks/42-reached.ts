import { delegateTargets } from "../../chain/delegateTargets";
import { settledFrames } from "../../trace/settledFrames";
import { concluding, fail, wholeOr } from "./types";

/** Below it are the precompiles. */
const RESERVED = 1n << 16n;

/**
 * Code that runs on a module's storage while a stage runs, as the trace shows it. What is passed as an argument and delegated to is no target of a
 * call: unless it is pinned, whoever may change it decides after the vote what the stage does.
 */
export const reached = concluding(
  {
    number: 42,
    id: "reached",
    name: "all code that stages run on a module's storage is pinned",
  },
  ({ runs, plan, notes, registry, timelock, built }) => {
    const modules = new Set(notes.initial.map(({ account }) => account));
    // What a router delegates to stands in its code as a constant: its versions, and a control whose address names its code.
    const created = built.deployments.flatMap(({ address, code, role }) => [
      address,
      ...(role === "router" ? delegateTargets(code) : []),
    ]);
    const own = new Set([registry.address, timelock, ...created]);
    const seen = new Set<string>();
    const loose = new Set<string>();
    for (const { trace, stage } of runs) {
      const pinned = new Set((plan.stages[stage.index]?.pins ?? []).map(({ account }) => account));
      for (const { type, from, to } of settledFrames(trace.root)) {
        const isForeign = (type === "DELEGATECALL" || type === "CALLCODE") && modules.has(from) && !own.has(from);
        if (!isForeign || BigInt(to) < RESERVED) continue;
        seen.add(to);
        if (!pinned.has(to) && !own.has(to)) loose.add(`stage ${stage.index}: ${to} runs on the storage of ${from}`);
      }
    }
    const evidence = [`${seen.size} codes ran on modules' storage, ${loose.size} of them without a pin`, ...loose];
    if (loose.size > 0) {
      return fail(evidence, "name these accounts in the plan file, so that other code is refused: pins: [0x…]");
    }
    return wholeOr(runs.length === plan.stages.length, evidence);
  },
);
