import { loadFixture, mine } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { ethers } from "hardhat";
import type { FlashVoter__MockForRegistry } from "../../typechain-types";
import { PlanClass } from "../../src/plan/types";
import { packSeats } from "../../src/registry/seats";
import { POWER, registryFixture, UNIT } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { State, stateOf } from "../helpers/lifecycle";
import { addModule, dialPlan } from "../helpers/plans";

/** Electors with 1/12 of the whole may propose: each of the twelve, alone. */
async function electorFixture() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const governed = await asTimelock(fixture);
  await governed.setProposalThreshold({ numerator: 1, denominator: 12 });
  const planOf = (proposer: string, nonce = 0n) => dialPlan(fixture, module, { proposer, nonce });
  return { ...fixture, module, governed, planOf };
}

describe("ElectorProposals", () => {
  it("ELE-30 an elector with enough power proposes, with the same effect as the release role", async () => {
    const fixture = await loadFixture(electorFixture);
    const { registry, electors, planOf } = fixture;
    const plan = await planOf(electors[3]!.address);
    await expect(registry.connect(electors[3]).proposeAsElector(plan, 3)).to.emit(registry, "ProposalCreated");
    const proposalId = await registry.proposalIdOf(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Voting);
    expect((await registry.proposalOf(proposalId)).proposer).to.equal(electors[3]?.address);
    await expect(registry.connect(electors[3]).proposeAsElector(plan, 3)).to.be.revertedWithCustomError(
      registry,
      "ProposalExists",
    );
    await registry.connect(electors[3]).cancel(proposalId);
  });

  it("ELE-31 proposes for himself, from his own seat, and not through `propose`", async () => {
    const { registry, electors, stranger, planOf } = await loadFixture(electorFixture);
    const plan = await planOf(electors[3]!.address);
    await expect(registry.connect(electors[4]).proposeAsElector(plan, 3))
      .to.be.revertedWithCustomError(registry, "SeatMismatch")
      .withArgs(3, electors[3]?.address, electors[4]?.address);
    await expect(registry.connect(electors[4]).proposeAsElector(plan, 4)).to.be.revertedWithCustomError(
      registry,
      "NotProposer",
    );
    await expect(registry.connect(stranger).proposeAsElector(await planOf(stranger.address), 12))
      .to.be.revertedWithCustomError(registry, "SeatUnknown")
      .withArgs(12, 12);
    await expect(registry.connect(electors[3]).propose(plan)).to.be.revertedWithCustomError(registry, "Unauthorized");
  });

  it("ELE-32 needs the threshold, of clipped power in the plan's class, in the electorate of the moment", async () => {
    const { registry, electors, governed, planOf } = await loadFixture(electorFixture);
    const [large, small] = electors;
    const seats = packSeats([
      { account: large!.address, power: 9_000n },
      { account: small!.address, power: 1_000n },
    ]);
    await governed.setMaxPower(PlanClass.Standard, { numerator: 1, denominator: 10 });
    await governed.setElectorate(seats, UNIT);
    await governed.setProposalThreshold({ numerator: 1, denominator: 2 });
    // Clipped, both have half.
    await registry.connect(large).proposeAsElector.staticCall(await planOf(large!.address), 0);
    await registry.connect(small).proposeAsElector.staticCall(await planOf(small!.address), 1);
    await governed.setProposalThreshold({ numerator: 51, denominator: 100 });
    await expect(registry.connect(large).proposeAsElector(await planOf(large!.address), 0))
      .to.be.revertedWithCustomError(registry, "PowerBelowThreshold")
      .withArgs(large!.address, 1_000n, 2_000n, 51, 100);
    await governed.setMaxPower(PlanClass.Standard, { numerator: 1, denominator: 1 });
    await governed.setElectorate(seats, UNIT);
    await registry.connect(large).proposeAsElector.staticCall(await planOf(large!.address), 0);
  });

  it("ELE-33 is off until the timelock sets a threshold, and nobody with the risk role proposes", async () => {
    const { registry, electors, governed, planOf } = await loadFixture(electorFixture);
    const plan = await planOf(electors[3]!.address);
    await governed.grantRole(id("RISK"), electors[3]!.address);
    await expect(registry.connect(electors[3]).proposeAsElector(plan, 3))
      .to.be.revertedWithCustomError(registry, "ConflictOfInterest")
      .withArgs(electors[3]?.address);
    await governed.revokeRole(id("RISK"), electors[3]!.address);
    expect(await registry.proposalThreshold()).to.deep.equal([1n, 12n]);
    await expect(governed.setProposalThreshold({ numerator: 0, denominator: 1 }))
      .to.emit(registry, "ProposalThresholdSet")
      .withArgs(0, 1);
    await expect(registry.connect(electors[3]).proposeAsElector(plan, 3)).to.be.revertedWithCustomError(
      registry,
      "ElectorsMayNotPropose",
    );
    await expect(governed.setProposalThreshold({ numerator: 2, denominator: 1 })).to.be.revertedWithCustomError(
      registry,
      "FractionInvalid",
    );
    await expect(governed.setProposalThreshold({ numerator: 0, denominator: 0 })).to.be.revertedWithCustomError(
      registry,
      "FractionInvalid",
    );
  });

  it("ELE-34 of a token, counts the votes of the moment before: none that were borrowed for the call", async () => {
    const { registry, electors, stranger, governed, planOf } = await loadFixture(electorFixture);
    const token = await ethers.deployContract("BlockVotesToken");
    for (const [i, elector] of electors.entries()) {
      await token.mint(elector.address, i === 0 ? 2n * POWER : POWER);
      await token.connect(elector).delegate(elector.address);
    }
    await mine();
    await governed.setTokenElectorate({ token, tokenUnit: 1n }, UNIT);
    await registry.connect(electors[0]).proposeAsElector(await planOf(electors[0]!.address), 0);
    await expect(registry.connect(electors[1]).proposeAsElector(await planOf(electors[1]!.address), 0))
      .to.be.revertedWithCustomError(registry, "PowerBelowThreshold")
      .withArgs(electors[1]?.address, POWER, 13n * POWER, 1, 12);
    const voter = (await ethers.deployContract(
      "FlashVoter__MockForRegistry",
    )) as unknown as FlashVoter__MockForRegistry;
    const borrower = await voter.getAddress();
    const data = registry.interface.encodeFunctionData("proposeAsElector", [await planOf(borrower), 0]);
    await expect(voter.connect(stranger).borrowAndCall(token, 10n ** 30n, registry, data))
      .to.be.revertedWithCustomError(registry, "PowerBelowThreshold")
      .withArgs(borrower, 0, 13n * POWER, 1, 12);
  });
});
