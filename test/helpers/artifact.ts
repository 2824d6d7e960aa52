import { id, ZeroHash } from "ethers";
import { deployRegistry } from "../../src/registry/deployRegistry";
import { MigrationKind, Op, RollbackKind, type Gate, type NodeArtifact, type Plan } from "../../src/plan/types";
import type { Module__MockForRegistry } from "../../typechain-types";
import {
  artifacts,
  connectRegistry,
  DAY,
  namedActors,
  registryParameters,
  silent,
  type RegistryFixture,
} from "../fixtures/registry";
import { toNextStep } from "./lifecycle";
import { dialPlan, dialStage } from "./plans";

export const VERSION = "v0.3.0";
export const PROTOCOL = 3n;
export const REPORT_TIME = BigInt(DAY / 2);

export function nodeArtifact(over: Partial<NodeArtifact> = {}): NodeArtifact {
  return {
    version: VERSION,
    protocolVersion: PROTOCOL,
    sha256Hash: id("the binary"),
    uri: "https://releases.example/v0.3.0",
    migration: MigrationKind.Compiled,
    graceBlocks: 0n,
    isGraceReadOnly: false,
    parentPlan: ZeroHash,
    successDeadline: 0n,
    successThreshold: { numerator: 0, denominator: 1 },
    ...over,
  };
}

/** A plan without a program of its own. */
export const noArtifact = (over: Partial<NodeArtifact> = {}): NodeArtifact =>
  nodeArtifact({
    version: "",
    protocolVersion: 0n,
    sha256Hash: ZeroHash,
    uri: "",
    migration: MigrationKind.None,
    ...over,
  });

/** 95% must report success within half a day after the last stage. */
export const reported = (over: Partial<NodeArtifact> = {}): NodeArtifact =>
  nodeArtifact({
    successDeadline: REPORT_TIME,
    successThreshold: { numerator: 95, denominator: 100 },
    ...over,
  });

/** Two stages with a day of dwell each, and one way back that serves both. */
export async function artifactPlan(
  fixture: RegistryFixture,
  module: Module__MockForRegistry,
  over: Partial<Plan> = {},
): Promise<Plan> {
  const dwell = BigInt(DAY);
  const { calls, pins } = await dialStage(module, 0n);
  return dialPlan(fixture, module, {
    stages: [await dialStage(module, 1n, { dwell }), await dialStage(module, 2n, { dwell })],
    rollbacks: [{ from: 0, to: 1, kind: RollbackKind.Clean, calls, pins, invariants: [], minGas: 0n }],
    artifact: reported(),
    ...over,
  });
}

/** A question that the registry answers about the plan itself. */
export const builtIn = (signature: string, bound: bigint): Gate => ({
  probe: { target: `0x${"00".repeat(20)}`, data: id(signature).slice(0, 10), gas: 0n },
  op: Op.Gte,
  bound,
});

/** Runs what is left, each step at its first second, but not the completion. */
export async function toLastDwell(fixture: RegistryFixture, plan: Plan): Promise<string> {
  const proposalId = await fixture.registry.proposalIdOf(plan);
  for (;;) {
    const { nextStage, stageCount } = await fixture.registry.stateOf(proposalId);
    if (nextStage === stageCount) return proposalId;
    await toNextStep(fixture, proposalId);
    await fixture.registry.advance(plan);
  }
}

/** A registry whose electors, in order of their seats, hold these powers. */
export async function registryWithPowers(powers: readonly bigint[]): Promise<RegistryFixture> {
  const actors = await namedActors();
  const parameters = {
    ...registryParameters(actors),
    seats: actors.electors.map(({ address }, seat) => ({ account: address, power: powers[seat] ?? 0n })),
  };
  const deployment = await deployRegistry({ artifacts, signer: actors.deployer, log: silent }, parameters);
  return { ...actors, ...(await connectRegistry(deployment, actors.stranger)), deployment, parameters };
}
