import { getAddress, id } from "ethers";
import { derivedAddress } from "../chain/simulateSequence";
import type { Client } from "../client";
import type { Plan } from "../plan/types";
import type { Registry } from "../registry/connect";
import { readSeats } from "../registry/facts";
import { clipOf, readHeader } from "../registry/readElectorate";
import { registryLogs } from "../registry/registryLogs";

export interface Elector {
  seat: number;
  account: string;
  /** After clipping. */
  power: bigint;
}

/** Who takes part in a rehearsal: everyone from the registry's own data, none from a configuration. */
export interface Actors {
  proposer: string;
  attesters: string[];
  maintainers: string[];
  auditors: string[];
  incident: string[];
  /** Strongest first. */
  electors: Elector[];
  /** Sum of clipped powers; of a token: its supply. */
  total: bigint;
  /** A token's delegates vote: approval is of the votes cast, with a quorum of the supply. */
  isToken: boolean;
  council: { members: string[]; rollbackThreshold: number };
  policy: {
    approval: [bigint, bigint];
    quorum: [bigint, bigint];
    minVoters: number;
    integrityAttestations: number;
    simulationAttestations: number;
    artifactAttestations: number;
    auditAttestations: number;
    rehearsalAttestations: number;
  };
  /** Holds no role and no seat. */
  stranger: string;
}

export async function readActors(client: Client, registry: Registry, plan: Plan): Promise<Actors> {
  const ask = (name: string, ...args: unknown[]) => registry.contract.getFunction(name).staticCall(...args);
  const [pointer] = await ask("electorate");
  const policy = await ask("classPolicyOf", plan.planClass);
  const [council] = await ask("councilOf");
  const reviewers = async (role: string) =>
    (await holders(client, registry, id(role))).filter((account) => account !== plan.proposer);
  return {
    proposer: plan.proposer,
    attesters: await reviewers("ATTESTER"),
    maintainers: await reviewers("MAINTAINER"),
    auditors: await reviewers("AUDITOR"),
    incident: await holders(client, registry, id("INCIDENT")),
    ...(await readElectors(registry, pointer, plan)),
    council: { members: [...council.members], rollbackThreshold: Number(council.rollbackThreshold) },
    policy: {
      approval: [policy.approval.numerator, policy.approval.denominator],
      quorum: [policy.quorum.numerator, policy.quorum.denominator],
      minVoters: Number(policy.minVoters),
      integrityAttestations: Number(policy.integrityAttestations),
      simulationAttestations: Number(policy.simulationAttestations),
      artifactAttestations: Number(policy.artifactAttestations),
      auditAttestations: Number(policy.auditAttestations),
      rehearsalAttestations: Number(policy.rehearsalAttestations),
    },
    stranger: derivedAddress("slipway.rehearsal.stranger"),
  };
}

/** Who sits in an electorate. A token's has no seats before a proposal's snapshot. */
export async function readElectors(
  registry: Registry,
  pointer: string,
  plan: Plan,
): Promise<Pick<Actors, "electors" | "total" | "isToken">> {
  const header = await readHeader(registry, pointer);
  const { cap, clippedTotal } = clipOf(header, plan.planClass);
  const seats = await readSeats(registry, pointer);
  const electors = seats
    .map(({ account, power }, seat) => ({ seat, account: getAddress(account), power: power < cap ? power : cap }))
    .sort((a, b) => (a.power === b.power ? a.seat - b.seat : a.power > b.power ? -1 : 1));
  return { electors, total: clippedTotal, isToken: header.token !== undefined };
}

/** The fewest electors whose power together meets a threshold, and who are at least `least`. */
export function fewest(actors: Actors, [numerator, denominator]: [bigint, bigint], least = 0): Elector[] {
  let power = 0n;
  const chosen: Elector[] = [];
  for (const elector of actors.electors) {
    if (chosen.length >= least && power * denominator >= actors.total * numerator) break;
    chosen.push(elector);
    power += elector.power;
  }
  return chosen;
}

/** Accounts that hold a role now, from the events that gave it: one that was taken away again no longer counts. */
async function holders(client: Client, registry: Registry, role: string): Promise<string[]> {
  const granted = await registryLogs(client, registry, "RoleGranted", [role]);
  const accounts = [...new Set(granted.map(({ args }) => args["account"] as string))];
  const held = await Promise.all(
    accounts.map((account) => registry.contract.getFunction("hasRole")(role, account) as Promise<boolean>),
  );
  return accounts.filter((_, index) => held[index]);
}
