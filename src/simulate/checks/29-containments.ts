import { concluding, fail, skip, wholeOr } from "./types";

export const containments = concluding(
  {
    number: 29,
    id: "containments",
    name: "every containment runs after every stage, and the way back is open behind it",
  },
  ({ notes, plan }) => {
    if (plan.containments.length === 0) return skip("the plan states no containment");
    // Each after each stage that leaves the plan in progress.
    const expected = plan.containments.length * (plan.stages.length - (plan.stages.at(-1)?.dwell === 0n ? 1 : 0));
    const bad = notes.containments.filter(({ state, isRestored }) => state !== "RolledBack" || !isRestored);
    const evidence = [
      `${notes.containments.length} of ${expected} run`,
      ...notes.containments.map(
        ({ label, afterStages, by, gasUsed, state }) =>
          `${label}, after ${afterStages}, by ${by}: gas ${gasUsed}, then ${state}`,
      ),
    ];
    if (bad.length > 0) return fail(evidence, "a containment that closes the way back is not to be proposed");
    return wholeOr(notes.containments.length === expected, evidence);
  },
);
