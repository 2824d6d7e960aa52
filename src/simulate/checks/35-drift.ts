import { concluding, fail, wholeOr, type Subject, type SubjectEvidence } from "./types";

/** What `upgrade revalidate` would have said before each stage. */
export const drift = concluding<SubjectEvidence, Subject>(
  { number: 35, id: "drift", name: "before its stage, every pin and every gate is what was voted on" },
  ({ notes, plan }) => {
    const pins = notes.stages.flatMap((stage) => stage.pins.map((row) => ({ ...row, stage: stage.index })));
    const gates = notes.stages.flatMap((stage) => stage.gates.map((row) => ({ ...row, stage: stage.index })));
    const broken = [...pins, ...gates].filter(({ isOk }) => !isOk);
    const evidence = [
      `${pins.length} pins and ${gates.length} gates checked`,
      ...broken.map((row) => `stage ${row.stage}, ${row.account}: expected ${row.expected}, found ${row.actual}`),
    ];
    if (broken.length > 0) return fail(evidence, "see what changed that account, then build the plan anew");
    return wholeOr(notes.stages.length === plan.stages.length, evidence);
  },
);
