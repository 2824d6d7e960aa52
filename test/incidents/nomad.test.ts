import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { Category } from "../../src/invariants/types";
import { Op } from "../../src/plan/types";
import type { Replica__MockForIncident } from "../../typechain-types";
import { agreed, exhibitFixture, exhibitPlan } from "../helpers/exhibit";
import { record } from "../helpers/exhibits";
import { incidents, planText } from "../helpers/incidentWorld";
import { asTimelock } from "../helpers/asTimelock";
import { State, stateOf } from "../helpers/lifecycle";
import { define, dialInvariant } from "../helpers/plans";
import { ethers } from "hardhat";

const fixture = () => exhibitFixture<Replica__MockForIncident>("Replica__MockForIncident");

/*
 * Nomad, 2022: an upgrade initialised the inbox with the committed root zero, and zero is the root of every message that nobody
 * proved. It lay there for six weeks until somebody tried. Here the plan cites an invariant that asks the inbox whether it
 * accepts root zero, and the stage that makes it do so is undone.
 */
describe("incident: Nomad's zero root", () => {
  it("ATK-90 nomad_zero_root: as it happened, an unproven message passes", async () => {
    const world = await loadFixture(fixture);
    await asTimelock(world);
    const timelock = await ethers.getSigner(world.deployment.timelock);
    await world.exhibit.connect(timelock).initialize(ZeroHash);
    await world.exhibit.connect(world.stranger).process(id("everything"));
    expect(await world.exhibit.delivered()).to.equal(1n);
  });

  it("ATK-90 nomad_zero_root: an invariant of the plan undoes the stage that would accept root zero", async () => {
    const world = await loadFixture(fixture);
    const { registry, exhibit, spare } = world;
    const probe = {
      target: await exhibit.getAddress(),
      data: exhibit.interface.encodeFunctionData("acceptableRoot", [ZeroHash]),
      gas: 100_000n,
    };
    const base = await dialInvariant(spare, {
      name: "no-zero-root",
      category: Category.Authorization,
      op: Op.Eq,
      bound: 0n,
    });
    const invariant = await define(world, { ...base, condition: { ...base.condition, left: probe } });
    const plan = await exhibitPlan(world, [["initialize", [ZeroHash]]], { invariants: [invariant] });
    const proposalId = await agreed(world, plan);
    await expect(registry.advance(plan))
      .to.be.revertedWithCustomError(registry, "InvariantViolated")
      .withArgs(invariant, 1, 0, true);
    expect(await stateOf(world, proposalId)).to.equal(State.Scheduled);
    expect(await exhibit.confirmAt(ZeroHash)).to.equal(0n);

    const sound = {
      ...(await exhibitPlan(world, [["initialize", [id("root")]]], { invariants: [invariant] })),
      nonce: 1n,
    };
    await agreed(world, sound);
    await registry.advance(sound);
    await expect(exhibit.process(id("everything"))).to.be.revertedWithCustomError(exhibit, "NotProven");
  });
});

describe("incident: Nomad's zero root, as an upgrade", () => {
  const exhibit = incidents();

  async function protocol() {
    const { world } = exhibit;
    const inbox = await world.proxied("MessageInbox");
    return { world, inbox, address: await inbox.getAddress() };
  }

  it("INC-80 as it happened, a message that nobody proved is delivered", async () => {
    const { world, inbox } = await protocol();
    expect(await world.tries(inbox, world.thief, "process", id("everything"))).to.equal(false);
    const next = await world.upgrade(inbox, "MessageInboxRoot", ["initializeRoot", [ZeroHash]]);
    await world.send(next, world.thief, "process", id("everything"));
    expect(await world.read(next, "delivered")).to.equal(1n);
  });

  it("INC-81 the stage is undone by `root zero is not accepted`, in the rehearsal and on chain; another root passes", async () => {
    const change = (root: string) => async () => {
      const { world, inbox, address } = await protocol();
      await world.govern(inbox, [
        `name: no-zero-root
category: authorization
severity: critical
owner: inbox
action: rollback
left: { target: "${address}", call: "acceptableRoot(bytes32)(uint256)", args: ["${ZeroHash}"] }
op: "=="
right: 0
`,
      ]);
      const init = `init: { function: "initializeRoot(bytes32)", args: ["${root}"] }`;
      const harm = async () => {
        await world.tries(inbox, world.thief, "process", id("everything"));
        return world.read(inbox, "delivered");
      };
      const text = await planText("MessageInbox", "MessageInboxRoot", init, "invariants: [no-zero-root]");
      return { text, harm };
    };
    const { endedBy } = await exhibit.attempt(change(ZeroHash));
    expect(endedBy).to.deep.equal(["lifecycle"]);
    const unseen = await exhibit.attempt(async () => ({ ...(await change(ZeroHash)()), isUnseen: true }));
    expect(unseen.endedBy).to.deep.equal(["stage:invariant"]);
    await exhibit.matrix("M03", change(ZeroHash), endedBy);
    expect(await exhibit.attempt(change(id("root"))), "another root").to.deep.include({ endedBy: [], lost: 0n });
    record({
      id: "M03",
      incident: "Nomad",
      year: 2022,
      reported: "$190M",
      cause: "an inbox initialised with the root that every unproven message has",
      outcome: "stopped",
      layers: [...endedBy, ...unseen.endedBy],
      loss: { unit: "unproven messages", of: 1n, asItHappened: 1n, withSlipway: unseen.lost },
    });
  });
});
