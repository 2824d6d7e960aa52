import { keccak256 } from "ethers";
import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Plan } from "../plan/types";
import { readCompatibility } from "./artifact";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { readPlan } from "./readPlan";
import { isEnded, readStatus } from "./state";

/** Shows the registry a broken pin, or a parent that is lost, which ends the plan or stalls it. Finds it itself. */
export async function invalidate(
  client: Client,
  registry: Registry,
  params: { proposalId: string } & SendOptions,
): Promise<Performed> {
  const { proposalId } = params;
  const plan = await readPlan(client, registry, proposalId);
  const isClosed = async (): Promise<boolean> => {
    const { state } = await readStatus(registry, proposalId);
    return state === "Invalidated" || state === "Stalled";
  };
  if (await isClosed()) return { verb: "invalidate", proposalId, status: "already" };
  const { nextStage } = await readStatus(registry, proposalId);
  const orphaned = {
    ...params,
    verb: "invalidate",
    to: registry.address,
    data: registry.iface.encodeFunctionData("invalidateOrphan", [proposalId]),
    isDone: isClosed,
  };
  if (await isOrphan(registry, proposalId)) return perform(client, registry, orphaned);
  const broken = await findBrokenPin(client, plan, nextStage);
  if (broken === undefined) {
    throw new SlipwayError("NothingBroken", {
      where: proposalId,
      expected: `a pin of stages ${nextStage} to ${plan.stages.length - 1} that does not hold`,
      found: "all of them hold",
      next: `npx hardhat upgrade revalidate ${proposalId.slice(2, 8)}`,
    });
  }
  return perform(client, registry, {
    ...params,
    verb: "invalidate",
    to: registry.address,
    data: registry.iface.encodeFunctionData("invalidate", [plan, broken.stage, broken.pin]),
    isDone: isClosed,
  });
}

/** Whether the plan follows a parent that ended without its upgrade. */
export async function isOrphan(registry: Registry, proposalId: string): Promise<boolean> {
  const { parentState } = await readCompatibility(registry, proposalId);
  return parentState !== "Completed" && isEnded(parentState);
}

/** The first pin of the stages from `first` on that does not hold now. */
export async function findBrokenPin(
  client: Client,
  plan: Plan,
  first: number,
): Promise<{ stage: number; pin: number } | undefined> {
  for (let stage = first; stage < plan.stages.length; ++stage) {
    const pins = plan.stages[stage]?.pins ?? [];
    for (const [pin, { account, codeHash }] of pins.entries()) {
      if (keccak256(await client.provider.getCode(account)) !== codeHash) return { stage, pin };
    }
  }
  return undefined;
}
