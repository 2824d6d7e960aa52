import { getAddress, toBeHex } from "ethers";
import { CALLCODE, DELEGATECALL, reachable, SELFDESTRUCT } from "../../bytecode/reachable";
import { concluding, fail, pass, skip, unknown, warn } from "./types";

const DEADLY: Record<number, string> = { [SELFDESTRUCT]: "SELFDESTRUCT", [CALLCODE]: "CALLCODE" };

export const opcodes = concluding(
  { number: 19, id: "opcodes", name: "no new code destroys itself, or runs more foreign code than stable does" },
  async ({ built, session }) => {
    const { deployments } = built;
    if (deployments.length === 0) return skip("the plan deploys nothing");
    const before = delegates(await session.client.provider.getCode(built.explain.stable));
    const deadly: string[] = [];
    const possible: string[] = [];
    const fresh: string[] = [];
    const lines: string[] = [];
    for (const { contractName, code, role, address } of deployments) {
      const { ops, isComplete } = reachable(code);
      const bad = ops.filter(({ op }) => op in DEADLY);
      (isComplete ? deadly : possible).push(
        ...bad.map(
          ({ op, pc }) => `${contractName}: ${DEADLY[op]} at byte ${pc}${isComplete ? " can be reached" : ""}`,
        ),
      );
      const own = delegates(code);
      lines.push(
        `${contractName}: ${ops.length} opcodes ${isComplete ? "can be reached" : "may be code, for some jumps are computed"}; ${own.places} DELEGATECALL`,
      );
      // A router is there to delegate; all that it may run is pinned.
      if (role !== "candidate") continue;
      const targets = [...own.targets].filter((target) => !before.targets.has(target) && target !== address);
      fresh.push(...targets.map((target) => `${contractName} delegates to ${target}, which stable does not`));
      if (own.places > before.places) {
        fresh.push(`${contractName} has ${own.places} DELEGATECALL, stable has ${before.places}`);
      }
    }
    if (deadly.length > 0) return fail([...deadly, ...lines], "take it out: behind a proxy it can end the module");
    if (possible.length > 0) {
      return unknown([...possible, ...lines], "see by its source whether anything leads there");
    }
    return fresh.length > 0
      ? warn([...fresh, ...lines], "see who decides what is delegated to: it runs on the module's storage")
      : pass(...lines);
  },
);

/** Where code hands its storage to other code, and to which, where that is a constant. */
function delegates(code: string): { places: number; targets: Set<string> } {
  const found = reachable(code).ops.filter(({ op }) => op === DELEGATECALL);
  const constant = found
    .flatMap(({ target }) => target ?? [])
    .filter((target) => target > 0xffffn && target < 1n << 160n);
  return { places: found.length, targets: new Set(constant.map((target) => getAddress(toBeHex(target, 20)))) };
}
