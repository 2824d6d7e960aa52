import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { DAY, registryFixture, type RegistryFixture } from "../fixtures/registry";
import { Choice, propose, ready, toInProgress, toNextStep, vote } from "../helpers/lifecycle";
import { addModule, dialPlan, MODULE } from "../helpers/plans";
import { Replay } from "../helpers/replay";
import { PLACES, planWorld } from "../helpers/states";

/** Everything that the registry's views tell of a proposal equals what its events tell. */
async function expectSame(fixture: RegistryFixture, proposalId: string): Promise<void> {
  const { registry } = fixture;
  const replay = await Replay.of(fixture);
  const told = await registry.stateOf(proposalId);
  const now = BigInt(await time.latest());
  const proposal = replay.proposals.get(proposalId);
  if (proposal === undefined) {
    expect(told.state).to.equal(0n);
    return;
  }
  const facts = await registry.proposalOf(proposalId);
  const header = await registry.electorateHeader(proposal.electorate);
  const whole = header.clips[proposal.planClass]!.clippedTotal;
  const { state, isHalted, notBefore, notAfter } = replay.statusAt(proposalId, now, whole);
  expect([state, isHalted, notBefore, notAfter, proposal.nextStage, proposal.stageCount]).to.deep.equal([
    told.state,
    told.isHalted,
    told.notBefore,
    told.notAfter,
    told.nextStage,
    told.stageCount,
  ]);
  const [against, inFavour, abstain] = proposal.power;
  const { proposer, proposedAt, proposedAtBlock, votingEndsAt, scheduledAt, scheduledAtBlock, eta } = proposal;
  expect({
    times: [proposedAt, proposedAtBlock, votingEndsAt, scheduledAt, scheduledAtBlock, eta],
    whose: [proposer, proposal.reportHash, proposal.electorate, ...proposal.modules],
    votes: [
      inFavour,
      against,
      abstain,
      proposal.voters,
      proposal.readyPower,
      proposal.readySeats,
      ...proposal.attestations,
    ],
  }).to.deep.equal({
    times: [
      facts.proposedAt,
      facts.proposedAtBlock,
      facts.votingEndsAt,
      facts.scheduledAt,
      facts.scheduledAtBlock,
      facts.eta,
    ],
    whose: [facts.proposer, facts.reportHash, facts.electorate, ...facts.modules],
    votes: [
      facts.forPower,
      facts.againstPower,
      facts.abstainPower,
      facts.voters,
      facts.readyPower,
      facts.readySeats,
      facts.integrityAttestations,
      facts.simulationAttestations,
    ],
  });
  for (let seat = 0n; seat < header.seats; ++seat) {
    expect(proposal.votedSeats.has(seat)).to.equal(await registry.hasVoted(proposalId, seat));
    expect(proposal.readySeatsSet.has(seat)).to.equal(await registry.isReady(proposalId, seat));
  }
}

/** Slots of an account that a transaction wrote and that are not zero afterwards. */
async function slotsWritten(hashes: readonly string[], accounts: readonly string[]): Promise<number> {
  const written = new Map(accounts.map((account) => [BigInt(account), new Set<string>()]));
  for (const hash of hashes) {
    const { to } = (await ethers.provider.getTransaction(hash))!;
    const options = { disableMemory: true, disableStorage: true };
    const { structLogs } = (await ethers.provider.send("debug_traceTransaction", [hash, options])) as {
      structLogs: { op: string; depth: number; stack: string[] }[];
    };
    // The account whose storage is in use, by depth of the call.
    const context: bigint[] = [];
    context[structLogs[0]!.depth] = BigInt(to!);
    for (const { op, depth, stack } of structLogs) {
      const top = (index: number) => BigInt(`0x${stack[stack.length - 1 - index]!.replace(/^0x/, "")}`);
      if (op === "CALL" || op === "STATICCALL") context[depth + 1] = top(1) & ((1n << 160n) - 1n);
      else if (op === "DELEGATECALL") context[depth + 1] = context[depth]!;
      else if (op === "SSTORE") written.get(context[depth]!)?.add(ethers.toBeHex(top(0), 32));
    }
  }
  let count = 0;
  for (const account of accounts) {
    for (const slot of written.get(BigInt(account))!) {
      if ((await ethers.provider.getStorage(account, slot)) !== ZeroHash) ++count;
    }
  }
  return count;
}

describe("what a registry leaves behind", () => {
  for (const [place, go] of Object.entries(PLACES)) {
    it(`ATK-110 events alone tell state, times, votes, readiness and attestations: ${place}`, async () => {
      const world = await loadFixture(planWorld);
      await go(world);
      await expectSame(world, world.proposalId);
    });
  }

  it("ATK-111 events alone tell them through halts that overlap, lifts, and votes of every kind", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry, council, electors } = fixture;
    const plan = await dialPlan(fixture, await addModule(fixture), { executionWindow: BigInt(20 * DAY) });
    const halt = async (scope: string) => {
      for (const member of council.slice(0, 2)) await registry.connect(member).halt(scope, "look", 0, []);
    };
    const id = await propose(fixture, plan);
    await vote(fixture, id, 3);
    await registry.connect(electors[4]).castVote(id, Choice.Against, 4);
    await registry.connect(electors[5]).castVote(id, Choice.Abstain, 5);
    await ready(fixture, id, 5);
    await halt(MODULE);
    await time.increase(DAY);
    await expectSame(fixture, id);
    await halt(ZeroHash);
    for (const member of council.slice(0, 3)) await registry.connect(member).lift(MODULE, 0, []);
    await expectSame(fixture, id);
    await time.increase(3 * DAY);
    await expectSame(fixture, id);

    const second = { ...plan, nonce: 7n };
    const secondId = await toInProgress(fixture, second);
    await halt(MODULE);
    await time.increase(DAY);
    await expectSame(fixture, secondId);
    await time.increase(2 * DAY);
    await expectSame(fixture, secondId);
    const { notBefore } = await registry.stateOf(secondId);
    if (BigInt(await time.latest()) < notBefore) await time.increaseTo(notBefore);
    await registry.advance(second);
    await expectSame(fixture, secondId);
    await expectSame(fixture, id);
  });

  it("ATK-112 a plan of two stages that ten voted on leaves less than 1,024 bytes in registry and timelock [gas]", async () => {
    const fixture = await loadFixture(registryFixture);
    const { deployment } = fixture;
    const plan = await dialPlan(fixture, await addModule(fixture));
    const from = await ethers.provider.getBlockNumber();
    const id = await toInProgress(fixture, plan);
    await toNextStep(fixture, id);
    await fixture.registry.advance(plan);
    const hashes: string[] = [];
    for (let block = from + 1; block <= (await ethers.provider.getBlockNumber()); ++block) {
      hashes.push(...(await ethers.provider.getBlock(block))!.transactions);
    }
    const slots = await slotsWritten(hashes, [deployment.registry, deployment.timelock]);
    // The proposal's own words, a word of votes and one of readiness, two attestations, the module, three operations.
    expect(slots * 32).to.be.within(320, 1_024);
  });
});
