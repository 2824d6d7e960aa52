import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, parseEther, type Interface, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { selectorsOf } from "../../src/registry/deployRegistry";
import type { FacetSelectors } from "../../src/registry/facetCuts";
import type { FacetName } from "../../src/registry/registryAbi";
import { Op } from "../../src/plan/types";
import type { SubnetActorFacetV2 } from "../../typechain-types";
import { artifacts } from "../fixtures/registry";
import {
  ACTOR,
  actorFacets,
  cutPlan,
  diamondAt,
  facetOf,
  FACTORY,
  GATEWAY,
  invariantOf,
  MIN_STAKE,
  subnetsFixture,
  UNBONDING,
  withFacet,
  type Subnet,
} from "../fixtures/subnets";
import { asTimelock } from "../helpers/asTimelock";
import { State, stateOf, toInProgress, toNextStep, toScheduled } from "../helpers/lifecycle";
import { define, pinned } from "../helpers/plans";

const ETHER = parseEther("1");

const errorOf = (diamond: { interface: unknown }, name: string) =>
  (diamond.interface as Interface).getError(name)!.selector;

/** What a cut must leave behind: the new facet at its selector, and a sum as it was. */
async function verified(
  subnet: Subnet,
  which: "gateway" | "actor",
  next: FacetSelectors,
  selector: string,
  sum: string,
) {
  const diamond = subnet[which];
  const target = await diamond.getAddress();
  const loupe = diamond.interface.encodeFunctionData("facetAddress" as never, [selector] as never);
  const facet = invariantOf("new facet serves", target, loupe, BigInt(next.facetAddress));
  const kept = invariantOf("sum is kept", target, diamond.interface.encodeFunctionData(sum as never));
  return [await define(subnet.own, facet), await define(subnet.own, kept)];
}

async function actorUpgrade(subnet: Subnet) {
  const next = await facetOf("SubnetActorFacetV2");
  const init = await ethers.deployContract("SubnetActorV2Init", [UNBONDING]);
  const target = await subnet.actor.getAddress();
  const selector = subnet.actor.interface.getFunction("exit").selector;
  return cutPlan(subnet.own, ACTOR, target, {
    facets: await withFacet(target, next),
    init: { target: await init.getAddress(), data: init.interface.encodeFunctionData("migrate") },
    invariants: await verified(subnet, "actor", next, selector, "totalStake"),
  });
}

async function gatewayUpgrade(subnet: Subnet, cap: bigint) {
  const next = await facetOf("GatewayFacetV2");
  const init = await ethers.deployContract("GatewayV2Init");
  const target = await subnet.gateway.getAddress();
  const selector = subnet.gateway.interface.getFunction("deposit").selector;
  return cutPlan(subnet.own, GATEWAY, target, {
    facets: await withFacet(target, next),
    init: { target: await init.getAddress(), data: init.interface.encodeFunctionData("migrate", [cap]) },
    invariants: await verified(subnet, "gateway", next, selector, "totalBalance"),
  });
}

