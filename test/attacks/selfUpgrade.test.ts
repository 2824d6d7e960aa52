import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, Interface, ZeroAddress } from "ethers";
import { ethers } from "hardhat";
import { ModuleKind, PlanClass, type Plan } from "../../src/plan/types";
import { selectorsOf } from "../../src/registry/deployRegistry";
import type { FacetSelectors } from "../../src/registry/facetCuts";
import { FACETS, type FacetName } from "../../src/registry/registryAbi";
import { selfUpgrade } from "../../src/registry/selfUpgrade";
import { artifacts, DAY, registryFixture, type RegistryFixture } from "../fixtures/registry";
import {
  attest,
  propose,
  ready,
  State,
  stateOf,
  toInProgress,
  toNextStep,
  toScheduled,
  vote,
} from "../helpers/lifecycle";
import { addModule, dialPlan } from "../helpers/plans";

const REGISTRY = encodeBytes32String("registry");
const MONTH = BigInt(30 * DAY);

/** Every facet anew, ReadinessFacet as its next version: no selector is served by the code that served it before. */
async function nextFacets(): Promise<FacetSelectors[]> {
  const facets: FacetSelectors[] = [];
  for (const name of FACETS) {
    const next = name === "ReadinessFacet" ? "ReadinessFacetV2__MockForRegistry" : name;
    const facet = await ethers.deployContract(next);
    const functionSelectors = await selectorsOf(artifacts, next as FacetName);
    facets.push({ facetAddress: await facet.getAddress(), functionSelectors });
  }
  return facets;
}

/** The plan by which the registry turns itself into those facets. */
async function selfUpgradePlan(fixture: RegistryFixture, facets: FacetSelectors[]): Promise<Plan> {
  const { registry, release, deployment } = fixture;
  await registry
    .connect(release)
    .registerModule(REGISTRY, ModuleKind.Diamond, deployment.registry, deployment.timelock);
  const { stage, rollback } = await selfUpgrade(ethers.provider, deployment.registry, { facets, dwell: BigInt(DAY) });
  return dialPlan(fixture, await addModule(fixture, encodeBytes32String("spare")), {
    title: "Next version of the registry",
    planClass: PlanClass.Critical,
    targets: [{ module: REGISTRY, baseVersion: 0n }],
    stages: [stage],
    rollbacks: [rollback],
    executionWindow: MONTH,
  });
}

/** A live registry: plans in a vote, scheduled, in progress and halted, and one of its own about to run. */
async function live() {
  const fixture = await registryFixture();
  const { registry, council } = fixture;
  const plans: Record<"voting" | "scheduled" | "running" | "halted", Plan> = {} as never;
  for (const [index, name] of (["voting", "scheduled", "running", "halted"] as const).entries()) {
    const module = await addModule(fixture, encodeBytes32String(name));
    const targets = [{ module: encodeBytes32String(name), baseVersion: 0n }];
    plans[name] = await dialPlan(fixture, module, { nonce: BigInt(index + 1), targets, executionWindow: MONTH });
  }
  await toInProgress(fixture, plans.running);
  await toInProgress(fixture, plans.halted);
  await toScheduled(fixture, plans.scheduled);
  const own = await selfUpgradePlan(fixture, await nextFacets());
  const ownId = await toScheduled(fixture, own);
  await toNextStep(fixture, ownId);
  const votingId = await propose(fixture, plans.voting);
  await vote(fixture, votingId, 4);
  for (const member of council.slice(0, 2))
    await registry.connect(member).halt(encodeBytes32String("halted"), "look", 0, []);
  const ids: Record<string, string> = {};
  for (const [name, plan] of Object.entries(plans)) ids[name] = await registry.proposalIdOf(plan);
  return { ...fixture, plans, ids, own, ownId };
}

type Live = Awaited<ReturnType<typeof live>>;

/** All that the registry tells of its plans. */
async function facts({ registry, ids }: Live): Promise<unknown> {
  const told: Record<string, unknown> = {};
  for (const [name, id] of Object.entries(ids)) {
    const { state, isHalted, nextStage, stageCount } = await registry.stateOf(id);
    told[name] = {
      status: [state, isHalted, nextStage, stageCount],
      facts: [...(await registry.proposalOf(id))].map(String),
      policy: [...(await registry.policyOf(id))].map(String),
      voted: await Promise.all([0, 3, 4].map((seat) => registry.hasVoted(id, seat))),
    };
  }
  return told;
}

async function expectStates({ registry, ids }: Live): Promise<void> {
  const states = await Promise.all(Object.values(ids).map(async (id) => (await registry.stateOf(id)).state));
  expect(states).to.deep.equal([State.Voting, State.Scheduled, State.InProgress, State.InProgress]);
  expect((await registry.stateOf(ids["halted"]!)).isHalted).to.equal(true);
}

/** Every plan in flight goes on to its end. */
async function finishAll(fixture: Live): Promise<void> {
  const { registry, council, electors, plans, ids } = fixture;
  const finish = async (plan: Plan, id: string) => {
    for (
      let { state } = await registry.stateOf(id);
      state !== State.Completed;
      { state } = await registry.stateOf(id)
    ) {
      await toNextStepUnlessPast(fixture, id);
      await registry.advance(plan);
    }
  };
  await expect(registry.connect(electors[0]).castVote(ids["voting"]!, 1, 0)).to.be.revertedWithCustomError(
    registry,
    "AlreadyVoted",
  );
  for (const [seat, elector] of electors.slice(4, 10).entries()) {
    await registry.connect(elector).castVote(ids["voting"]!, 1, seat + 4);
  }
  await attest(fixture, ids["voting"]!);
  await ready(fixture, ids["voting"]!);
  await expect(registry.advance(plans.halted))
    .to.be.revertedWithCustomError(registry, "ProposalHalted")
    .withArgs(ids["halted"]);
  for (const member of council.slice(0, 3)) await registry.connect(member).lift(encodeBytes32String("halted"), 0, []);
  await finish(plans.halted, ids["halted"]!);
  await finish(plans.running, ids["running"]!);
  await finish(plans.scheduled, ids["scheduled"]!);
  await time.increase(3 * DAY);
  await registry.schedule(plans.voting);
  await finish(plans.voting, ids["voting"]!);
}

