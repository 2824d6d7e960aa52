import { loadFixture, mine } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { RightKind } from "../../src/invariants/types";
import { registryFixture } from "../fixtures/registry";
import { propose } from "../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan } from "../helpers/plans";

describe("bounds that are still allowed", () => {
  const fresh = async () => {
    const fixture = await loadFixture(registryFixture);
    return { ...fixture, module: await addModule(fixture) };
  };

  it("INV-40 a probe may ask for all the gas that half a transaction gives", async () => {
    const { registry, risk, module } = await fresh();
    const good = await dialInvariant(module);
    const most = { ...good, condition: { ...good.condition, left: { ...good.condition.left, gas: 8_388_608n } } };
    await registry.connect(risk).defineInvariant(most);
  });

  it("INV-41 what only a way back cites is compared with the time of the proposal too", async () => {
    const fixture = await fresh();
    const { registry, module } = fixture;
    const invariant = await define(fixture, await dialInvariant(module, { rightKind: RightKind.AtPropose }));
    await mine();
    const plan = await dialPlan(fixture, module);
    plan.rollbacks[0]!.invariants = [invariant];
    await module.corrupt(7n);
    const proposalId = await propose(fixture, plan);
    await module.corrupt(5n);
    const { isAvailable, isOk, left, right } = await registry.check(proposalId, invariant);
    expect([isAvailable, isOk, left, right]).to.deep.equal([true, true, 5n, 7n]);
  });

  it("STG-30 a batch may ask for twelve million gas", async () => {
    const fixture = await fresh();
    const plan = await dialPlan(fixture, fixture.module);
    plan.stages[0]!.minGas = 12_000_000n;
    await propose(fixture, plan);
  });
});
