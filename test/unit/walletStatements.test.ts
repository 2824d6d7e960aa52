import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { concat, id, MaxUint256, TypedDataEncoder, ZeroAddress, ZeroHash, type TypedDataField } from "ethers";
import { ethers } from "hardhat";
import { packSeats, unpackSeat } from "../../src/registry/seats";
import type { BlockVotesToken } from "../../typechain-types";
import { DAY, POWER, registryFixture, UNIT } from "../fixtures/registry";
import { artifactPlan, PROTOCOL, toLastDwell, VERSION } from "../helpers/artifact";
import { asTimelock } from "../helpers/asTimelock";
import { AttestationKind, Choice, propose, State, stateOf, toInProgress } from "../helpers/lifecycle";
import { addModule, dialPlan, MODULE, REPORT } from "../helpers/plans";
import { deploySafe, signAsSafe } from "../helpers/safe";
import { domainOf, signAttestation } from "../helpers/signatures";

const ATTESTER = id("ATTESTER");
const { Integrity, Simulation, Artifact, Audit, Rehearsal } = AttestationKind;

/** "bytes32 proposalId,uint8 kind" as EIP-712 wants it. */
const fieldsOf = (text: string): TypedDataField[] =>
  text.split(",").map((field) => {
    const [type, name] = field.split(" ") as [string, string];
    return { type, name };
  });

const ATTESTATION = { Attestation: fieldsOf("bytes32 proposalId,uint8 kind,bytes32 reportHash") };
const REHEARSAL = {
  Rehearsal: fieldsOf("bytes32 proposalId,uint64 chainId,bytes32 rehearsalProposal,uint64 completedAt"),
};
const ADVERTISEMENT = { Advertisement: fieldsOf("bytes32 proposalId,string version,uint64 protocolVersion") };
const SUCCESS = { SuccessReport: fieldsOf("bytes32 proposalId,uint256 stage,bool isSuccessful") };
const OVERRIDE = { SuccessOverride: fieldsOf("bytes32 proposalId") };
const BALLOT = { Ballot: fieldsOf("bytes32 proposalId,uint8 choice") };
const APPROVAL = { CouncilApproval: fieldsOf("bytes32 act,uint256 deadline") };

/** A Safe of two of three keys, and what signs as it. */
async function safeOf(fixture: Awaited<ReturnType<typeof registryFixture>>) {
  const owners = fixture.others.slice(0, 3);
  const safe = await deploySafe(owners, 2);
  const domain = await domainOf(fixture);
  const bySafe = (types: Record<string, TypedDataField[]>, message: Record<string, unknown>, by = owners.slice(0, 2)) =>
    signAsSafe(safe, by, TypedDataEncoder.hash(domain, types, message));
  return { owners, safe, domain, bySafe };
}

/** A Safe that is reviewer, maintainer of the program, or auditor: one role at a time. */
async function reviewedFixture() {
  const fixture = await registryFixture();
  const governed = await asTimelock(fixture);
  const wallet = await safeOf(fixture);
  await governed.grantRole(ATTESTER, wallet.safe);
  await governed.grantRole(id("MAINTAINER"), wallet.safe);
  const module = await addModule(fixture);
  const base = await dialPlan(fixture, module);
  const plan = {
    ...base,
    artifact: { ...base.artifact, version: "2.0.0", sha256Hash: id("binary") },
    evidence: { ...base.evidence, rehearsalChainId: 314_159n, rehearsalProposal: id("there"), minAge: BigInt(DAY) },
  };
  const proposalId = await propose(fixture, plan);
  const attestation = (kind: number, reportHash: string) => ({ proposalId, kind, reportHash });
  return { ...fixture, ...wallet, governed, module, plan, proposalId, attestation };
}

/** Where the safe's own signature begins: after its address. */
const named = (safe: string, signature: string) => concat([safe, signature]);

