import { concluding, fail, wholeOr, type Subject, type SubjectEvidence } from "./types";

export const negatives = concluding<SubjectEvidence, Subject>(
  { number: 6, id: "negatives", name: "what must not work is refused, with the right error" },
  ({ notes }) => {
    const wrong = notes.negatives.filter(({ isRefused }) => !isRefused);
    const evidence = [
      `${notes.negatives.length} attempts`,
      ...wrong.map(({ name, expected, found }) => `${name}: expected ${expected}, found ${found}`),
    ];
    if (wrong.length > 0) return fail(evidence, "someone else can move this plan: find out which role it has");
    return wholeOr(notes.negatives.length > 0, evidence);
  },
);
