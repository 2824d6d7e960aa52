import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { DAY, registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { AttestationKind, propose, State, toScheduled } from "../helpers/lifecycle";
import { addModule, dialPlan, REPORT } from "../helpers/plans";
import { domainOf, signAttestation } from "../helpers/signatures";

const ATTESTER = id("ATTESTER");
const { Integrity, Simulation } = AttestationKind;

async function proposedFixture() {
  const fixture = await registryFixture();
  const plan = await dialPlan(fixture, await addModule(fixture));
  return { ...fixture, plan, proposalId: await propose(fixture, plan), domain: await domainOf(fixture) };
}

describe("AttestationFacet", () => {
  describe("attest", () => {
    it("ATT-01 counts an attester once a kind", async () => {
      const { registry, attesters, proposalId } = await loadFixture(proposedFixture);
      const [first, second] = attesters;
      await expect(registry.connect(first).attest(proposalId, Integrity, id("review")))
        .to.emit(registry, "Attested")
        .withArgs(proposalId, first?.address, Integrity, id("review"));
      await registry.connect(first).attest(proposalId, Simulation, REPORT);
      await registry.connect(second).attest(proposalId, Integrity, id("another review"));
      const facts = await registry.proposalOf(proposalId);
      expect([facts.integrityAttestations, facts.simulationAttestations]).to.deep.equal([2n, 1n]);
      expect(await registry.hasAttested(proposalId, Simulation, first?.address ?? "")).to.equal(true);
      expect(await registry.hasAttested(proposalId, Simulation, second?.address ?? "")).to.equal(false);
      await expect(registry.connect(first).attest(proposalId, Integrity, id("again")))
        .to.be.revertedWithCustomError(registry, "AlreadyAttested")
        .withArgs(proposalId, Integrity, first?.address);
    });

    it("ATT-02 refuses a simulation attestation for a report that the plan does not carry", async () => {
      const { registry, attesters, proposalId } = await loadFixture(proposedFixture);
      await expect(registry.connect(attesters[0]).attest(proposalId, Simulation, id("another report")))
        .to.be.revertedWithCustomError(registry, "EvidenceMismatch")
        .withArgs(proposalId, REPORT, id("another report"));
    });

    it("ATT-03 refuses who is no attester", async () => {
      const { registry, release, proposalId } = await loadFixture(proposedFixture);
      await expect(registry.connect(release).attest(proposalId, Integrity, REPORT))
        .to.be.revertedWithCustomError(registry, "Unauthorized")
        .withArgs(release.address, ATTESTER);
    });

    it("ATT-03 refuses the proposer, though he holds the role", async () => {
      const fixture = await loadFixture(proposedFixture);
      const { registry, release, proposalId } = fixture;
      await (await asTimelock(fixture)).grantRole(ATTESTER, release.address);
      await expect(registry.connect(release).attest(proposalId, Integrity, REPORT))
        .to.be.revertedWithCustomError(registry, "AttesterIsProposer")
        .withArgs(proposalId, release.address);
    });

    it("ATT-04 is open while the plan is voted on or waits to be scheduled, and closed then", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, attesters } = fixture;
      const proposalId = await toScheduled(fixture, await dialPlan(fixture, await addModule(fixture)));
      await expect(registry.connect(attesters[1]).attest(proposalId, Integrity, REPORT))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Scheduled, State.Approved);
    });

    it("ATT-04 is closed for a plan that was defeated, and for one that nobody proposed", async () => {
      const { registry, attesters, proposalId } = await loadFixture(proposedFixture);
      await time.increase(3 * DAY);
      const attester = registry.connect(attesters[0]);
      await expect(attester.attest(proposalId, Integrity, REPORT))
        .to.be.revertedWithCustomError(registry, "ProposalInState")
        .withArgs(proposalId, State.Defeated, State.Approved);
      await expect(attester.attest(id("unknown"), Integrity, REPORT))
        .to.be.revertedWithCustomError(registry, "ProposalUnknown")
        .withArgs(id("unknown"));
    });
  });

  describe("attestBySig", () => {
    it("ATT-05 counts collected signatures that anyone submits", async () => {
      const { registry, attesters, proposalId, domain } = await loadFixture(proposedFixture);
      const signatures = await Promise.all(
        attesters.map((attester) => signAttestation(domain, attester, proposalId, Simulation, REPORT)),
      );
      await registry.attestBySig(proposalId, Simulation, REPORT, signatures);
      expect((await registry.proposalOf(proposalId)).simulationAttestations).to.equal(3n);
    });

    it("ATT-06 reverts on a signature by someone else, or for something else; one that counted before is passed over", async () => {
      const { registry, attesters, stranger, proposalId, domain } = await loadFixture(proposedFixture);
      const attester = attesters[0] ?? stranger;
      const byStranger = await signAttestation(domain, stranger, proposalId, Integrity, REPORT);
      await expect(registry.attestBySig(proposalId, Integrity, REPORT, [byStranger]))
        .to.be.revertedWithCustomError(registry, "Unauthorized")
        .withArgs(stranger.address, ATTESTER);
      const otherKind = await signAttestation(domain, attester, proposalId, Simulation, REPORT);
      await expect(registry.attestBySig(proposalId, Integrity, REPORT, [otherKind])).to.be.revertedWithCustomError(
        registry,
        "Unauthorized",
      );
      const good = await signAttestation(domain, attester, proposalId, Integrity, REPORT);
      await registry.attestBySig(proposalId, Integrity, REPORT, [good, good]);
      expect((await registry.proposalOf(proposalId)).integrityAttestations).to.equal(1n);
      await expect(registry.attestBySig(proposalId, Integrity, REPORT, ["0x1234"]))
        .to.be.revertedWithCustomError(registry, "Unauthorized")
        .withArgs(ZeroAddress, ATTESTER);
    });
  });
});