describe("statements of contract wallets (ERC-1271)", () => {
  describe("attestations", () => {
    it("ATT-07 a Safe attests beside keys, in one batch, each kind by its role", async () => {
      const fixture = await loadFixture(reviewedFixture);
      const { registry, governed, attesters, safe, domain, bySafe, proposalId, attestation } = fixture;
      const key = attesters[0] as HardhatEthersSigner;
      const batch = [
        named(safe, await bySafe(ATTESTATION, attestation(Integrity, REPORT))),
        await signAttestation(domain, key, proposalId, Integrity, REPORT),
      ];
      const attested = registry.attestBySig(proposalId, Integrity, REPORT, batch);
      await expect(attested).to.emit(registry, "Attested").withArgs(proposalId, safe, Integrity, REPORT);
      await expect(attested).to.emit(registry, "Attested").withArgs(proposalId, key.address, Integrity, REPORT);
      expect((await registry.proposalOf(proposalId)).integrityAttestations).to.equal(2n);

      const hash = id("binary");
      await registry.attestBySig(proposalId, Artifact, hash, [
        named(safe, await bySafe(ATTESTATION, attestation(Artifact, hash))),
      ]);
      const completedAt = BigInt(await time.latest()) - BigInt(2 * DAY);
      const message = { proposalId, chainId: 314_159n, rehearsalProposal: id("there"), completedAt };
      await registry.attestRehearsalBySig(proposalId, completedAt, [named(safe, await bySafe(REHEARSAL, message))]);
      await governed.revokeRole(ATTESTER, safe);
      await governed.grantRole(id("AUDITOR"), safe);
      const audit = id("audit");
      await registry.attestBySig(proposalId, Audit, audit, [
        named(safe, await bySafe(ATTESTATION, attestation(Audit, audit))),
      ]);
      for (const kind of [Integrity, Artifact, Audit, Rehearsal]) {
        expect(await registry.hasAttested(proposalId, kind, safe), `kind ${kind}`).to.equal(true);
      }
      expect(await registry.hasAttested(proposalId, Simulation, safe)).to.equal(false);
    });

    it("ATT-08 one owner of two, another kind, another plan or another wallet attests nothing", async () => {
      const fixture = await loadFixture(reviewedFixture);
      const { registry, owners, safe, bySafe, proposalId, attestation } = fixture;
      const refused = async (signature: string) =>
        expect(registry.attestBySig(proposalId, Integrity, REPORT, [named(safe, signature)]))
          .to.be.revertedWithCustomError(registry, "AttestationInvalid")
          .withArgs(proposalId, Integrity, safe);
      await refused("0x");
      await refused(await bySafe(ATTESTATION, attestation(Integrity, REPORT), owners.slice(0, 1)));
      await refused(await bySafe(ATTESTATION, attestation(Simulation, REPORT)));
      await refused(await bySafe(ATTESTATION, { ...attestation(Integrity, REPORT), proposalId: id("another") }));
      // Signed by those owners for another Safe of theirs.
      const twin = await deploySafe(owners, 2);
      const digest = TypedDataEncoder.hash(fixture.domain, ATTESTATION, attestation(Integrity, REPORT));
      await refused(await signAsSafe(twin, owners.slice(0, 2), digest));
      // The other Safe itself has no role, and neither has a wallet that says yes to everything.
      const yes = await ethers.deployContract("Wallet__MockForRegistry", [0]);
      for (const outsider of [twin, await yes.getAddress()]) {
        await expect(
          registry.attestBySig(proposalId, Integrity, REPORT, [
            named(outsider, await signAsSafe(twin, owners.slice(0, 2), digest)),
          ]),
        )
          .to.be.revertedWithCustomError(registry, "Unauthorized")
          .withArgs(outsider, ATTESTER);
      }
      expect((await registry.proposalOf(proposalId)).integrityAttestations).to.equal(0n);
    });

    it("ATT-09 a wallet attests once; submitted ahead, it voids no batch, whatever its owners are by then", async () => {
      const fixture = await loadFixture(reviewedFixture);
      const { registry, governed, attesters, domain, proposalId, attestation } = fixture;
      const wallet = await ethers.deployContract("Wallet__MockForCouncil", [[fixture.others[5]!.address], 1]);
      const address = await wallet.getAddress();
      await governed.grantRole(ATTESTER, address);
      const digest = TypedDataEncoder.hash(domain, ATTESTATION, attestation(Simulation, REPORT));
      const own = await sign(fixture.others[5]!.address, await wallet.messageOf(digest));
      const byWallet = concat([address, own]);
      const byKey = await signAttestation(domain, attesters[0]!, proposalId, Simulation, REPORT);
      await registry.attestBySig(proposalId, Simulation, REPORT, [byWallet]);
      await wallet.setMode(1);
      await registry.attestBySig(proposalId, Simulation, REPORT, [byWallet, byKey, byWallet]);
      expect((await registry.proposalOf(proposalId)).simulationAttestations).to.equal(2n);
    });

    it("ATT-10 the proposer's wallet does not attest its plan", async () => {
      const fixture = await loadFixture(reviewedFixture);
      const { registry, governed, safe, bySafe, module } = fixture;
      await governed.grantRole(id("RELEASE"), safe);
      const plan = await dialPlan(fixture, module, { nonce: 7n, proposer: safe });
      const account = await ethers.getImpersonatedSigner(safe);
      await ethers.provider.send("hardhat_setBalance", [safe, "0xde0b6b3a7640000"]);
      await registry.connect(account).propose(plan);
      const proposalId = await registry.proposalIdOf(plan);
      const signature = named(safe, await bySafe(ATTESTATION, { proposalId, kind: Integrity, reportHash: REPORT }));
      await expect(registry.attestBySig(proposalId, Integrity, REPORT, [signature]))
        .to.be.revertedWithCustomError(registry, "AttesterIsProposer")
        .withArgs(proposalId, safe);
    });
  });

  describe("statements about a program", () => {
    /** Twelve keys and a Safe; the plan's last stage has run. */
    async function programFixture() {
      const fixture = await registryFixture();
      const governed = await asTimelock(fixture);
      const wallet = await safeOf(fixture);
      const accounts = [...fixture.electors.map(({ address }) => address), wallet.safe];
      const packed = packSeats(accounts.map((account) => ({ account, power: POWER })));
      await governed.setElectorate(packed, ZeroHash);
      const seats = packed.map((word) => unpackSeat(word).account);
      const electors = seats.filter((account) => account !== wallet.safe);
      const plan = await artifactPlan(fixture, await addModule(fixture));
      const proposalId = await propose(fixture, plan);
      const seatOf = (account: string) => seats.indexOf(account);
      for (const elector of fixture.electors) {
        await fixture.registry.connect(elector).castVote(proposalId, Choice.For, seatOf(elector.address));
        await fixture.registry.connect(elector).signalReady(proposalId, seatOf(elector.address));
      }
      const attester = fixture.registry.connect(fixture.attesters[0]);
      await attester.attest(proposalId, Integrity, REPORT);
      await attester.attest(proposalId, Simulation, REPORT);
      await time.increase(3 * DAY);
      await fixture.registry.schedule(plan);
      await toLastDwell(fixture, plan);
      return { ...fixture, ...wallet, plan, proposalId, seatOf, accounts: electors };
    }

    it("ART-40 a Safe advertises beside keys; a bad statement is skipped and reported", async () => {
      const fixture = await loadFixture(programFixture);
      const { registry, electors, owners, safe, domain, bySafe, proposalId, seatOf } = fixture;
      const message = { proposalId, version: VERSION, protocolVersion: PROTOCOL };
      const key = electors[4] as HardhatEthersSigner;
      const byKey = { seat: seatOf(key.address), signature: await key.signTypedData(domain, ADVERTISEMENT, message) };
      const seat = seatOf(safe);
      const poor = { seat, signature: await bySafe(ADVERTISEMENT, message, owners.slice(0, 1)) };
      const good = { seat, signature: await bySafe(ADVERTISEMENT, message) };
      const other = seatOf(electors[5]!.address);
      const batch = [poor, byKey, good, good, { seat: other, signature: byKey.signature }];
      const advertised = registry.advertiseByWalletSig(proposalId, VERSION, PROTOCOL, batch);
      await expect(advertised)
        .to.emit(registry, "VersionAdvertised")
        .withArgs(proposalId, safe, seat, POWER, VERSION, PROTOCOL);
      await expect(advertised).to.emit(registry, "StatementSkipped").withArgs(proposalId, seat, ZeroAddress);
      await expect(advertised).to.emit(registry, "StatementSkipped").withArgs(proposalId, seat, safe);
      await expect(advertised).to.emit(registry, "StatementSkipped").withArgs(proposalId, other, ZeroAddress);
      const facts = await registry.artifactOf(proposalId);
      expect([facts.adoptedPower, facts.adoptedSeats]).to.deep.equal([2n * POWER, 2n]);
      expect(await registry.advertiseByWalletSig.staticCall(proposalId, VERSION, PROTOCOL, batch)).to.equal(0n);
    });

    it("ART-41 a Safe reports what it signed, of the stage it signed, once", async () => {
      const { registry, safe, bySafe, proposalId, seatOf } = await loadFixture(programFixture);
      const seat = seatOf(safe);
      const message = { proposalId, stage: 1, isSuccessful: true };
      const count = (stage: number, isSuccessful: boolean, signature: string) =>
        registry.reportSuccessByWalletSig.staticCall(proposalId, stage, isSuccessful, [{ seat, signature }]);
      const good = await bySafe(SUCCESS, message);
      expect(await count(1, false, good), "the opposite").to.equal(0n);
      expect(await count(1, true, await bySafe(SUCCESS, { ...message, stage: 0 })), "another stage").to.equal(0n);
      await expect(registry.reportSuccessByWalletSig(proposalId, 1, true, [{ seat, signature: good }]))
        .to.emit(registry, "SuccessReported")
        .withArgs(proposalId, safe, 1, seat, POWER, true);
      expect(await count(1, true, good), "again").to.equal(0n);
      expect((await registry.artifactOf(proposalId)).successPower).to.equal(POWER);
    });

    it("ART-42 a Safe's vote to keep the upgrade counts, and settles it when it is the last that was needed", async () => {
      const fixture = await loadFixture(programFixture);
      const { registry, electors, safe, bySafe, proposalId, seatOf } = fixture;
      // 2/3 of 13 seats are 9.
      for (const elector of electors.slice(0, 8)) {
        await registry.connect(elector).overrideSuccess(proposalId, seatOf(elector.address));
      }
      const seat = seatOf(safe);
      const signature = await bySafe(OVERRIDE, { proposalId });
      const kept = registry.overrideSuccessByWalletSig(proposalId, [
        { seat, signature: "0x" },
        { seat, signature },
      ]);
      await expect(kept).to.emit(registry, "SuccessOverridden").withArgs(proposalId, safe, seat, POWER);
      await expect(kept).to.emit(registry, "SuccessSettled").withArgs(proposalId, false);
      expect((await registry.artifactOf(proposalId)).overrideSeats).to.equal(9n);
    });
  });

  describe("delegates without a seat", () => {
    const TOKEN_UNIT = 10n ** 9n;
    const SHARE = 100n * 10n ** 18n;
    const VOTES = SHARE / TOKEN_UNIT;

    /** A Safe and three keys hold a token; nobody but the first key has a seat. */
    async function delegatesFixture() {
      const fixture = await registryFixture();
      const wallet = await safeOf(fixture);
      const token = (await ethers.deployContract("BlockVotesToken")) as unknown as BlockVotesToken;
      const [listed, ...unlisted] = fixture.electors.slice(0, 3) as [HardhatEthersSigner, ...HardhatEthersSigner[]];
      for (const holder of [listed, ...unlisted]) {
        await token.mint(holder, SHARE);
        await token.connect(holder).delegate(holder);
      }
      await token.mint(fixture.stranger, SHARE);
      await token.connect(fixture.stranger).delegate(wallet.safe);
      await mine();
      await (await asTimelock(fixture)).setTokenElectorate({ token, tokenUnit: TOKEN_UNIT }, UNIT);
      const plan = await dialPlan(fixture, await addModule(fixture));
      const proposalId = await propose(fixture, plan);
      await time.increase(2 * DAY);
      await fixture.registry.snapshotDelegates(proposalId, [listed.address]);
      const nextOf = (account: string) => (BigInt(account) < BigInt(listed.address) ? 0 : 1);
      return { ...fixture, ...wallet, plan, proposalId, listed, unlisted, nextOf };
    }

    it("ELE-60 a Safe votes with what was delegated to it, once, and a bad ballot is skipped and reported", async () => {
      const fixture = await loadFixture(delegatesFixture);
      const { registry, owners, safe, bySafe, listed, proposalId, nextOf } = fixture;
      const message = { proposalId, choice: Choice.For };
      const seat = nextOf(safe);
      const good = { seat, signature: named(safe, await bySafe(BALLOT, message)) };
      const poor = { seat, signature: named(safe, await bySafe(BALLOT, message, owners.slice(0, 1))) };
      const misplaced = { ...good, seat: 1 - seat };
      const seated = {
        seat: 1,
        signature: named(listed.address, await listed.signTypedData(fixture.domain, BALLOT, message)),
      };
      const batch = [poor, misplaced, { seat: 0, signature: "0x1234" }, seated, good, good];
      const cast = registry.castUnlistedVotesByWalletSig(proposalId, Choice.For, batch);
      await expect(cast).to.emit(registry, "VoteCast").withArgs(proposalId, safe, MaxUint256, Choice.For, VOTES);
      for (const [at, who] of [
        [seat, ZeroAddress],
        [1 - seat, safe],
        [0, ZeroAddress],
        [1, listed.address],
        [seat, safe],
      ] as const) {
        await expect(cast).to.emit(registry, "BallotSkipped").withArgs(proposalId, at, who);
      }
      const facts = await registry.proposalOf(proposalId);
      expect([facts.forPower, facts.voters]).to.deep.equal([VOTES, 1n]);
      const against = await registry.castUnlistedVotesByWalletSig.staticCall(proposalId, Choice.Against, batch);
      expect(against).to.equal(0n);
    });

    it("ELE-61 a delegate without a seat signals that he is ready, once, and nobody with one does", async () => {
      const fixture = await loadFixture(delegatesFixture);
      const { registry, unlisted, listed, others, proposalId, nextOf } = fixture;
      const [delegate] = unlisted as [HardhatEthersSigner];
      const next = nextOf(delegate.address);
      await expect(registry.connect(delegate).signalReadyUnlisted(proposalId, 1 - next))
        .to.be.revertedWithCustomError(registry, "AbsenceUnproven")
        .withArgs(delegate.address, 1 - next);
      await expect(registry.connect(delegate).signalReadyUnlisted(proposalId, next))
        .to.emit(registry, "ReadySignalled")
        .withArgs(proposalId, delegate.address, MaxUint256, VOTES);
      expect(await registry.isReadyUnlisted(proposalId, delegate)).to.equal(true);
      await expect(registry.connect(delegate).signalReadyUnlisted(proposalId, next))
        .to.be.revertedWithCustomError(registry, "UnlistedAlreadyReady")
        .withArgs(proposalId, delegate.address);
      await registry.connect(listed).signalReady(proposalId, 0);
      for (const place of [0, 1]) {
        await expect(registry.connect(listed).signalReadyUnlisted(proposalId, place)).to.be.revertedWithCustomError(
          registry,
          "AbsenceUnproven",
        );
      }
      const nobody = others[9] as HardhatEthersSigner;
      await expect(
        registry.connect(nobody).signalReadyUnlisted(proposalId, nextOf(nobody.address)),
      ).to.be.revertedWithCustomError(registry, "PowerMissing");
      const facts = await registry.proposalOf(proposalId);
      expect([facts.readyPower, facts.readySeats]).to.deep.equal([2n * VOTES, 2n]);
    });

    it("ELE-61 and no longer once the plan is lost", async () => {
      const { registry, unlisted, proposalId, nextOf } = await loadFixture(delegatesFixture);
      await time.increase(2 * DAY);
      const [delegate] = unlisted as [HardhatEthersSigner];
      await expect(registry.connect(delegate).signalReadyUnlisted(proposalId, nextOf(delegate.address)))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Defeated, State.Approved);
    });
  });

  describe("the council", () => {
    /** A Safe that is one member of five, with a plan in progress. */
    async function councilFixture() {
      const fixture = await registryFixture();
      const governed = await asTimelock(fixture);
      const wallet = await safeOf(fixture);
      const members = [wallet.safe, ...fixture.parameters.council.members.slice(1)];
      await governed.setCouncil({ ...fixture.parameters.council, members });
      const module = await addModule(fixture);
      const plan = await artifactPlan(fixture, module);
      const proposalId = await toInProgress(fixture, plan);
      return { ...fixture, ...wallet, governed, module, plan, proposalId };
    }

    /** The Safe's approval of an act, good for an hour, and its deadline. */
    async function approval(fixture: Awaited<ReturnType<typeof councilFixture>>, kind: string, subject: string) {
      const { act } = await fixture.registry.actOf(id(kind), subject);
      const deadline = BigInt((await time.latest()) + 3_600);
      const own = await fixture.bySafe(APPROVAL, { act, deadline });
      return { act, deadline, signature: named(fixture.safe, own) };
    }

    /** The Safe alone is the council. */
    async function aloneFixture() {
      const fixture = await councilFixture();
      const one = {
        haltThreshold: 1,
        liftThreshold: 1,
        vetoThreshold: 1,
        rollbackThreshold: 1,
        coSignThreshold: 1,
        pauseThreshold: 1,
      };
      await fixture.governed.setCouncil({ ...fixture.parameters.council, ...one, members: [fixture.safe] });
      return fixture;
    }

    it("EMG-90 a Safe as one member approves a halt, a veto and a rollback beside keys, by collected signatures", async () => {
      const fixture = await loadFixture(councilFixture);
      const { registry, council, safe, domain, proposalId, plan } = fixture;
      const withKeys = async (kind: string, subject: string, keys: number) => {
        const { act, deadline, signature } = await approval(fixture, kind, subject);
        const others = council.slice(1, 1 + keys).map((key) => key.signTypedData(domain, APPROVAL, { act, deadline }));
        return { act, deadline, signatures: [signature, ...(await Promise.all(others))] };
      };
      const halt = await withKeys("halt", MODULE, 1);
      const halted = registry.halt(MODULE, "look", halt.deadline, halt.signatures);
      await expect(halted).to.emit(registry, "ActApproved").withArgs(halt.act, MODULE, safe, id("halt"), halt.deadline);
      await expect(halted).to.emit(registry, "Halted");
      const veto = await withKeys("veto", proposalId, 2);
      await registry.veto(proposalId, "no", veto.deadline, veto.signatures);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      // What was signed for one act is void for another, and for the same act's next occasion.
      await expect(registry.lift(MODULE, halt.deadline, halt.signatures)).to.be.revertedWithCustomError(
        registry,
        "ApprovalInvalid",
      );
      await registry.rollback(plan);
    });

    it("EMG-91 a Safe that is the whole council halts, lifts, vetoes and takes back", async () => {
      const fixture = await loadFixture(aloneFixture);
      const { registry, module, proposalId, plan } = fixture;
      const halt = await approval(fixture, "halt", ZeroHash);
      await registry.halt(ZeroHash, "look", halt.deadline, [halt.signature]);
      await expect(registry.advance(plan)).to.be.reverted;
      const lift = await approval(fixture, "lift", ZeroHash);
      await registry.lift(ZeroHash, lift.deadline, [lift.signature]);
      const back = await approval(fixture, "rollback", proposalId);
      await registry.rollbackByCouncil(plan, "why", back.deadline, [back.signature]);
      expect(await stateOf(fixture, proposalId)).to.equal(State.RolledBack);
      const targets = [{ module: MODULE, baseVersion: 1n }];
      const other = await propose(fixture, await dialPlan(fixture, module, { nonce: 9n, targets }));
      const veto = await approval(fixture, "veto", other);
      await registry.veto(other, "no", veto.deadline, [veto.signature]);
      expect(await stateOf(fixture, other)).to.equal(State.Cancelled);
    });

    it("EMG-92 one owner of two is no Safe, and a member who is a Safe freezes by its own transaction", async () => {
      const fixture = await loadFixture(aloneFixture);
      const { registry, owners, safe, bySafe, module, proposalId } = fixture;
      const { act } = await registry.actOf(id("veto"), proposalId);
      const deadline = MaxUint256;
      const poor = named(safe, await bySafe(APPROVAL, { act, deadline }, owners.slice(2)));
      await expect(registry.veto(proposalId, "no", deadline, [poor]))
        .to.be.revertedWithCustomError(registry, "ApprovalInvalid")
        .withArgs(safe);
      const send = async (data: string) => execute(safe, owners.slice(0, 2), { to: await registry.getAddress(), data });
      await module.setCanary(1);
      await send(registry.interface.encodeFunctionData("freeze", [MODULE]));
      expect(await module.isFrozen()).to.equal(true);
      await send(registry.interface.encodeFunctionData("veto", [proposalId, "no", 0, []]));
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
    });
  });
});

