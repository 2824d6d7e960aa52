import { decodeBytes32String, Interface, type Result } from "ethers";
import type { Client } from "../client";
import type { Registry } from "../registry/connect";
import { routerPlace } from "./routerOf";

/** One lane of a canary, and whether it is closed now. Times in seconds since the epoch. */
export interface LaneStatus {
  name: string;
  isExit: boolean;
  /** Zero, or past: open. `FOREVER`: until a plan opens it. */
  closedUntil: number;
  /** By the chain's time. */
  isClosed: boolean;
}

/** What was tightened since the canary began. */
export interface CanaryLimits {
  lanes: LaneStatus[];
  drain: "active" | "draining" | "drained";
  drainDeadline: number;
  /** Unless nobody can tell. */
  inFlight?: bigint;
  /** Selectors. */
  locked: string[];
  /** Basis points of the policy's cap that are left. */
  capBps: number;
}

export const FOREVER = 2 ** 32 - 1;
const DRAIN_STATES = ["active", "draining", "drained"] as const;

/** Asks the router in front of a module, which must be there. */
export async function readLimits(client: Client, registry: Registry, module: string): Promise<CanaryLimits> {
  const { router } = await routerPlace(client, registry, module);
  return readLimitsAt(client, router);
}

export async function readLimitsAt(client: Client, proxy: string): Promise<CanaryLimits> {
  const router = new Interface((await client.artifacts.read("ITrafficRouter")).abi);
  const control = new Interface((await client.artifacts.read("ITrafficControl")).abi);
  const ask = async (name: "limits" | "policy"): Promise<Result> => {
    const data = router.encodeFunctionData("traffic", [control.encodeFunctionData(name)]);
    const [answer] = router.decodeFunctionResult("traffic", await client.provider.call({ to: proxy, data }));
    return control.decodeFunctionResult(name, answer as string)[0] as Result;
  };
  const [limits, policy, latest] = await Promise.all([
    ask("limits"),
    ask("policy"),
    client.provider.getBlock("latest"),
  ]);
  const now = BigInt(latest?.timestamp ?? 0);
  const closedUntil = limits["closedUntil"] as bigint[];
  const lanes = policy["lanes"] as { name: string; isExit: boolean }[];
  return {
    lanes: lanes.map(({ name, isExit }, i) => ({
      name: decodeBytes32String(name),
      isExit,
      closedUntil: Number(closedUntil[i]),
      isClosed: closedUntil[i]! > now,
    })),
    drain: DRAIN_STATES[Number(limits["drainState"])] as CanaryLimits["drain"],
    drainDeadline: Number(limits["drainDeadline"]),
    inFlight: limits["isInFlightKnown"] === true ? (limits["inFlight"] as bigint) : undefined,
    locked: [...(limits["locked"] as string[])],
    capBps: Number(limits["capBps"]),
  };
}
