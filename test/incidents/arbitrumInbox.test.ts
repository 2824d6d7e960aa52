import { expect } from "chai";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const DEPOSIT = 1_000n;

/*
 * Arbitrum's inbox, September 2022, found before anybody used it: the upgrade's own initialiser clears the first slots, and with
 * them what says that the inbox has a bridge.
 */
describe("incident: an upgrade that clears its own flag", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const inbox = await world.proxied("Inbox");
    await world.send(inbox, world.people.deployer, "initializeBridge", world.user(2));
    return { world, inbox };
  }

  it("INC-11 as it happened, a stranger names himself as the bridge, and the next deposit is his", async () => {
    const { world, inbox } = await protocol();
    const next = await world.upgrade(inbox, "InboxCleared", ["postUpgradeInit", [world.user(2)]]);
    await world.send(next, world.thief, "initializeBridge", world.thief);
    const before = await world.ether(world.thief);
    const user = next.connect(world.signer(world.user(1))) as typeof next;
    await (await user.getFunction("deposit")({ value: DEPOSIT })).wait();
    expect((await world.ether(world.thief)) - before).to.equal(DEPOSIT);
  });

  it("INC-12 no plan comes of it: after the upgrade a stranger initialises the proxy", async () => {
    const change = async () => {
      const { world, inbox } = await protocol();
      await world.govern(inbox);
      const init = `init: { function: "postUpgradeInit(address)", args: ["${world.user(2)}"] }`;
      const harm = async () => {
        await world.send(inbox, world.thief, "initializeBridge", world.thief);
        const before = await world.ether(world.thief);
        const user = inbox.connect(world.signer(world.user(1))) as typeof inbox;
        await (await user.getFunction("deposit")({ value: DEPOSIT })).wait();
        return (await world.ether(world.thief)) - before;
      };
      return { text: await planText("Inbox", "InboxCleared", init), harm };
    };
    const { endedBy, lost, verdict } = await exhibit.attempt(change);
    expect(endedBy).to.deep.equal(["plan:InitializerOpen"]);
    expect(verdict?.error?.facts.expected).to.contain(
      "initializeBridge(address) to revert for a stranger on the proxy",
    );
    await exhibit.matrix("M18", change, endedBy);
    record({
      id: "M18",
      incident: "Arbitrum Nitro's inbox",
      year: 2022,
      reported: "nothing; a bounty of 400 ETH",
      cause: "the upgrade's initialiser clears what says that it is initialised",
      outcome: "stopped",
      layers: endedBy,
      loss: { unit: "wei of the next deposit", of: DEPOSIT, asItHappened: DEPOSIT, withSlipway: lost },
    });
  });
});
