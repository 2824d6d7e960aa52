import { pointerAfter } from "../../plan/pointerAfter";
import type { ModuleState } from "../types";
import { concluding, fail, wholeOr } from "./types";

export const pointers = concluding(
  { number: 14, id: "pointers", name: "each stage leaves every proxy where the plan says" },
  ({ notes, plan }) => {
    const wrong: string[] = [];
    for (const stage of notes.stages) {
      for (const { module, account, slots } of stage.after) {
        const expected = pointerAfter(plan, account, stage.index + 1);
        if (expected === undefined || expected === slots.implementation) continue;
        wrong.push(`stage ${stage.index}, ${module}: expected ${expected}, found ${slots.implementation}`);
      }
    }
    if (wrong.length > 0) return fail(wrong, "the calls of that stage do something else than they say");
    return wholeOr(
      notes.stages.length === plan.stages.length,
      notes.stages.map(({ index, after }) => `stage ${index}: ${pointersText(after)}`),
    );
  },
);

function pointersText(states: readonly ModuleState[]): string {
  return states.map(({ module, slots }) => `${module} at ${slots.implementation}`).join(", ");
}
