import { getAddress, Interface } from "ethers";
import type { Call, Plan } from "./types";

const UPGRADES = new Interface([
  "function upgrade(address proxy, address implementation)",
  "function upgradeAndCall(address proxy, address implementation, bytes data)",
  "function upgradeTo(address implementation)",
  "function upgradeToAndCall(address implementation, bytes data)",
  "function upgrade(address implementation, bytes32 codeHash, bytes params)",
]);

/**
 * The implementation that `proxy` must hold once `executed` stages of the plan have run: that of the last upgrade among
 * them, or, before any, the one that the plan's rollback goes back to. Undefined where the plan does not move the proxy.
 */
export function pointerAfter(plan: Plan, proxy: string, executed: number): string | undefined {
  const done = plan.stages.slice(0, executed).flatMap((stage) => stage.calls);
  const moved = lastUpgrade(done, proxy);
  if (moved !== undefined) return moved;
  return lastUpgrade(plan.rollbacks[0]?.calls ?? [], proxy);
}

/** Where the last of these calls points `proxy` to. */
export function lastUpgrade(calls: readonly Call[], proxy: string): string | undefined {
  return calls
    .map((call) => upgradeOf(call))
    .filter((upgrade) => upgrade !== undefined && upgrade.proxy === getAddress(proxy))
    .at(-1)?.implementation;
}

function upgradeOf(call: Call): { proxy: string; implementation: string } | undefined {
  const parsed = UPGRADES.parseTransaction({ data: call.data });
  if (parsed === null) return undefined;
  const isThroughAdmin = parsed.fragment.inputs[0]?.name === "proxy";
  return {
    proxy: isThroughAdmin ? (parsed.args[0] as string) : getAddress(call.target),
    implementation: parsed.args[isThroughAdmin ? 1 : 0] as string,
  };
}
