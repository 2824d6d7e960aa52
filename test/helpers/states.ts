import { setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import { id, ZeroHash } from "ethers";
import { BreachClass, type Plan } from "../../src/plan/types";
import type { Module__MockForRegistry } from "../../typechain-types";
import { DAY, registryFixture, type RegistryFixture } from "../fixtures/registry";
import { nodeArtifact } from "./artifact";
import { propose, toApproved, toInProgress, toNextStep, toScheduled } from "./lifecycle";
import { addModule, define, dialInvariant, dialPlan, dialStage } from "./plans";
import { domainOf, signApproval } from "./signatures";

/** A registry with one module, and a plan of two stages for it that cites one invariant. */
export interface PlanWorld extends RegistryFixture {
  module: Module__MockForRegistry;
  plan: Plan;
  proposalId: string;
  invariant: string;
}

/** Code that reverts, in place of the module's. */
const BROKEN_CODE = "0x60006000fd";

export async function planWorld(): Promise<PlanWorld> {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const invariant = await define(fixture, await dialInvariant(module));
  const { calls } = await dialStage(module, 5n);
  const containment = { breach: BreachClass.Asset, label: ZeroHash, calls, pins: [], minGas: 0n };
  const plan = await dialPlan(fixture, module, { containments: [containment] });
  plan.artifact = nodeArtifact();
  plan.stages[0]!.invariants = [invariant];
  plan.stages[1]!.dwell = BigInt(DAY);
  plan.rollbacks[0]!.to = 1;
  return { ...fixture, module, plan, invariant, proposalId: await fixture.registry.proposalIdOf(plan) };
}

/** Everything a plan can be in, each reached as a plan gets there; `Scheduled` and `InProgress` when the next step is due. */
export const PLACES: Record<string, (world: PlanWorld) => Promise<void>> = {
  Unknown: () => Promise.resolve(),
  Voting: async (world) => void (await propose(world, world.plan)),
  Defeated: async (world) => {
    await propose(world, world.plan);
    await time.increase(3 * DAY);
  },
  Approved: async (world) => void (await toApproved(world, world.plan)),
  Scheduled: async (world) => {
    await toScheduled(world, world.plan);
    await toNextStep(world, world.proposalId);
  },
  InProgress: async (world) => {
    await toInProgress(world, world.plan);
    await toNextStep(world, world.proposalId);
  },
  "InProgress, contained": async (world) => {
    await PLACES["InProgress"]!(world);
    await world.registry.connect(world.incident).contain(world.plan, 0);
  },
  "InProgress, last dwell": async (world) => {
    await PLACES["InProgress"]!(world);
    await world.registry.advance(world.plan);
  },
  "InProgress, last dwell over": async (world) => {
    await PLACES["InProgress, last dwell"]!(world);
    await toNextStep(world, world.proposalId);
  },
  "Stalled by veto": async (world) => {
    await PLACES["InProgress"]!(world);
    await veto(world);
  },
  "Stalled by a lapsed window": async (world) => {
    await PLACES["InProgress"]!(world);
    await time.increase(3 * DAY);
  },
  Completed: async (world) => {
    await PLACES["InProgress, last dwell over"]!(world);
    await world.registry.advance(world.plan);
  },
  RolledBack: async (world) => {
    await PLACES["Stalled by veto"]!(world);
    await world.registry.rollback(world.plan);
  },
  "Cancelled by its proposer": async (world) => {
    await propose(world, world.plan);
    await world.registry.connect(world.release).cancel(world.proposalId);
  },
  "Cancelled by veto": async (world) => {
    await PLACES["Scheduled"]!(world);
    await veto(world);
  },
  "Expired before it was scheduled": async (world) => {
    await PLACES["Approved"]!(world);
    await time.increase(8 * DAY);
  },
  "Expired before its first stage": async (world) => {
    await PLACES["Scheduled"]!(world);
    await time.increase(3 * DAY);
  },
  Invalidated: async (world) => {
    await PLACES["Scheduled"]!(world);
    await breakPin(world);
    await world.registry.invalidate(world.plan, 0, 0);
  },
};

/** The module's code is no longer what the plan pins. */
export async function breakPin({ module }: PlanWorld): Promise<void> {
  await setCode(await module.getAddress(), BROKEN_CODE);
}

/** The council's veto, by signatures in one transaction. */
export async function veto(world: PlanWorld): Promise<unknown> {
  const [deadline, signatures] = await signedAct(world, "veto", world.proposalId);
  return world.registry.veto(world.proposalId, "no", deadline, signatures);
}

/** Signatures of the whole council for an act, good for an hour. */
export async function signedAct(world: RegistryFixture, kind: string, subject = ZeroHash): Promise<[bigint, string[]]> {
  const { act } = await world.registry.actOf(id(kind), subject);
  const deadline = BigInt((await time.latest()) + 3_600);
  const domain = await domainOf(world);
  return [deadline, await Promise.all(world.council.map((member) => signApproval(domain, member, act, deadline)))];
}
