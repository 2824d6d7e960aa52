import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 750_000n;
const BASE = 10n ** 18n;

/*
 * YAM, August 2020: a rebase without its divisor makes the supply so large that nobody's votes are a quorum of it, and the treasury cannot be
 * moved by anybody any more.
 */
describe("incident: a supply of which nobody holds a quorum", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const token = await world.proxied("RebaseToken");
    const address = await token.getAddress();
    await world.send(token, world.people.deployer, "start", world.user(1), 1_000_000n);
    const treasury = await world.deploy("RebaseTreasury", [address], { value: HELD });
    return { world, token, treasury, address, account: await treasury.getAddress() };
  }

  it("INC-47 as it happened, the holder of every vote cannot reach the quorum of four in a hundred", async () => {
    const { world, token, treasury, account } = await protocol();
    const next = await world.upgrade(token, "RebaseTokenUnscaled");
    await world.send(next, world.user(1), "rebase", BASE);
    await expect(world.send(treasury, world.user(1), "withdraw", HELD)).to.be.rejectedWith("revert");
    expect(await world.ether(account)).to.equal(HELD);
  });

  it("INC-48 the journey of a holder who rebases and then governs fails; and the registry's own electorate does not hang on the token", async () => {
    const change = async () => {
      const { world, token, treasury, address, account } = await protocol();
      await world.govern(token);
      const journey = `journeys:
  - name: govern after a rebase
    as: "${world.user(1)}"
    steps:
      - { call: "rebase(uint256)", args: ["${BASE}"], target: "${address}" }
      - { call: "withdraw(uint256)", args: ["1"], target: "${account}" }`;
      const harm = async () => {
        await world.send(token, world.user(1), "rebase", BASE);
        await world.tries(treasury, world.user(1), "withdraw", HELD);
        return world.ether(account);
      };
      return { text: await planText("RebaseToken", "RebaseTokenUnscaled", "", journey), harm };
    };
    const { endedBy, lost, verdict } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["journeys"]);
    await exhibit.matrix("M32", change, endedBy);
    expect(verdict?.report?.checks.find(({ id }) => id === "governance")?.status).to.equal("pass");
    record({
      id: "M32",
      incident: "YAM",
      year: 2020,
      reported: "$750,000 locked for ever",
      cause: "a rebase without its divisor puts the quorum out of reach",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "wei locked", of: HELD, asItHappened: HELD, withSlipway: lost },
    });
  });
});
