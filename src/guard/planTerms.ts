import { ZeroAddress } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Condition } from "../invariants/types";
import { opText } from "../plan/probe";
import type { Call, Plan } from "../plan/types";
import type { Registry } from "../registry/connect";
import { conditionText, fixed, type GuardTerms } from "./guardBatch";

/** One stage of a plan as a batch of its own: its calls, and what the registry would compare around them. */
export async function planTerms(
  client: Client,
  registry: Registry,
  { plan, stage: index }: { plan: Plan; stage: number | undefined },
): Promise<{ calls: readonly Call[]; terms: GuardTerms }> {
  const stage = plan.stages[index ?? (plan.stages.length === 1 ? 0 : -1)];
  if (stage === undefined) {
    throw new SlipwayError("OptionInvalid", {
      where: "--stage",
      expected: `the index of one of ${plan.stages.length} stages: each is a batch of its own`,
      found: index === undefined ? "none" : String(index),
    });
  }
  const { calls, pins, gates } = stage;
  if (gates.some(({ probe }) => probe.target === ZeroAddress)) {
    throw new SlipwayError("OptionInvalid", {
      where: plan.title,
      expected: "gates that ask a contract",
      found: "a gate that only the registry answers",
    });
  }
  const conditions: Condition[] = [];
  const names: string[] = [];
  for (const id of stage.invariants) {
    const { invariant } = await registry.contract.getFunction("invariantOf").staticCall(id);
    const raw = invariant.condition.toObject(true) as Condition;
    const [op, rightKind, toleranceBps] = [raw.op, raw.rightKind, raw.toleranceBps].map(Number) as [0, 0, number];
    const name = invariant.name as string;
    conditions.push(await fixed(client, name, { ...raw, op, rightKind, toleranceBps }));
    names.push(name);
  }
  const text = [
    ...pins.map(({ account, codeHash }) => `pin ${account} ${codeHash}`),
    ...gates.map(({ probe, op, bound }) => `gate ${probe.data} of ${probe.target} ${opText(op)} ${bound}`),
    ...names.map((name, i) => `invariant ${name} ${conditionText(conditions[i]!)}`),
  ];
  return { calls, terms: { pins, gates, conditions, text, open: [] } };
}
