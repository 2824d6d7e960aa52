import { concluding, fail, wholeOr } from "./types";

export const invariants = concluding(
  { number: 25, id: "invariants", name: "every invariant holds after its stage" },
  ({ notes, plan }) => {
    const all = notes.stages.flatMap((stage) => stage.invariants.map((row) => ({ ...row, stage: stage.index })));
    // A comparison with the moment before a stage is answered inside the stage, which reverts on a break.
    const broken = all.filter(({ isAvailable, isOk }) => isAvailable && !isOk);
    const inside = all.filter(({ isAvailable }) => !isAvailable);
    const evidence = [
      `${all.length} checked by the stages themselves, ${all.length - inside.length} of them again after it`,
      ...broken.map((row) => `stage ${row.stage}, ${row.name}: left ${row.left}, right ${row.right}`),
    ];
    if (broken.length > 0) return fail(evidence, "the upgrade breaks what must hold: do not propose it");
    return wholeOr(notes.stages.length === plan.stages.length, evidence);
  },
);
