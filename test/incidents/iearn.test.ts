import { expect } from "chai";
import { impersonate } from "../../src/chain/devChain";
import { ModuleKind } from "../../src/plan/types";
import { encodeBytes32String, type Contract } from "ethers";
import { registerModule } from "../../src/registry/registerModule";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";

const HELD = 11_600n;
const TAKEN = 11_587n;

/*
 * iearn, April 2023: a vault of three years before, set up with the wrong market, still held what users had left there.
 */
describe("incident: a vault that nobody looks after any more", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const vault = await world.proxied("RetiredVault");
    const address = await vault.getAddress();
    const [money, counted] = [await world.deploy("Money"), await world.deploy("Money")];
    const { deployer } = world.people;
    await world.send(vault, deployer, "open", await money.getAddress(), await counted.getAddress());
    for (const [who, amount] of [
      [world.user(1), HELD],
      [world.thief, 1_000n],
    ] as const) {
      await world.send(money, deployer, "mint", who, amount);
      await world.send(money, who, "approve", address, amount);
    }
    await world.send(vault, world.user(1), "deposit", HELD);
    return { world, vault, money, counted, address };
  }

  it("INC-53 as it happened, one unit of what it counts makes a deposit worth nearly all of it", async () => {
    const { world, vault, money, counted, address } = await protocol();
    await world.send(counted, world.people.deployer, "mint", address, 1n);
    await world.send(vault, world.thief, "deposit", 1_000n);
    await world.send(vault, world.thief, "withdraw", await world.read(vault, "shares", world.thief));
    expect(await world.read(money, "balanceOf", world.thief)).to.equal(1_000n + TAKEN);
  });

  it("INC-54 every rehearsal warns of a retired module that holds value or may spend it, and nothing forces anybody", async () => {
    const { world, vault, money, address } = await protocol();
    await world.send(money, world.user(2), "approve", address, 7n);
    await world.send(money, world.people.deployer, "mint", world.user(2), 7n);
    await world.send(vault, world.people.deployer, "transferOwnership", world.timelock);
    const { registry, people } = world;
    await registerModule(world.as(people.release), registry, { name: "old", kind: ModuleKind.Uups, account: address });
    const timelock = await impersonate(world.provider, world.timelock);
    const governed = registry.contract.connect(timelock) as Contract;
    await (await governed.getFunction("retireModule")(encodeBytes32String("old"))).wait();
    const core = await world.proxied("ColdWallet");
    await world.govern(core);
    const { layers, report } = await world.rehearse(await planText("ColdWallet", "ColdWalletNext"));
    expect(layers).to.deep.equal([]);
    const told = report?.checks.find(({ id }) => id === "retired");
    expect(told?.status).to.equal("warn");
    expect(told?.evidence).to.deep.equal([
      `old at ${address} holds ${HELD} of ${await money.getAddress()}`,
      `old at ${address} may spend 7 of ${await money.getAddress()} for ${world.user(2)}`,
      `old at ${address} may spend 1000 of ${await money.getAddress()} for ${world.thief}`,
    ]);
    record({
      id: "M40",
      incident: "iearn yUSDT",
      year: 2023,
      reported: "$11.6M",
      cause: "an obsolete vault, wrongly set up, kept what users had left in it",
      outcome: "not stopped",
      layers,
      loss: { unit: "tokens left in it", of: HELD, asItHappened: TAKEN, withSlipway: TAKEN },
      because:
        "there is no upgrade to stop. The check `retired` warns in every later rehearsal of what retired modules hold and may spend; emptying them is up to those who read it.",
    });
  });
});
