import type { Result } from "ethers";
import type { Client } from "../client";
import type { Plan } from "../plan/types";
import type { Registry } from "./connect";
import { registryLogs } from "./registryLogs";
import { toPlan } from "./readPlan";
import { isEnded, readStatus, type Status } from "./state";
import { slugOf } from "./words";

export interface ListedProposal {
  proposalId: string;
  title: string;
  slug: string;
  proposer: string;
  block: number;
}

/** Every proposal ever made, oldest first, from the registry's events. */
export async function listProposals(client: Client, registry: Registry): Promise<ListedProposal[]> {
  const logs = await registryLogs(client, registry, "ProposalCreated");
  return logs.map(({ args, blockNumber }) => {
    const { title } = toPlan(args["plan"] as Result) as Plan;
    return {
      proposalId: args["proposalId"],
      title,
      slug: slugOf(title),
      proposer: args["proposer"],
      block: blockNumber,
    };
  });
}

/** The same with where each one stands; `isLive` leaves out what has ended. */
export async function listWithStatus(
  client: Client,
  registry: Registry,
  { isLive = false }: { isLive?: boolean } = {},
): Promise<(ListedProposal & { status: Status })[]> {
  const all = await listProposals(client, registry);
  const found = await Promise.all(
    all.map(async (listed) => ({ ...listed, status: await readStatus(registry, listed.proposalId) })),
  );
  return isLive ? found.filter(({ status }) => !isEnded(status.state)) : found;
}
