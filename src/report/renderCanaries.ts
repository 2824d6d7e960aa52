import type { CanaryStatus } from "../canary/status";
import { span } from "./time";

/** Which code serves which share, what it cost of the budget, and how often it failed. */
export function renderCanaries(canaries: readonly CanaryStatus[]): string {
  if (canaries.length === 0) return "no canary: every module is served by one version";
  return canaries
    .map((canary) => {
      const used = canary.usedPrevious + canary.usedCurrent;
      return [
        `${canary.module}  ${canary.proxy}  ${canary.share / 100}%${canary.isFrozen ? "  FROZEN" : ""}`,
        `  stable     ${canary.stable}, ${canary.stableCalls} calls`,
        `  candidate  ${canary.candidate}, ${canary.candidateCalls} calls, ${canary.fallbacks} taken over by stable`,
        `  budget     ${canary.interval === 0 ? "no cap" : `${used} of ${canary.cap} in ${span(canary.interval)}`}`,
        `  breaks     ${canary.breaks} of ${canary.errorBudget}, policy epoch ${canary.epoch}`,
      ].join("\n");
    })
    .join("\n");
}
