import { proposedAlready } from "../onChain";
import type { Answer } from "../types";
import { fail, pass, skip, starting, warn, type World } from "./types";

export const readiness = starting(
  { number: 9, id: "readiness", name: "the electors who must be ready have said so on chain" },
  read,
);

async function read(world: World): Promise<Answer> {
  const proposed = await proposedAlready(world);
  if (proposed === undefined) return skip("not proposed at the pinned block: nobody can have signalled");
  const { facts, status, plan } = proposed;
  const { numerator, denominator } = plan.readiness.threshold;
  const needed = (facts.clippedTotal * BigInt(numerator) + BigInt(denominator) - 1n) / BigInt(denominator);
  const evidence = [
    `${facts.readySeats} seats with ${facts.readyPower} of ${facts.clippedTotal} are ready; ${needed} are needed (${numerator}/${denominator})`,
    `the plan is ${status.state} at the pinned block`,
  ];
  if (facts.readyPower >= needed) return pass(...evidence);
  return status.state === "Expired"
    ? fail(evidence, "the readiness deadline is over: propose the plan again once the electors are ready")
    : warn(evidence, "ask the electors who have not signalled: upgrade status names them");
}
