import { encodeBytes32String, ZeroAddress } from "ethers";
import { SlipwayError } from "../errors";
import { encodeCall, functionOf, looseFunction } from "./abi";
import { DEFAULT_PROBE_GAS } from "./probe";
import type { Lane, PolicyContext, SelectorRule } from "./buildPolicy";
import type { CanaryFile } from "./schema";
import type { Probe } from "./types";

export interface BuiltLanes {
  lanes: Lane[];
  lanePause: bigint;
  otherLane: number;
  inFlight: Probe;
}

type RuleOf = (name: string, where: string) => SelectorRule;

const NO_PROBE: Probe = { target: ZeroAddress, data: "0x", gas: 0n };

/** Puts the file's lanes and privileged functions into the rules of their selectors. */
export function buildLanes(canary: CanaryFile, context: PolicyContext, ruleOf: RuleOf): BuiltLanes {
  const { where } = context;
  canary.lockable?.forEach((name, i) => (ruleOf(name, where("lockable", i)).isLockable = true));
  const { lanes } = canary;
  if (lanes === undefined) return { lanes: [], lanePause: 0n, otherLane: 0, inFlight: NO_PROBE };
  lanes.groups.forEach(({ functions }, i) =>
    functions.forEach((name, j) => {
      const place = where("lanes", "groups", i, "functions", j);
      const rule = ruleOf(name, place);
      if (rule.lane !== 0) {
        const found = `${name}, which is in ${lanes.groups[rule.lane - 1]!.name}`;
        throw new SlipwayError("ArgumentInvalid", { where: place, expected: "a function of no other lane", found });
      }
      rule.lane = i + 1;
    }),
  );
  return {
    lanes: lanes.groups.map(({ name, exit = false }) => ({ name: encodeBytes32String(name), isExit: exit })),
    lanePause: lanes.pause,
    otherLane: lanes.other === undefined ? 0 : 1 + lanes.groups.findIndex(({ name }) => name === lanes.other),
    inFlight: inFlightOf(canary, context),
  };
}

/** Counts what is in flight: a function of the proxy unless a target is named. */
function inFlightOf(canary: CanaryFile, { abi, proxy, where }: PolicyContext): Probe {
  const stated = canary.lanes?.inFlight;
  if (stated === undefined) return NO_PROBE;
  const place = where("lanes", "inFlight", "call");
  const fragment =
    stated.target === undefined ? functionOf(abi, stated.call, place) : looseFunction(stated.call, place);
  return {
    target: stated.target ?? proxy,
    data: encodeCall(fragment, stated.args ?? [], place),
    gas: stated.gas ?? DEFAULT_PROBE_GAS,
  };
}
