import { concluding, fail, pass, unknown, type Subject, type SubjectEvidence } from "./types";

/** A gate waits for the world, and nothing happens on a fork: that is no fault of the plan, and no proof of it. */
const WAITING: Record<string, string> = {
  GateNotMet: "the gate waits for what users or operators do; the stages behind it were not rehearsed",
  DelegatesTooFew:
    "no vote of today's delegates would pass the plan: more holders have to delegate before it is proposed",
};

export const lifecycle = concluding<SubjectEvidence, Subject>(
  { number: 5, id: "lifecycle", name: "the plan runs to its end through the real contracts" },
  ({ failure, state, steps, notes, plan }) => {
    const evidence = [
      `${steps.length} transactions, ${notes.stages.length} of ${plan.stages.length} stages, state ${state}`,
      ...(notes.traffic ?? []).map(
        ({ stage, gate, senders, transactions, isOpen }) =>
          `stage ${stage}, ${gate} after ${transactions} transactions of ${senders} users: ${isOpen ? "open" : "still closed"}`,
      ),
      ...(failure === undefined ? [] : [failure.text]),
    ];
    if (failure === undefined && state === "Completed") return pass(...evidence);
    const waitsFor = failure && WAITING[failure.name];
    if (failure?.name === "GateNotMet" && notes.traffic === undefined) {
      evidence.push(
        "nobody came: the plan file states no journeys (with them generated users open a gate), and no transactions are replayed",
      );
    }
    return waitsFor === undefined
      ? fail(evidence, "the error says where; mend the plan and rehearse again")
      : unknown(evidence, waitsFor);
  },
);
