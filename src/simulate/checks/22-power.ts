import { isLost, plannedGains, powerGains, type PowerGain } from "../powerGains";
import { concluding, fail, wholeOr, type Subject, type SubjectEvidence } from "./types";

/** Power that moved while stages ran, against what the plan's calls say and what its file expects. */
export const power = concluding<SubjectEvidence, Subject>(
  { number: 22, id: "power", name: "nobody gains power but by a call that was voted on, and no power is lost" },
  ({ runs, plan, loaded, built }) => {
    const planned = plannedGains(plan);
    const expected = loaded.plan.expect?.power ?? [];
    const isSame = (a: PowerGain) => (b: PowerGain) => a.on === b.on && a.to === b.to && a.as === b.as;
    const found = runs.flatMap(({ trace, stage }) =>
      powerGains(trace).map((gain) => ({ ...gain, stage: stage.index })),
    );
    const isPlanned = (gain: PowerGain) =>
      planned.some(isSame(gain)) || expected.some(({ on, to }) => on === gain.on && to === gain.to);
    const unplanned = found.filter((gain) => !isPlanned(gain));
    const evidence = [
      `${found.length} gains of power, ${found.length - unplanned.length} of them planned; ${built.impact.roles.length} changes in the plan's own diff`,
      ...unplanned.map(
        (gain) =>
          `stage ${gain.stage}: ${isLost(gain) ? "nobody" : gain.to} becomes ${gain.as} of ${gain.on}, and no call of the plan says so`,
      ),
    ];
    if (unplanned.length > 0) {
      return fail(evidence, "find out which code grants it; if it is meant, state it under expect.power");
    }
    return wholeOr(runs.length === plan.stages.length, evidence);
  },
);
