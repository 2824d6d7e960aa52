import { Contract } from "ethers";
import { operationsOf } from "../../impact/readImpact";
import { isEnded } from "../../registry/state";
import { knownProposals, proposedAlready, type KnownProposal } from "../onChain";
import type { Answer } from "../types";
import { fail, pass, skip, starting, type World } from "./types";

const TIMELOCK = ["function getTimestamp(bytes32 id) view returns (uint256)"];

/** What lies on chain is what the plan file says. */
export const onChain = starting(
  { number: 3, id: "on-chain", name: "the proposal on chain is this plan, and so are its operations in the timelock" },
  match,
);

async function match(world: World): Promise<Answer> {
  const proposed = await proposedAlready(world);
  if (proposed !== undefined) return compare(world, proposed);
  const alike = (await knownProposals(world)).filter(
    ({ plan, status }) => plan.title === world.plan.title && !isEnded(status.state),
  );
  if (alike.length === 0) return skip("not proposed at the pinned block");
  return fail(
    alike.map(
      ({ proposalId, plan, status }) =>
        `"${plan.title}" is ${status.state} as ${proposalId}, and differs in ${differences(plan, world.plan).join(", ")}`,
    ),
    "what is voted on is not this file: cancel that proposal, or rehearse the file that it was made from",
  );
}

async function compare(world: World, { proposalId, plan, hash, facts, status }: KnownProposal): Promise<Answer> {
  const timelock = new Contract(world.timelock, TIMELOCK, world.session.client.provider);
  const wrong: string[] = [];
  const expect = (what: string, expected: unknown, found: unknown) => {
    if (String(expected) !== String(found)) wrong.push(`${what}: the plan has ${expected}, the chain ${found}`);
  };
  expect("id", hash, proposalId);
  expect("proposer", plan.proposer, facts.proposer);
  expect("report", plan.evidence.reportHash, facts.reportHash);
  expect("modules", plan.targets.map(({ module }) => module).join(", "), facts.modules.join(", "));
  // Scheduling queues every batch, the ways back too; an end cancels what has not run.
  const operations = operationsOf(world.registry, plan, proposalId);
  const times = (await Promise.all(operations.map(({ id }) => timelock.getFunction("getTimestamp")(id)))) as bigint[];
  const unknown = operations.filter((_, i) => times[i] === 0n);
  const isQueued = facts.scheduledAt !== 0;
  if (!isQueued) expect("operations in the timelock", 0, operations.length - unknown.length);
  if (isQueued && !isEnded(status.state)) {
    wrong.push(...unknown.map(({ batch, id }) => `${batch}: the timelock does not know ${id}`));
  }
  const evidence = [
    `${proposalId}, ${status.state} at the pinned block`,
    `${operations.length - unknown.length} of ${operations.length} operations are known to the timelock`,
  ];
  return wrong.length === 0
    ? pass(...evidence)
    : fail([...wrong, ...evidence], "do not vote: what the registry stores is not what was proposed");
}

/** Names of the fields in which two plans differ, evidence aside. */
function differences(a: World["plan"], b: World["plan"]): string[] {
  const text = (value: unknown) =>
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? inner.toString() : inner));
  return (Object.keys(a) as (keyof World["plan"])[]).filter(
    (key) => key !== "evidence" && text(a[key]) !== text(b[key]),
  );
}