async function toNextStepUnlessPast(fixture: RegistryFixture, id: string): Promise<void> {
  const { notBefore } = await fixture.registry.stateOf(id);
  if (BigInt(await time.latest()) < notBefore) await toNextStep(fixture, id);
}

describe("self-upgrade", () => {
  it("ATK-01 the registry replaces every facet of its own by a plan, and plans in every state go on to their end", async () => {
    const fixture = await loadFixture(live);
    const { registry, deployment, own, ownId, ids } = fixture;
    const before = await facts(fixture);
    await expectStates(fixture);
    await registry.advance(own);
    const facets = (await registry.facetAddresses()).map(String);
    expect(facets.filter((facet) => Object.values(deployment.facets).includes(facet))).to.deep.equal([]);
    expect(await facts(fixture)).to.deep.equal(before);
    await expectStates(fixture);

    // What is new works, on what is old.
    const next = await ethers.getContractAt("ReadinessFacetV2__MockForRegistry", deployment.registry);
    expect(await next.readySeatsOf(ids["scheduled"]!)).to.equal(8n);

    await toNextStepUnlessPast(fixture, ownId);
    await finishAll(fixture);
    await registry.advance(own);
    expect(await stateOf(fixture, ownId)).to.equal(State.Completed);
    expect((await registry.moduleOf(REGISTRY)).version).to.equal(1n);

    // And from its new facets it carries a plan from the beginning to the end, and upgrades itself again.
    const again = await selfUpgrade(ethers.provider, deployment.registry, { facets: await nextFacets(), dwell: 0n });
    const second = {
      ...own,
      nonce: 9n,
      targets: [{ module: REGISTRY, baseVersion: 1n }],
      stages: [again.stage],
      rollbacks: [],
    };
    const secondId = await toScheduled(fixture, second);
    await toNextStep(fixture, secondId);
    await registry.advance(second);
    expect(await stateOf(fixture, secondId)).to.equal(State.Completed);
  });

  it("ATK-02 a self-upgrade is taken back within its dwell, through the new facets, and plans in flight go on", async () => {
    const fixture = await loadFixture(live);
    const { registry, deployment, council, own, ownId } = fixture;
    const before = await facts(fixture);
    await registry.advance(own);
    for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(own, "why", 0, []);
    expect(await stateOf(fixture, ownId)).to.equal(State.RolledBack);
    expect([...(await registry.facetAddresses())].map(String).sort()).to.deep.equal(
      Object.values(deployment.facets).sort(),
    );
    const { selector } = new Interface(["function readySeatsOf(bytes32)"]).getFunction("readySeatsOf")!;
    expect(await registry.facetAddress(selector)).to.equal(ZeroAddress);
    expect(await facts(fixture)).to.deep.equal(before);
    await finishAll(fixture);
  });

  it("ATK-03 a plan of class Standard cannot cut the registry, and a Critical one that does not name it as its module neither", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry, release, deployment } = fixture;
    const plan = await selfUpgradePlan(fixture, await nextFacets());
    await expect(registry.connect(release).propose({ ...plan, planClass: PlanClass.Standard }))
      .to.be.revertedWithCustomError(registry, "CriticalClassRequired")
      .withArgs(deployment.registry);
    await expect(registry.connect(release).propose({ ...plan, targets: [] }))
      .to.be.revertedWithCustomError(registry, "ModuleNotTargeted")
      .withArgs(deployment.registry);
  });

  it("ATK-04 a facet whose code changed between the vote and the cut is refused", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry } = fixture;
    const facets = await nextFacets();
    const plan = await selfUpgradePlan(fixture, facets);
    const id = await toScheduled(fixture, plan);
    await toNextStep(fixture, id);
    const victim = facets[8]!.facetAddress;
    await ethers.provider.send("hardhat_setCode", [victim, `${await ethers.provider.getCode(victim)}00`]);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "CodeHashMismatch");
  });

  it("ATK-05 a cut that was made for other facets than the registry has waits at its gate", async () => {
    const fixture = await loadFixture(registryFixture);
    const { registry, deployment } = fixture;
    // Two plans of the same base, without a module that would tell them apart.
    const spare = await addModule(fixture);
    const plan = async (nonce: bigint) => {
      const { stage } = await selfUpgrade(ethers.provider, deployment.registry, {
        facets: await nextFacets(),
        dwell: 0n,
      });
      return dialPlan(fixture, spare, {
        nonce,
        planClass: PlanClass.Critical,
        targets: [],
        stages: [stage],
        rollbacks: [],
        executionWindow: MONTH,
      });
    };
    const [first, second] = [await plan(1n), await plan(2n)];
    await toScheduled(fixture, first);
    const secondId = await toScheduled(fixture, second);
    await toNextStep(fixture, secondId);
    await registry.advance(first);
    await expect(registry.advance(second)).to.be.revertedWithCustomError(registry, "GateNotMet");
  });
});
