import { Interface } from "ethers";
import { BEACON_ABI, implementationProbe } from "../chain/beacon";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { RightKind, type Condition } from "../invariants/types";
import type { Policy } from "./buildPolicy";
import type { StageContext } from "./buildStages";
import { initializersOf } from "./checkInitializers";
import { locateDeployment, type Deployment, type DeploymentContext } from "./deployments";
import type { LoadedPlanFile } from "./readPlanFile";
import type { CanaryFile } from "./schema";
import { Op, type Call, type Gate } from "./types";

/** Epoch of a step's router that nothing was tightened of. */
const INSTALLED_EPOCH = 1;

/** What the routers of a beacon's steps are made for, but for share and predecessor. */
export interface BeaconTarget {
  beacon: string;
  stable: string;
  candidate: string;
  controller: string;
  guardian: string;
  policyId: string;
}

/** Refuses what no router of a beacon could do. */
export function checkBeaconCanary(canary: CanaryFile, where: LoadedPlanFile["where"]): void {
  const refuse = (key: "cohort" | "lanes" | "lockable", expected: string, found: string): never => {
    throw new SlipwayError("PlanFileInvalid", {
      where: where("canary", key),
      expected,
      found,
      meaning: "a beacon's router keeps no word per proxy that governance could set",
    });
  };
  const cohorts = [canary.cohort ?? "proxy"].flat();
  if (cohorts.some((entry) => entry !== "proxy" && (entry === "sender" || !("segment" in entry)))) {
    const expected = "proxy, or a segment of proxies: all users of one proxy meet one version";
    refuse("cohort", expected, "another key");
  }
  if (canary.lanes !== undefined) refuse("lanes", "no lanes for a beacon", "lanes");
  if (canary.lockable !== undefined) refuse("lockable", "no lockable functions for a beacon", "lockable");
}

/** The policy of all steps: initialisers of the candidate are nobody's to call, since none was run before it serves. */
export function beaconPolicy(policy: Policy, abi: Interface, beacon: string, proxies: readonly string[]): Policy {
  const rules = policy.rules.map((rule) => ({ ...rule }));
  for (const { selector } of initializersOf(abi)) {
    const rule = rules.find((entry) => entry.selector === selector);
    if (rule !== undefined) rule.isLockable = true;
    else {
      rules.push({ selector, cohortWord: 0, meterWord: 0, weight: 0n, isFree: false, lane: 0, isLockable: true });
    }
  }
  const { probe } = policy.fall;
  const fall = proxies.includes(probe.target) ? { ...policy.fall, probe: { ...probe, target: beacon } } : policy.fall;
  return { ...policy, rules, fall, invariants: policy.invariants.map((entry) => ofAnyProxy(entry, beacon, proxies)) };
}

/**
 * A condition that compares a proxy with itself holds for every proxy, and is asked of the one that is called: the router takes the
 * beacon as its target for that. One that names a constant, or another account, stays with the proxy it was written for.
 */
function ofAnyProxy(condition: Condition, beacon: string, proxies: readonly string[]): Condition {
  const { left, right, rightKind } = condition;
  const isSelf =
    proxies.includes(left.target) &&
    (rightKind === RightKind.Before || (rightKind === RightKind.Probe && right.target === left.target));
  if (!isSelf) return condition;
  const here = { ...left, target: beacon };
  return { ...condition, left: here, right: rightKind === RightKind.Probe ? { ...right, target: beacon } : right };
}

/** One router a step, each made after the one before it. */
export async function beaconRouters(
  client: Client,
  params: { target: BeaconTarget; policy: Policy; shares: readonly number[] },
  context: DeploymentContext,
): Promise<Deployment[]> {
  const artifact = await client.artifacts.read("BeaconRouter");
  const abi = new Interface(artifact.abi);
  const routers: Deployment[] = [];
  for (const share of params.shares) {
    const predecessor = routers.at(-1)?.address ?? `0x${"00".repeat(20)}`;
    const target = { ...params.target, predecessor };
    const initCode = artifact.bytecode + abi.encodeDeploy([target, { ...params.policy, share }]).slice(2);
    const request = { role: "router" as const, contractName: artifact.contractName, initCode };
    routers.push(await locateDeployment(client, request, { ...context, pending: [...context.pending, ...routers] }));
  }
  return routers;
}

type BuiltBeaconCanary = NonNullable<NonNullable<StageContext["canary"]>["beacon"]>;

/** The calls of a step: the beacon is led to its router, which then begins. */
export function stepCalls(beacon: string, router: string, install: string): Call[] {
  return [leadTo(beacon, router), { target: router, value: 0n, data: install }];
}

/** Refused where anything was frozen or tightened, or a call that the router serves still runs. */
export function stillLiveCall({ routers, abi }: BuiltBeaconCanary, wrap: (message: string) => string): Call {
  const data = wrap(abi.encodeFunctionData("requireLive", [INSTALLED_EPOCH]));
  return { target: routers.at(-1)!, value: 0n, data };
}

/** Before the way back: whichever step serves, no call of it runs. Steps that never began have served none. */
export function restingCalls({ routers, abi }: BuiltBeaconCanary, wrap: (message: string) => string): Call[] {
  const data = wrap(abi.encodeFunctionData("requireResting"));
  return routers.map((target) => ({ target, value: 0n, data }));
}

export function leadTo(beacon: string, implementation: string): Call {
  return { target: beacon, value: 0n, data: BEACON_ABI.encodeFunctionData("upgradeTo", [implementation]) };
}

/** A beacon tells both of its pointers. */
export function beaconGates(beacon: string, timelock: string, serving: string): Gate[] {
  const owner = { target: beacon, data: BEACON_ABI.encodeFunctionData("owner"), gas: 100_000n };
  return [
    { probe: owner, op: Op.Eq, bound: BigInt(timelock) },
    { probe: implementationProbe(beacon), op: Op.Eq, bound: BigInt(serving) },
  ];
}
