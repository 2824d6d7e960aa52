import { encodeBytes32String, type Interface } from "ethers";
import { beaconGates, restingCalls, stepCalls, stillLiveCall } from "./beaconCanary";
import type { Policy } from "./buildPolicy";
import type { DiamondStages } from "./diamond/cuts";
import { isShutOut, PROXY_ABI, upgradeCall, type UpgradeInterface, type UpgradeRoute } from "./upgradeCalls";
import { ModuleKind, Op, RollbackKind, type Call, type Gate, type Pin, type Rollback, type Stage } from "./types";
import { formatShare } from "./units";

/** Epoch of a router that was just installed. Only a freeze or a tightening moves it. */
export const INSTALLED_EPOCH = 1;

const POINTER_GAS = 100_000n;

export interface StageContext {
  route: UpgradeRoute;
  /** Proxies that are seen in use: the module itself, or some of a beacon's. */
  proxies: readonly string[];
  /** How stable and candidate take upgrades while they serve; for a transparent proxy its admin's way. */
  stableVerbs: UpgradeInterface;
  candidateVerbs: UpgradeInterface;
  stable: string;
  candidate: string;
  timelock: string;
  /** The candidate's own initialisation; "0x" for none. */
  init: string;
  canary?: {
    router: string;
    policy: Policy;
    /** `drain`: seconds for which nobody enters from this step on. `resume`: what an earlier step closed opens. */
    steps: { share: number; dwell: bigint; drain?: bigint; resume?: boolean }[];
    routerAbi: Interface;
    controlAbi: Interface;
    /** A beacon's routers, one a step, and what only they know. */
    beacon?: { routers: string[]; abi: Interface };
  };
  /** Of a diamond: its cuts, in place of upgrade calls. */
  diamond?: DiamondStages;
  /** Dwell of the stage that makes the candidate the implementation. */
  promoteDwell: bigint;
  /** Whether the ProxyAdmin tells the implementation (OpenZeppelin 4). */
  hasImplementationGetter: boolean;
  pins: Pin[];
  /** Pointers further down the delegate chain, which no stage moves. */
  chainGates: Gate[];
  rollbackPins: Pin[];
  invariants: string[];
  minGas: bigint;
  /** The file's own way back, instead of the derived one. */
  statedRollback?: { calls: Call[]; kind: RollbackKind };
}

/** The stages of an upgrade: with a canary one a step and one that promotes, without it one. */
export function buildStages(context: StageContext): Stage[] {
  const { canary, diamond, promoteDwell } = context;
  if (canary === undefined) {
    const call = move(context, context.stableVerbs, context.candidate, context.init);
    return [stage(context, "upgrade", diamond?.upgrade ?? [call], promoteDwell, context.stable)];
  }

  const stages = canary.steps.map((step, i) => {
    const label = `canary ${formatShare(step.share)}`;
    if (canary.beacon !== undefined) {
      const { routers } = canary.beacon;
      const calls = stepCalls(context.route.proxy, routers[i]!, controlMessage(canary, "install", ["0x"]));
      return stage(context, label, calls, step.dwell, routers[i - 1] ?? context.stable);
    }
    const limits: Call[] = [];
    if (step.resume === true) limits.push(steerCall(context, "resume", [INSTALLED_EPOCH]));
    if (step.drain !== undefined) limits.push(steerCall(context, "drain", [step.drain]));
    if (i > 0) return stage(context, label, [setShareCall(context, step.share), ...limits], step.dwell, canary.router);
    return stage(context, label, [...installCalls(context), ...limits], step.dwell, context.stable);
  });
  // A frozen canary refuses to set its share: without this call a plan could promote the candidate that was frozen.
  const stillLive =
    canary.beacon === undefined
      ? setShareCall(context, canary.steps.at(-1)!.share)
      : stillLiveCall(canary.beacon, wrapper(canary));
  const promote = diamond?.promote ?? [move(context, routerVerbs(context), context.candidate)];
  const serving = canary.beacon?.routers.at(-1) ?? canary.router;
  return [...stages, stage(context, "promote", [stillLive, ...promote], promoteDwell, serving)];
}

