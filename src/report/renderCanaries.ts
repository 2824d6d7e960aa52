import { FOREVER, type LaneStatus } from "../canary/limits";
import type { CanaryReport } from "../canary/listCanaries";
import { span, utc } from "./time";

/** Which code serves which share, what it cost of the budget, and how often it failed. */
export function renderCanaries(canaries: readonly CanaryReport[]): string {
  if (canaries.length === 0) return "no canary: every module is served by one version";
  return canaries
    .map((canary) => {
      const used = canary.usedPrevious + canary.usedCurrent;
      if (canary.router !== undefined) return beaconLines(canary);
      return [
        `${canary.module}  ${canary.proxy}  ${canary.share / 100}%${canary.isFrozen ? "  FROZEN" : ""}`,
        `  stable     ${canary.stable}, ${canary.stableCalls} calls`,
        `  candidate  ${canary.candidate}, ${canary.candidateCalls} calls, ${canary.fallbacks} taken over by stable`,
        `  budget     ${canary.interval === 0 ? "no cap" : `${used} of ${canary.cap} in ${span(canary.interval)}`}`,
        `  breaks     ${canary.breaks} of ${canary.errorBudget}, policy epoch ${canary.epoch}`,
        ...limitLines(canary),
      ].join("\n");
    })
    .join("\n");
}

/** What holds for all proxies; what one of them spent and broke it tells itself. */
function beaconLines(canary: CanaryReport): string {
  const cap = canary.interval === 0 ? "no cap" : `${canary.cap} in ${span(canary.interval)}, for each proxy`;
  return [
    `${canary.module}  beacon ${canary.proxy}  ${canary.share / 100}% of its proxies${canary.isFrozen ? "  FROZEN" : ""}`,
    `  router     ${canary.router}, policy epoch ${canary.epoch}`,
    `  stable     ${canary.stable}`,
    `  candidate  ${canary.candidate}`,
    `  budget     ${cap}`,
    `  breaks     ${canary.errorBudget} freeze the proxy they are of`,
  ].join("\n");
}

function limitLines({ limits, cap }: CanaryReport): string[] {
  const { lanes, drain, drainDeadline, inFlight, locked, capBps } = limits;
  const waiting = inFlight === undefined ? "" : `, ${inFlight} in flight`;
  return [
    ...lanes.map((lane) => `  lane       ${lane.name}${lane.isExit ? ", exit" : ""}: ${stateOf(lane)}`),
    ...(drain === "active" ? [] : [`  drain      ${drain}, until ${utc(drainDeadline)}${waiting}`]),
    ...(locked.length === 0 ? [] : [`  locked     ${locked.join(", ")}`]),
    ...(cap === 0n || capBps === 10_000 ? [] : [`  cap        ${capBps / 100}% of the policy's`]),
  ];
}

function stateOf({ isClosed, closedUntil }: LaneStatus): string {
  if (!isClosed) return "open";
  return closedUntil === FOREVER ? "closed until a plan opens it" : `closed until ${utc(closedUntil)}`;
}
