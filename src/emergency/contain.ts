import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { breachText } from "../plan/breachText";
import { labelText } from "../plan/labelText";
import type { Plan } from "../plan/types";
import type { Registry } from "../registry/connect";
import { perform, type Performed, type SendOptions } from "../registry/perform";
import { readPlan } from "../registry/readPlan";

/** One of a plan's containments, and how far it is. */
export interface ContainmentStatus {
  index: number;
  label: string;
  breach: string;
  /** A break of an invariant of its class was proven: anyone may run it. */
  isProven: boolean;
  hasRun: boolean;
}

export async function readContainments(
  registry: Registry,
  proposalId: string,
  plan: Plan,
): Promise<ContainmentStatus[]> {
  if (plan.containments.length === 0) return [];
  const response = await registry.contract.getFunction("responseOf")(proposalId);
  const has = (bits: bigint, bit: number) => (BigInt(bits) >> BigInt(bit)) % 2n === 1n;
  return plan.containments.map(({ breach, label }, index) => ({
    index,
    label: labelText(label),
    breach: breachText(breach),
    isProven: has(response.provenBreaches, breach),
    hasRun: has(response.containments, index),
  }));
}

/** Runs one containment, named by its label or its index. */
export async function contain(
  client: Client,
  registry: Registry,
  params: { proposalId: string; containment: string } & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  const plan = await readPlan(client, registry, proposalId);
  const index = indexOf(plan, params.containment);
  return perform(client, registry, {
    out: params.out,
    isDryRun: params.isDryRun,
    verb: `contain ${index}`,
    proposalId,
    title: plan.title,
    to: registry.address,
    data: registry.iface.encodeFunctionData("contain", [plan, index]),
    isDone: async () => (await readContainments(registry, proposalId, plan))[index]?.hasRun === true,
  });
}

function indexOf(plan: Plan, named: string): number {
  const labels = plan.containments.map(({ label }) => labelText(label));
  const byLabel = labels.indexOf(named);
  const index = byLabel !== -1 ? byLabel : /^\d{1,2}$/.test(named) ? Number(named) : -1;
  if (index >= 0 && index < labels.length) return index;
  throw new SlipwayError("ContainmentUnknown", {
    where: plan.title,
    expected: labels.length === 0 ? "a plan with containments" : `one of ${labels.join(", ")}, or its index`,
    found: named,
  });
}
