import { RollbackKind } from "../../plan/types";
import { concluding, fail, wholeOr } from "./types";

export const rollbacks = concluding(
  {
    number: 28,
    id: "rollbacks",
    name: "the way back from every prefix of stages restores code and pointers",
  },
  ({ notes, plan }) => {
    // A last stage without a dwell completes the plan at once: there is no moment to go back from.
    const expected = plan.stages.length - (plan.stages.at(-1)?.dwell === 0n ? 1 : 0);
    const isClean = ({ index }: { index: number }) => plan.rollbacks[index]?.kind === RollbackKind.Clean;
    const unclean = notes.rollbacks.filter((way) => isClean(way) && way.residue.length > 0);
    const bad = notes.rollbacks.filter((way) => way.state !== "RolledBack" || !way.isRestored || unclean.includes(way));
    const evidence = [
      `${notes.rollbacks.length} of ${expected} run`,
      ...notes.rollbacks.map(
        ({ afterStages, state, isRestored, residue }) =>
          `after ${afterStages}: ${state}, ${isRestored ? "restored" : "not restored"}, ${residue.length} slots differ`,
      ),
      ...unclean.map(
        ({ afterStages, residue }) => `after ${afterStages}: stated clean, and ${residue.length} slots stay written`,
      ),
    ];
    if (unclean.length > 0) {
      return fail(
        evidence,
        "state it as lossy (rollback.kind), or take back what was written; if stable cannot live with it, there is no way back",
      );
    }
    if (bad.length > 0) return fail(evidence, "a plan without a way back is not to be proposed");
    return wholeOr(notes.rollbacks.length === expected, evidence);
  },
);
