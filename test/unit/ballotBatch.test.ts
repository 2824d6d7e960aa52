import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture, setCode } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { concat, id, toBeHex, TypedDataEncoder, ZeroAddress, ZeroHash, type TypedDataDomain } from "ethers";
import { ethers } from "hardhat";
import { packSeats, unpackSeat } from "../../src/registry/seats";
import { registryFixture, type RegistryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { Choice, propose } from "../helpers/lifecycle";
import { addModule, dialPlan } from "../helpers/plans";
import { Random } from "../helpers/randomPlan";
import { deploySafe, signAsSafe } from "../helpers/safe";
import { domainOf, signBallot } from "../helpers/signatures";

const BALLOT = {
  Ballot: [
    { name: "proposalId", type: "bytes32" },
    { name: "choice", type: "uint8" },
  ],
};
const READY = { Ready: [{ name: "proposalId", type: "bytes32" }] };
const POWER = 100n;
/** Answers of `Wallet__MockForRegistry`. */
const Answer = { Yes: 0, No: 1, Burn: 2, Bomb: 3, RevertBomb: 4, Short: 5 } as const;

interface Vote extends RegistryFixture {
  proposalId: string;
  domain: TypedDataDomain;
  /** Accounts by seat. */
  seats: string[];
}

/** A vote of these accounts, with equal power. */
async function voteOf(fixture: RegistryFixture, accounts: readonly string[]): Promise<Vote> {
  const timelock = await asTimelock(fixture);
  const packed = packSeats(accounts.map((account) => ({ account, power: POWER })));
  await timelock.setElectorate(packed, ZeroHash);
  const proposalId = await propose(fixture, await dialPlan(fixture, await addModule(fixture)));
  return {
    ...fixture,
    proposalId,
    domain: await domainOf(fixture),
    seats: packed.map((word) => unpackSeat(word).account),
  };
}

async function walletFixture() {
  const fixture = await registryFixture();
  const owners = fixture.others.slice(0, 3);
  const safe = await deploySafe(owners, 2);
  const wallet = async (answer: number): Promise<string> =>
    (await ethers.deployContract("Wallet__MockForRegistry", [answer])).getAddress();
  const wallets = Object.fromEntries(
    await Promise.all(Object.entries(Answer).map(async ([name, answer]) => [name, await wallet(answer)] as const)),
  ) as Record<keyof typeof Answer, string>;
  const keys = fixture.electors.slice(0, 3);
  const accounts = [safe, ...Object.values(wallets), ...keys.map(({ address }) => address)];
  return { ...(await voteOf(fixture, accounts)), owners, safe, wallets, keys };
}

function digestOf({ domain, proposalId }: Vote, choice: number = Choice.For): string {
  return TypedDataEncoder.hash(domain, BALLOT, { proposalId, choice });
}

async function tallyOf({ registry, proposalId }: Vote): Promise<{ power: bigint[]; voters: bigint }> {
  const facts = await registry.proposalOf(proposalId);
  return { power: [facts.againstPower, facts.forPower, facts.abstainPower], voters: facts.voters };
}

describe("ballots", () => {
  describe("what they cost", () => {
    it("BAL-12 a vote for costs at most 44,000 gas, the first one as the next [gas]", async () => {
      const { registry, keys, seats, proposalId } = await loadFixture(walletFixture);
      for (const key of keys) {
        const cast = await registry.connect(key).castVote(proposalId, Choice.For, seats.indexOf(key.address));
        expect((await cast.wait())?.gasUsed).to.be.at.most(44_000n);
      }
    });
  });

  describe("castVoteWithReason", () => {
    it("BAL-03 counts as castVote does, and tells why", async () => {
      const vote = await loadFixture(walletFixture);
      const { registry, keys, seats, proposalId } = vote;
      const [key] = keys as [HardhatEthersSigner];
      const seat = seats.indexOf(key.address);
      const cast = registry.connect(key).castVoteWithReason(proposalId, Choice.Against, seat, "too soon");
      await expect(cast)
        .to.emit(registry, "VoteCastWithReason")
        .withArgs(proposalId, key.address, seat, Choice.Against, POWER, "too soon");
      expect(await tallyOf(vote)).to.deep.equal({ power: [POWER, 0n, 0n], voters: 1n });
      await expect(registry.connect(key).castVote(proposalId, Choice.For, seat)).to.be.revertedWithCustomError(
        registry,
        "AlreadyVoted",
      );
    });
  });

  describe("castVotesByWalletSig", () => {
    it("BAL-04 counts a Safe once enough of its owners signed", async () => {
      const vote = await loadFixture(walletFixture);
      const { registry, safe, owners, seats, proposalId } = vote;
      const seat = seats.indexOf(safe);
      const cast = async (signers: HardhatEthersSigner[], choice: number = Choice.For) =>
        registry.castVotesByWalletSig(proposalId, choice, [
          { seat, signature: await signAsSafe(safe, signers, digestOf(vote)) },
        ]);
      await expect(cast(owners.slice(0, 1)))
        .to.emit(registry, "BallotSkipped")
        .withArgs(proposalId, seat, ZeroAddress);
      // Signed for the other choice.
      await expect(cast(owners.slice(1), Choice.Against)).to.emit(registry, "BallotSkipped");
      await expect(cast(owners.slice(1)))
        .to.emit(registry, "VotesCast")
        .withArgs(proposalId, Choice.For, POWER, [seat]);
      await expect(cast(owners.slice(1)))
        .to.emit(registry, "BallotSkipped")
        .withArgs(proposalId, seat, safe);
      expect(await tallyOf(vote)).to.deep.equal({ power: [0n, POWER, 0n], voters: 1n });
    });

    it("BAL-05 counts a key that delegates its code (EIP-7702) by what it signs itself", async () => {
      const vote = await loadFixture(walletFixture);
      const { registry, keys, wallets, seats, proposalId, domain } = vote;
      const [first, second] = keys as [HardhatEthersSigner, HardhatEthersSigner];
      for (const { address } of [first, second]) await setCode(address, concat(["0xef0100", wallets.No]));
      const signature = await first.signTypedData(domain, BALLOT, { proposalId, choice: Choice.For });
      await registry.castVotesByWalletSig(proposalId, Choice.For, [{ seat: seats.indexOf(first.address), signature }]);
      const seat = seats.indexOf(second.address);
      await registry.castVotesBySig(proposalId, Choice.For, [
        await signBallot(domain, second, seat, proposalId, Choice.For),
      ]);
      expect((await tallyOf(vote)).voters).to.equal(2n);
    });

    it("BAL-06 ballot_batch_poisoned: wallets that burn, flood, lie or revert are skipped, and cost a bounded amount", async () => {
      const vote = await loadFixture(walletFixture);
      const { registry, wallets, keys, seats, proposalId, domain } = vote;
      const of = (account: string, signature: string) => ({ seat: seats.indexOf(account), signature });
      const bad = [wallets.No, wallets.Burn, wallets.RevertBomb, wallets.Short].map((wallet) => of(wallet, "0x"));
      const good = await Promise.all(
        keys.map(async (key) =>
          of(key.address, await key.signTypedData(domain, BALLOT, { proposalId, choice: Choice.For })),
        ),
      );
      const nobody = { seat: 4_000_000_000, signature: "0x1234" };
      // The answer of one is right, and 50,000 bytes long: only its first word is looked at.
      const batch = [...bad, nobody, ...good, of(wallets.Yes, "0x"), of(wallets.Bomb, "0x")];
      const cast = await registry.castVotesByWalletSig(proposalId, Choice.For, batch);
      for (const { seat } of [...bad, nobody]) {
        await expect(cast).to.emit(registry, "BallotSkipped").withArgs(proposalId, seat, ZeroAddress);
      }
      expect(await tallyOf(vote)).to.deep.equal({ power: [0n, 5n * POWER, 0n], voters: 5n });
      // One wallet burned what it was given, and nobody had to copy what others returned.
      expect((await cast.wait())?.gasUsed).to.be.below(200_000 + 10 * 40_000);
    });

    it("BAL-07 gas_starved: too little gas refuses a wallet's ballot, so that nobody can skip it", async () => {
      const vote = await loadFixture(walletFixture);
      const { registry, wallets, safe, owners, seats, proposalId } = vote;
      const ballots = [
        { seat: seats.indexOf(safe), signature: await signAsSafe(safe, owners.slice(0, 2), digestOf(vote)) },
        { seat: seats.indexOf(wallets.Yes), signature: "0x" },
      ];
      let refusals = 0;
      for (let gasLimit = 60_000n; gasLimit <= 500_000n; gasLimit += 20_000n) {
        // Either all of the batch, or nothing of it.
        const counted = await registry.castVotesByWalletSig
          .staticCall(proposalId, Choice.For, ballots, { gasLimit })
          .catch(() => undefined);
        if (counted === undefined) ++refusals;
        else expect(counted, `${gasLimit} gas`).to.equal(2n);
      }
      expect(refusals).to.be.within(1, 22);
      await expect(
        registry.castVotesByWalletSig(proposalId, Choice.For, ballots, { gasLimit: 200_000 }),
      ).to.be.revertedWithCustomError(registry, "WalletGasTooLow");
    });
  });

  describe("signalReadyByWalletSig", () => {
    it("BAL-08 counts a Safe, and skips what nobody signed", async () => {
      const vote = await loadFixture(walletFixture);
      const { registry, safe, owners, wallets, seats, proposalId, domain } = vote;
      const digest = TypedDataEncoder.hash(domain, READY, { proposalId });
      const seat = seats.indexOf(safe);
      const burning = seats.indexOf(wallets.Burn);
      const signals = [
        { seat: burning, signature: "0x" },
        { seat, signature: await signAsSafe(safe, owners.slice(0, 2), digest) },
      ];
      const signal = registry.signalReadyByWalletSig(proposalId, signals);
      await expect(signal).to.emit(registry, "ReadySignalled").withArgs(proposalId, safe, seat, POWER);
      await expect(signal).to.emit(registry, "ReadySignalSkipped").withArgs(proposalId, burning, ZeroAddress);
      expect(await registry.signalReadyByWalletSig.staticCall(proposalId, signals)).to.equal(0n);
      expect((await registry.proposalOf(proposalId)).readyPower).to.equal(POWER);
    });
  });

  describe("castVotesBySig", () => {
    it("BAL-09 ballot_replay: a ballot counts for one plan, one registry and one chain", async () => {
      const fixture = await registryFixture();
      const first = await voteOf(
        fixture,
        fixture.electors.map(({ address }) => address),
      );
      const name = id("another module");
      const targets = [{ module: name, baseVersion: 0n }];
      const plan = await dialPlan(fixture, await addModule(fixture, name), { targets });
      const otherId = await propose(fixture, plan);
      const twin = await registryFixture();
      const second = await voteOf(twin, first.seats);
      const { registry, electors, proposalId, domain } = first;
      const sign = (target: TypedDataDomain, aim: string) =>
        signBallot(target, electors[0] as HardhatEthersSigner, 0, aim, Choice.For);
      const good = await sign(domain, proposalId);
      const count = (on: Vote, aim: string, ballot: typeof good) =>
        on.registry.castVotesBySig.staticCall(aim, Choice.For, [ballot]);
      expect(await count(first, otherId, good), "another plan").to.equal(0n);
      // The same plan under a registry of its own: its id differs by the registry alone.
      expect(await count(second, second.proposalId, good), "another registry").to.equal(0n);
      const elsewhere = await sign({ ...domain, chainId: 1n }, proposalId);
      expect(await count(first, proposalId, elsewhere), "another chain").to.equal(0n);
      const twinned = await sign({ ...domain, verifyingContract: second.domain.verifyingContract }, proposalId);
      expect(await count(first, proposalId, twinned), "another registry's domain").to.equal(0n);
      expect(await count(first, proposalId, good), "where it belongs").to.equal(1n);
      await registry.castVotesBySig(proposalId, Choice.For, [good]);
      expect(await count(first, proposalId, good), "again").to.equal(0n);
    });

    for (const seed of [1, 2, 3, 4]) {
      it(`BAL-10 counts what a plain model counts: batches with every flaw, over every word of bits, seed ${seed} [gas]`, async () => {
        const random = new Random(seed);
        const fixture = await loadFixture(registryFixture);
        const signers = (await ethers.getSigners()).slice(0, 50);
        // Other seats lie between and below the signers', so that their bits are in the first slot and in later words.
        const below = seed % 2 === 0 ? 400 : 120;
        const fill = Array.from({ length: below }, (_, i) => toBeHex(i + 1, 20));
        const between = Array.from({ length: 60 }, () => random.address());
        const vote = await voteOf(fixture, [...signers.map(({ address }) => address), ...fill, ...between]);
        const { registry, proposalId, domain, seats } = vote;
        const voted = new Set<number>();
        const power = [0n, 0n, 0n];
        for (let batch = 0; batch < 4; ++batch) {
          const choice = random.below(3);
          const ballots = [];
          const counted: bigint[] = [];
          for (let i = 0; i < 40; ++i) {
            const signer = signers[random.below(signers.length)] as HardhatEthersSigner;
            const own = seats.indexOf(signer.address);
            const flaw = random.below(6);
            const seat = flaw === 0 ? random.below(seats.length + 5) : own;
            const ballot = await signBallot(domain, signer, seat, proposalId, flaw === 1 ? (choice + 1) % 3 : choice);
            if (flaw === 2) ballot.r = random.word();
            ballots.push(ballot);
            if (flaw === 1 || flaw === 2 || seat !== own || voted.has(seat)) continue;
            voted.add(seat);
            counted.push(BigInt(seat));
            power[choice] = (power[choice] as bigint) + POWER;
          }
          const cast = registry.castVotesBySig(proposalId, choice, ballots);
          await expect(cast)
            .to.emit(registry, "VotesCast")
            .withArgs(proposalId, choice, BigInt(counted.length) * POWER, counted);
          const receipt = await (await cast).wait();
          expect(receipt?.logs.length, "one event, and one for each bad ballot").to.equal(1 + 40 - counted.length);
          // One more by transaction in between.
          const late = signers.find(({ address }) => !voted.has(seats.indexOf(address)));
          if (late === undefined) continue;
          const seat = seats.indexOf(late.address);
          await registry.connect(late).castVote(proposalId, choice, seat);
          voted.add(seat);
          power[choice] = (power[choice] as bigint) + POWER;
        }
        expect(await tallyOf(vote)).to.deep.equal({ power, voters: BigInt(voted.size) });
        for (const [seat] of seats.entries()) {
          expect(await registry.hasVoted(proposalId, seat), `seat ${seat}`).to.equal(voted.has(seat));
        }
      });
    }

    it("BAL-14 keeps the seats at both ends of each word of bits apart: each votes once, by transaction or in a batch", async () => {
      const fixture = await loadFixture(registryFixture);
      const signers = (await ethers.getSigners())
        .slice(0, 5)
        .sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
      // 176 bits lie in the proposal's first slot; the words after it have 256 each.
      const places = [175, 176, 177, 255, 256];
      const above = (address: string, i: number) => toBeHex(BigInt(address) + BigInt(i) + 1n, 20);
      const fill = [
        ...Array.from({ length: 175 }, (_, i) => toBeHex(i + 1, 20)),
        ...Array.from({ length: 77 }, (_, i) => above(signers[2]!.address, i)),
        ...Array.from({ length: 10 }, (_, i) => above(signers[4]!.address, i)),
      ];
      const vote = await voteOf(fixture, [...signers.map(({ address }) => address), ...fill]);
      const { registry, proposalId, domain, seats } = vote;
      expect(signers.map(({ address }) => seats.indexOf(address))).to.deep.equal(places);
      const voted = new Set<number>();
      const check = async () => {
        for (let seat = 173; seat < 260; ++seat) {
          expect(await registry.hasVoted(proposalId, seat), `seat ${seat}`).to.equal(voted.has(seat));
        }
      };
      const ballots = await Promise.all(
        signers.map((signer, i) => signBallot(domain, signer, places[i]!, proposalId, Choice.For)),
      );
      for (const [i, seat] of places.entries()) {
        if (i % 2 === 0) await registry.connect(signers[i]!).castVote(proposalId, Choice.For, seat);
        else await registry.castVotesBySig(proposalId, Choice.For, [ballots[i]!]);
        voted.add(seat);
        await check();
        await expect(registry.connect(signers[i]!).castVote(proposalId, Choice.Against, seat))
          .to.be.revertedWithCustomError(registry, "AlreadyVoted")
          .withArgs(proposalId, seat);
        expect(await registry.castVotesBySig.staticCall(proposalId, Choice.For, ballots)).to.equal(4n - BigInt(i));
      }
      expect(await tallyOf(vote)).to.deep.equal({ power: [0n, 5n * POWER, 0n], voters: 5n });
      // In one batch, from the last to the first, on a proposal of its own.
      const again = await propose(
        fixture,
        await dialPlan(fixture, await addModule(fixture, id("other")), {
          targets: [{ module: id("other"), baseVersion: 0n }],
        }),
      );
      const backwards = await Promise.all(
        signers.map((signer, i) => signBallot(domain, signer, places[i]!, again, Choice.For)),
      );
      await expect(registry.castVotesBySig(again, Choice.For, backwards.reverse()))
        .to.emit(registry, "VotesCast")
        .withArgs(again, Choice.For, 5n * POWER, [...places].reverse());
      for (let seat = 173; seat < 260; ++seat) {
        expect(await registry.hasVoted(again, seat), `seat ${seat}`).to.equal(places.includes(seat));
      }
    });

    it("BAL-11 skips a signature in its other form, and a seat of more than 32 bits", async () => {
      const vote = await loadFixture(walletFixture);
      const { registry, keys, seats, proposalId, domain } = vote;
      const [key] = keys as [HardhatEthersSigner];
      const seat = seats.indexOf(key.address);
      const good = await signBallot(domain, key, seat, proposalId, Choice.For);
      const parity = 1n << 255n;
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const vs = BigInt(good.vs);
      // s and n - s sign alike, with the other parity. The larger one does not fit where the parity's bit is, but for
      // values just above half of the order, which nobody will find; so the form itself is what is refused.
      const other = order - (vs & (parity - 1n));
      expect(other).to.be.above(order / 2n);
      const forged = { ...good, vs: toBeHex((order / 2n + 1n) | (vs & parity), 32) };
      const iface = registry.interface;
      const data = iface.encodeFunctionData("castVotesBySig", [proposalId, Choice.For, [forged, good]]);
      await registry.runner?.sendTransaction?.({ to: await registry.getAddress(), data });
      expect(await tallyOf(vote)).to.deep.equal({ power: [0n, POWER, 0n], voters: 1n });

      const [, second] = keys as [HardhatEthersSigner, HardhatEthersSigner];
      const place = seats.indexOf(second.address);
      const ballot = await signBallot(domain, second, place, proposalId, Choice.For);
      const call = iface.encodeFunctionData("castVotesBySig", [proposalId, Choice.For, [ballot]]);
      const word = toBeHex(place, 32).slice(2);
      const stray = call.replace(word + ballot.r.slice(2), `1${word.slice(1)}${ballot.r.slice(2)}`);
      expect(stray).not.to.equal(call);
      await registry.runner?.sendTransaction?.({ to: await registry.getAddress(), data: stray });
      expect((await tallyOf(vote)).voters).to.equal(1n);
    });
  });
});
