import { concluding, fail, pass, warn, type Subject, type SubjectEvidence } from "./types";

/** A transaction near the limit may not fit on the day; share in percent. */
const HIGH_GAS = 70n;
/** What one transaction may use since Fusaka (EIP-7825). */
const TRANSACTION_LIMIT = 2n ** 24n;

export const gas = concluding<SubjectEvidence, Subject>(
  { number: 30, id: "gas", name: "each transaction fits well into a block and a transaction's limit" },
  ({ steps, blockGasLimit }) => {
    const limit = blockGasLimit < TRANSACTION_LIMIT ? blockGasLimit : TRANSACTION_LIMIT;
    const over = steps.filter(({ gasUsed }) => gasUsed > limit);
    const near = steps.filter(({ gasUsed }) => gasUsed * 100n >= limit * HIGH_GAS);
    const most = steps.reduce((a, b) => (b.gasUsed > a.gasUsed ? b : a), steps[0] ?? { verb: "none", gasUsed: 0n });
    const evidence = [
      `most: ${most.verb}, ${most.gasUsed} of ${limit}`,
      ...near.map(({ verb, gasUsed }) => `${verb}: ${gasUsed}`),
    ];
    if (over.length > 0) return fail(evidence, "split the stage");
    return near.length > 0 ? warn(evidence, "split the stage") : pass(...evidence);
  },
);
