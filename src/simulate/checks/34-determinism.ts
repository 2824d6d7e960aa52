import { concluding, skip, type Subject, type SubjectEvidence } from "./types";

/** Answered by whoever ran the rehearsal twice: one run cannot know. */
export const determinism = concluding<SubjectEvidence, Subject>(
  { number: 34, id: "determinism", name: "two runs give the same diff hash and the same report" },
  () => skip("one run was asked for (--twice runs it again and compares)"),
);
