import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { toBeHex, ZeroAddress, ZeroHash } from "ethers";
import { chunkRoot, draftElectorate, type Chunk, type ElectorateDraft } from "../../src/registry/electorateDraft";
import { PlanClass } from "../../src/plan/types";
import { packSeats, unpackSeat, type Seat } from "../../src/registry/seats";
import { registryFixture, UNIT, type RegistryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { Choice, propose } from "../helpers/lifecycle";
import { addModule, dialPlan } from "../helpers/plans";

/** EIP-7825: the most gas that a transaction may have. */
const MOST_GAS = 16_777_216n;

const QUARTER = { numerator: 1, denominator: 4 };
const TERMS = { unit: "validator", maxPower: [QUARTER, QUARTER, QUARTER] as const };

/** Validators with small accounts, and the twelve electors after them. */
function validators({ electors }: RegistryFixture, count: number): Seat[] {
  const own = electors.map(({ address }, i) => ({ account: address, power: BigInt(i + 1) }));
  const others = Array.from({ length: count - own.length }, (_, i) => ({
    account: toBeHex(i + 1, 20),
    power: BigInt(1 + (i % 7)),
  }));
  return [...others, ...own];
}

async function upload({ registry }: RegistryFixture, draft: ElectorateDraft, chunks: readonly Chunk[]) {
  const gas: bigint[] = [];
  for (const { seats, rest } of chunks) {
    const receipt = await (await registry.addChunk(draft, seats, rest)).wait();
    gas.push(receipt?.gasUsed ?? 0n);
  }
  return gas;
}

/** 1,100 validators: two full chunks and 76. */
async function draftFixture() {
  const fixture = await registryFixture();
  const seats = validators(fixture, 1_100);
  return { ...fixture, seats, ...draftElectorate(seats, TERMS) };
}

async function activeFixture() {
  const fixture = await draftFixture();
  await upload(fixture, fixture.draft, fixture.chunks);
  await (await asTimelock(fixture)).activateElectorate(fixture.draft);
  const { pointer } = await fixture.registry.electorate();
  return { ...fixture, pointer };
}

/** A draft of the given chunks as they are, whatever is wrong with them. */
function forged(chunks: readonly string[][], over: Partial<ElectorateDraft> = {}) {
  const parts: Chunk[] = [];
  let root = ZeroHash;
  for (const seats of [...chunks].reverse()) {
    parts.unshift({ seats, rest: root });
    root = chunkRoot(seats, root);
  }
  const all = chunks.flat().map(unpackSeat);
  const total = all.reduce((sum, { power }) => sum + power, 0n);
  return { draft: { root, seats: all.length, total, caps: [1n, 1n, 1n], unit: UNIT, ...over } as never, chunks: parts };
}

const run = (from: number, count: number) =>
  packSeats(Array.from({ length: count }, (_, i) => ({ account: toBeHex(from + i, 20), power: 1n })));

describe("ElectorateDrafts", () => {
  it("ELE-20 chunks that anyone stores form one list, in force once the timelock says so", async () => {
    const fixture = await loadFixture(draftFixture);
    const { registry, draft, chunks, seats } = fixture;
    const before = await registry.electorate();
    await upload(fixture, draft, chunks.slice(0, 2));
    expect(await registry.draftOf(draft)).to.deep.equal([1_024n, ZeroAddress]);
    await expect(registry.addChunk(draft, chunks[2]!.seats, ZeroHash)).to.emit(registry, "DraftSealed");
    expect(await registry.electorate()).to.deep.equal(before);
    const [stored, pointer] = await registry.draftOf(draft);
    expect(stored).to.equal(1_100n);
    await (await asTimelock(fixture)).activateElectorate(draft);
    expect(await registry.electorate()).to.deep.equal([pointer, 2n, 1n]);
    const packed = packSeats(seats);
    expect(await registry.seatsOf(pointer, 0, 2_000)).to.deep.equal(packed);
    for (const seat of [0, 511, 512, 1_023, 1_024, 1_099]) {
      expect(await registry.seatAt(pointer, seat)).to.equal(packed[seat]);
    }
    await expect(registry.seatAt(pointer, 1_100)).to.be.revertedWithCustomError(registry, "SeatUnknown");
  });

  it("ELE-21 the header counts, sums, clips by class, and names the unit", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry } = fixture;
    const seats = validators(fixture, 600);
    seats[100]!.power = 5_000n;
    const timelock = await asTimelock(fixture);
    await timelock.setMaxPower(PlanClass.Critical, { numerator: 1, denominator: 100 });
    const maxPower = [QUARTER, { numerator: 1, denominator: 100 }, QUARTER] as const;
    const { draft, chunks } = draftElectorate(seats, { unit: "validator", maxPower });
    await upload(fixture, draft, chunks);
    await timelock.activateElectorate(draft);
    const { pointer } = await registry.electorate();
    const total = seats.reduce((sum, { power }) => sum + power, 0n);
    const clip = (cap: bigint) => [cap, seats.reduce((sum, { power }) => sum + (power > cap ? cap : power), 0n)];
    expect(await registry.electorateHeader(pointer)).to.deep.equal([
      1n,
      600n,
      total,
      [clip(total / 4n), clip(total / 100n), clip(total / 4n)],
      draft.unit,
      ZeroAddress,
      0n,
      0n,
    ]);
  });

  it("ELE-22 a seat in any chunk votes and signals once, with its own power, and nobody else from it", async () => {
    const fixture = await loadFixture(activeFixture);
    const { registry, electors, stranger } = fixture;
    const proposalId = await propose(fixture, await dialPlan(fixture, await addModule(fixture)));
    const last = registry.connect(electors[11]);
    await last.castVote(proposalId, Choice.For, 1_099);
    await last.signalReady(proposalId, 1_099);
    const facts = await registry.proposalOf(proposalId);
    expect([facts.forPower, facts.readyPower]).to.deep.equal([12n, 12n]);
    await expect(last.castVote(proposalId, Choice.For, 1_099)).to.be.revertedWithCustomError(registry, "AlreadyVoted");
    await expect(registry.connect(stranger).castVote(proposalId, Choice.For, 1_098))
      .to.be.revertedWithCustomError(registry, "SeatMismatch")
      .withArgs(1_098, electors[10]?.address, stranger.address);
    // The same place in another chunk, and the one after the last.
    await expect(last.castVote(proposalId, Choice.For, 1_099 - 512)).to.be.revertedWithCustomError(
      registry,
      "SeatMismatch",
    );
    await expect(last.castVote(proposalId, Choice.For, 1_100)).to.be.revertedWithCustomError(registry, "SeatUnknown");
  });

  it("ELE-23 a chunk that is not the next one of its draft is refused, whoever brings it", async () => {
    const fixture = await loadFixture(draftFixture);
    const { registry, draft, chunks } = fixture;
    const [first, second, third] = chunks as [Chunk, Chunk, Chunk];
    const changed = [...first.seats];
    changed[7] = toBeHex(((BigInt(changed[7]!) >> 96n) << 96n) + 1_000n, 32);
    for (const { seats, rest } of [
      second,
      { seats: changed, rest: first.rest },
      { seats: first.seats, rest: ZeroHash },
      { seats: first.seats, rest: second.rest },
      { seats: first.seats.slice(0, 511), rest: first.rest },
      { seats: [], rest: first.rest },
    ]) {
      await expect(registry.addChunk(draft, seats, rest)).to.be.revertedWithCustomError(registry, "ChunkMismatch");
    }
    await upload(fixture, draft, [first]);
    await expect(registry.addChunk(draft, first.seats, first.rest)).to.be.revertedWithCustomError(
      registry,
      "ChunkMismatch",
    );
    await upload(fixture, draft, [second, third]);
    await expect(registry.addChunk(draft, third.seats, ZeroHash)).to.be.revertedWithCustomError(
      registry,
      "DraftComplete",
    );
  });

  it("ELE-24 the order is strict across chunks, as within one", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry } = fixture;
    for (const { second, index } of [
      { second: run(512, 2), index: 512 },
      { second: run(100, 2), index: 512 },
      { second: [...run(513, 1), ...run(513, 1)], index: 513 },
    ]) {
      const { draft, chunks } = forged([run(1, 512), second]);
      await upload(fixture, draft, chunks.slice(0, 1));
      const rejected = expect(registry.addChunk(draft, second, ZeroHash)).to.be;
      await rejected
        .revertedWithCustomError(registry, "SeatsNotIncreasing")
        .withArgs(index, index === 512 ? toBeHex(512, 20) : toBeHex(513, 20), unpackSeat(second[index - 512]!).account);
    }
    const empty = forged([[toBeHex(1n << 96n, 32)]], { total: 0n });
    await expect(registry.addChunk(empty.draft, empty.chunks[0]!.seats, ZeroHash))
      .to.be.revertedWithCustomError(registry, "SeatEmpty")
      .withArgs(0);
  });

  it("ELE-25 a draft is what its id says: full chunks, number of seats, total, cap", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry } = fixture;
    const refused = async ({ draft, chunks }: ReturnType<typeof forged>, error: string) => {
      await upload(fixture, draft, chunks.slice(0, -1));
      const { seats, rest } = chunks.at(-1)!;
      await expect(registry.addChunk(draft, seats, rest)).to.be.revertedWithCustomError(registry, error);
    };
    // A chunk that is not full before the last would shift every seat after it.
    await expect(registry.addChunk(...shortFirst())).to.be.revertedWithCustomError(registry, "ChunkSizeInvalid");
    await refused(forged([run(1, 5)], { seats: 4 }), "ChunkSizeInvalid");
    await refused(forged([run(1, 5)], { seats: 6 }), "ChunkSizeInvalid");
    await refused(forged([run(1, 512)], { seats: 513 }), "ChunkSizeInvalid");
    await refused(forged([run(1, 5)], { total: 4n }), "DraftTotalMismatch");
    await refused(forged([run(1, 5)], { total: 6n }), "DraftTotalMismatch");
    await refused(forged([run(1, 5)], { seats: 0 }), "DraftInvalid");
    await refused(forged([run(1, 5)], { seats: 196 * 512 + 1 }), "DraftInvalid");
    await refused(forged([run(1, 5)], { total: 1n << 72n }), "DraftInvalid");

    function shortFirst() {
      const { draft, chunks } = forged([run(1, 511), run(512, 3)]);
      return [draft, chunks[0]!.seats, chunks[0]!.rest] as const;
    }
  });

  it("ELE-26 takes into use only what is complete, and clipped as the registry clips now", async () => {
    const fixture = await loadFixture(draftFixture);
    const { registry, draft, chunks } = fixture;
    const timelock = await asTimelock(fixture);
    await expect(timelock.activateElectorate(draft)).to.be.revertedWithCustomError(registry, "DraftIncomplete");
    await upload(fixture, draft, chunks);
    await timelock.setMaxPower(PlanClass.Critical, { numerator: 1, denominator: 5 });
    await expect(timelock.activateElectorate(draft)).to.be.revertedWithCustomError(registry, "CapMismatch");
    await timelock.setMaxPower(PlanClass.Critical, QUARTER);
    await timelock.activateElectorate(draft);
    // The same content with one word changed is another draft.
    await expect(timelock.activateElectorate({ ...draft, unit: UNIT })).to.be.revertedWithCustomError(
      registry,
      "DraftIncomplete",
    );
  });

  it("ELE-27 stores 100,352 seats, each chunk in well under a transaction's gas, and a ballot costs what it costs among 600 [gas]", async function () {
    this.timeout(300_000);
    const fixture = await loadFixture(registryFixture);
    const { registry, electors } = fixture;
    const timelock = await asTimelock(fixture);
    const module = await addModule(fixture);
    const cost: bigint[] = [];
    for (const count of [600, 196 * 512]) {
      const { draft, chunks } = draftElectorate(validators(fixture, count), TERMS);
      for (const gas of await upload(fixture, draft, chunks)) expect(gas).to.be.lessThan(MOST_GAS / 2n);
      await timelock.activateElectorate(draft);
      const proposalId = await propose(fixture, await dialPlan(fixture, module, { nonce: BigInt(count) }));
      const vote = await registry.connect(electors[11]).castVote(proposalId, Choice.For, count - 1);
      cost.push((await vote.wait())?.gasUsed ?? 0n);
    }
    const [few, many] = cost as [bigint, bigint];
    // Calldata of a larger seat number, and no more.
    expect(many - few).to.be.within(0n, 100n);
  });
});
