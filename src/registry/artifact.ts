import type { Client } from "../client";
import { SlipwayError } from "../errors";
import type { Registry } from "./connect";
import { perform, type Performed, type SendOptions } from "./perform";
import { readPlan } from "./readPlan";
import { seatOf } from "./seatOf";
import { STATES, type StateName } from "./state";

/** How an elector found the upgrade on its own systems. */
export const OUTCOMES = ["success", "failure"] as const;
export type OutcomeName = (typeof OUTCOMES)[number];

/** `artifactOf`, with plain numbers; powers in units of the electorate, times in seconds; zero: none. */
export interface ArtifactFacts {
  protocolVersion: bigint;
  graceBlocks: number;
  upgradedAtBlock: number;
  reportBy: number;
  adoptedPower: bigint;
  successPower: bigint;
  failedPower: bigint;
  overridePower: bigint;
  clippedTotal: bigint;
  /** Stage that the reports are about: the one that ran last. */
  reportedStage: number;
  isSuccessful: boolean;
  isOverridden: boolean;
}

/** The window that a parent opens for a child; blocks, zero: not yet. */
export interface Compatibility {
  parent: string;
  parentState: StateName;
  from: number;
  until: number;
  isOpen: boolean;
}

export async function readArtifact(registry: Registry, proposalId: string): Promise<ArtifactFacts> {
  const raw = await registry.contract.getFunction("artifactOf")(proposalId);
  return {
    protocolVersion: raw.protocolVersion,
    graceBlocks: Number(raw.graceBlocks),
    upgradedAtBlock: Number(raw.upgradedAtBlock),
    reportBy: Number(raw.reportBy),
    adoptedPower: raw.adoptedPower,
    successPower: raw.successPower,
    failedPower: raw.failedPower,
    overridePower: raw.overridePower,
    clippedTotal: raw.clippedTotal,
    reportedStage: Number(raw.reportedStage),
    isSuccessful: raw.isSuccessful,
    isOverridden: raw.isOverridden,
  };
}

export async function readCompatibility(registry: Registry, proposalId: string): Promise<Compatibility> {
  const raw = await registry.contract.getFunction("compatibilityOf")(proposalId);
  return {
    parent: raw.parent,
    parentState: STATES[Number(raw.parentState)] ?? "Unknown",
    from: Number(raw.from),
    until: Number(raw.until),
    isOpen: raw.isOpen,
  };
}

/** What a node runs. */
export interface NodeVersion {
  version: string;
  /** Decimal. */
  protocolVersion: string;
}

/** The version stated, or the plan's own. */
export async function nodeVersionOf(
  client: Client,
  registry: Registry,
  params: { proposalId: string; version?: string; protocolVersion?: string },
): Promise<NodeVersion> {
  const { artifact } = await readPlan(client, registry, params.proposalId);
  const protocolVersion = params.protocolVersion ?? artifact.protocolVersion.toString();
  if (!/^\d{1,19}$/.test(protocolVersion)) {
    throw new SlipwayError("OptionInvalid", {
      where: "--protocol",
      expected: "a protocol version such as 3",
      found: protocolVersion,
    });
  }
  return { version: params.version ?? artifact.version, protocolVersion };
}

/** States which version the signer's own node runs. */
export async function advertise(
  client: Client,
  registry: Registry,
  params: { proposalId: string } & NodeVersion & SendOptions,
): Promise<Performed> {
  const { proposalId, version, protocolVersion } = params;
  return fromSeat(client, registry, params, {
    verb: "advertise",
    isCounted: (seat) => registry.contract.getFunction("hasAdvertised")(proposalId, seat),
    encode: (seat) => registry.iface.encodeFunctionData("advertise", [proposalId, seat, version, protocolVersion]),
  });
}

/** States how a stage went on the signer's own systems. */
export async function report(
  client: Client,
  registry: Registry,
  params: { proposalId: string; stage: number; outcome: OutcomeName } & SendOptions,
): Promise<Performed> {
  const { proposalId, stage, outcome } = params;
  const isSuccessful = outcome === "success";
  return fromSeat(client, registry, params, {
    verb: "report",
    isCounted: (seat) => registry.contract.getFunction("hasReported")(proposalId, stage, seat),
    encode: (seat) => registry.iface.encodeFunctionData("reportSuccess", [proposalId, stage, seat, isSuccessful]),
  });
}

/** Votes to keep the upgrade although too few may report success. */
export async function overrideSuccess(
  client: Client,
  registry: Registry,
  params: { proposalId: string } & SendOptions,
): Promise<Performed> {
  return fromSeat(client, registry, params, {
    verb: "override",
    isCounted: (seat) => registry.contract.getFunction("hasOverridden")(params.proposalId, seat),
    encode: (seat) => registry.iface.encodeFunctionData("overrideSuccess", [params.proposalId, seat]),
  });
}

async function fromSeat(
  client: Client,
  registry: Registry,
  params: { proposalId: string } & SendOptions,
  {
    verb,
    isCounted,
    encode,
  }: { verb: string; isCounted(seat: number): Promise<boolean>; encode(seat: number): string },
): Promise<Performed> {
  const { proposalId } = params;
  const seat = await seatOf(client, registry, { proposalId, verb });
  return perform(client, registry, {
    ...params,
    verb,
    to: registry.address,
    data: encode(seat),
    isDone: () => isCounted(seat),
  });
}
