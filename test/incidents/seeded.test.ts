import { expect } from "chai";
import { id } from "ethers";
import { incidents, planText } from "../helpers/incidentWorld";

const DEPOSITED = 1_000n;

/*
 * Defects of nobody's, each for a layer that no incident needs: with all others in place, it passes where that layer is not.
 */
describe("seeded: defects that one layer alone catches", () => {
  const exhibit = incidents();

  it("INC-87 the last version there will ever be: no way leads back from it", async () => {
    const change = async () => {
      const { world } = exhibit;
      const till = await world.proxied("Till");
      const address = await till.getAddress();
      const user = till.connect(world.signer(world.user(1))) as typeof till;
      await (await user.getFunction("deposit")({ value: DEPOSITED })).wait();
      await world.govern(till);
      const harm = async () => {
        await world.tries(till, world.user(1), "payOut", world.user(1), DEPOSITED);
        return world.ether(address);
      };
      return { text: await planText("Till", "TillSterile"), harm };
    };
    const { endedBy } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["plan:CallReverts"]);
    await exhibit.matrix("S01", change, endedBy, "sterile");
  });

  it("INC-88 a right that a plan of class Standard grants in the registry itself, as its file expects", async () => {
    const change = async () => {
      const { world } = exhibit;
      const wallet = await world.proxied("ColdWallet");
      await world.govern(wallet);
      const { registry, thief } = world;
      const grant = `calls:
  - { stage: "0", target: "${registry.address}", function: "grantRole(bytes32,address)", args: ["${id("RELEASE")}", "${thief}"] }
expect:
  power: [{ on: "${registry.address}", to: "${thief}" }]`;
      const has = registry.contract.getFunction("hasRole");
      const harm = async () => ((await has.staticCall(id("RELEASE"), thief)) === true ? 1n : 0n);
      return { text: await planText("ColdWallet", "ColdWalletNext", "", grant), harm };
    };
    const { endedBy } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["plan:PlanClassTooLow"]);
    await exhibit.matrix("S02", change, endedBy, "a right in the registry");
  });
});