describe("example diamonds", () => {
  it("XDM-01 nobody but the timelock of its own registry cuts one: no deployer, no creator, no role, no other registry", async () => {
    const { factory, a, b, deployer, stranger, release, risk, incident, council, electors } =
      await loadFixture(subnetsFixture);
    await asTimelock(b.own);
    const foreign = await ethers.getSigner(b.own.deployment.timelock);
    for (const diamond of [a.gateway, a.actor, factory]) {
      const governor = await diamond.governor();
      for (const signer of [deployer, stranger, release, risk, incident, council[0]!, electors[0]!, foreign]) {
        const one = diamond.connect(signer) as typeof a.gateway;
        for (const send of [
          () => one.diamondCut([], ZeroAddress, "0x"),
          () => one.rehearseCut([], []),
          () => one.setUpgradeRegistry(b.own.deployment.registry),
        ]) {
          await expect(send()).to.be.revertedWithCustomError(diamond, "NotGovernor").withArgs(signer.address, governor);
        }
      }
    }
    await expect(factory.connect(deployer).setActorFacets([], ZeroAddress)).to.be.revertedWithCustomError(
      factory,
      "NotGovernor",
    );
  });

  it("XDM-02 a gateway tells its current registry, and only a plan of that one moves it to another", async () => {
    const { a, b, stranger } = await loadFixture(subnetsFixture);
    expect(await a.gateway.upgradeRegistry()).to.equal(a.own.deployment.registry);
    expect(await b.gateway.upgradeRegistry()).to.equal(b.own.deployment.registry);
    expect(await a.gateway.governor()).to.equal(a.own.deployment.timelock);

    const target = await a.gateway.getAddress();
    const move = (registry: string) => ({
      target,
      value: 0n,
      data: a.gateway.interface.encodeFunctionData("setUpgradeRegistry", [registry]),
    });
    const plan = await cutPlan(a.own, GATEWAY, target, {
      facets: await withFacet(target, await facetOf("GatewayFacet")),
    });
    const stages = [{ ...plan.stages[0]!, calls: [move(b.own.deployment.registry)], dwell: 0n }];
    await toInProgress(a.own, await pinned({ ...plan, stages, rollbacks: [] }));
    expect(await a.gateway.upgradeRegistry()).to.equal(b.own.deployment.registry);
    expect(await a.gateway.governor()).to.equal(b.own.deployment.timelock);

    await asTimelock(b.own);
    const governor = await ethers.getSigner(b.own.deployment.timelock);
    const governed = a.gateway.connect(governor) as typeof a.gateway;
    await expect(governed.setUpgradeRegistry(stranger.address))
      .to.be.revertedWithCustomError(a.gateway, "RegistryInvalid")
      .withArgs(stranger.address);
  });

  it("XDM-03 the factory makes actors that answer to their subnet's registry alone, each name once", async () => {
    const { factory, a, b, stranger } = await loadFixture(subnetsFixture);
    expect(await a.actor.getAddress()).to.not.equal(await b.actor.getAddress());
    for (const { name, own, actor } of [a, b]) {
      expect(await actor.upgradeRegistry()).to.equal(own.deployment.registry);
      expect(await actor.subnet()).to.equal(encodeBytes32String(name));
      expect([await actor.minStake(), await actor.actorVersion()]).to.deep.equal([MIN_STAKE, 1n]);
    }
    const { registry } = a.own.deployment;
    await expect(factory.createSubnet(encodeBytes32String("a"), registry, 1))
      .to.be.revertedWithCustomError(factory, "SubnetExists")
      .withArgs(encodeBytes32String("a"), await a.actor.getAddress());
    await expect(factory.createSubnet(ZeroHash, registry, 1)).to.be.revertedWithCustomError(factory, "SubnetNameEmpty");
    await expect(factory.createSubnet(encodeBytes32String("c"), stranger.address, 1)).to.be.revertedWithCustomError(
      factory,
      "RegistryInvalid",
    );
  });

  it("XDM-04 a plan upgrades an actor that the factory made, stake and validators kept", async () => {
    const { a, b, others } = await loadFixture(subnetsFixture);
    const [one, two] = others as [(typeof others)[0], (typeof others)[0]];
    const as = (signer: typeof one) => a.actor.connect(signer);
    await as(one).join({ value: 2n * ETHER });
    await as(two).join({ value: ETHER });
    await expect(as(one).claim()).to.be.revertedWithCustomError(a.actor, "FunctionUnknown");

    const plan = await actorUpgrade(a);
    const proposalId = await toInProgress(a.own, plan);
    expect([await a.actor.actorVersion(), await b.actor.actorVersion()]).to.deep.equal([2n, 1n]);
    expect([await a.actor.totalStake(), await a.actor.stakeOf(one.address)]).to.deep.equal([3n * ETHER, 2n * ETHER]);
    await toNextStep(a.own, proposalId);
    await a.own.registry.advance(plan);
    expect(await stateOf(a.own, proposalId)).to.equal(State.Completed);

    await as(one).exit();
    expect([await a.actor.totalStake(), await a.actor.validatorCount()]).to.deep.equal([ETHER, 1n]);
    const { claimableAt } = await a.actor.unbondingOf(one.address);
    await expect(as(one).claim()).to.be.revertedWithCustomError(a.actor, "StillUnbonding");
    await time.increaseTo(claimableAt);
    await expect(as(one).claim()).to.changeEtherBalances([one, a.actor], [2n * ETHER, -2n * ETHER]);
    await expect(as(one).claim()).to.be.revertedWithCustomError(a.actor, "NothingToClaim");
  });

  it("XDM-05 a plan upgrades the gateway under its users' funds, and its way back leaves each his own", async () => {
    const { a, stranger, others, council } = await loadFixture(subnetsFixture);
    const [one, two] = others as [(typeof others)[0], (typeof others)[0]];
    await a.gateway.deposit(one.address, { value: 3n * ETHER });
    const plan = await gatewayUpgrade(a, 2n * ETHER);
    const proposalId = await toInProgress(a.own, plan);
    expect([await a.gateway.gatewayVersion(), await a.gateway.accountCap()]).to.deep.equal([2n, 2n * ETHER]);
    await expect(a.gateway.deposit(one.address, { value: 1n }))
      .to.be.revertedWithCustomError(a.gateway, "CapExceeded")
      .withArgs(one.address, 3n * ETHER + 1n, 2n * ETHER);
    await a.gateway.connect(one).transfer(two.address, ETHER);

    for (const member of council.slice(0, 3)) await a.own.registry.connect(member).veto(proposalId, "cap", 0, []);
    await a.own.registry.rollback(plan);
    expect(await a.gateway.gatewayVersion()).to.equal(1n);
    await expect(a.gateway.connect(one).transfer(two.address, 1n)).to.be.revertedWithCustomError(
      a.gateway,
      "FunctionUnknown",
    );
    for (const [holder, amount] of [
      [one, 2n * ETHER],
      [two, ETHER],
    ] as const) {
      const withdrawn = a.gateway.connect(holder).withdraw(amount, stranger.address);
      await expect(withdrawn).to.changeEtherBalances([stranger, a.gateway], [amount, -amount]);
    }
    expect([await a.gateway.totalBalance(), await a.gateway.shortfall()]).to.deep.equal([0n, 0n]);
  });

  it("XDM-06 a plan of the parent sets what new actors are made of; those that exist stay as they are", async () => {
    const { parent, factory, a } = await loadFixture(subnetsFixture);
    const target = await factory.getAddress();
    const [before, initBefore] = await factory.actorFacets();
    const init = await (await ethers.deployContract("SubnetActorV2Init", [UNBONDING])).getAddress();
    const next = [
      await facetOf("GovernanceFacet"),
      await facetOf("DiamondLoupeFacet"),
      await facetOf("SubnetActorFacetV2"),
    ];
    const set = (facets: unknown, by: string) => ({
      target,
      value: 0n,
      data: factory.interface.encodeFunctionData("setActorFacets", [facets as never, by]),
    });
    const sets = factory.interface.encodeFunctionData("actorSetNumber");
    const isSecond = await define(parent, invariantOf("second set", target, sets, 2n));
    const base = await cutPlan(parent, FACTORY, target, {
      facets: await withFacet(target, await facetOf("GatewayFacet")),
    });
    const plan = await pinned({
      ...base,
      stages: [
        {
          ...base.stages[0]!,
          calls: [set(actorFacets(next), init)],
          gates: [{ probe: { target, data: sets, gas: 100_000n }, op: Op.Eq, bound: 1n }],
          invariants: [isSecond],
        },
      ],
      rollbacks: [
        {
          ...base.rollbacks[0]!,
          calls: [
            set(
              before.map(({ facet, selectors }) => ({ facet, selectors: [...selectors] })),
              initBefore,
            ),
          ],
        },
      ],
    });
    const proposalId = await toScheduled(parent, plan);
    await toNextStep(parent, proposalId);
    await parent.registry.advance(plan);

    await factory.createSubnet(encodeBytes32String("c"), a.own.deployment.registry, MIN_STAKE);
    const child = await diamondAt<SubnetActorFacetV2>(await factory.actorOf(encodeBytes32String("c")), [
      "SubnetActorFacetV2",
    ]);
    expect([await child.actorVersion(), await child.unbondingPeriod()]).to.deep.equal([2n, UNBONDING]);
    expect(await child.governor()).to.equal(a.own.deployment.timelock);
    expect(await a.actor.actorVersion()).to.equal(1n);

    for (const member of parent.council.slice(0, 3))
      await parent.registry.connect(member).veto(proposalId, "set", 0, []);
    await parent.registry.rollback(plan);
    await factory.createSubnet(encodeBytes32String("d"), a.own.deployment.registry, MIN_STAKE);
    const last = await diamondAt<SubnetActorFacetV2>(await factory.actorOf(encodeBytes32String("d")), [
      "SubnetActorFacetV2",
    ]);
    expect(await last.actorVersion()).to.equal(1n);
  });

  it("XDM-07 two subnets are apart: a plan of one, however agreed on, cuts nothing of the other", async () => {
    const { a, b, release } = await loadFixture(subnetsFixture);
    const target = await b.actor.getAddress();
    const foreign = encodeBytes32String("theirs");
    // Naming the other subnet's actor as a module of its own gives no power over it.
    await a.own.registry.connect(release).registerModule(foreign, 3, target, a.own.deployment.timelock);
    const next = await facetOf("SubnetActorFacetV2");
    const plan = await cutPlan(a.own, foreign, target, { facets: await withFacet(target, next) });
    const proposalId = await toScheduled(a.own, plan);
    await toNextStep(a.own, proposalId);
    await expect(a.own.registry.advance(plan))
      .to.be.revertedWithCustomError(b.actor, "NotGovernor")
      .withArgs(a.own.deployment.timelock, b.own.deployment.timelock);
    expect(await b.actor.actorVersion()).to.equal(1n);

    // The same cut, agreed on where the actor belongs.
    await toInProgress(b.own, await cutPlan(b.own, ACTOR, target, { facets: await withFacet(target, next) }));
    expect([await b.actor.actorVersion(), await a.actor.actorVersion()]).to.deep.equal([2n, 1n]);
  });

  it("XDM-08 a cut that does not leave what was agreed on does not happen", async () => {
    const { a } = await loadFixture(subnetsFixture);
    const plan = await gatewayUpgrade(a, ETHER);
    const target = await a.gateway.getAddress();
    const other = await cutPlan(a.own, GATEWAY, target, {
      facets: await withFacet(target, await facetOf("GatewayFacetV2")),
      invariants: plan.stages[0]!.invariants,
    });
    const proposalId = await toScheduled(a.own, other);
    await toNextStep(a.own, proposalId);
    await expect(a.own.registry.advance(other)).to.be.revertedWithCustomError(a.own.registry, "InvariantViolated");
    expect(await a.gateway.gatewayVersion()).to.equal(1n);
  });

  for (const [fault, name] of ["does nothing", "has an owner of its own"].entries()) {
    it(`XDM-09 an actor does not take a diamondCut that ${name}: it could not come back from it`, async () => {
      const { a } = await loadFixture(subnetsFixture);
      const target = await a.actor.getAddress();
      const trap = await ethers.deployContract("CutFacet__MockForRegistry", [fault]);
      const facet = {
        facetAddress: await trap.getAddress(),
        functionSelectors: await selectorsOf(artifacts, "CutFacet__MockForRegistry" as FacetName),
      };
      const plan = await cutPlan(a.own, ACTOR, target, { facets: await withFacet(target, facet) });
      const proposalId = await toScheduled(a.own, plan);
      await toNextStep(a.own, proposalId);
      await expect(a.own.registry.advance(plan)).to.be.revertedWithCustomError(
        a.actor,
        fault === 0 ? "RouteNotRestored" : "InverseCutRefused",
      );
    });
  }

  it("XDM-13 what it takes to look into a diamond and to upgrade it can be replaced, never removed", async () => {
    const { a } = await loadFixture(subnetsFixture);
    await asTimelock(a.own);
    const governor = await ethers.getSigner(a.own.deployment.timelock);
    const removal = (selector: string) =>
      (a.actor.connect(governor) as typeof a.actor).diamondCut(
        [{ facetAddress: ZeroAddress, action: 2, functionSelectors: [selector] }],
        ZeroAddress,
        "0x",
      );
    for (const name of [
      "diamondCut",
      "rehearseCut",
      "setUpgradeRegistry",
      "upgradeRegistry",
      "facets",
      "facetAddress",
    ] as const) {
      const { selector } = a.actor.interface.getFunction(name as never);
      await expect(removal(selector)).to.be.revertedWithCustomError(a.actor, "SelectorIsProtected").withArgs(selector);
    }
    const { selector } = a.actor.interface.getFunction("validatorCount");
    await removal(selector);
    await expect(a.actor.validatorCount()).to.be.revertedWithCustomError(a.actor, "FunctionUnknown");
  });

  it("XDM-10 a set of facets that could make no actor, or none to be upgraded, is refused", async () => {
    const { parent, factory } = await loadFixture(subnetsFixture);
    await asTimelock(parent);
    const governor = factory.connect(await ethers.getSigner(parent.deployment.timelock)) as typeof factory;
    const [set, init] = await factory.actorFacets();
    const facets = set.map(({ facet, selectors }) => ({ facet, selectors: [...selectors] }));
    await expect(governor.setActorFacets(facets, ZeroAddress)).to.be.revertedWithCustomError(
      factory,
      "FacetWithoutCode",
    );
    await expect(governor.setActorFacets([...facets, { facet: ZeroAddress, selectors: [] }], init))
      .to.be.revertedWithCustomError(factory, "FacetWithoutCode")
      .withArgs(ZeroAddress);
    const [first] = facets[0]!.selectors;
    await expect(governor.setActorFacets([...facets, { facet: init, selectors: [first!] }], init))
      .to.be.revertedWithCustomError(factory, "SelectorRepeated")
      .withArgs(first);
    for (const name of ["diamondCut", "rehearseCut", "facetAddress", "upgradeRegistry"] as const) {
      const { selector } = (
        await diamondAt<{ facets(): unknown }>(await factory.getAddress(), [])
      ).interface.getFunction(name as never);
      const without = facets.map(({ facet, selectors }) => ({
        facet,
        selectors: selectors.filter((one) => one !== selector),
      }));
      await expect(governor.setActorFacets(without, init))
        .to.be.revertedWithCustomError(factory, "SelectorMissing")
        .withArgs(selector);
    }
    expect(await factory.actorSetNumber()).to.equal(1n);
  });

  it("XDM-11 a gateway pays out what was brought in, to whom it belongs, once", async () => {
    const { a, others } = await loadFixture(subnetsFixture);
    const [one, two] = others as [(typeof others)[0], (typeof others)[0]];
    await expect(a.gateway.deposit(one.address)).to.be.revertedWithCustomError(a.gateway, "AmountZero");
    await expect(a.gateway.deposit(one.address, { value: ETHER })).to.changeEtherBalance(a.gateway, ETHER);
    await expect(a.gateway.connect(two).withdraw(1n, two.address))
      .to.be.revertedWithCustomError(a.gateway, "BalanceTooLow")
      .withArgs(two.address, 0n, 1n);
    await expect(a.gateway.connect(one).withdraw(ETHER, two.address)).to.changeEtherBalance(two, ETHER);
    await expect(a.gateway.connect(one).withdraw(1n, one.address)).to.be.revertedWithCustomError(
      a.gateway,
      "BalanceTooLow",
    );
    expect([await a.gateway.totalBalance(), await a.gateway.balanceOf(one.address)]).to.deep.equal([0n, 0n]);
  });

  it("XDM-14 who calls back while he is paid finds that he was paid: gateway, exit and claim", async () => {
    const { a, others } = await loadFixture(subnetsFixture);
    await a.gateway.deposit(others[0]!.address, { value: 5n * ETHER });
    await a.actor.connect(others[0]!).join({ value: 5n * ETHER });
    await toInProgress(a.own, await actorUpgrade(a));
    await a.actor.connect(others[0]!).exit();
    const puppet = await ethers.deployContract("Puppet__MockForRouter");
    const account = await puppet.getAddress();
    const [gateway, actor] = [await a.gateway.getAddress(), await a.actor.getAddress()];
    const step = (target: string, data: string, value = 0n) => ({
      target,
      value,
      data,
      isStatic: false,
      isCaught: false,
      gas: 0n,
    });
    const withdraw = step(gateway, a.gateway.interface.encodeFunctionData("withdraw", [ETHER, account]));
    const claim = step(actor, a.actor.interface.encodeFunctionData("claim"));
    const join = step(actor, a.actor.interface.encodeFunctionData("join"), ETHER);
    await a.gateway.deposit(account, { value: ETHER });
    await puppet.run([join, step(actor, a.actor.interface.encodeFunctionData("exit"))], { value: ETHER });
    await time.increase(UNBONDING);
    for (const [paying, from, error] of [
      [withdraw, a.gateway, "BalanceTooLow"],
      [claim, a.actor, "NothingToClaim"],
    ] as const) {
      await puppet.setReaction([{ ...paying, isCaught: true }], 1);
      await expect(puppet.run([paying])).to.changeEtherBalances([puppet, from], [ETHER, -ETHER]);
      const [again] = await puppet.outcomes();
      expect([again!.isOk, again!.data.slice(0, 10)]).to.deep.equal([false, errorOf(from, error)]);
    }
  });

  it("XDM-12 validators join an actor with the least stake or more, and exit with all of it", async () => {
    const { a, others } = await loadFixture(subnetsFixture);
    const actor = a.actor.connect(others[0]!);
    await expect(actor.join({ value: MIN_STAKE - 1n }))
      .to.be.revertedWithCustomError(a.actor, "StakeTooLow")
      .withArgs(MIN_STAKE - 1n, MIN_STAKE);
    await expect(actor.exit()).to.be.revertedWithCustomError(a.actor, "NotValidator");
    await actor.join({ value: MIN_STAKE });
    await actor.join({ value: 1n });
    expect([await actor.validatorCount(), await actor.totalStake()]).to.deep.equal([1n, MIN_STAKE + 1n]);
    await expect(actor.exit()).to.changeEtherBalances([others[0]!, a.actor], [MIN_STAKE + 1n, -MIN_STAKE - 1n]);
    expect([await actor.validatorCount(), await actor.stakeOf(others[0]!.address)]).to.deep.equal([0n, 0n]);
  });
});
