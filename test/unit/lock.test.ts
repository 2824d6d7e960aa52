import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id } from "ethers";
import { ethers } from "hardhat";
import { registryFixture } from "../fixtures/registry";
import { step } from "../helpers/canary";
import { State, stateOf, toApproved, toNextStep } from "../helpers/lifecycle";
import { addModule, dialPlan, MODULE } from "../helpers/plans";

describe("the registry's lock", () => {
  it("ADV-40 is open again after each act: a contract schedules two plans in one transaction, and advances both in another", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry, deployment } = fixture;
    const puppet = await ethers.deployContract("Puppet__MockForRouter");
    const other = id("other");
    const plans = [
      await dialPlan(fixture, await addModule(fixture)),
      await dialPlan(fixture, await addModule(fixture, other), { targets: [{ module: other, baseVersion: 0n }] }),
    ];
    expect(plans[0]!.targets[0]!.module).to.equal(MODULE);
    const ids: string[] = [];
    for (const plan of plans) ids.push(await toApproved(fixture, plan));
    const both = (verb: "schedule" | "advance") =>
      puppet.run(
        plans.map((plan) =>
          step(deployment.registry, registry.interface.encodeFunctionData(verb as "schedule", [plan])),
        ),
      );
    await both("schedule");
    // Both were scheduled in one block.
    await toNextStep(fixture, ids[0]!);
    await both("advance");
    for (const proposalId of ids) expect(await stateOf(fixture, proposalId)).to.equal(State.InProgress);
  });
});
