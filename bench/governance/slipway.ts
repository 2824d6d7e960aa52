import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { encodeBytes32String, keccak256, Signature, TypedDataEncoder, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { ModuleKind, type Plan } from "../../src/plan/types";
import { deployRegistry } from "../../src/registry/deployRegistry";
import { CHUNK, draftElectorate } from "../../src/registry/electorateDraft";
import type { RegistryParameters } from "../../src/registry/registryParameters";
import { packSeats, type Seat } from "../../src/registry/seats";
import {
  artifacts,
  connectRegistry,
  DAY,
  namedActors,
  registryParameters,
  silent,
  type RegistryFixture,
} from "../../test/fixtures/registry";
import { AttestationKind, Choice, State } from "../../test/helpers/lifecycle";
import { define, dialInvariant, dialPlan, REPORT } from "../../test/helpers/plans";
import { domainOf } from "../../test/helpers/signatures";
import { chunksOf, gasOf, impersonate, passTime, sum, votersOf, type Voter } from "./chain";
import { newUpgrade, requireUpgraded, type JobResult, type Mode, type Upgrade } from "./job";

/** Ballots of one transaction. */
export const BATCH = 100;
const POWER = 100n;
const UNIT = encodeBytes32String("validator");
const MODULE = encodeBytes32String("vault");
const VOTING = 3 * DAY;

export interface Ground extends RegistryFixture {
  /** In order of their seats. */
  voters: Voter[];
  /** Seat of each of them. */
  seats: number[];
  upgrade: Upgrade;
  plan: Plan;
}

/**
 * A registry of these voters, each with equal power, and the plan of one stage and its way back. `others` have seats too, and
 * never vote.
 */
export async function newGround(
  voters: Voter[],
  { isFull = false, others = [] }: { isFull?: boolean; others?: string[] } = {},
): Promise<Ground> {
  const accounts = [...voters.map(({ address }) => address), ...others].sort((a, b) =>
    BigInt(a) < BigInt(b) ? -1 : 1,
  );
  const placeOf = new Map(accounts.map((account, seat) => [account, seat]));
  const list = accounts.map((account) => ({ account, power: POWER }));
  const actors = await namedActors();
  const base = registryParameters(actors);
  const attestations = isFull ? 1 : 0;
  const standard = {
    ...base.policies.standard,
    votingPeriod: VOTING,
    integrityAttestations: attestations,
    simulationAttestations: attestations,
  };
  const parameters: RegistryParameters = {
    ...base,
    policies: { ...base.policies, standard },
    // Longer lists come in chunks, after the registry's first one.
    seats: list.slice(0, CHUNK),
    maxPower: { numerator: 1, denominator: 1 },
  };
  const deployment = await deployRegistry({ artifacts, signer: actors.deployer, log: silent }, parameters);
  const connected = await connectRegistry(deployment, actors.stranger);
  const fixture: RegistryFixture = { ...actors, ...connected, deployment, parameters };
  if (list.length > CHUNK) await storeElectorate(fixture, list);
  const upgrade = await newUpgrade(deployment.timelock);
  await fixture.registry
    .connect(fixture.release)
    .registerModule(MODULE, ModuleKind.Uups, upgrade.proxy, deployment.timelock);
  const seats = voters.map(({ address }) => placeOf.get(address) as number);
  return { ...fixture, voters, seats, upgrade, plan: await planOf(fixture, upgrade, isFull) };
}

/** Makes these the electorate of the next plans; returns the gas of all that it took. */
export async function storeElectorate(
  { registry, deployment, deployer }: RegistryFixture,
  list: readonly Seat[],
): Promise<number> {
  const contract = registry as unknown as Parameters<typeof gasOf>[1];
  const timelock = await impersonate(deployment.timelock);
  if (list.length <= CHUNK) return gasOf(timelock, contract, "setElectorate", [packSeats(list), UNIT]);
  const whole = { numerator: 1, denominator: 1 };
  const { draft, chunks } = draftElectorate(list, { unit: "validator", maxPower: [whole, whole, whole] });
  const gas: number[] = [];
  for (const { seats, rest } of chunks) {
    gas.push(await gasOf(deployer.address, contract, "addChunk", [draft, seats, rest]));
  }
  return sum(gas) + (await gasOf(timelock, contract, "activateElectorate", [draft]));
}

async function planOf(fixture: RegistryFixture, upgrade: Upgrade, isFull: boolean): Promise<Plan> {
  const module = (await ethers.deployContract("Module__MockForRegistry", [
    fixture.deployment.timelock,
  ])) as unknown as Parameters<typeof dialInvariant>[0];
  const shape = await dialPlan(fixture, module);
  const invariants = isFull ? [await define(fixture, await dialInvariant(module))] : [];
  const pin = { account: upgrade.proxy, codeHash: keccak256(await ethers.provider.getCode(upgrade.proxy)) };
  const pins = [pin];
  const call = (data: string) => ({ target: upgrade.proxy, value: 0n, data });
  return {
    ...shape,
    title: "Vault v2",
    targets: [{ module: MODULE, baseVersion: 0n }],
    stages: [
      {
        label: encodeBytes32String("upgrade"),
        calls: [call(upgrade.data)],
        pins,
        gates: [],
        invariants,
        // The full path observes the new code for a day and completes after it; the plain one completes at once.
        dwell: isFull ? BigInt(DAY) : 0n,
        minGas: 0n,
      },
    ],
    rollbacks: [{ ...shape.rollbacks[0]!, calls: [call(upgrade.undo)], pins, invariants }],
    readiness: { ...shape.readiness, threshold: { numerator: isFull ? 2 : 0, denominator: 3 } },
    evidence: { ...shape.evidence, reportHash: isFull ? REPORT : ZeroHash },
  };
}

export interface SignedBallot {
  seat: number;
  r: string;
  vs: string;
}

const BALLOT = {
  Ballot: [
    { name: "proposalId", type: "bytes32" },
    { name: "choice", type: "uint8" },
  ],
};
const READY = { Ready: [{ name: "proposalId", type: "bytes32" }] };

/** Ballots for, of the voters with these numbers. */
export async function ballotsOf(
  ground: Ground,
  proposalId: string,
  numbers: readonly number[],
): Promise<SignedBallot[]> {
  const value = { proposalId, choice: Choice.For };
  return sign(ground, TypedDataEncoder.hash(await domainOf(ground), BALLOT, value), numbers);
}

function sign({ voters, seats }: Ground, digest: string, numbers: readonly number[]): SignedBallot[] {
  return numbers.map((number) => {
    const { r, yParityAndS } = Signature.from((voters[number] as Voter).key.sign(digest));
    return { seat: seats[number] as number, r, vs: yParityAndS };
  });
}

/** Proposes the ground's plan. */
export async function proposed(ground: Ground): Promise<{ propose: number; proposalId: string }> {
  const propose = await gasOf(ground.release.address, contractOf(ground), "propose", [ground.plan]);
  return { propose, proposalId: await ground.registry.proposalIdOf(ground.plan) };
}

export function contractOf({ registry }: Ground): Parameters<typeof gasOf>[1] {
  return registry as unknown as Parameters<typeof gasOf>[1];
}

/** Ours: one upgrade from proposal to execution; attesters and readiness too on the full path. */
export async function slipwayJob(count: number, mode: Mode, { isFull = false } = {}): Promise<JobResult> {
  const ground = await newGround(await votersOf(count), { isFull });
  const { release, voters, upgrade, plan } = ground;
  const registry = contractOf(ground);
  const { propose, proposalId } = await proposed(ground);
  const numbers = voters.map((_voter, number) => number);

  const votes: number[] = [];
  if (mode === "transaction") {
    for (const [number, { address }] of voters.entries()) {
      votes.push(await gasOf(address, registry, "castVote", [proposalId, Choice.For, ground.seats[number]]));
    }
  } else {
    for (const chunk of chunksOf(numbers, BATCH)) {
      const args = [proposalId, Choice.For, await ballotsOf(ground, proposalId, chunk)];
      votes.push(await gasOf(release.address, registry, "castVotesBySig", args));
    }
  }
  const statements = isFull ? await attestAndReady(ground, proposalId, mode) : 0;
  await passTime(VOTING);

  const schedule = await gasOf(release.address, registry, "schedule", [plan]);
  await passTime(DAY);
  let execute = await gasOf(release.address, registry, "advance", [plan]);
  if (isFull) {
    await passTime(DAY);
    execute += await gasOf(release.address, registry, "advance", [plan]);
  }
  const system = isFull ? "Slipway, full path" : "Slipway";
  await requireUpgraded(upgrade, system);
  const { state } = await ground.registry.stateOf(proposalId);
  if (state !== State.Completed) throw new Error(`${system}: the plan is in state ${state}`);
  const vote = sum(votes);
  return {
    system,
    voters: count,
    mode,
    propose,
    vote,
    ...(isFull ? { statements } : {}),
    schedule,
    execute,
    total: propose + vote + statements + schedule + execute,
    firstVote: votes[0] as number,
    lastVote: votes.at(-1) as number,
  };
}

async function attestAndReady(ground: Ground, proposalId: string, mode: Mode): Promise<number> {
  const { release, attesters, voters } = ground;
  const registry = contractOf(ground);
  const attester = attesters[0] as HardhatEthersSigner;
  const gas: number[] = [];
  for (const kind of [AttestationKind.Integrity, AttestationKind.Simulation]) {
    gas.push(await gasOf(attester.address, registry, "attest", [proposalId, kind, REPORT]));
  }
  if (mode === "transaction") {
    for (const [number, { address }] of voters.entries()) {
      gas.push(await gasOf(address, registry, "signalReady", [proposalId, ground.seats[number]]));
    }
    return sum(gas);
  }
  const digest = TypedDataEncoder.hash(await domainOf(ground), READY, { proposalId });
  const numbers = voters.map((_voter, number) => number);
  for (const chunk of chunksOf(numbers, BATCH)) {
    gas.push(await gasOf(release.address, registry, "signalReadyBySig", [proposalId, sign(ground, digest, chunk)]));
  }
  return sum(gas);
}
