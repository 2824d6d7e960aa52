import type { Result } from "ethers";
import { hashPlan, subjectOf } from "../plan/eip712";
import type { Plan } from "../plan/types";
import { readFacts, type Facts } from "../registry/facts";
import { toPlan } from "../registry/readPlan";
import { registryLogs } from "../registry/registryLogs";
import { readStatus, type Status } from "../registry/state";
import type { World } from "./checks/types";

/** A proposal that the chain knows at the pinned block. */
export interface KnownProposal {
  proposalId: string;
  plan: Plan;
  /** Its plan without evidence: that of a plan file, whatever report it was proposed with. */
  subject: string;
  /** Id that its plan hashes to: another one, and the node lies about the event. */
  hash: string;
  facts: Facts;
  status: Status;
}

const asked = new WeakMap<World["session"], Promise<KnownProposal[]>>();

/**
 * Every proposal of the registry as the pinned block has it, oldest first. To be asked in `start`, before the rehearsal proposes; the
 * answer is kept.
 */
export function knownProposals(world: World): Promise<KnownProposal[]> {
  const known = asked.get(world.session) ?? readAll(world);
  asked.set(world.session, known);
  return known;
}

/** The proposal of this very plan, its evidence aside; undefined: not proposed yet. */
export async function proposedAlready(world: World): Promise<KnownProposal | undefined> {
  return (await knownProposals(world)).filter(({ subject }) => subject === world.built.subject).at(-1);
}

async function readAll({ session, registry }: World): Promise<KnownProposal[]> {
  const logs = await registryLogs(session.client, registry, "ProposalCreated");
  return Promise.all(
    logs.map(async ({ args }) => {
      const proposalId = args["proposalId"] as string;
      const plan = toPlan(args["plan"] as Result);
      return {
        proposalId,
        plan,
        subject: subjectOf(plan, registry.domain),
        hash: hashPlan(plan, registry.domain),
        facts: await readFacts(registry, proposalId),
        status: await readStatus(registry, proposalId),
      };
    }),
  );
}
