import type { Result } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { hashPlan } from "../plan/eip712";
import type { Plan } from "../plan/types";
import type { Registry } from "./connect";
import { readFacts } from "./facts";

/**
 * The plan of a proposal, from its `ProposalCreated` event: no file is needed, at 3 a.m. least of all. Its hash is
 * recomputed, so a node that lies about the event is found out.
 */
export async function readPlan(client: Client, registry: Registry, proposalId: string): Promise<Plan> {
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
  const plan = unwrap(raw) as Record<string, unknown>;
  return numbers(plan, "") as unknown as Plan;
}

/** Small integers that the engine's types hold as numbers; everything else numeric stays a bigint. */
const SMALL = new Set(["planClass", "op", "kind", "breach", "migration", "from", "to", "numerator", "denominator"]);

function numbers(value: unknown, key: string): unknown {
  if (typeof value === "bigint") return SMALL.has(key) ? Number(value) : value;
  if (Array.isArray(value)) return value.map((entry) => numbers(entry, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, numbers(entry, name)]));
}

/** ethers' results carry names only for structs; lists stay lists. */
function unwrap(value: unknown): unknown {
  if (!isResult(value)) return value;
  const names = Object.keys(value.toObject());
  const isStruct = value.length > 0 && names.every((name) => !name.startsWith("_"));
  return isStruct
    ? Object.fromEntries(Object.entries(value.toObject()).map(([name, entry]) => [name, unwrap(entry)]))
    : value.toArray().map(unwrap);
}

function isResult(value: unknown): value is Result {
  return typeof value === "object" && value !== null && "toObject" in value;
}
