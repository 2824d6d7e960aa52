import { getAddress } from "ethers";
import { callsOf } from "../../impact/innerCalls";
import { concluding, fail, warn, wholeOr, type Subject, type SubjectEvidence } from "./types";

/** Whose storage the stages write. Through whatever code a word was written, it belongs to the account that holds it. */
export const state = concluding<SubjectEvidence, Subject>(
  { number: 21, id: "state", name: "stages write the storage of modules and of accounts that they call, and no other" },
  ({ notes, runs, plan, loaded }) => {
    const allowed = new Set(
      [
        ...notes.initial.map(({ account }) => account),
        ...callsOf(plan)
          .filter(({ batch }) => batch.kind === "stage")
          .map(({ target }) => target),
        ...(loaded.plan.expect?.writes ?? []),
      ].map((account) => getAddress(account)),
    );
    const writes = notes.stages.flatMap((stage) => stage.writes.map((write) => ({ ...write, stage: stage.index })));
    const foreign = writes.filter(({ account }) => !allowed.has(account));
    const unnamed = writes.filter(({ label }) => label === undefined);
    const text = ({ stage, account, slot, before, after, label, beforeText, afterText }: (typeof writes)[number]) =>
      `stage ${stage}: ${account}, ${label ?? `slot ${slot}`}: ${beforeText ?? before} → ${afterText ?? after}`;
    const evidence = [
      `${writes.length} words written in ${new Set(writes.map(({ account }) => account)).size} accounts, ${writes.length - unnamed.length} of them named`,
      ...foreign.map(text),
    ];
    if (foreign.length > 0) {
      return fail(evidence, "find out which code writes there; if it is meant, state the account under expect.writes");
    }
    if (unnamed.length > 0) {
      return {
        ...warn(
          [...evidence, ...unnamed.map(text)],
          "no layout at hand names these words: ask for the build that does",
        ),
        unexplained: unnamed.map(text),
      };
    }
    return wholeOr(runs.length === plan.stages.length, evidence);
  },
);
