import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { exhibitFixture, exhibitPlan } from "../helpers/exhibit";
import { record } from "../helpers/exhibits";
import { AttestationKind, propose, toApproved } from "../helpers/lifecycle";
import { REPORT } from "../helpers/plans";
import type { Bridge__MockForIncident } from "../../typechain-types";

const fixture = () => exhibitFixture<Bridge__MockForIncident>("Bridge__MockForIncident");

/*
 * Moonwell's MIP-14: what was simulated was not what was submitted. Here a plan's id is the hash of its calls and of its
 * rehearsal's report; a reviewer attests a plan by that id, and only what has that id is scheduled.
 */
describe("incident: values that were not the simulated ones", () => {
  it("ATK-97 a plan that was edited after its rehearsal has another id, no attestation, and no way to be scheduled", async () => {
    const world = await loadFixture(fixture);
    const { registry, attesters } = world;
    const simulated = await exhibitPlan(world, [["initializeV3", [100]]]);
    await toApproved(world, simulated);
    const edited = await exhibitPlan(world, [["initializeV3", [0]]]);
    await expect(registry.schedule(edited))
      .to.be.revertedWithCustomError(registry, "ProposalUnknown")
      .withArgs(await registry.proposalIdOf(edited));
    // Proposed as a plan of its own with a report of its own, it cannot borrow the other's.
    edited.evidence = { ...edited.evidence, reportHash: id("a report of the edited plan") };
    const editedId = await propose(world, edited);
    await expect(
      registry.connect(attesters[0]).attest(editedId, AttestationKind.Simulation, REPORT),
    ).to.be.revertedWithCustomError(registry, "EvidenceMismatch");
    expect((await registry.proposalOf(editedId)).simulationAttestations).to.equal(0n);
    record({
      id: "M37",
      incident: "Moonwell, MIP-14",
      year: 2023,
      reported: "not told",
      cause: "what was submitted was not what was simulated",
      outcome: "stopped",
      layers: ["attestation", "vote"],
      loss: { unit: "plans that nobody rehearsed", of: 1n, asItHappened: 1n, withSlipway: 0n },
    });
  });
});
