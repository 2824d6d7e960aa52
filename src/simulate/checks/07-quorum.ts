import { fewest, type Actors } from "../readActors";
import { concluding, fail, pass, unknown, warn } from "./types";

/** A plan that so few carry is their plan, whatever the thresholds say. */
const FEW = 3;

export const quorum = concluding(
  { number: 7, id: "quorum", name: "those who can vote today can carry the plan, and they are more than a few" },
  ({ actors, failure }) => {
    const { policy } = actors;
    if (actors.isToken && actors.electors.length === 0) {
      const text = failure === undefined ? "the rehearsal did not get to the token's delegates" : failure.text;
      return failure?.name === "DelegatesTooFew"
        ? warn([text], "more holders have to delegate before the plan is proposed")
        : unknown([text], "mend what ended the rehearsal, and see who holds the votes");
    }
    const held = actors.electors.reduce((sum, { power }) => sum + power, 0n);
    const bars = actors.isToken ? { quorum: policy.quorum } : { approval: policy.approval, quorum: policy.quorum };
    const short = Object.entries(bars).filter(([, [least, of]]) => held * of < actors.total * least);
    const carrying = Math.max(...Object.values(bars).map((bar) => fewest(actors, bar, policy.minVoters).length));
    const evidence = [
      `${actors.electors.length} ${actors.isToken ? "delegates" : "electors"} hold ${held} of ${actors.total}`,
      ...Object.entries(bars).map(
        ([name, [least, of]]) => `${name}: ${least}/${of}, so ${needed(actors, [least, of])}`,
      ),
      `at least ${policy.minVoters} must vote; the strongest ${carrying} carry it`,
    ];
    if (short.length > 0) {
      return fail(
        [...evidence, ...short.map(([name]) => `${name} is out of reach`)],
        actors.isToken
          ? "more holders have to delegate before it is proposed"
          : "no vote could pass: mend the electorate",
      );
    }
    if (actors.electors.length < policy.minVoters) {
      return fail(evidence, "fewer electors than must vote: mend the electorate");
    }
    return carrying < FEW
      ? warn(evidence, `fewer than ${FEW} accounts decide: ask whether that is what the electorate is for`)
      : pass(...evidence);
  },
);

function needed({ total }: Actors, [least, of]: [bigint, bigint]): bigint {
  return (total * least + of - 1n) / of;
}