/** A raw signature of one of Hardhat's accounts, which are derived from a phrase that everyone knows. */
async function sign(address: string, digest: string): Promise<string> {
  const phrase = ethers.Mnemonic.fromPhrase("test test test test test test test test test test test junk");
  for (let i = 0; i < 100; ++i) {
    const node = ethers.HDNodeWallet.fromMnemonic(phrase, `m/44'/60'/0'/0/${i}`);
    if (node.address === address) return node.signingKey.sign(digest).serialized;
  }
  throw new Error(`no key of ${address}`);
}

/** Has a Safe send a call, with its owners' signatures over its own typed data. */
async function execute(
  safe: string,
  owners: readonly HardhatEthersSigner[],
  { to, data }: { to: string; data: string },
): Promise<void> {
  const contract = new ethers.Contract(
    safe,
    [
      "function nonce() view returns (uint256)",
      "function execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes) payable returns (bool)",
    ],
    owners[0],
  );
  const { chainId } = await ethers.provider.getNetwork();
  const types = {
    SafeTx: fieldsOf(
      "address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce",
    ),
  };
  const nonce = await contract.getFunction("nonce")();
  const zero = { value: 0, operation: 0, safeTxGas: 0, baseGas: 0, gasPrice: 0 };
  const message = { ...zero, to, data, gasToken: ZeroAddress, refundReceiver: ZeroAddress, nonce };
  const sorted = [...owners].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
  const domain = { chainId, verifyingContract: safe };
  const signatures = await Promise.all(sorted.map((owner) => owner.signTypedData(domain, types, message)));
  const args = [to, 0, data, 0, 0, 0, 0, ZeroAddress, ZeroAddress, concat(signatures)];
  await (await contract.getFunction("execTransaction").send(...args)).wait();
}
