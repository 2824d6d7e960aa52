import { loadFixture, setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import { encodeBytes32String, ZeroHash, type ContractTransactionResponse } from "ethers";
import { ethers } from "hardhat";
import type { Plan } from "../src/plan/types";
import { DAY, registryFixture, type RegistryFixture } from "../test/fixtures/registry";
import { Choice, attest, propose, ready, toInProgress, toNextStep, toScheduled, vote } from "../test/helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, dialStage, REPORT } from "../test/helpers/plans";
import { domainOf, signAttestation, signBallot, signReady } from "../test/helpers/signatures";
import type { GasRow } from "./gasRow";

/** Electors of a batch: two thirds of the fixture's twelve seats. */
const BATCH = 8;

interface Ground extends RegistryFixture {
  plan: Plan;
}

/** A registry, one module, and a plan of two stages with one pin and one invariant each, and one way back. */
async function ground(): Promise<Ground> {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const invariant = await define(fixture, await dialInvariant(module));
  const over = { invariants: [invariant] };
  const plan = await dialPlan(fixture, module, {
    stages: [
      await dialStage(module, 1n, { ...over, dwell: BigInt(DAY) }),
      await dialStage(module, 2n, { ...over, dwell: BigInt(DAY) }),
    ],
    rollbacks: [{ ...(await dialPlan(fixture, module)).rollbacks[0]!, from: 0, to: 1 }],
  });
  return { ...fixture, plan };
}

/** Gas of every verb of the registry, each measured on a chain of its own. */
export async function lifecycleRows(): Promise<GasRow[]> {
  return [
    ...(await toApprovedRows()),
    ...(await scheduleRows()),
    ...(await stageRows()),
    ...(await endingRows()),
    ...(await emergencyRows()),
    ...(await catalogueRows()),
  ];
}

async function toApprovedRows(): Promise<GasRow[]> {
  const fixture = await loadFixture(ground);
  const { registry, release, electors, attesters, plan } = fixture;
  const rows: GasRow[] = [];
  rows.push(await row("propose, two stages", registry.connect(release).propose(plan)));
  const proposalId = await registry.proposalIdOf(plan);
  const domain = await domainOf(fixture);
  rows.push(await row("vote, first", registry.connect(electors[0]).castVote(proposalId, Choice.For, 0)));
  rows.push(await row("vote, next", registry.connect(electors[1]).castVote(proposalId, Choice.For, 1)));
  const ballots = await Promise.all(
    electors.slice(2, 2 + BATCH).map((elector, i) => signBallot(domain, elector, i + 2, proposalId, Choice.For)),
  );
  rows.push(await row(`vote by signature, ${BATCH} at once`, registry.castVotesBySig(proposalId, Choice.For, ballots)));
  rows.push(await row("attest", registry.connect(attesters[0]).attest(proposalId, 0, REPORT)));
  const signatures = await Promise.all(
    attesters.slice(1, 3).map((attester) => signAttestation(domain, attester, proposalId, 0, REPORT)),
  );
  rows.push(await row("attest by signature, 2 at once", registry.attestBySig(proposalId, 0, REPORT, signatures)));
  rows.push(await row("ready, first", registry.connect(electors[0]).signalReady(proposalId, 0)));
  const signals = await Promise.all(
    electors.slice(1, 1 + BATCH).map((elector, i) => signReady(domain, elector, i + 1, proposalId)),
  );
  rows.push(await row(`ready by signature, ${BATCH} at once`, registry.signalReadyBySig(proposalId, signals)));
  return rows;
}

async function scheduleRows(): Promise<GasRow[]> {
  const fixture = await loadFixture(ground);
  const { registry, plan } = fixture;
  const proposalId = await propose(fixture, plan);
  await vote(fixture, proposalId, 10);
  await attest(fixture, proposalId);
  await ready(fixture, proposalId);
  await time.increase(3 * DAY);
  const rows = [await row("schedule, two stages and a rollback", registry.schedule(plan))];
  rows.push({ name: "revalidate (view)", gas: Number(await registry.revalidate.estimateGas(plan)) });
  return rows;
}

async function stageRows(): Promise<GasRow[]> {
  const fixture = await loadFixture(ground);
  const { registry, plan } = fixture;
  const proposalId = await toScheduled(fixture, plan);
  const rows: GasRow[] = [];
  for (const name of ["advance, first stage", "advance, next stage", "advance, completion"]) {
    await toNextStep(fixture, proposalId);
    rows.push(await row(name, registry.advance(plan)));
  }
  return rows;
}

async function endingRows(): Promise<GasRow[]> {
  const stalled = await loadFixture(ground);
  const stalledId = await toInProgress(stalled, stalled.plan);
  const { notAfter } = await stalled.registry.stateOf(stalledId);
  await time.increaseTo(notAfter + 1n);
  const rows = [await row("rollback, stalled plan, by anyone", stalled.registry.rollback(stalled.plan))];

  const governed = await loadFixture(ground);
  await toInProgress(governed, governed.plan);
  rows.push(
    ...(await approvals("rollback by council", governed, 3, (registry) =>
      registry.rollbackByCouncil(governed.plan, "why", 0, []),
    )),
  );
  const cancelled = await loadFixture(ground);
  const cancelledId = await propose(cancelled, cancelled.plan);
  rows.push(await row("cancel", cancelled.registry.connect(cancelled.release).cancel(cancelledId)));

  const drifted = await loadFixture(ground);
  await toScheduled(drifted, drifted.plan);
  await setCode(drifted.plan.stages[0]!.pins[0]!.account, "0x00");
  rows.push(await row("invalidate", drifted.registry.invalidate(drifted.plan, 0, 0)));
  return rows;
}

async function emergencyRows(): Promise<GasRow[]> {
  const halted = await loadFixture(ground);
  const rows = await approvals("halt", halted, 2, (registry) => registry.halt(ZeroHash, "bench", 0, []));
  rows.push(...(await approvals("lift", halted, 3, (registry) => registry.lift(ZeroHash, 0, []))));
  const vetoed = await loadFixture(ground);
  const proposalId = await toScheduled(vetoed, vetoed.plan);
  rows.push(...(await approvals("veto", vetoed, 3, (registry) => registry.veto(proposalId, "bench", 0, []))));
  return rows;
}

async function catalogueRows(): Promise<GasRow[]> {
  const fixture = await loadFixture(registryFixture);
  const { registry, release, risk, timelock } = fixture;
  const module = await addModule(fixture);
  const invariant = await dialInvariant(module, { name: "bench" });
  const invariantId = await registry.connect(risk).defineInvariant.staticCall(invariant);
  const other = await ethers.deployContract("Module__MockForRegistry", [await timelock.getAddress()]);
  const register = registry
    .connect(release)
    .registerModule(encodeBytes32String("bench"), 0, await other.getAddress(), await timelock.getAddress());
  return [
    await row("register a module", register),
    await row("define an invariant", registry.connect(risk).defineInvariant(invariant)),
    await row("retire an invariant", registry.connect(risk).retireInvariant(invariantId)),
  ];
}

type Council = Parameters<RegistryFixture["registry"]["connect"]>[0];

/** One row for an approval that only counts, one for the approval that acts. */
async function approvals(
  act: string,
  { registry, council }: RegistryFixture,
  need: number,
  approve: (registry: RegistryFixture["registry"]) => Promise<ContractTransactionResponse>,
): Promise<GasRow[]> {
  const gas: number[] = [];
  for (const member of council.slice(0, need)) {
    const as = registry.connect(member as Council) as RegistryFixture["registry"];
    gas.push((await row(act, approve(as))).gas);
  }
  return [
    { name: `${act}, first approval`, gas: gas[0] as number },
    { name: `${act}, last approval (acts)`, gas: gas.at(-1) as number },
  ];
}

async function row(name: string, sent: Promise<ContractTransactionResponse>): Promise<GasRow> {
  const receipt = await (await sent).wait();
  return { name, gas: Number(receipt?.gasUsed) };
}
