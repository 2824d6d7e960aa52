import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 4_000n;

/** The same as ronin.test.ts, as an upgrade of code, rehearsed. */
describe("incident: Ronin's skipped initialiser, as an upgrade", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const bridge = await world.proxied("Weights");
    const address = await bridge.getAddress();
    await (await world.signer().sendTransaction({ to: address, value: HELD })).wait();
    return { world, bridge, address };
  }

  it("INC-13 as it happened, no signature at all withdraws everything", async () => {
    const { world, bridge, address } = await protocol();
    const next = await world.upgrade(bridge, "WeightsFourth", ["initializeV4", []]);
    await world.send(next, world.thief, "withdraw", 0, HELD);
    expect(await world.ether(address)).to.equal(0n);
  });

  it("INC-14 the stage is undone by `the least weight is not zero`, in the rehearsal and on chain", async () => {
    const { world, bridge, address } = await protocol();
    await world.govern(bridge, [
      `name: weight-is-set
category: authorization
severity: critical
owner: bridge
action: rollback
left: { target: "${address}", call: "minimumVoteWeight()(uint256)" }
op: ">"
right: 0
`,
    ]);
    const init = 'init: { function: "initializeV4()" }';
    const text = await planText("Weights", "WeightsFourth", init, "invariants: [weight-is-set]");
    const { layers, report } = await world.rehearse(text);
    expect(layers).to.deep.equal(["lifecycle"]);
    const lifecycle = report?.checks.find(({ id }) => id === "lifecycle");
    expect(lifecycle?.evidence.join("\n")).to.contain("InvariantViolated");
    // Whoever did not read the rehearsal meets the same on chain.
    const shipped = await world.ship(text);
    await expect(shipped.advance()).to.be.rejectedWith("InvariantViolated");
    await expect(world.send(bridge, world.thief, "withdraw", 0, HELD)).to.be.rejectedWith("revert");
    expect(await world.ether(address)).to.equal(HELD);
    record({
      id: "M10",
      incident: "Ronin bridge",
      year: 2024,
      reported: "$12M",
      cause: "one version's initialiser never ran, and the weight that withdrawals need is zero",
      outcome: "stopped",
      layers: ["lifecycle", "stage:invariant"],
      needs: ["stage:invariant"],
      loss: { unit: "wei held", of: HELD, asItHappened: HELD, withSlipway: 0n },
    });
  });
});
