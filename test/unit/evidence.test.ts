import { loadFixture, mine, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { ethers, network } from "hardhat";
import { MigrationKind, PlanClass, type Plan } from "../../src/plan/types";
import { DAY, registryFixture, type RegistryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { attest, AttestationKind, propose, ready, State, stateOf, toApproved, vote } from "../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, dialStage, REPORT } from "../helpers/plans";
import { domainOf, signAttestation, signRehearsal } from "../helpers/signatures";

const SHA256 = id("the node's binary");
const AUDIT = id("the auditor's report");
const REHEARSAL = id("the proposal on the other network");
const TEST_CHAIN = 314_159n;
const { Integrity, Simulation, Artifact, Audit, Rehearsal } = AttestationKind;

/** A registry whose classes ask for what `over` says, and a module with its plan. */
async function withPolicy(over: Record<string, number>) {
  const fixture = await registryFixture();
  const { standard } = fixture.parameters.policies;
  const timelock = await asTimelock(fixture);
  await timelock.setClassPolicy(PlanClass.Standard, { ...standard, ...over });
  await timelock.setClassPolicy(PlanClass.Critical, { ...fixture.parameters.policies.critical, ...over });
  const module = await addModule(fixture);
  return { ...fixture, module, plan: await dialPlan(fixture, module), domain: await domainOf(fixture) };
}

const signedArtifacts = () => withPolicy({ artifactAttestations: 2 });
const auditedPlans = () => withPolicy({ auditAttestations: 1 });
const production = () => withPolicy({ rehearsalAge: 2 * DAY, rehearsalAttestations: 2 });
const plain = () => withPolicy({});

function withArtifact(plan: Plan, over: Partial<Plan["artifact"]> = {}): Plan {
  return { ...plan, artifact: { ...plan.artifact, version: "2.0.0", sha256Hash: SHA256, ...over } };
}

function withRehearsal(plan: Plan, over: Partial<Plan["evidence"]> = {}): Plan {
  const rehearsal = { rehearsalChainId: TEST_CHAIN, rehearsalProposal: REHEARSAL, minAge: BigInt(2 * DAY) };
  return { ...plan, evidence: { ...plan.evidence, ...rehearsal, ...over } };
}

/** Voted for, attested and ready; the vote is over. */
async function agreed(fixture: RegistryFixture, plan: Plan): Promise<string> {
  return toApproved(fixture, plan);
}

describe("evidence of a plan", () => {
  describe("node artifacts", () => {
    it("EVD-01 are scheduled only when M of N maintainers signed their hash", async () => {
      const fixture = await loadFixture(signedArtifacts);
      const { registry, maintainers } = fixture;
      const plan = withArtifact(fixture.plan);
      const proposalId = await agreed(fixture, plan);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "AttestationsMissing")
        .withArgs(proposalId, Artifact, 0, 2);
      await registry.connect(maintainers[0]).attest(proposalId, Artifact, SHA256);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "AttestationsMissing")
        .withArgs(proposalId, Artifact, 1, 2);
      await registry.connect(maintainers[1]).attest(proposalId, Artifact, SHA256);
      await registry.schedule(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
      expect((await registry.citedEvidenceOf(proposalId)).slice(0, 5)).to.deep.equal([SHA256, ZeroHash, 0n, 0n, 2n]);
    });

    it("EVD-02 are signed by collected signatures too; one maintainer counts once", async () => {
      const { registry, maintainers, domain, ...fixture } = await loadFixture(signedArtifacts);
      const proposalId = await propose({ registry, maintainers, ...fixture }, withArtifact(fixture.plan));
      const [first, second] = maintainers;
      const signatures = [
        await signAttestation(domain, first!, proposalId, Artifact, SHA256),
        await signAttestation(domain, first!, proposalId, Artifact, SHA256),
        await signAttestation(domain, second!, proposalId, Artifact, SHA256),
      ];
      await registry.attestBySig(proposalId, Artifact, SHA256, signatures);
      expect((await registry.citedEvidenceOf(proposalId)).artifactAttestations).to.equal(2n);
      await expect(registry.connect(first).attest(proposalId, Artifact, SHA256))
        .to.be.revertedWithCustomError(registry, "AlreadyAttested")
        .withArgs(proposalId, Artifact, first?.address);
    });

    it("EVD-03 are not signed with another hash, nor with a signature for another plan, kind or role", async () => {
      const fixture = await loadFixture(signedArtifacts);
      const { registry, maintainers, attesters, release, domain } = fixture;
      const proposalId = await propose(fixture, withArtifact(fixture.plan));
      const other = await propose(fixture, withArtifact({ ...fixture.plan, nonce: 1n }));
      const maintainer = maintainers[0]!;
      for (const hash of [id("another binary"), REPORT]) {
        await expect(registry.connect(maintainer).attest(proposalId, Artifact, hash))
          .to.be.revertedWithCustomError(registry, "EvidenceMismatch")
          .withArgs(proposalId, SHA256, hash);
      }
      const elsewhere = await signAttestation(domain, maintainer, other, Artifact, SHA256);
      const otherKind = await signAttestation(domain, maintainer, proposalId, Integrity, SHA256);
      for (const signature of [elsewhere, otherKind]) {
        await expect(registry.attestBySig(proposalId, Artifact, SHA256, [signature])).to.be.revertedWithCustomError(
          registry,
          "Unauthorized",
        );
      }
      await expect(registry.connect(attesters[0]).attest(proposalId, Artifact, SHA256))
        .to.be.revertedWithCustomError(registry, "Unauthorized")
        .withArgs(attesters[0]?.address, id("MAINTAINER"));
      await expect(registry.connect(maintainer).attest(proposalId, Integrity, REPORT))
        .to.be.revertedWithCustomError(registry, "Unauthorized")
        .withArgs(maintainer.address, id("ATTESTER"));
      await (await asTimelock(fixture)).grantRole(id("MAINTAINER"), release.address);
      await expect(registry.connect(release).attest(proposalId, Artifact, SHA256))
        .to.be.revertedWithCustomError(registry, "AttesterIsProposer")
        .withArgs(proposalId, release.address);
    });

    it("EVD-04 have a version and a hash: none slips past its maintainers by leaving one out", async () => {
      const fixture = await loadFixture(signedArtifacts);
      const { registry, plan } = fixture;
      for (const over of [
        { sha256Hash: ZeroHash },
        { version: "" },
        { version: "", sha256Hash: ZeroHash, protocolVersion: 7n },
        { version: "", sha256Hash: ZeroHash, migration: MigrationKind.Compiled },
      ]) {
        await expect(propose(fixture, withArtifact(plan, over))).to.be.revertedWithCustomError(
          registry,
          "ArtifactIncomplete",
        );
      }
    });

    it("EVD-05 need nobody's signature where the plan has none, or its class asks for none", async () => {
      const strict = await loadFixture(signedArtifacts);
      const proposalId = await agreed(strict, strict.plan);
      await expect(strict.registry.connect(strict.maintainers[0]).attest(proposalId, Artifact, SHA256))
        .to.be.revertedWithCustomError(strict.registry, "NothingToAttest")
        .withArgs(proposalId, Artifact);
      await strict.registry.schedule(strict.plan);
      const free = await loadFixture(plain);
      const plan = withArtifact(free.plan);
      await agreed(free, plan);
      await free.registry.schedule(plan);
    });

    it("EVD-06 with a WASM migration belong in a plan of class Critical, which needs 3/4", async () => {
      const fixture = await loadFixture(plain);
      const { registry } = fixture;
      const plan = withArtifact(fixture.plan, { migration: MigrationKind.Wasm });
      await expect(propose(fixture, plan))
        .to.be.revertedWithCustomError(registry, "MigrationNeedsCritical")
        .withArgs(MigrationKind.Wasm);
      const critical = { ...plan, planClass: PlanClass.Critical };
      const eight = await propose(fixture, critical);
      const nine = await propose(fixture, { ...critical, nonce: 1n });
      await vote(fixture, eight, 8);
      await vote(fixture, nine, 9);
      await time.increase(3 * DAY);
      expect(await stateOf(fixture, eight), "8 of 12 are enough for 2/3 only").to.equal(State.Defeated);
      expect(await stateOf(fixture, nine)).to.equal(State.Approved);
    });
  });

  describe("audits", () => {
    it("EVD-10 are needed where the class says so, and open nothing alone", async () => {
      const fixture = await loadFixture(auditedPlans);
      const { registry, auditor, plan } = fixture;
      const proposalId = await propose(fixture, plan);
      await registry.connect(auditor).attest(proposalId, Audit, AUDIT);
      await vote(fixture, proposalId, 10);
      await ready(fixture, proposalId);
      await time.increase(3 * DAY);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "AttestationsMissing")
        .withArgs(proposalId, Integrity, 0, 1);
      await attest(fixture, proposalId);
      await registry.schedule(plan);
      expect((await registry.citedEvidenceOf(proposalId)).auditAttestations).to.equal(1n);
    });

    it("EVD-10 are not replaced by reviews of payload and rehearsal", async () => {
      const fixture = await loadFixture(auditedPlans);
      const { registry, plan } = fixture;
      const proposalId = await agreed(fixture, plan);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "AttestationsMissing")
        .withArgs(proposalId, Audit, 0, 1);
    });

    it("EVD-11 cannot be the only review a class asks for", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, parameters } = fixture;
      const timelock = await asTimelock(fixture);
      for (const over of [{ integrityAttestations: 0 }, { simulationAttestations: 0 }]) {
        const policy = { ...parameters.policies.standard, auditAttestations: 1, ...over };
        await expect(timelock.setClassPolicy(PlanClass.Standard, policy))
          .to.be.revertedWithCustomError(registry, "AuditStandsAlone")
          .withArgs(PlanClass.Standard);
      }
    });

    it("EVD-12 come from an account that neither ships releases nor reviews them", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, release, attesters, auditor, stranger } = fixture;
      const timelock = await asTimelock(fixture);
      for (const account of [release.address, attesters[0]!.address]) {
        await expect(timelock.grantRole(id("AUDITOR"), account))
          .to.be.revertedWithCustomError(registry, "ConflictOfInterest")
          .withArgs(account);
      }
      for (const role of ["RELEASE", "ATTESTER"]) {
        await expect(timelock.grantRole(id(role), auditor.address))
          .to.be.revertedWithCustomError(registry, "ConflictOfInterest")
          .withArgs(auditor.address);
      }
      await timelock.grantRole(id("AUDITOR"), stranger.address);
      expect(await registry.hasRole(id("AUDITOR"), stranger.address)).to.equal(true);
    });
  });

  describe("reports", () => {
    it("EVD-20 of the simulation are the plan's evidence: one of another plan is refused, by call and by signature", async () => {
      const fixture = await loadFixture(plain);
      const { registry, attesters, plan, domain } = fixture;
      const better = id("the report of a harmless plan");
      const proposalId = await propose(fixture, plan);
      await propose(fixture, { ...plan, nonce: 1n, evidence: { ...plan.evidence, reportHash: better } });
      await expect(registry.connect(attesters[0]).attest(proposalId, Simulation, better))
        .to.be.revertedWithCustomError(registry, "EvidenceMismatch")
        .withArgs(proposalId, REPORT, better);
      const signature = await signAttestation(domain, attesters[0]!, proposalId, Simulation, better);
      await expect(registry.attestBySig(proposalId, Simulation, better, [signature]))
        .to.be.revertedWithCustomError(registry, "EvidenceMismatch")
        .withArgs(proposalId, REPORT, better);
      // Signed over another report, submitted as if it were over the plan's.
      await expect(registry.attestBySig(proposalId, Simulation, REPORT, [signature])).to.be.revertedWithCustomError(
        registry,
        "Unauthorized",
      );
      expect((await registry.proposalOf(proposalId)).simulationAttestations).to.equal(0n);
    });

    it("EVD-21 are named by every attestation", async () => {
      const fixture = await loadFixture(auditedPlans);
      const { registry, attesters, auditor, plan } = fixture;
      const proposalId = await propose(fixture, plan);
      for (const [signer, kind] of [
        [attesters[0], Integrity],
        [attesters[0], Simulation],
        [auditor, Audit],
      ] as const) {
        await expect(registry.connect(signer).attest(proposalId, kind, ZeroHash))
          .to.be.revertedWithCustomError(registry, "ReportMissing")
          .withArgs(proposalId, kind);
      }
    });
  });

  describe("a rehearsal on another network", () => {
    it("EVD-30 is asked of every plan by a production profile, with the age that it sets", async () => {
      const fixture = await loadFixture(production);
      const { registry, plan } = fixture;
      await expect(propose(fixture, plan))
        .to.be.revertedWithCustomError(registry, "RehearsalMissing")
        .withArgs(2 * DAY);
      await expect(propose(fixture, withRehearsal(plan, { minAge: BigInt(2 * DAY - 1) })))
        .to.be.revertedWithCustomError(registry, "RehearsalAgeOutOfBounds")
        .withArgs(2 * DAY - 1, 2 * DAY, 365 * DAY);
      await expect(propose(fixture, withRehearsal(plan, { minAge: BigInt(365 * DAY + 1) })))
        .to.be.revertedWithCustomError(registry, "RehearsalAgeOutOfBounds")
        .withArgs(365 * DAY + 1, 2 * DAY, 365 * DAY);
      await registry.connect(fixture.release).propose.staticCall(withRehearsal(plan, { minAge: BigInt(365 * DAY) }));
      await propose(fixture, withRehearsal(plan));
    });

    it("EVD-31 names another network and a proposal there", async () => {
      const fixture = await loadFixture(plain);
      const { registry, plan } = fixture;
      const here = (await ethers.provider.getNetwork()).chainId;
      for (const over of [
        { rehearsalChainId: here },
        { rehearsalChainId: 0n },
        { rehearsalChainId: 0n, minAge: 0n },
        { rehearsalProposal: ZeroHash },
      ]) {
        await expect(propose(fixture, withRehearsal(plan, over))).to.be.revertedWithCustomError(
          registry,
          "RehearsalIncomplete",
        );
      }
    });

    it("EVD-32 is vouched for by M of N attesters before the plan is scheduled", async () => {
      const fixture = await loadFixture(production);
      const { registry, attesters, domain } = fixture;
      const plan = withRehearsal(fixture.plan);
      const proposalId = await agreed(fixture, plan);
      const { proposedAt } = await registry.proposalOf(proposalId);
      const completedAt = proposedAt - BigInt(2 * DAY);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "AttestationsMissing")
        .withArgs(proposalId, Rehearsal, 0, 2);
      await expect(registry.connect(attesters[0]).attestRehearsal(proposalId, completedAt))
        .to.emit(registry, "RehearsalAttested")
        .withArgs(proposalId, attesters[0]?.address, TEST_CHAIN, REHEARSAL, completedAt);
      await expect(registry.connect(attesters[0]).attestRehearsal(proposalId, completedAt))
        .to.be.revertedWithCustomError(registry, "AlreadyAttested")
        .withArgs(proposalId, Rehearsal, attesters[0]?.address);
      await expect(registry.schedule(plan))
        .to.be.revertedWithCustomError(registry, "AttestationsMissing")
        .withArgs(proposalId, Rehearsal, 1, 2);
      const facts = { proposalId, chainId: TEST_CHAIN, rehearsalProposal: REHEARSAL, completedAt };
      const signatures = await Promise.all(attesters.slice(0, 2).map((signer) => signRehearsal(domain, signer, facts)));
      await registry.attestRehearsalBySig(proposalId, completedAt, signatures);
      await registry.schedule(plan);
      expect((await registry.citedEvidenceOf(proposalId)).rehearsalAttestations).to.equal(2n);
    });

    it("EVD-33 ended before the proposal by its whole age, to the second, and by a year at most", async () => {
      const fixture = await loadFixture(production);
      const { registry, attesters } = fixture;
      const proposalId = await propose(fixture, withRehearsal(fixture.plan));
      const { proposedAt } = await registry.proposalOf(proposalId);
      const latest = proposedAt - BigInt(2 * DAY);
      const earliest = proposedAt - BigInt(365 * DAY);
      const attester = registry.connect(attesters[0]);
      // Waiting does not help: the age is the one at the proposal.
      await time.increase(2 * DAY);
      for (const completedAt of [latest + 1n, proposedAt, earliest - 1n, 0n]) {
        await expect(attester.attestRehearsal(proposalId, completedAt))
          .to.be.revertedWithCustomError(registry, "RehearsalTimeOutOfBounds")
          .withArgs(proposalId, completedAt, earliest, latest);
      }
      await attester.attestRehearsal(proposalId, latest);
      await registry.connect(attesters[1]).attestRehearsal(proposalId, earliest);
    });

    it("EVD-34 is not vouched for by a signature over another network, rehearsal or time, nor by a stranger or the proposer", async () => {
      const fixture = await loadFixture(production);
      const { registry, attesters, maintainers, stranger, release, domain } = fixture;
      const proposalId = await propose(fixture, withRehearsal(fixture.plan));
      const { proposedAt } = await registry.proposalOf(proposalId);
      const completedAt = proposedAt - BigInt(3 * DAY);
      const facts = { proposalId, chainId: TEST_CHAIN, rehearsalProposal: REHEARSAL, completedAt };
      for (const over of [
        { chainId: 1n },
        { rehearsalProposal: id("another one") },
        { completedAt: completedAt - 1n },
        { proposalId: id("another plan") },
      ]) {
        const signature = await signRehearsal(domain, attesters[0]!, { ...facts, ...over });
        await expect(registry.attestRehearsalBySig(proposalId, completedAt, [signature])).to.be.revertedWithCustomError(
          registry,
          "Unauthorized",
        );
      }
      for (const signer of [stranger, maintainers[0]!]) {
        await expect(registry.connect(signer).attestRehearsal(proposalId, completedAt))
          .to.be.revertedWithCustomError(registry, "Unauthorized")
          .withArgs(signer.address, id("ATTESTER"));
      }
      await expect(registry.attestRehearsalBySig(proposalId, completedAt, ["0x1234"]))
        .to.be.revertedWithCustomError(registry, "Unauthorized")
        .withArgs(ZeroAddress, id("ATTESTER"));
      await (await asTimelock(fixture)).grantRole(id("ATTESTER"), release.address);
      await expect(registry.connect(release).attestRehearsal(proposalId, completedAt))
        .to.be.revertedWithCustomError(registry, "AttesterIsProposer")
        .withArgs(proposalId, release.address);
    });

    it("EVD-35 is attested by its own verb, only where the plan names one, and counts for nothing else", async () => {
      const fixture = await loadFixture(plain);
      const { registry, attesters, plan } = fixture;
      const without = await propose(fixture, plan);
      await expect(registry.connect(attesters[0]).attestRehearsal(without, 1))
        .to.be.revertedWithCustomError(registry, "NothingToAttest")
        .withArgs(without, Rehearsal);
      const named = withRehearsal({ ...plan, nonce: 1n });
      const proposalId = await propose(fixture, named);
      await expect(registry.connect(attesters[0]).attest(proposalId, Rehearsal, REHEARSAL))
        .to.be.revertedWithCustomError(registry, "AttestationKindInvalid")
        .withArgs(Rehearsal);
      await vote(fixture, proposalId, 10);
      await ready(fixture, proposalId);
      await attest(fixture, proposalId);
      await time.increase(3 * DAY);
      // Named of its own accord, and still somebody must vouch for it.
      await expect(registry.schedule(named))
        .to.be.revertedWithCustomError(registry, "AttestationsMissing")
        .withArgs(proposalId, Rehearsal, 0, 1);
      const { proposedAt, integrityAttestations } = await registry.proposalOf(proposalId);
      await registry.connect(attesters[0]).attestRehearsal(proposalId, proposedAt - BigInt(2 * DAY));
      expect((await registry.proposalOf(proposalId)).integrityAttestations).to.equal(integrityAttestations);
      await registry.schedule(named);
      await expect(registry.connect(attesters[1]).attestRehearsal(proposalId, proposedAt - BigInt(2 * DAY)))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Scheduled, State.Approved);
    });

    it("EVD-36 is asked by the profile that a plan was proposed under: a change leaves plans in flight as they are", async () => {
      const fixture = await loadFixture(plain);
      const { registry, plan, parameters } = fixture;
      const proposalId = await agreed(fixture, plan);
      const policy = { ...parameters.policies.standard, rehearsalAge: 2 * DAY, rehearsalAttestations: 2 };
      await expect(
        registry.connect(fixture.stranger).setClassPolicy(PlanClass.Standard, policy),
      ).to.be.revertedWithCustomError(registry, "NotTimelock");
      await (await asTimelock(fixture)).setClassPolicy(PlanClass.Standard, policy);
      await registry.schedule(plan);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Scheduled);
      await expect(propose(fixture, { ...plan, nonce: 1n })).to.be.revertedWithCustomError(
        registry,
        "RehearsalMissing",
      );
    });
  });

  describe("invariants", () => {
    it("EVD-40 were in the catalogue in an earlier block than the plan that cites them", async () => {
      const fixture = await loadFixture(plain);
      const { registry, release, risk, module } = fixture;
      const invariant = await dialInvariant(module);
      const invariantId = await registry.connect(risk).defineInvariant.staticCall(invariant);
      const plan = await dialPlan(fixture, module, {
        stages: [await dialStage(module, 1n, { invariants: [invariantId] })],
        rollbacks: [],
      });
      await network.provider.send("evm_setAutomine", [false]);
      await registry.connect(risk).defineInvariant(invariant);
      const early = await registry.connect(release).propose(plan, { gasLimit: 3_000_000 });
      await mine();
      await network.provider.send("evm_setAutomine", [true]);
      const failed = await ethers.provider.getTransactionReceipt(early.hash);
      expect(failed?.status).to.equal(0);
      const { definedAt } = await registry.invariantOf(invariantId);
      expect((await ethers.provider.getBlock(failed!.blockNumber))?.timestamp).to.equal(definedAt);
      await expect(registry.connect(release).propose.staticCall(plan, { blockTag: failed!.blockNumber }))
        .to.be.revertedWithCustomError(registry, "InvariantTooNew")
        .withArgs(invariantId, definedAt, definedAt);
      await propose(fixture, plan);
    });

    it("EVD-41 say what is read, what it is compared with, and who answers for it", async () => {
      const fixture = await loadFixture(plain);
      const { registry, risk, module } = fixture;
      const good = await dialInvariant(module);
      const { condition } = good;
      const refused: [Partial<typeof good>, string][] = [
        [{ name: "" }, "name"],
        [{ owner: "" }, "owner"],
        [{ condition: { ...condition, left: { ...condition.left, target: ZeroAddress } } }, "left"],
        [{ condition: { ...condition, left: { ...condition.left, data: "0x" } } }, "left"],
        [{ condition: { ...condition, rightKind: 1 } }, "right"],
        [{ condition: { ...condition, rightKind: 1, right: { ...condition.left, data: "0x1234" } } }, "right"],
      ];
      for (const [over, field] of refused) {
        await expect(registry.connect(risk).defineInvariant({ ...good, ...over }))
          .to.be.revertedWithCustomError(registry, "InvariantIncomplete")
          .withArgs(field);
      }
      const id = await define(fixture, good);
      const plan = await dialPlan(fixture, module, {
        stages: [await dialStage(module, 1n, { invariants: [id] })],
        rollbacks: [],
      });
      await propose(fixture, plan);
    });
  });

  it("EVD-13 maintainers and auditors are given their roles by the constructor", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry, maintainers, auditor } = fixture;
    for (const { address } of maintainers) expect(await registry.hasRole(id("MAINTAINER"), address)).to.equal(true);
    expect(await registry.hasRole(id("AUDITOR"), auditor.address)).to.equal(true);
  });
});