/** The way back. While the router or the candidate serves, it is the one asked to step aside. */
export function buildRollbacks(context: StageContext, stageCount: number): Rollback[] {
  const last = stageCount - 1;
  const base = { pins: context.rollbackPins, invariants: context.invariants, minGas: context.minGas };
  if (context.statedRollback !== undefined) {
    return [{ from: 0, to: last, ...context.statedRollback, ...base }];
  }
  const { canary, diamond } = context;
  const by = (from: number, to: number, calls: Call[]) => ({ from, to, kind: RollbackKind.Lossy, calls, ...base });
  if (diamond !== undefined) {
    // The routers' functions and the candidate's are not the same, and a cut names each that it takes back.
    if (canary === undefined) return [by(0, last, diamond.back)];
    return [by(0, last - 1, diamond.backRouted), by(last, last, diamond.back)];
  }
  const resting = canary?.beacon === undefined ? [] : restingCalls(canary.beacon, wrapper(canary));
  const way = (from: number, to: number, verbs: UpgradeInterface, before: Call[] = resting): Rollback =>
    by(from, to, [...before, move(context, verbs, context.stable)]);
  if (context.canary === undefined) return [way(0, last, context.candidateVerbs)];
  const whileRouted = routerVerbs(context);
  if (context.route.kind === ModuleKind.OwnAdmin) {
    // The upgrade is a call like any other to the router: frozen, it cannot hand it to a candidate that does nothing.
    const freeze = steerCall(context, "freeze", ["taken back"]);
    return [way(0, last - 1, whileRouted, [freeze]), way(last, last, context.candidateVerbs)];
  }
  if (whileRouted === context.candidateVerbs) return [way(0, last, whileRouted)];
  // A candidate that takes upgrades by another verb than the router needs a way back of its own.
  return [way(0, last - 1, whileRouted), way(last, last, context.candidateVerbs)];
}

/** A transparent proxy's admin and a beacon stay the same; under UUPS the router itself answers, and knows one verb. */
function routerVerbs({ route, stableVerbs }: StageContext): UpgradeInterface {
  return route.kind === ModuleKind.Uups ? "v5" : stableVerbs;
}

/** Points the proxy to one of the accounts that the plan pins. */
function move(context: StageContext, verbs: UpgradeInterface, to: string, init = "0x"): Call {
  const pin = [...context.pins, ...context.rollbackPins].find(({ account }) => account === to);
  return upgradeCall({ ...context.route, verbs }, to, init, pin?.codeHash);
}

/** In one call where the upgrade can carry another; an own admin's carries nothing but `setup`, and a cut runs in no router. */
function installCalls(context: StageContext): Call[] {
  const canary = context.canary!;
  if (context.diamond !== undefined) {
    return [...context.diamond.install, steerCall(context, "install", [context.init])];
  }
  if (context.route.kind === ModuleKind.OwnAdmin) {
    return [move(context, context.stableVerbs, canary.router), steerCall(context, "install", [context.init])];
  }
  return [move(context, context.stableVerbs, canary.router, controlMessage(canary, "install", [context.init]))];
}

function setShareCall(context: StageContext, share: number): Call {
  return steerCall(context, "setShare", [INSTALLED_EPOCH, share]);
}

/** A message for the router; a proxy whose admin sends it runs it only as part of an upgrade, here to what it is. */
function steerCall(context: StageContext, verb: string, values: unknown[]): Call {
  const { canary, route } = context;
  const data = controlMessage(canary!, verb, values);
  return isShutOut(route)
    ? move(context, routerVerbs(context), canary!.router, data)
    : { target: route.proxy, value: 0n, data };
}

function controlMessage(canary: NonNullable<StageContext["canary"]>, verb: string, values: unknown[]): string {
  return wrapper(canary)(canary.controlAbi.encodeFunctionData(verb, values));
}

function wrapper({ routerAbi }: NonNullable<StageContext["canary"]>): (message: string) => string {
  return (message) => routerAbi.encodeFunctionData("traffic", [message]);
}

function stage(context: StageContext, label: string, calls: Call[], dwell: bigint, serving: string): Stage {
  return {
    label: encodeBytes32String(label),
    calls,
    pins: context.pins,
    gates: [...pointerGates(context, serving), ...context.chainGates],
    invariants: context.invariants,
    dwell,
    minGas: context.minGas,
  };
}

/** Pins name code; these say that the pointers still lead to it, where a getter exists. */
function pointerGates(context: StageContext, serving: string): Gate[] {
  const { route, timelock, hasImplementationGetter, diamond } = context;
  if (diamond !== undefined) return serving === context.stable ? diamond.gates.stable : diamond.gates.routed;
  if (route.kind === ModuleKind.Beacon) return beaconGates(route.proxy, timelock, serving);
  if (route.proxyAdmin === undefined) return [];
  const gates: Gate[] = [
    {
      probe: { target: route.proxyAdmin, data: PROXY_ABI.encodeFunctionData("owner"), gas: POINTER_GAS },
      op: Op.Eq,
      bound: BigInt(timelock),
    },
  ];
  if (hasImplementationGetter) {
    gates.push({
      probe: {
        target: route.proxyAdmin,
        data: PROXY_ABI.encodeFunctionData("getProxyImplementation", [route.proxy]),
        gas: POINTER_GAS,
      },
      op: Op.Eq,
      bound: BigInt(serving),
    });
  }
  return gates;
}
