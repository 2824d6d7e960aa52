import { expect } from "chai";
import { incidents, planText } from "../helpers/incidentWorld";

const POINTS = [1_000n, 1_050n] as const;

/** Points go from a module to its heir in two stages, one account in each. */
describe("incident: a migration that loses what is less than a hundred", () => {
  const exhibit = incidents();

  async function migration(heirName: string) {
    const { world } = exhibit;
    const { deployer } = world.people;
    const points = await world.proxied("Points");
    const address = await points.getAddress();
    const heir = await world.deploy(heirName, [address]);
    const heirAddress = await heir.getAddress();
    await world.send(points, deployer, "setHeir", heirAddress);
    const users = [world.user(1), world.user(2)];
    for (const [i, user] of users.entries()) await world.send(points, deployer, "credit", user, POINTS[i]);
    await world.send(heir, deployer, "transferOwnership", world.timelock);
    await world.govern(points);
    const call = (stage: number) =>
      `  - { stage: "${stage}", target: "${heirAddress}", function: "takeOver(address[])", args: [["${users[stage]}"]] }`;
    const text = await planText(
      "Points",
      "PointsNext",
      "",
      `canary:
  steps: [{ share: 100%, dwell: 1d }]
promote: { dwell: 1d }
calls:
${call(0)}
${call(1)}
expect:
  conserved:
    - name: points, here and there
      sum: [{ call: "total()(uint256)" }, { target: "${heirAddress}", call: "total()(uint256)" }]`,
    );
    const totals = [points, heir].map((one) => () => world.read(one, "total"));
    const harm = async () => {
      const [here, there] = [await totals[0]!(), await totals[1]!()];
      return POINTS[0] + POINTS[1] - here - there;
    };
    return { world, text, stages: 2, harm };
  }

  const told = ({ report }: Awaited<ReturnType<ReturnType<typeof incidents>["world"]["rehearse"]>>) =>
    report!.checks.find(({ id }) => id === "migration")!;

  it("CHK-27a the sum of both places tells after which stage how much is gone, and nothing else does", async () => {
    const change = () => migration("PointsHeirRounding");
    const { endedBy, verdict } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["migration"]);
    expect(told(verdict!).evidence).to.deep.equal([
      'points, here and there: 2050 before the plan, 2000 after stage 1 "promote": 50 less',
      "points, here and there: 2050 before the plan, 2000 after the way back from stage 1: 50 less",
      "points, here and there: 2050 before the plan, 2000 at the end: 50 less",
    ]);
    await exhibit.matrix("S04", change, endedBy, "dust of a migration");
  });

  it("CHK-27b it passes where every point arrives, at every moment at which the plan may stop", async () => {
    const { world, text } = await migration("PointsHeir");
    const found = await world.rehearse(text);
    expect([found.layers, told(found).status]).to.deep.equal([[], "pass"]);
    expect(told(found).evidence).to.deep.equal([
      "points, here and there: 2050 before the plan",
      "measured at 5 moments of the plan, and the same at each",
    ]);
  });
});
