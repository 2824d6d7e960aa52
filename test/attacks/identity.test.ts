import { loadFixture, setCode, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { keccak256, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { DAY, registryFixture } from "../fixtures/registry";
import { propose, State, stateOf, toApproved, toNextStep, toScheduled } from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage } from "../helpers/plans";

/** A payload as a proposal shows it, and what stands at its address later. Both answer `pay()`. */
async function base() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  const payload = await ethers.deployContract("Payload__MockForRegistry");
  const target = await payload.getAddress();
  const honest = await ethers.provider.getCode(target);
  // Stores 1 at slot 0, whatever it is asked.
  const hostile = "0x600160005500";
  const calls = [{ target, value: 0n, data: payload.interface.encodeFunctionData("pay") }];
  const plan = async () => {
    const pins = [{ account: target, codeHash: keccak256(honest) }];
    return dialPlan(fixture, module, { stages: [await dialStage(module, 1n, { calls, pins })], rollbacks: [] });
  };
  return { ...fixture, module, payload, target, honest, hostile, plan };
}

describe("attacks on the identity of code", () => {
  // Tornado Cash, May 2023: the approved payload destroyed itself, and other code was deployed at its address.
  it("ATK-60 metamorphic_redeploy: other code at an approved address is refused at scheduling and at execution", async () => {
    const { registry, target, hostile, honest, plan, ...rest } = await loadFixture(base);
    const fixture = { registry, ...rest };
    const pinned = await plan();
    const proposalId = await toApproved(fixture, pinned);
    await setCode(target, hostile);
    await expect(registry.schedule(pinned))
      .to.be.revertedWithCustomError(registry, "CodeHashMismatch")
      .withArgs(target, keccak256(honest), keccak256(hostile));
    await setCode(target, honest);
    await registry.schedule(pinned);
    await toNextStep(fixture, proposalId);
    await setCode(target, hostile);
    await expect(registry.advance(pinned))
      .to.be.revertedWithCustomError(registry, "CodeHashMismatch")
      .withArgs(target, keccak256(honest), keccak256(hostile));
    expect(await ethers.provider.getStorage(target, 0)).to.equal(ZeroHash);
  });

  it("ATK-60 metamorphic_redeploy: no plan leaves out the pin under which foreign code would run", async () => {
    const fixture = await loadFixture(base);
    const { registry, module, target, plan } = fixture;
    const stated = await plan();
    const [stage] = stated.stages;
    // Pinned, but in another batch; and as another account.
    const elsewhere = await dialStage(module, 0n, { pins: stage!.pins, dwell: BigInt(DAY) });
    for (const pins of [[], await dialStage(module, 1n).then((other) => other.pins)]) {
      await expect(propose(fixture, { ...stated, stages: [{ ...stage!, pins }] }))
        .to.be.revertedWithCustomError(registry, "CallUnpinned")
        .withArgs("stages", 0, target);
    }
    const shape = await dialPlan(fixture, module, { stages: [elsewhere, { ...stage!, pins: [] }] });
    await expect(propose(fixture, { ...shape, stages: [shape.stages[0]!, { ...stage!, pins: [] }] }))
      .to.be.revertedWithCustomError(registry, "CallUnpinned")
      .withArgs("stages", 1, target);
  });

  it("ATK-61 swapped_away_and_back: whoever saw other code at a pin closes the plan, and the old code does not open it", async () => {
    const { registry, target, hostile, honest, plan, ...rest } = await loadFixture(base);
    const fixture = { registry, ...rest };
    const pinned = await plan();
    const proposalId = await toScheduled(fixture, pinned);
    await setCode(target, hostile);
    await registry.invalidate(pinned, 0, 0);
    await setCode(target, honest);
    await time.increase(DAY);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Invalidated);
    await expect(registry.advance(pinned))
      .to.be.revertedWithCustomError(registry, "ProposalInState")
      .withArgs(proposalId, State.Invalidated, State.Scheduled);
  });

  it("ATK-62 op_proxy_no_code: an implementation that is not there is refused before the plan is scheduled", async () => {
    const { registry, module, ...rest } = await loadFixture(base);
    const fixture = { registry, module, ...rest };
    const nobody = ethers.Wallet.createRandom().address;
    // Funded, as anyone can fund it, it has the hash of empty code.
    await ethers.provider.send("hardhat_setBalance", [nobody, "0x1"]);
    const stage = await dialStage(module, 1n);
    const pinned = async (codeHash: string) =>
      dialPlan(fixture, module, { stages: [{ ...stage, pins: [{ account: nobody, codeHash }] }], rollbacks: [] });
    for (const codeHash of [ZeroHash, keccak256("0x")]) {
      await expect(registry.connect(fixture.release).propose(await pinned(codeHash)))
        .to.be.revertedWithCustomError(registry, "PinEmpty")
        .withArgs(nobody);
    }
    const promised = await pinned(keccak256("0x6001"));
    await toApproved(fixture, promised);
    await expect(registry.schedule(promised))
      .to.be.revertedWithCustomError(registry, "CodeHashMismatch")
      .withArgs(nobody, keccak256("0x6001"), keccak256("0x"));
  });
});
