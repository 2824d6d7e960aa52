import type { BaseContract } from "ethers";
import { ethers } from "hardhat";
import type { Plan, Stage } from "../../src/plan/types";
import { DAY, registryFixture, type RegistryFixture } from "../fixtures/registry";
import { toNextStep, toScheduled } from "./lifecycle";
import { addModule, dialPlan, dialStage, pinned } from "./plans";

/** A registry, and a protocol in miniature that its timelock owns. */
export async function exhibitFixture<T>(contract: string) {
  const fixture = await registryFixture();
  const spare = await addModule(fixture);
  const exhibit = (await ethers.deployContract(contract, [fixture.deployment.timelock])) as unknown as T & BaseContract;
  return { ...fixture, spare, exhibit };
}

/** A plan of one stage that makes these calls of the exhibit, and takes them back by `undo`. */
export async function exhibitPlan(
  fixture: RegistryFixture & { spare: Awaited<ReturnType<typeof addModule>>; exhibit: BaseContract },
  calls: readonly (readonly [name: string, args: readonly unknown[]])[],
  over: Partial<Stage> = {},
  undo?: readonly [name: string, args: readonly unknown[]],
): Promise<Plan> {
  const { exhibit, spare } = fixture;
  const target = await exhibit.getAddress();
  const encode = ([name, args]: readonly [string, readonly unknown[]]) => ({
    target,
    value: 0n,
    data: exhibit.interface.encodeFunctionData(name, args),
  });
  const stage = await dialStage(spare, 1n, { calls: calls.map(encode), pins: [], ...over });
  const plan = await dialPlan(fixture, spare, { stages: [stage], rollbacks: [] });
  if (undo === undefined) return plan;
  const way = await dialPlan(fixture, spare);
  stage.dwell = BigInt(DAY);
  return pinned({ ...plan, stages: [stage], rollbacks: [{ ...way.rollbacks[0]!, calls: [encode(undo)], pins: [] }] });
}

/** The plan was agreed, and its first stage is due. */
export async function agreed(fixture: RegistryFixture, plan: Plan): Promise<string> {
  const proposalId = await toScheduled(fixture, plan);
  await toNextStep(fixture, proposalId);
  return proposalId;
}
