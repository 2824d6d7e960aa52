import { loadFixture, mine, setBalance, setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { expect } from "chai";
import { id, MaxUint256, toBeHex, Wallet, ZeroAddress } from "ethers";
import { ethers, network } from "hardhat";
import { unpackSeat } from "../../src/registry/seats";
import type { BlockVotesToken, FlashVoter__MockForRegistry } from "../../typechain-types";
import { connectRegistry, DAY, deployWith, registryFixture, UNIT, type RegistryFixture } from "../fixtures/registry";

import { asTimelock } from "../helpers/asTimelock";
import { Choice, propose, State, stateOf } from "../helpers/lifecycle";
import { addModule, dialPlan } from "../helpers/plans";
import { domainOf, signBallot } from "../helpers/signatures";

/** Units of power are billionths of a token. */
const TOKEN_UNIT = 10n ** 9n;
const SHARE = 100n * 10n ** 18n;
const POWER = SHARE / TOKEN_UNIT;

/** Twelve delegates with equal shares, no seats yet, and one plan in the vote. */
async function votingFixture(contract: "BlockVotesToken" | "TimeVotesToken") {
  const fixture = await registryFixture();
  const token = (await ethers.deployContract(contract)) as unknown as BlockVotesToken;
  for (const elector of fixture.electors) {
    await token.mint(elector.address, SHARE);
    await token.connect(elector).delegate(elector.address);
  }
  await mine();
  const timelock = await asTimelock(fixture);
  await timelock.setTokenElectorate({ token, tokenUnit: TOKEN_UNIT }, UNIT);
  const module = await addModule(fixture);
  const plan = await dialPlan(fixture, module);
  const proposalId = await propose(fixture, plan);
  return { ...fixture, governed: timelock, token, module, plan, proposalId };
}
const blockFixture = () => votingFixture("BlockVotesToken");
const timeFixture = () => votingFixture("TimeVotesToken");
type Voting = Awaited<ReturnType<typeof blockFixture>>;

/** Delegates 0, 2, 4, 6, 8 and 10 have a seat, the six between them have none. */
async function listedFixture() {
  const fixture = await blockFixture();
  const { registry, electors, proposalId } = fixture;
  const listed = electors.filter((_elector, i) => i % 2 === 0);
  await registry.snapshotDelegates(proposalId, accountsOf(listed));
  const { electorate } = await registry.proposalOf(proposalId);
  return { ...fixture, listed, unlisted: electors.filter((_elector, i) => i % 2 === 1), electorate };
}

/** Everybody has a seat. */
async function fullFixture() {
  const fixture = await blockFixture();
  await fixture.registry.snapshotDelegates(fixture.proposalId, accountsOf(fixture.electors));
  return fixture;
}

const accountsOf = (signers: readonly HardhatEthersSigner[]) => signers.map(({ address }) => address);
const forPowerOf = async ({ registry, proposalId }: Voting) => (await registry.proposalOf(proposalId)).forPower;

describe("TokenElectorates", () => {
  describe("setTokenElectorate", () => {
    it("ELE-02 is in force from the next proposal on; one made before keeps its seats", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, electors } = fixture;
      const token = await ethers.deployContract("BlockVotesToken");
      await token.mint(fixture.stranger, SHARE);
      await mine();
      const module = await addModule(fixture);
      const before = await propose(fixture, await dialPlan(fixture, module));
      const timelock = await asTimelock(fixture);
      await expect(timelock.setTokenElectorate({ token, tokenUnit: TOKEN_UNIT }, UNIT)).to.emit(
        registry,
        "ElectorateSet",
      );
      await registry.connect(electors[0]).castVote(before, Choice.For, 0);
      expect(await registry.timepointOf(before)).to.equal(0n);
      const after = await propose(fixture, await dialPlan(fixture, module, { nonce: 1n }));
      expect(await registry.timepointOf(after)).to.equal(await time.latestBlock());
      await expect(registry.snapshotDelegates(before, []))
        .to.be.revertedWithCustomError(registry, "NotTokenElectorate")
        .withArgs(before);
    });

    it("ELE-02 can be what a registry starts with", async () => {
      const { stranger } = await loadFixture(registryFixture);
      const token = await ethers.deployContract("BlockVotesToken");
      await token.mint(stranger, SHARE);
      await mine();
      const deployment = await deployWith({
        seats: [],
        token: { token: await token.getAddress(), tokenUnit: TOKEN_UNIT },
      });
      const { registry } = await connectRegistry(deployment, stranger);
      const { pointer, kind } = await registry.electorate();
      expect(kind).to.equal(2n);
      const header = await registry.electorateHeader(pointer);
      expect([header.token, header.tokenUnit, header.timepoint]).to.deep.equal([
        await token.getAddress(),
        TOKEN_UNIT,
        0n,
      ]);
    });

    it("ELE-03 refuses what has no clock, no supply, or a unit that leaves no room to grow", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, stranger } = fixture;
      const timelock = await asTimelock(fixture);
      await expect(timelock.setTokenElectorate({ token: stranger, tokenUnit: 1n }, UNIT))
        .to.be.revertedWithCustomError(registry, "TokenInvalid")
        .withArgs(stranger.address);
      await expect(timelock.setTokenElectorate({ token: registry, tokenUnit: 1n }, UNIT)).to.be.reverted;
      // Answers everything with zero, its clock too.
      const zero = ethers.getCreateAddress({ from: stranger.address, nonce: 1_000 });
      await setCode(zero, "0x60205ff3");
      await expect(timelock.setTokenElectorate({ token: zero, tokenUnit: 1n }, UNIT))
        .to.be.revertedWithCustomError(registry, "TokenInvalid")
        .withArgs(zero);
      const token = await ethers.deployContract("BlockVotesToken");
      await mine();
      const most = (1n << 56n) - 1n;
      const refused = async (tokenUnit: bigint, supply: bigint) =>
        expect(timelock.setTokenElectorate({ token, tokenUnit }, UNIT))
          .to.be.revertedWithCustomError(registry, "TokenUnitInvalid")
          .withArgs(supply, most);
      await refused(1n, 0n);
      await token.mint(stranger, most + 1n);
      await mine();
      await refused(0n, 0n);
      await refused(1n, most + 1n);
      await refused(most + 2n, 0n);
      await timelock.setTokenElectorate({ token, tokenUnit: 2n }, UNIT);
    });
  });

  for (const [name, fixtureOf] of [
    ["a clock of blocks", blockFixture],
    ["a clock of seconds", timeFixture],
  ] as const) {
    describe(`snapshotDelegates, ${name}`, () => {
      it("ELE-04 reads power at the token's clock of the moment of propose, and not before that is past", async () => {
        const { registry, token, proposalId, electors } = await loadFixture(fixtureOf);
        const timepoint = await registry.timepointOf(proposalId);
        expect(timepoint).to.equal(await token.clock());
        await expect(registry.snapshotDelegates.staticCall(proposalId, accountsOf(electors), { blockTag: "latest" }))
          .to.be.revertedWithCustomError(registry, "SnapshotTooEarly")
          .withArgs(proposalId, timepoint, timepoint);
        await expect(registry.snapshotDelegates(proposalId, accountsOf(electors)))
          .to.emit(registry, "SnapshotTakenAt")
          .withArgs(proposalId, (pointer: string) => pointer !== ZeroAddress, timepoint, 12, 12n * POWER, 12n * POWER);
        const { electorate, clippedTotal } = await registry.proposalOf(proposalId);
        expect(clippedTotal).to.equal(12n * POWER);
        const header = await registry.electorateHeader(electorate);
        expect([header.kind, header.unit, header.timepoint]).to.deep.equal([2n, UNIT, timepoint]);
        const seats = (await registry.seatsOf(electorate, 0, 100)).map(unpackSeat);
        expect(seats).to.deep.equal(electors.map(({ address }) => ({ account: address, power: POWER })));
      });

      it("ELE-11 tokens moved after propose carry no power: neither to who got them, nor twice", async () => {
        const fixture = await loadFixture(fixtureOf);
        const { registry, token, proposalId, electors, stranger } = fixture;
        await token.connect(stranger).delegate(stranger.address);
        await token.connect(electors[0]).transfer(stranger, SHARE);
        await token.mint(stranger, 100n * SHARE);
        await mine(10);
        await registry.snapshotDelegates(proposalId, accountsOf(electors));
        await registry.connect(electors[0]).castVote(proposalId, Choice.For, 0);
        const next = electors.findIndex(({ address }) => BigInt(address) > BigInt(stranger.address));
        await expect(
          registry.connect(stranger).castUnlistedVote(proposalId, Choice.For, next === -1 ? 12 : next),
        ).to.be.revertedWithCustomError(registry, "PowerMissing");
        expect(await forPowerOf(fixture)).to.equal(POWER);
        expect((await registry.proposalOf(proposalId)).clippedTotal).to.equal(12n * POWER);
      });

      it("ELE-11 power borrowed for the transaction that proposes counts neither for who borrowed it nor in the supply", async () => {
        const fixture = await loadFixture(fixtureOf);
        const { registry, token, governed, module, electors } = fixture;
        const voter = (await ethers.deployContract(
          "FlashVoter__MockForRegistry",
        )) as unknown as FlashVoter__MockForRegistry;
        const borrower = await voter.getAddress();
        await governed.grantRole(id("RELEASE"), borrower);
        const plan = await dialPlan(fixture, module, { nonce: 1n, proposer: borrower });
        const data = registry.interface.encodeFunctionData("propose", [plan]);
        await voter.borrowAndCall(token, 10n ** 30n, registry, data);
        expect(await voter.power()).to.equal(10n ** 30n);
        const proposalId = await registry.proposalIdOf(plan);
        expect(await stateOf(fixture, proposalId)).to.equal(State.Voting);
        await mine();
        await registry.snapshotDelegates(proposalId, accountsOf(electors));
        expect((await registry.proposalOf(proposalId)).clippedTotal).to.equal(12n * POWER);
        await expect(voter.callOut(registry, await unlistedVote(fixture, proposalId, borrower)))
          .to.be.revertedWithCustomError(registry, "PowerMissing")
          .withArgs(borrower, await registry.timepointOf(proposalId));
      });

      it("ELE-11 power borrowed for the transaction that votes or lists counts nothing", async () => {
        const fixture = await loadFixture(fixtureOf);
        const { registry, token, proposalId, electors } = fixture;
        const voter = (await ethers.deployContract(
          "FlashVoter__MockForRegistry",
        )) as unknown as FlashVoter__MockForRegistry;
        const borrower = await voter.getAddress();
        const list = [...accountsOf(electors), borrower].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
        const data = registry.interface.encodeFunctionData("snapshotDelegates", [proposalId, list]);
        await expect(voter.borrowAndCall(token, 10n ** 30n, registry, data))
          .to.be.revertedWithCustomError(registry, "SeatEmpty")
          .withArgs(list.indexOf(borrower));
        await registry.snapshotDelegates(proposalId, accountsOf(electors));
        await expect(
          voter.borrowAndCall(token, 10n ** 30n, registry, await unlistedVote(fixture, proposalId, borrower)),
        ).to.be.revertedWithCustomError(registry, "PowerMissing");
      });
    });
  }

  describe("snapshotDelegates", () => {
    it("ELE-11 in the block of the proposal itself, nothing can be listed: its power is not settled yet", async () => {
      const fixture = await loadFixture(blockFixture);
      const { registry, release, module, electors } = fixture;
      const plan = await dialPlan(fixture, module, { nonce: 1n });
      const proposalId = await registry.proposalIdOf(plan);
      await network.provider.send("evm_setAutomine", [false]);
      const proposed = await registry.connect(release).propose(plan, { gasLimit: 3_000_000 });
      const listed = await registry.snapshotDelegates(proposalId, accountsOf(electors), { gasLimit: 5_000_000 });
      await mine();
      await network.provider.send("evm_setAutomine", [true]);
      const statuses = await Promise.all(
        [proposed, listed].map(async ({ hash }) => {
          const receipt = await ethers.provider.getTransactionReceipt(hash);
          return [receipt?.blockNumber, receipt?.status];
        }),
      );
      const block = await time.latestBlock();
      expect(statuses).to.deep.equal([
        [block, 1],
        [block, 0],
      ]);
    });

    it("ELE-05 lists each delegate once, in order, with power, and once a proposal", async () => {
      const { registry, electors, stranger, proposalId } = await loadFixture(blockFixture);
      const accounts = accountsOf(electors);
      const [first, second] = accounts as [string, string];
      await expect(registry.snapshotDelegates(proposalId, [first, first, ...accounts.slice(1)]))
        .to.be.revertedWithCustomError(registry, "SeatsNotIncreasing")
        .withArgs(1, first, first);
      await expect(registry.snapshotDelegates(proposalId, [second, first, ...accounts.slice(2)]))
        .to.be.revertedWithCustomError(registry, "SeatsNotIncreasing")
        .withArgs(1, second, first);
      await expect(registry.snapshotDelegates(proposalId, [stranger.address]))
        .to.be.revertedWithCustomError(registry, "SeatEmpty")
        .withArgs(0);
      const many = Array.from({ length: 513 }, (_, i) => toBeHex(i + 1, 20));
      await expect(registry.snapshotDelegates(proposalId, many))
        .to.be.revertedWithCustomError(registry, "SeatCountInvalid")
        .withArgs(513, 512);
      await registry.snapshotDelegates(proposalId, accounts);
      await expect(registry.snapshotDelegates(proposalId, accounts))
        .to.be.revertedWithCustomError(registry, "SnapshotTaken")
        .withArgs(proposalId);
    });

    it("ELE-05 lists nobody once the vote is over", async () => {
      const { registry, electors, proposalId } = await loadFixture(blockFixture);
      await time.increase(3 * DAY);
      await expect(registry.snapshotDelegates(proposalId, accountsOf(electors)))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Defeated, State.Voting);
    });

    it("ELE-06 a list without the quorum is refused in the first half of the vote, and does in the second", async () => {
      const { registry, electors, proposalId } = await loadFixture(blockFixture);
      const { proposedAt } = await registry.proposalOf(proposalId);
      const five = accountsOf(electors.slice(0, 5));
      const half = proposedAt + BigInt(1.5 * DAY);
      await time.setNextBlockTimestamp(half - 1n);
      await expect(registry.snapshotDelegates(proposalId, five))
        .to.be.revertedWithCustomError(registry, "ListTooSmall")
        .withArgs(proposalId, 5n * POWER, 12n * POWER, 1, 2);
      await registry.snapshotDelegates.staticCall(proposalId, accountsOf(electors.slice(0, 6)));
      await time.setNextBlockTimestamp(half);
      await registry.snapshotDelegates(proposalId, []);
      await registry.connect(electors[0]).castUnlistedVote(proposalId, Choice.For, 0);
    });

    it("ELE-10 nobody votes before it, and a plan without it is defeated", async () => {
      const fixture = await loadFixture(blockFixture);
      const { registry, electors, proposalId } = fixture;
      await expect(registry.connect(electors[0]).castVote(proposalId, Choice.For, 0))
        .to.be.revertedWithCustomError(registry, "SeatUnknown")
        .withArgs(0, 0);
      await expect(registry.connect(electors[0]).castUnlistedVote(proposalId, Choice.For, 0))
        .to.be.revertedWithCustomError(registry, "SnapshotMissing")
        .withArgs(proposalId);
      await time.increase(3 * DAY);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Defeated);
    });

    it("ELE-12 counts whole units only, and rounds the supply up: what a division drops meets no quorum", async () => {
      const fixture = await loadFixture(blockFixture);
      const { registry, token, module, electors } = fixture;
      await token.mint(electors[0]!, TOKEN_UNIT - 1n);
      await token.mint(electors[1]!, 1n);
      const proposalId = await propose(fixture, await dialPlan(fixture, module, { nonce: 1n }));
      await registry.snapshotDelegates(proposalId, accountsOf(electors));
      const { electorate, clippedTotal } = await registry.proposalOf(proposalId);
      expect(unpackSeat(await registry.seatAt(electorate, 0)).power).to.equal(POWER);
      expect(clippedTotal).to.equal(12n * POWER + 1n);
      // Six of twelve are half of what is counted, and less than half of the supply.
      for (const [seat, elector] of electors.slice(0, 6).entries()) {
        await registry.connect(elector).castVote(proposalId, Choice.For, seat);
      }
      await time.increase(3 * DAY);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Defeated);
    });

    it("ELE-13 refuses a supply that the tally could not hold", async () => {
      const fixture = await loadFixture(blockFixture);
      const { registry, token, stranger, electors, module } = fixture;
      await token.mint(stranger, TOKEN_UNIT << 72n);
      const proposalId = await propose(fixture, await dialPlan(fixture, module, { nonce: 1n }));
      await expect(registry.snapshotDelegates(proposalId, accountsOf(electors)))
        .to.be.revertedWithCustomError(registry, "PowerTooLarge")
        .withArgs((1n << 72n) + 12n * POWER, (1n << 72n) - 1n);
    });

    it("ELE-14 lists 512 delegates within the gas that a transaction may have [gas]", async function () {
      this.timeout(120_000);
      const fixture = await loadFixture(blockFixture);
      const { registry, token, module, deployer } = fixture;
      const delegates: string[] = [];
      for (let i = 0; i < 512; ++i) {
        const wallet = new Wallet(id(`delegate ${i}`), ethers.provider);
        await setBalance(wallet.address, 10n ** 18n);
        await token.connect(deployer).mint(wallet.address, SHARE);
        await token.connect(wallet).delegate(wallet.address);
        delegates.push(wallet.address);
      }
      delegates.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
      const proposalId = await propose(fixture, await dialPlan(fixture, module, { nonce: 1n }));
      const receipt = await (await registry.snapshotDelegates(proposalId, delegates)).wait();
      expect(receipt?.gasUsed).to.be.lessThan(12_000_000n);
    });
  });

  describe("approval", () => {
    for (const { name, votes, state } of [
      { name: "8 for and 4 against are two thirds of the votes cast", votes: [8, 4, 0], state: State.Approved },
      {
        name: "4 for and 2 against are two thirds too, and half of the supply voted",
        votes: [4, 2, 0],
        state: State.Approved,
      },
      { name: "7 for and 4 against are not two thirds", votes: [7, 4, 0], state: State.Defeated },
      { name: "abstentions count for the quorum and not against the plan", votes: [3, 0, 3], state: State.Approved },
      { name: "5 of 12 are no quorum, though all are for it", votes: [5, 0, 0], state: State.Defeated },
      { name: "abstentions alone approve nothing", votes: [0, 0, 12], state: State.Defeated },
    ]) {
      it(`ELE-07 is of the votes cast, with a quorum of the supply: ${name}`, async () => {
        const fixture = await loadFixture(fullFixture);
        const { registry, electors, proposalId } = fixture;
        const choices = [Choice.For, Choice.Against, Choice.Abstain].flatMap((choice, i) =>
          Array.from({ length: votes[i] ?? 0 }, () => choice),
        );
        for (const [seat, choice] of choices.entries()) {
          await registry.connect(electors[seat]).castVote(proposalId, choice, seat);
        }
        await time.increase(3 * DAY);
        expect(await stateOf(fixture, proposalId)).to.equal(state);
      });
    }

    it("ELE-07 listed or not, all votes go into one tally", async () => {
      const fixture = await loadFixture(listedFixture);
      const { registry, listed, unlisted, proposalId } = fixture;
      for (const [seat, elector] of listed.entries()) {
        await registry.connect(elector).castVote(proposalId, Choice.For, seat);
      }
      for (const [i, delegate] of unlisted.slice(0, 3).entries()) {
        await registry.connect(delegate).castUnlistedVote(proposalId, Choice.Against, i + 1);
      }
      const facts = await registry.proposalOf(proposalId);
      expect([facts.forPower, facts.againstPower, facts.voters]).to.deep.equal([6n * POWER, 3n * POWER, 9n]);
      await time.increase(3 * DAY);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Approved);
    });

    it("ELE-07 readiness is of the supply", async () => {
      const fixture = await loadFixture(fullFixture);
      const { registry, electors, proposalId } = fixture;
      await registry.connect(electors[0]).signalReady(proposalId, 0);
      const { readyPower, clippedTotal } = await registry.proposalOf(proposalId);
      expect([readyPower, clippedTotal]).to.deep.equal([POWER, 12n * POWER]);
    });
  });

  describe("castUnlistedVote", () => {
    it("ELE-08 counts a delegate between two seats, before the first and after the last, once", async () => {
      const fixture = await loadFixture(listedFixture);
      const { registry, unlisted, proposalId } = fixture;
      for (const [i, delegate] of unlisted.entries()) {
        await expect(registry.connect(delegate).castUnlistedVote(proposalId, Choice.For, i + 1))
          .to.emit(registry, "VoteCast")
          .withArgs(proposalId, delegate.address, MaxUint256, Choice.For, POWER);
        expect(await registry.hasVotedUnlisted(proposalId, delegate)).to.equal(true);
        await expect(registry.connect(delegate).castUnlistedVote(proposalId, Choice.For, i + 1))
          .to.be.revertedWithCustomError(registry, "UnlistedAlreadyVoted")
          .withArgs(proposalId, delegate.address);
      }
      expect(await forPowerOf(fixture)).to.equal(6n * POWER);
    });

    it("ELE-08 refuses who has a seat, by whatever neighbours he names", async () => {
      const { registry, listed, proposalId } = await loadFixture(listedFixture);
      await registry.connect(listed[2]).castVote(proposalId, Choice.For, 2);
      for (const delegate of [listed[0], listed[2], listed[5]]) {
        for (let next = 0; next <= 6; ++next) {
          await expect(registry.connect(delegate).castUnlistedVote(proposalId, Choice.For, next))
            .to.be.revertedWithCustomError(registry, "AbsenceUnproven")
            .withArgs(delegate?.address, next);
        }
        await expect(registry.connect(delegate).castUnlistedVote(proposalId, Choice.For, 7))
          .to.be.revertedWithCustomError(registry, "SeatUnknown")
          .withArgs(7, 6);
      }
    });

    it("ELE-08 refuses neighbours that are not the caller's", async () => {
      const { registry, unlisted, proposalId } = await loadFixture(listedFixture);
      for (const next of [0, 1, 3, 6]) {
        await expect(
          registry.connect(unlisted[1]).castUnlistedVote(proposalId, Choice.For, next),
        ).to.be.revertedWithCustomError(registry, "AbsenceUnproven");
      }
    });

    it("ELE-08 refuses who held nothing at the timepoint, and a vote of an electorate without a token", async () => {
      const fixture = await loadFixture(listedFixture);
      const { registry, stranger, listed, proposalId, module, governed, electors } = fixture;
      const next = listed.findIndex(({ address }) => BigInt(address) > BigInt(stranger.address));
      await expect(registry.connect(stranger).castUnlistedVote(proposalId, Choice.For, next === -1 ? 6 : next))
        .to.be.revertedWithCustomError(registry, "PowerMissing")
        .withArgs(stranger.address, await registry.timepointOf(proposalId));
      await governed.setElectorate([toBeHex((BigInt(electors[0]!.address) << 96n) + 1n, 32)], UNIT);
      const seated = await propose(fixture, await dialPlan(fixture, module, { nonce: 1n }));
      await expect(registry.connect(electors[1]).castUnlistedVote(seated, Choice.For, 1))
        .to.be.revertedWithCustomError(registry, "NotTokenElectorate")
        .withArgs(seated);
    });

    it("ELE-08 takes no vote after the end", async () => {
      const { registry, unlisted, proposalId } = await loadFixture(listedFixture);
      await time.increase(3 * DAY);
      await expect(
        registry.connect(unlisted[0]).castUnlistedVote(proposalId, Choice.For, 1),
      ).to.be.revertedWithCustomError(registry, "ProposalInState");
    });
  });

  describe("castUnlistedVotesBySig", () => {
    it("ELE-09 counts signatures that anyone submits, once, and skips and reports the others", async () => {
      const fixture = await loadFixture(listedFixture);
      const { registry, unlisted, listed, stranger, proposalId } = fixture;
      const domain = await domainOf(fixture);
      const sign = (signer: HardhatEthersSigner, next: number, choice: number = Choice.For) =>
        signBallot(domain, signer, next, proposalId, choice);
      const [a, b, c] = unlisted as [HardhatEthersSigner, HardhatEthersSigner, HardhatEthersSigner];
      await registry.connect(c).castUnlistedVote(proposalId, Choice.For, 3);
      const ballots = [
        await sign(a, 1),
        await sign(a, 1),
        await sign(b, 1),
        await sign(b, 2, Choice.Against),
        await sign(c, 3),
        await sign(listed[3] as HardhatEthersSigner, 3),
        await sign(stranger, 6),
        { ...(await sign(b, 2)), r: toBeHex(0, 32) },
        { ...(await sign(b, 2)), seat: 99 },
        await sign(b, 2),
      ];
      const transaction = await registry.castUnlistedVotesBySig(proposalId, Choice.For, ballots);
      await expect(transaction)
        .to.emit(registry, "VoteCast")
        .withArgs(proposalId, a.address, MaxUint256, Choice.For, POWER);
      await expect(transaction)
        .to.emit(registry, "VoteCast")
        .withArgs(proposalId, b.address, MaxUint256, Choice.For, POWER);
      const receipt = await transaction.wait();
      const skipped = receipt?.logs.filter((log) => registry.interface.parseLog(log)?.name === "BallotSkipped");
      expect(skipped).to.have.length(8);
      expect(await forPowerOf(fixture)).to.equal(3n * POWER);
    });
  });
});

async function unlistedVote({ registry, electors }: RegistryFixture, proposalId: string, account: string) {
  const next = electors.findIndex(({ address }) => BigInt(address) > BigInt(account));
  return registry.interface.encodeFunctionData("castUnlistedVote", [
    proposalId,
    Choice.For,
    next === -1 ? electors.length : next,
  ]);
}
