import type { Result } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { hashPlan, PLAN_TYPES } from "../plan/eip712";
import type { Plan } from "../plan/types";
import type { Registry } from "./connect";
import { readFacts } from "./facts";

/**
 * The plan of a proposal, from its `ProposalCreated` event: no file is needed, at 3 a.m. least of all. Its hash is
 * recomputed, so a node that lies about the event is found out.
 */
export async function readPlan(client: Client, registry: Registry, proposalId: string): Promise<Plan> {
  const known = plans.get(registry)?.get(proposalId);
  if (known !== undefined) return known;
  const plan = await findPlan(client, registry, proposalId);
  plans.set(registry, (plans.get(registry) ?? new Map<string, Plan>()).set(proposalId, plan));
  return plan;
}

/** A proposal's id is the hash of its plan: what was read once can be no other. */
const plans = new WeakMap<Registry, Map<string, Plan>>();

async function findPlan(client: Client, registry: Registry, proposalId: string): Promise<Plan> {
  const { proposedAtBlock } = await readFacts(registry, proposalId);
  const topic = registry.iface.getEvent("ProposalCreated")?.topicHash ?? "";
  const logs = await client.provider.getLogs({
    address: registry.address,
    topics: [topic, proposalId],
    fromBlock: proposedAtBlock,
    toBlock: proposedAtBlock,
  });
  const log = logs[0];
  if (log === undefined) {
    throw new SlipwayError("ProposalUnknown", {
      where: proposalId,
      expected: `its ProposalCreated event in block ${proposedAtBlock}`,
      found: "no such log at this node",
    });
  }
  const parsed = registry.iface.parseLog(log);
  const plan = toPlan(parsed?.args["plan"] as Result);
  const found = hashPlan(plan, registry.domain);
  if (found !== proposalId) {
    throw new SlipwayError("PlanEdited", { where: `event in block ${proposedAtBlock}`, expected: proposalId, found });
  }
  return plan;
}

/** An ABI-decoded plan as the engine's own type. */
export function toPlan(raw: Result): Plan {
  return read("Plan", raw) as Plan;
}

/** Reads by the plan's own types, field by field: a decoded list looks like a decoded struct. */
function read(type: string, value: unknown): unknown {
  if (type.endsWith("[]")) return [...(value as Result)].map((entry) => read(type.slice(0, -2), entry));
  const fields = PLAN_TYPES[type];
  if (fields === undefined) return isSmall(type) ? Number(value) : value;
  return Object.fromEntries(fields.map((field, index) => [field.name, read(field.type, (value as Result)[index])]));
}

/** Integers that the engine's types hold as numbers: enumerations, stage indices and the parts of fractions. */
function isSmall(type: string): boolean {
  return ["uint8", "uint16", "uint32"].includes(type);
}
