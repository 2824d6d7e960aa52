import { keccak256 } from "ethers";
import type { Client } from "../client";
import { checkInvariants } from "../invariants/checkInvariants";
import { labelText } from "../plan/labelText";
import type { Pin, Plan } from "../plan/types";
import type { Registry } from "../registry/connect";
import { registryAt } from "./atBlock";
import type { Execution, PinProof, Transition } from "./types";

/** Every batch that ran, with the code of what it pins before and after, its gates before, and invariants after it. */
export async function readExecutions(
  client: Client,
  registry: Registry,
  plan: Plan,
  { proposalId, transitions }: { proposalId: string; transitions: readonly Transition[] },
): Promise<Execution[]> {
  const executions: Execution[] = [];
  for (const transition of transitions) {
    const found = batchOf(plan, transition);
    if (found === undefined) continue;
    const { block, timestamp, transaction, by } = transition;
    const { kind, index, label, pins, invariants } = found;
    executions.push({
      kind,
      index,
      label,
      block,
      timestamp,
      transaction,
      by,
      pins: await Promise.all(pins.map((pin) => readPin(client, pin, block))),
      gates: kind === "stage" ? await readGates(client, registry, plan, { stage: index, block }) : [],
      invariants: await readInvariants(client, registry, { ids: invariants, proposalId, block }),
    });
  }
  return executions;
}

interface Batch {
  kind: Execution["kind"];
  index: number;
  label: string;
  pins: readonly Pin[];
  invariants: readonly string[];
}

function batchOf(plan: Plan, { event, args }: Transition): Batch | undefined {
  if (event === "StageAdvanced") {
    const index = Number(args["stage"]);
    const stage = plan.stages[index];
    if (stage === undefined) return undefined;
    return { kind: "stage", index, label: labelText(stage.label), pins: stage.pins, invariants: stage.invariants };
  }
  if (event === "PlanRolledBack") {
    const index = Number(args["rollback"]);
    const way = plan.rollbacks[index];
    if (way === undefined) return undefined;
    return { kind: "rollback", index, label: `rollback ${index}`, pins: way.pins, invariants: way.invariants };
  }
  if (event !== "ContainmentExecuted") return undefined;
  const index = Number(args["index"]);
  const containment = plan.containments[index];
  if (containment === undefined) return undefined;
  return { kind: "containment", index, label: labelText(containment.label), pins: containment.pins, invariants: [] };
}

async function readPin({ provider }: Client, { account, codeHash }: Pin, block: number): Promise<PinProof> {
  const hashAt = async (at: number) =>
    provider.getCode(account, at).then(
      (code) => keccak256(code),
      // A node without that state is no reason to say that the code was another.
      () => "unknown",
    );
  const [before, after] = await Promise.all([hashAt(block - 1), hashAt(block)]);
  return { account, expected: codeHash, before, after };
}

async function readGates(
  client: Client,
  registry: Registry,
  plan: Plan,
  { stage, block }: { stage: number; block: number },
): Promise<Execution["gates"]> {
  if (plan.stages[stage]!.gates.length === 0) return [];
  try {
    const at = registryAt(client, registry, block - 1);
    const [, gates] = (await at.contract.getFunction("revalidate")(plan)) as [
      unknown,
      { stage: bigint; actual: bigint; isOk: boolean }[],
    ];
    return gates
      .filter((gate) => Number(gate.stage) === stage)
      .map(({ actual, isOk }) => ({ actual: actual.toString(), isOk }));
  } catch {
    return "unknown";
  }
}

async function readInvariants(
  client: Client,
  registry: Registry,
  { ids, proposalId, block }: { ids: readonly string[]; proposalId: string; block: number },
): Promise<Execution["invariants"]> {
  try {
    const found = await checkInvariants(registryAt(client, registry, block), ids, proposalId);
    return found.map((one) => ({ ...one, left: one.left.toString(), right: one.right.toString() }));
  } catch {
    return "unknown";
  }
}
