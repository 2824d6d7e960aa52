import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { connectRegistry } from "../../src/registry/connect";
import { deployRegistry } from "../../src/registry/deployRegistry";
import { UNAVAILABLE } from "../../src/registry/registryParameters";
import { statusOf } from "../../src/registry/status";
import {
  artifacts,
  DAY,
  deployWith,
  HOUR,
  namedActors,
  registryFixture,
  registryParameters,
  silent,
} from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { removeClients, testClient } from "../helpers/client";
import { propose } from "../helpers/lifecycle";
import { addModule, dialPlan } from "../helpers/plans";

const ROLES = ["RELEASE", "RISK", "INCIDENT", "ATTESTER", "MAINTAINER", "AUDITOR"].map(id);
const [RELEASE = "", RISK = "", INCIDENT = ""] = ROLES;

describe("UpgradeRegistry", () => {
  describe("constructor", () => {
    it("ACC-03 gives every role to those named, and none to the deployer", async () => {
      const { registry, deployer, release, risk, incident, attesters, maintainers, auditor } =
        await loadFixture(registryFixture);
      const holders = [[release], [risk], [incident], attesters, maintainers, [auditor]];
      for (const [index, role] of ROLES.entries()) {
        for (const { address } of holders[index] ?? []) expect(await registry.hasRole(role, address)).to.equal(true);
        expect(await registry.hasRole(role, deployer.address)).to.equal(false);
      }
    });

    it("ACC-04 deploys a timelock that knows nobody but the registry and itself", async () => {
      const { registry, timelock, deployer, deployment } = await loadFixture(registryFixture);
      expect(await registry.timelock()).to.equal(deployment.timelock);
      expect(await timelock.getMinDelay()).to.equal(BigInt(HOUR));
      const admin = await timelock.DEFAULT_ADMIN_ROLE();
      for (const role of [
        await timelock.PROPOSER_ROLE(),
        await timelock.CANCELLER_ROLE(),
        await timelock.EXECUTOR_ROLE(),
      ]) {
        expect(await timelock.hasRole(role, deployment.registry)).to.equal(true);
        for (const other of [deployer.address, ZeroAddress, deployment.timelock]) {
          expect(await timelock.hasRole(role, other)).to.equal(false);
        }
      }
      expect(await timelock.hasRole(admin, deployment.timelock)).to.equal(true);
      expect(await timelock.hasRole(admin, deployment.registry)).to.equal(false);
      expect(await timelock.hasRole(admin, deployer.address)).to.equal(false);
    });

    it("ACC-04 adopts an existing timelock, and refuses an account without code", async () => {
      const { deployer } = await namedActors();
      const existing = await ethers.deployContract("UpgradeTimelock", [HOUR, deployer.address, ZeroAddress]);
      const { timelock } = await deployWith({ timelock: await existing.getAddress() });
      expect(timelock).to.equal(await existing.getAddress());
      const { registry } = await loadFixture(registryFixture);
      await expect(deployWith({ timelock: deployer.address }))
        .to.be.revertedWithCustomError(registry, "NoCode")
        .withArgs(deployer.address);
    });

    it("ACC-05 deploys nothing from bad parameters: the checks are those of the setters", async () => {
      const { registry, ...actors } = await loadFixture(registryFixture);
      const good = registryParameters(actors);
      const half = { ...good.policies.standard, approval: { numerator: 1, denominator: 2 } };
      await expect(deployWith({ policies: { ...good.policies, standard: half } }))
        .to.be.revertedWithCustomError(registry, "ApprovalTooLow")
        .withArgs(0, 1, 2);
      await expect(deployWith({ council: { ...good.council, members: [] } }))
        .to.be.revertedWithCustomError(registry, "CouncilSizeInvalid")
        .withArgs(0, 32);
      await expect(deployWith({ seats: [] }))
        .to.be.revertedWithCustomError(registry, "SeatCountInvalid")
        .withArgs(0, 512);
      await expect(deployWith({ maxPower: { numerator: 0, denominator: 1 } }))
        .to.be.revertedWithCustomError(registry, "FractionInvalid")
        .withArgs(0, 1);
      await expect(deployWith({ roles: { ...good.roles, risk: good.roles.release } }))
        .to.be.revertedWithCustomError(registry, "ConflictOfInterest")
        .withArgs(good.roles.release[0]);
    });

    it("ACC-06 costs less than a block's transaction may: under 11 million gas with 512 seats [gas]", async () => {
      const seats = Array.from({ length: 512 }, (_, i) => ({
        account: `0x${(i + 1).toString(16).padStart(40, "0")}`,
        power: 100n,
      }));
      const { block } = await deployWith({ seats });
      expect((await ethers.provider.getBlock(block))?.gasUsed).to.be.lessThan(11_000_000n);
    });
  });
});

