import { Interface } from "ethers";
import type { Call, Plan } from "../plan/types";
import { OWN_ADMIN_ABI } from "../plan/upgradeCalls";

export type BatchKind = "stage" | "rollback" | "containment";

/** A call with its place in the plan. */
export interface LocatedCall extends Call {
  where: string;
  batch: { kind: BatchKind; index: number };
}

const CARRIERS = new Interface([
  "function upgradeToAndCall(address implementation, bytes data)",
  "function upgradeAndCall(address proxy, address implementation, bytes data)",
  "function upgrade(address implementation, bytes32 codeHash, bytes params)",
  "function multicall(bytes[] calls)",
  "function diamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts, address init, bytes data)",
  "function traffic(bytes message)",
  "function install(bytes candidateInit)",
]);

/** Every call of the plan's stages, ways back and containments, and the calls that lie inside them, as what they reach. */
export function callsOf(plan: Plan): LocatedCall[] {
  const batch = (kind: BatchKind, calls: readonly Call[], index: number) =>
    calls.flatMap((call, i) => unwrap({ ...call, where: `${kind} ${index}, call ${i}`, batch: { kind, index } }));
  return [
    ...plan.stages.flatMap(({ calls }, i) => batch("stage", calls, i)),
    ...plan.rollbacks.flatMap(({ calls }, i) => batch("rollback", calls, i)),
    ...plan.containments.flatMap(({ calls }, i) => batch("containment", calls, i)),
  ];
}

function unwrap(call: LocatedCall): LocatedCall[] {
  const inner = (target: string, data: string, name: string): LocatedCall[] =>
    data.length < 10 ? [] : unwrap({ ...call, target, data, value: 0n, where: `${call.where}, inside ${name}` });
  const parsed = parse(call.data);
  if (parsed === undefined) return [call];
  const { name, args } = parsed;
  switch (name) {
    case "upgradeToAndCall":
      return [call, ...inner(call.target, String(args[1]), name)];
    case "upgrade": {
      const setup = OWN_ADMIN_ABI.encodeFunctionData("setup", [args[2]]);
      return [call, ...(args[2] === "0x" ? [] : inner(call.target, setup, name))];
    }
    case "upgradeAndCall":
      return [call, ...inner(String(args[0]), String(args[2]), name)];
    case "diamondCut":
      return [call, ...inner(call.target, String(args[2]), name)];
    case "multicall":
      return [call, ...(args[0] as string[]).flatMap((data) => inner(call.target, data, name))];
    default:
      return [call, ...inner(call.target, String(args[0]), name)];
  }
}

function parse(data: string): { name: string; args: readonly unknown[] } | undefined {
  try {
    return CARRIERS.parseTransaction({ data }) ?? undefined;
  } catch {
    return undefined;
  }
}
