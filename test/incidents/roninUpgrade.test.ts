import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 4_000n;

/** The same as ronin.test.ts, as an upgrade of code, rehearsed. */
describe("incident: Ronin's skipped initialiser, as an upgrade", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const bridge = await world.proxied("Weights", HELD);
    const address = await bridge.getAddress();
    return { world, bridge, address };
  }

  it("INC-13 as it happened, no signature at all withdraws everything", async () => {
    const { world, bridge, address } = await protocol();
    const next = await world.upgrade(bridge, "WeightsFourth", ["initializeV4", []]);
    await world.send(next, world.thief, "withdraw", 0, HELD);
    expect(await world.ether(address)).to.equal(0n);
  });

  it("INC-14 the stage is undone by `the least weight is not zero`, in the rehearsal and on chain", async () => {
    const change = (invariants: string) => async () => {
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
      const text = await planText("Weights", "WeightsFourth", init, invariants);
      const harm = async () => {
        await world.send(bridge, world.thief, "withdraw", 0, HELD);
        return HELD - (await world.ether(address));
      };
      return { text, harm };
    };
    const cited = change("invariants: [weight-is-set]");
    const { endedBy, verdict } = await exhibit.attempt(cited);
    expect(endedBy).to.deep.equal(["lifecycle"]);
    const lifecycle = verdict?.report?.checks.find(({ id }) => id === "lifecycle");
    expect(lifecycle?.evidence.join("\n")).to.contain("InvariantViolated");
    // Whoever did not read the rehearsal meets the same on chain.
    const unseen = await exhibit.attempt(async () => ({ ...(await cited()), isUnseen: true }));
    expect(unseen.endedBy).to.deep.equal(["stage:invariant"]);
    await exhibit.matrix("M10", cited, endedBy);
    // Where nobody thought of an invariant, the number of the version has jumped.
    const jumped = await exhibit.attempt(change(""));
    expect(jumped.endedBy).to.deep.equal(["continuity"]);
    await exhibit.matrix("M10", change(""), jumped.endedBy, "without the invariant");
    record({
      id: "M10",
      incident: "Ronin bridge",
      year: 2024,
      reported: "$12M",
      cause: "one version's initialiser never ran, and the weight that withdrawals need is zero",
      outcome: "stopped",
      layers: [...endedBy, ...unseen.endedBy, ...jumped.endedBy],
      loss: { unit: "wei held", of: HELD, asItHappened: HELD, withSlipway: unseen.lost },
    });
  });
});