describe("deployRegistry", () => {
  it("ACC-07 goes on with the facets of an interrupted run, and only with those whose code is right", async () => {
    const actors = await namedActors();
    const client = { artifacts, signer: actors.deployer, log: silent };
    const first = await deployRegistry(client, registryParameters(actors));
    const known = { ...first.facets, BallotFacet: first.facets.StageFacet, ConfigFacet: actors.stranger.address };
    const second = await deployRegistry(client, registryParameters(actors), { known });
    const { BallotFacet, ConfigFacet, ...kept } = second.facets;
    expect(first.facets).to.include(kept);
    expect([first.facets.StageFacet, first.facets.BallotFacet]).to.not.include(BallotFacet);
    expect(await ethers.provider.getCode(ConfigFacet)).to.equal((await artifacts.read("ConfigFacet")).deployedBytecode);
  });
});

describe("ConfigFacet", () => {
  describe("grantRole and revokeRole", () => {
    it("ACC-08 change who holds a role", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, others } = fixture;
      const timelock = await asTimelock(fixture);
      const account = others[0]?.address ?? "";
      await expect(timelock.grantRole(INCIDENT, account)).to.emit(registry, "RoleGranted").withArgs(INCIDENT, account);
      expect(await registry.hasRole(INCIDENT, account)).to.equal(true);
      await expect(timelock.revokeRole(INCIDENT, account)).to.emit(registry, "RoleRevoked").withArgs(INCIDENT, account);
      expect(await registry.hasRole(INCIDENT, account)).to.equal(false);
    });

    it("ACC-09 keep release and risk apart, both ways, until one is revoked", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, release, risk } = fixture;
      const timelock = await asTimelock(fixture);
      await expect(timelock.grantRole(RISK, release.address))
        .to.be.revertedWithCustomError(registry, "ConflictOfInterest")
        .withArgs(release.address);
      await expect(timelock.grantRole(RELEASE, risk.address))
        .to.be.revertedWithCustomError(registry, "ConflictOfInterest")
        .withArgs(risk.address);
      await timelock.revokeRole(RELEASE, release.address);
      await timelock.grantRole(RISK, release.address);
    });

    it("ACC-10 refuse a role that does not exist, and the zero account", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, stranger } = fixture;
      const timelock = await asTimelock(fixture);
      for (const change of [timelock.grantRole, timelock.revokeRole]) {
        await expect(change(id("OWNER"), stranger.address))
          .to.be.revertedWithCustomError(registry, "RoleUnknown")
          .withArgs(id("OWNER"));
      }
      await expect(timelock.grantRole(RISK, ZeroAddress)).to.be.revertedWithCustomError(registry, "AccountZero");
    });
  });

  describe("setClassPolicy", () => {
    after(removeClients);

    it("GOV-17 sets thresholds of proposals to come", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, parameters } = fixture;
      const policy = { ...parameters.policies.standard, delay: 5 * DAY };
      await expect((await asTimelock(fixture)).setClassPolicy(1, policy)).to.emit(registry, "ClassPolicySet");
      const stored = await registry.classPolicyOf(1);
      expect([stored.delay, stored.approval]).to.deep.equal([BigInt(5 * DAY), [2n, 3n]]);
    });

    it("GOV-38 leaves a proposal the row that it was made under, and status shows that row", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry } = fixture;
      const proposalId = await propose(fixture, await dialPlan(fixture, await addModule(fixture)));
      const { standard } = fixture.parameters.policies;
      await (await asTimelock(fixture)).setClassPolicy(0, { ...standard, minVoters: 9, integrityAttestations: 7 });
      expect((await registry.classPolicyOf(0)).minVoters).to.equal(9n);
      expect((await registry.policyOf(proposalId)).minVoters).to.equal(BigInt(standard.minVoters));
      const client = await testClient();
      const { blockers } = await statusOf(
        client,
        await connectRegistry(client, await registry.getAddress()),
        proposalId,
      );
      const needs = new Map(blockers.map(({ what, measure }) => [what, measure]));
      expect(needs.get("votes")).to.contain(`0 of ${standard.minVoters} voters`);
      expect(needs.get("integrity attestations")).to.equal(`0, needs ${standard.integrityAttestations}`);
      await expect(registry.policyOf(ZeroHash)).to.be.revertedWithCustomError(registry, "ProposalUnknown");
    });

    it("GOV-18 refuses an approval that two opposite plans could both meet", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      const { standard } = fixture.parameters.policies;
      await expect(timelock.setClassPolicy(1, { ...standard, approval: { numerator: 50, denominator: 100 } }))
        .to.be.revertedWithCustomError(fixture.registry, "ApprovalTooLow")
        .withArgs(1, 50, 100);
      await timelock.setClassPolicy(1, { ...standard, approval: { numerator: 51, denominator: 100 } });
    });

    it("GOV-18 refuses improper fractions and periods out of bounds", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry } = fixture;
      const timelock = await asTimelock(fixture);
      const { standard } = fixture.parameters.policies;
      for (const field of ["approval", "quorum"] as const) {
        await expect(timelock.setClassPolicy(0, { ...standard, [field]: { numerator: 4, denominator: 3 } }))
          .to.be.revertedWithCustomError(registry, "FractionInvalid")
          .withArgs(4, 3);
      }
      for (const [field, actual, min] of [
        ["votingPeriod", 599, 600],
        ["votingPeriod", 90 * DAY + 1, 600],
        ["delay", 90 * DAY + 1, 0],
      ] as const) {
        await expect(timelock.setClassPolicy(0, { ...standard, [field]: actual }))
          .to.be.revertedWithCustomError(registry, "PeriodOutOfBounds")
          .withArgs(0, field, actual, min, 90 * DAY);
      }
    });

    it("GOV-19 makes a class unavailable with a voting period of zero", async () => {
      const fixture = await loadFixture(registryFixture);
      await (await asTimelock(fixture)).setClassPolicy(0, UNAVAILABLE);
      expect((await fixture.registry.classPolicyOf(0)).votingPeriod).to.equal(0n);
    });

    it("GOV-36 keeps Critical available, or nothing could ever change the registry again", async () => {
      const fixture = await loadFixture(registryFixture);
      const timelock = await asTimelock(fixture);
      await expect(timelock.setClassPolicy(1, UNAVAILABLE))
        .to.be.revertedWithCustomError(fixture.registry, "ClassRequired")
        .withArgs(1);
    });

    it("GOV-37 keeps Emergency's approval at Critical's or above, whichever of them is set", async () => {
      const fixture = await loadFixture(registryFixture);
      const { registry, parameters } = fixture;
      const timelock = await asTimelock(fixture);
      const of = (numerator: number, denominator: number) => ({
        ...parameters.policies.critical,
        approval: { numerator, denominator },
        delay: 0,
      });
      await expect(timelock.setClassPolicy(2, of(2, 3)))
        .to.be.revertedWithCustomError(registry, "EmergencyTooEasy")
        .withArgs(2, 3);
      await timelock.setClassPolicy(2, of(4, 5));
      await expect(timelock.setClassPolicy(1, of(5, 6)))
        .to.be.revertedWithCustomError(registry, "EmergencyTooEasy")
        .withArgs(4, 5);
      await timelock.setClassPolicy(1, of(4, 5));
      await timelock.setClassPolicy(2, UNAVAILABLE);
      await timelock.setClassPolicy(1, of(5, 6));
    });
  });
});
