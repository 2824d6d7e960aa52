import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { exhibitFixture, exhibitPlan } from "../helpers/exhibit";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";
import { AttestationKind, propose, toApproved } from "../helpers/lifecycle";
import { REPORT } from "../helpers/plans";
import type { Bridge__MockForIncident } from "../../typechain-types";

const HELD = 4_000n;
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
  });
});

describe("incident: values that were not the simulated ones, as an upgrade", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const bridge = await world.proxied("Weights", HELD);
    const address = await bridge.getAddress();
    return { world, bridge, address };
  }

  it("INC-83 as it happened, the value that was submitted lets everybody withdraw", async () => {
    const { world, bridge, address } = await protocol();
    const next = await world.upgrade(bridge, "WeightsFourth", ["initializeV3", [0]]);
    await world.send(next, world.thief, "withdraw", 0, HELD);
    expect(await world.ether(address)).to.equal(0n);
  });

  it("INC-84 what was rehearsed passes; what was edited afterwards has nobody's attestation, though all vote for it", async () => {
    const change = (total: number, isEdited: boolean) => async () => {
      const { world, bridge, address } = await protocol();
      await world.govern(bridge);
      const init = `init: { function: "initializeV3(uint256)", args: ["${total}"] }`;
      const harm = async () => {
        await world.tries(bridge, world.thief, "withdraw", 0, HELD);
        return HELD - (await world.ether(address));
      };
      const call = 'calls: [{ stage: "0", function: "initializeV4()" }]';
      const text = await planText("Weights", "WeightsFourth", init, call);
      return { text, harm, ...(isEdited ? { isUnseen: true, ship: { attested: false } } : {}) };
    };
    const simulated = await exhibit.attempt(change(100, false));
    expect(simulated).to.deep.include({ endedBy: [], lost: 0n });
    const { endedBy, lost } = await exhibit.attempt(change(0, true));
    expect(endedBy).to.deep.equal(["attestation"]);
    await exhibit.matrix("M37", change(0, true), endedBy);
    record({
      id: "M37",
      incident: "Moonwell, MIP-14",
      year: 2023,
      reported: "not told",
      cause: "what was submitted was not what was simulated",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "wei held", of: HELD, asItHappened: HELD, withSlipway: lost },
    });
  });
});
