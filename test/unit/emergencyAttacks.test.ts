import { loadFixture, takeSnapshot, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { concat, encodeBytes32String, getBytes, id, MaxUint256, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { PlanClass } from "../../src/plan/types";
import { DAY, registryFixture, type RegistryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { propose, State, stateOf, toInProgress, toNextStep, toScheduled } from "../helpers/lifecycle";
import { addModule, dialPlan, dialStage, MODULE } from "../helpers/plans";
import { domainOf, signApproval } from "../helpers/signatures";
import { PLACES, planWorld, signedAct } from "../helpers/states";
import type { Wallet__MockForCouncil } from "../../typechain-types";

const HALT = id("halt");
const VETO = id("veto");
const STOP = id("stop");
const Mode = { Honest: 0, AnswersOther: 1, AnswersShort: 2, Floods: 3, Burns: 4, Reverts: 5 } as const;

async function moduleFixture() {
  const fixture = await registryFixture();
  return { ...fixture, module: await addModule(fixture), domain: await domainOf(fixture) };
}

async function halt({ registry, council }: RegistryFixture, scope = ZeroHash, count = 2): Promise<void> {
  for (const member of council.slice(0, count)) await registry.connect(member).halt(scope, "look", 0, []);
}

async function veto({ registry, council }: RegistryFixture, proposalId: string, count: number): Promise<void> {
  for (const member of council.slice(0, count)) await registry.connect(member).veto(proposalId, "no", 0, []);
}

describe("attacks on and by the council", () => {
  it("EMG-79 perpetual_pause: a council that halts whenever it can leaves governance half of the time, and then all of it", async () => {
    const fixture = await loadFixture(moduleFixture);
    const { registry, module } = fixture;
    const plan = await dialPlan(fixture, module, { executionWindow: BigInt(60 * DAY) });
    const proposalId = await toScheduled(fixture, plan);
    const start = await time.latest();
    let halted = 0;
    // Both scopes that reach the plan, each as soon as it may.
    for (let now = start; now < start + 60 * DAY; now += DAY / 2) {
      await time.increaseTo(now + 100);
      for (const scope of [ZeroHash, MODULE]) {
        const budget = (await registry.haltOf(scope)).budget;
        await halt(fixture, scope).catch(() => undefined);
        halted += Number(budget - (await registry.haltOf(scope)).budget);
      }
    }
    expect(halted).to.equal(2 * 5 * DAY);
    const { notAfter, isHalted } = await registry.stateOf(proposalId);
    expect(isHalted).to.equal(false);
    expect(Number(notAfter)).to.be.greaterThan(start + 60 * DAY);
    await registry.advance(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.InProgress);
  });

  it("EMG-80 halt_blocks_rollback: nothing that makes things safer waits for the end of a halt", async () => {
    const fixture = await loadFixture(moduleFixture);
    const { registry, module, council, incident } = fixture;
    const plan = await dialPlan(fixture, module);
    const proposalId = await toInProgress(fixture, plan);
    await halt(fixture);
    await halt(fixture, MODULE);
    const here = await takeSnapshot();
    // Each from the same moment: veto and rollback, the council's own way back, freeze, stop, and lift.
    await veto(fixture, proposalId, 3);
    await registry.rollback(plan);
    expect(await module.value()).to.equal(0n);
    await here.restore();
    for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(plan, "why", 0, []);
    expect(await module.value()).to.equal(0n);
    await registry
      .connect(fixture.release)
      .registerModule(
        encodeBytes32String("other"),
        0,
        await (await ethers.deployContract("Module__MockForRegistry", [fixture.deployment.timelock])).getAddress(),
        fixture.deployment.timelock,
      );
    await here.restore();
    await module.setCanary(1);
    await registry.connect(incident).freeze(MODULE);
    expect(await module.isFrozen()).to.equal(true);
    for (const member of council.slice(0, 3)) await registry.connect(member).emergencyHalt(proposalId, "now", 0, []);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "ProposalHalted");
  });

  it("EMG-81 freeze_partial_failure: a router that refuses spares no other, each is reported, and anyone tries again", async () => {
    const fixture = await loadFixture(moduleFixture);
    const { registry, module, council, stranger } = fixture;
    const second = encodeBytes32String("second");
    const third = encodeBytes32String("third");
    const others = [await addModule(fixture, second), await addModule(fixture, third)];
    const plan = await dialPlan(fixture, module, {
      targets: [MODULE, second, third].map((name) => ({ module: name, baseVersion: 0n })),
    });
    const proposalId = await toInProgress(fixture, plan);
    await module.setCanary(1);
    await others[0]?.setCanary(2); // Refusing.
    await others[1]?.setCanary(1);
    for (const member of council.slice(0, 2)) await registry.connect(member).emergencyHalt(proposalId, "look", 0, []);
    const transaction = registry.connect(council[2]).emergencyHalt(proposalId, "look", 0, []);
    await expect(transaction).to.emit(registry, "CanaryFrozen").withArgs(MODULE);
    await expect(transaction).to.emit(registry, "CanaryFreezeFailed").withArgs(second);
    await expect(transaction).to.emit(registry, "CanaryFrozen").withArgs(third);
    await expect(transaction).to.emit(registry, "EmergencyHalted").withArgs(proposalId, true, 3, "look");
    await others[0]?.setCanary(1);
    await registry.connect(stranger).freeze(second);
    expect(await others[0]?.isFrozen()).to.equal(true);
  });

  describe("cancel_griefing", () => {
    it("EMG-78 each veto raises what the next one needs, up to all members, and the budget ends it", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, council, module } = fixture;
      const proposals: string[] = [];
      for (const nonce of [1n, 2n, 3n, 4n]) {
        proposals.push(await propose(fixture, await dialPlan(fixture, module, { nonce })));
      }
      for (const [index, need] of [3, 4, 5].entries()) {
        const proposalId = proposals[index] ?? "";
        expect((await registry.actOf(VETO, proposalId)).need).to.equal(BigInt(need));
        expect((await registry.actOf(STOP, proposalId)).need).to.equal(BigInt(need));
        await veto(fixture, proposalId, need - 1);
        expect(await stateOf(fixture, proposalId)).to.equal(State.Voting);
        await registry.connect(council[need - 1]).veto(proposalId, "no", 0, []);
        expect(await stateOf(fixture, proposalId)).to.equal(State.Cancelled);
        expect(await registry.vetoBudget()).to.equal(BigInt(2 - index));
      }
      const last = proposals[3] ?? "";
      await expect(registry.connect(council[0]).veto(last, "no", 0, []))
        .to.be.revertedWithCustomError(registry, "VetoBudgetSpent")
        .withArgs(3);
      await expect((await asTimelock(fixture)).refillVetoBudget())
        .to.emit(registry, "VetoBudgetRefilled")
        .withArgs(3);
      expect((await registry.actOf(VETO, last)).need).to.equal(3n);
      await veto(fixture, last, 3);
      expect(await stateOf(fixture, last)).to.equal(State.Cancelled);
    });

    it("EMG-78 three captured members cannot veto their own replacement twice", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, council, module, others, parameters, deployment } = fixture;
      const members = others.slice(0, 5).map(({ address }) => address);
      const data = registry.interface.encodeFunctionData("setCouncil", [{ ...parameters.council, members }]);
      const stage = await dialStage(module, 1n);
      const rotation = (nonce: bigint) =>
        dialPlan(fixture, module, {
          nonce,
          planClass: PlanClass.Critical,
          stages: [{ ...stage, calls: [{ target: deployment.registry, value: 0n, data }] }],
          rollbacks: [],
        });
      const first = await propose(fixture, await rotation(1n));
      await veto(fixture, first, 3);
      expect(await stateOf(fixture, first)).to.equal(State.Cancelled);
      const again = await rotation(2n);
      const proposalId = await toScheduled(fixture, again);
      await veto(fixture, proposalId, 3);
      await halt(fixture);
      await time.increaseTo((await registry.haltOf(ZeroHash)).until);
      await toNextStep(fixture, proposalId);
      await registry.advance(again);
      const { config, epoch } = await registry.councilOf();
      expect([[...config.members], epoch]).to.deep.equal([members, 2n]);
      // A new council starts with the budget and the threshold that governance gave it.
      expect([await registry.vetoBudget(), (await registry.actOf(VETO, ZeroHash)).need]).to.deep.equal([3n, 3n]);
      await expect(registry.connect(council[0]).halt(MODULE, "look", 0, [])).to.be.revertedWithCustomError(
        registry,
        "NotCouncilMember",
      );
    });
  });

  it("EMG-77 council_member_removed_mid_approval: what a council began, its successor does not finish", async () => {
    const fixture = await loadFixture(moduleFixture);
    const { registry, council, module, others, parameters, deployment, domain } = fixture;
    const victim = await propose(fixture, await dialPlan(fixture, module, { nonce: 9n }));
    // Rotation through governance: the first member goes, a new one comes.
    const members = [others[0]?.address ?? "", ...parameters.council.members.slice(1)];
    const data = registry.interface.encodeFunctionData("setCouncil", [{ ...parameters.council, members }]);
    const stage = await dialStage(module, 1n);
    const plan = await dialPlan(fixture, module, {
      planClass: PlanClass.Critical,
      stages: [{ ...stage, calls: [{ target: deployment.registry, value: 0n, data }] }],
      rollbacks: [],
    });
    const proposalId = await toScheduled(fixture, plan);
    await toNextStep(fixture, proposalId);
    await halt(fixture, MODULE, 1);
    const { act } = await registry.actOf(HALT, MODULE);
    const signatures = await Promise.all(council.map((member) => signApproval(domain, member, act, MaxUint256)));
    expect((await registry.actOf(HALT, MODULE)).have).to.equal(1n);
    await registry.advance(plan);
    expect(await stateOf(fixture, proposalId)).to.equal(State.Completed);

    const now = await registry.actOf(HALT, MODULE);
    expect(now.have).to.equal(0n);
    expect(now.act).to.not.equal(act);
    // The stale signatures are over another act: they are nobody's, not even those of members who stayed.
    for (const signature of signatures) {
      await expect(registry.halt(MODULE, "look", MaxUint256, [signature])).to.be.revertedWithCustomError(
        registry,
        "NotCouncilMember",
      );
    }
    await expect(registry.connect(council[0]).halt(MODULE, "look", 0, []))
      .to.be.revertedWithCustomError(registry, "NotCouncilMember")
      .withArgs(council[0]?.address);
    // One of those who stayed is one of two, not two of two.
    await registry.connect(council[1]).halt(MODULE, "look", 0, []);
    expect((await registry.haltOf(MODULE)).until).to.equal(0n);
    await registry.connect(others[0]).halt(MODULE, "look", 0, []);
    expect((await registry.haltOf(MODULE)).until).to.not.equal(0n);
    expect(victim).to.not.equal(proposalId);
  });

  it("EMG-76 what a member signs binds council, occasion, kind, subject, deadline, registry and chain", async () => {
    const fixture = await loadFixture(moduleFixture);
    const { registry, council, parameters, domain } = fixture;
    const member = council[0] as HardhatEthersSigner;
    const other = encodeBytes32String("other");
    await addModule(fixture, other);
    const deadline = BigInt((await time.latest()) + 40 * DAY);
    const { act } = await registry.actOf(HALT, MODULE);
    const good = await signApproval(domain, member, act, deadline);
    const refused = async (send: () => Promise<unknown>) =>
      expect(send()).to.be.revertedWithCustomError(registry, "NotCouncilMember");
    const here = await takeSnapshot();
    await refused(() => registry.halt(other, "look", deadline, [good]));
    await refused(() => registry.halt(MODULE, "look", deadline + 1n, [good]));
    await refused(async () =>
      registry.halt(MODULE, "look", deadline, [await signApproval({ ...domain, chainId: 1n }, member, act, deadline)]),
    );
    await refused(async () =>
      registry.halt(MODULE, "look", deadline, [
        await signApproval({ ...domain, verifyingContract: fixture.deployment.timelock }, member, act, deadline),
      ]),
    );
    await halt(fixture, MODULE);
    await refused(() => registry.lift(MODULE, deadline, [good]));
    // Its occasion: another act on the same subject was carried out since.
    await time.increaseTo(await registry.haltableAt(MODULE));
    await refused(() => registry.halt(MODULE, "look", deadline, [good]));
    await here.restore();
    // Its council.
    await (await asTimelock(fixture)).setCouncil(parameters.council);
    await refused(() => registry.halt(MODULE, "look", deadline, [good]));
    await here.restore();
    await registry.halt(MODULE, "look", deadline, [good]);
    expect((await registry.actOf(HALT, MODULE)).have).to.equal(1n);
  });
});

describe("contracts as members of the council", () => {
  /** A wallet of 2 of 3 keys as one member of five, and one as the whole council. */
  async function walletFixture() {
    const fixture = await moduleFixture();
    const keys = fixture.others.slice(0, 3).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
    const wallet = (await ethers.deployContract("Wallet__MockForCouncil", [
      keys.map(({ address }) => address),
      2,
    ])) as unknown as Wallet__MockForCouncil;
    const address = await wallet.getAddress();
    const members = [address, ...fixture.parameters.council.members.slice(1)];
    await (await asTimelock(fixture)).setCouncil({ ...fixture.parameters.council, members });
    return { ...fixture, keys, wallet, address };
  }
  type Fixture = Awaited<ReturnType<typeof walletFixture>>;

  /** The wallet's address, then its owners' signatures. */
  async function approvalOf({ wallet, address, keys, domain }: Fixture, act: string, deadline: bigint, owners = 2) {
    const digest = ethers.TypedDataEncoder.hash(
      domain,
      {
        CouncilApproval: [
          { name: "act", type: "bytes32" },
          { name: "deadline", type: "uint256" },
        ],
      },
      { act, deadline },
    );
    const message = await wallet.messageOf(digest);
    // A raw signature over the message, as the wallet wants it.
    const raw = keys.slice(0, owners).map((key) => keyOf(key).sign(message).serialized);
    return concat([address, ...raw]);
  }

  /** Hardhat's accounts are derived from a phrase that everyone knows. */
  function keyOf({ address }: HardhatEthersSigner) {
    const phrase = ethers.Mnemonic.fromPhrase("test test test test test test test test test test test junk");
    for (let i = 0; ; ++i) {
      const node = ethers.HDNodeWallet.fromMnemonic(phrase, `m/44'/60'/0'/0/${i}`);
      if (node.address === address) return node.signingKey;
    }
  }

  it("EMG-75 a wallet approves by signature (ERC-1271) beside keys, and by call", async () => {
    const fixture = await loadFixture(walletFixture);
    const { registry, council, wallet, address, domain } = fixture;
    const { act } = await registry.actOf(HALT, MODULE);
    const deadline = BigInt((await time.latest()) + 3_600);
    const signatures = [
      await approvalOf(fixture, act, deadline),
      await signApproval(domain, council[1] as HardhatEthersSigner, act, deadline),
    ];
    const transaction = registry.halt(MODULE, "look", deadline, signatures);
    await expect(transaction).to.emit(registry, "ActApproved").withArgs(act, MODULE, address, HALT, deadline);
    await expect(transaction).to.emit(registry, "Halted");

    const data = registry.interface.encodeFunctionData("halt", [ZeroHash, "look", 0, []]);
    await wallet.send(await registry.getAddress(), data);
    expect((await registry.actOf(HALT, ZeroHash)).have).to.equal(1n);
    await registry.connect(council[1]).halt(ZeroHash, "look", 0, []);
    expect((await registry.haltOf(ZeroHash)).until).to.not.equal(0n);
  });

  it("EMG-75 a wallet can be the whole council", async () => {
    const fixture = await loadFixture(walletFixture);
    const { registry, address, parameters, module } = fixture;
    const alone = {
      haltThreshold: 1,
      liftThreshold: 1,
      vetoThreshold: 1,
      rollbackThreshold: 1,
      coSignThreshold: 1,
      pauseThreshold: 1,
    };
    await (await asTimelock(fixture)).setCouncil({ ...parameters.council, ...alone, members: [address] });
    // Its threshold cannot rise above one: the budget alone bounds it.
    for (const nonce of [1n, 2n, 3n]) {
      const proposalId = await propose(fixture, await dialPlan(fixture, module, { nonce }));
      const { act } = await registry.actOf(VETO, proposalId);
      await registry.veto(proposalId, "no", MaxUint256, [await approvalOf(fixture, act, MaxUint256)]);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Cancelled);
    }
    const last = await propose(fixture, await dialPlan(fixture, module, { nonce: 4n }));
    const { act } = await registry.actOf(VETO, last);
    await expect(
      registry.veto(last, "no", MaxUint256, [await approvalOf(fixture, act, MaxUint256)]),
    ).to.be.revertedWithCustomError(registry, "VetoBudgetSpent");
  });

  it("EMG-75 one owner of two is not enough, and a wallet's word about another act is none about this", async () => {
    const fixture = await loadFixture(walletFixture);
    const { registry, address } = fixture;
    const { act } = await registry.actOf(HALT, MODULE);
    const { act: other } = await registry.actOf(HALT, ZeroHash);
    for (const signature of [
      await approvalOf(fixture, act, MaxUint256, 1),
      await approvalOf(fixture, other, MaxUint256),
      await approvalOf(fixture, act, MaxUint256 - 1n),
      address,
    ]) {
      await expect(registry.halt(MODULE, "look", MaxUint256, [signature]))
        .to.be.revertedWithCustomError(registry, "ApprovalInvalid")
        .withArgs(address);
    }
  });

  for (const [name, mode] of Object.entries(Mode)) {
    if (name === "Honest") continue;
    it(`EMG-75 a wallet that ${name === "AnswersOther" ? "says no" : `misbehaves (${name.toLowerCase()})`} has not approved, and costs a bounded amount of gas`, async () => {
      const fixture = await loadFixture(walletFixture);
      const { registry, wallet, address, council, domain } = fixture;
      const { act } = await registry.actOf(HALT, MODULE);
      const signature = await approvalOf(fixture, act, MaxUint256);
      await wallet.setMode(mode);
      const call = { gasLimit: 1_000_000 };
      await expect(registry.halt(MODULE, "look", MaxUint256, [signature], call))
        .to.be.revertedWithCustomError(registry, "ApprovalInvalid")
        .withArgs(address);
      // The others act without it.
      const keys = await Promise.all(council.slice(1, 3).map((key) => signApproval(domain, key, act, MaxUint256)));
      await expect(registry.halt(MODULE, "look", MaxUint256, keys)).to.emit(registry, "Halted");
    });
  }

  it("EMG-75 a sender who leaves the wallet too little gas is told so: that is no refusal of the wallet's", async () => {
    const fixture = await loadFixture(walletFixture);
    const { registry } = fixture;
    const { act } = await registry.actOf(HALT, MODULE);
    const signature = await approvalOf(fixture, act, MaxUint256);
    await expect(
      registry.halt(MODULE, "look", MaxUint256, [signature], { gasLimit: 200_000 }),
    ).to.be.revertedWithCustomError(registry, "WalletGasTooLow");
  });

  it("EMG-75 an outsider's wallet is no member, whatever it answers", async () => {
    const fixture = await loadFixture(walletFixture);
    const { registry, keys } = fixture;
    const wallet = (await ethers.deployContract("Wallet__MockForCouncil", [
      keys.map(({ address }) => address),
      2,
    ])) as unknown as Wallet__MockForCouncil;
    const { act } = await registry.actOf(HALT, MODULE);
    const signature = await approvalOf({ ...fixture, wallet, address: await wallet.getAddress() }, act, MaxUint256);
    expect(getBytes(signature).length).to.equal(150);
    await expect(registry.halt(MODULE, "look", MaxUint256, [signature])).to.be.revertedWithCustomError(
      registry,
      "NotCouncilMember",
    );
  });
});

describe("a stop of one plan (emergencyHalt)", () => {
  /** What a stop does in each place: the state it leads to. */
  const AFTER: Record<string, bigint> = {
    Voting: State.Cancelled,
    Defeated: State.Defeated,
    Approved: State.Cancelled,
    Scheduled: State.Cancelled,
    InProgress: State.Stalled,
    "InProgress, contained": State.Stalled,
    "InProgress, last dwell": State.Stalled,
    "InProgress, last dwell over": State.InProgress,
    "Stalled by veto": State.Stalled,
    "Stalled by a lapsed window": State.Stalled,
    Completed: State.Completed,
    RolledBack: State.RolledBack,
    "Cancelled by its proposer": State.Cancelled,
    "Cancelled by veto": State.Cancelled,
    "Expired before it was scheduled": State.Expired,
    "Expired before its first stage": State.Expired,
    Invalidated: State.Invalidated,
  };

  it("EMG-82 is known of every place that a plan can be in", () => {
    expect([...Object.keys(AFTER), "Unknown"].sort()).to.deep.equal(Object.keys(PLACES).sort());
  });

  for (const [place, expected] of Object.entries(AFTER)) {
    it(`EMG-82 ${place}: two of five are refused; the third stops at once what can be stopped, and says why`, async () => {
      const world = await loadFixture(planWorld);
      await PLACES[place]?.(world);
      const { registry, council, proposalId, module } = world;
      if (place !== "Invalidated") await module.setCanary(1);
      const before = await stateOf(world, proposalId);
      const { need } = await registry.actOf(STOP, proposalId);
      const spent = 3n - (await registry.vetoBudget());
      expect(need).to.equal(3n + spent);
      for (const member of council.slice(0, Number(need) - 1)) {
        await registry.connect(member).emergencyHalt(proposalId, "drained", 0, []);
      }
      expect(await stateOf(world, proposalId)).to.equal(before);
      expect((await registry.haltOf(MODULE)).until).to.equal(0n);
      const transaction = registry.connect(council[Number(need) - 1]).emergencyHalt(proposalId, "drained", 0, []);
      const isVetoed = expected !== before;
      await expect(transaction).to.emit(registry, "EmergencyHalted").withArgs(proposalId, isVetoed, 1, "drained");
      await expect(transaction)
        .to.emit(registry, "Halted")
        .withArgs(MODULE, (await registry.haltOf(MODULE)).until, "drained");
      if (isVetoed) await expect(transaction).to.emit(registry, "ProposalVetoed");
      expect(await stateOf(world, proposalId)).to.equal(expected);
      expect((await registry.stateOf(proposalId)).isHalted).to.equal(true);
      if (place !== "Invalidated") expect(await module.isFrozen()).to.equal(true);
      await expect(registry.advance(world.plan)).to.be.reverted;
    });
  }

  it("EMG-82 refuses a plan that nobody proposed, an outsider, and a second stop of what is stopped", async () => {
    const world = await loadFixture(planWorld);
    const { registry, council, stranger } = world;
    await expect(registry.connect(council[0]).emergencyHalt(world.proposalId, "x", 0, []))
      .to.be.revertedWithCustomError(registry, "ProposalUnknown")
      .withArgs(world.proposalId);
    await PLACES["Scheduled"]?.(world);
    await expect(registry.emergencyHalt(world.proposalId, "x", 0, []))
      .to.be.revertedWithCustomError(registry, "NotCouncilMember")
      .withArgs(stranger.address);
    const [deadline, signatures] = await signedAct(world, "stop", world.proposalId);
    await registry.emergencyHalt(world.proposalId, "x", deadline, signatures);
    await expect(registry.connect(council[0]).emergencyHalt(world.proposalId, "x", 0, []))
      .to.be.revertedWithCustomError(registry, "NothingToStop")
      .withArgs(world.proposalId);
  });

  it("EMG-82 halts where no veto is left, and vetoes where no halt is left", async () => {
    const fixture = await loadFixture(moduleFixture);
    const { registry, module, council, parameters } = fixture;
    const one = { haltThreshold: 1, vetoThreshold: 1, liftThreshold: 1, vetoBudget: 1 };
    await (await asTimelock(fixture)).setCouncil({ ...parameters.council, ...one });
    const member = registry.connect(council[0]);
    const [first = "", second = ""] = [
      await propose(fixture, await dialPlan(fixture, module, { nonce: 1n })),
      await propose(fixture, await dialPlan(fixture, module, { nonce: 2n })),
    ];
    await member.halt(MODULE, "look", 0, []);
    await expect(member.emergencyHalt(first, "x", 0, []))
      .to.emit(registry, "EmergencyHalted")
      .withArgs(first, true, 0, "x");
    await time.increaseTo(await registry.haltableAt(MODULE));
    for (const key of council.slice(0, 1)) await registry.connect(key).emergencyHalt(second, "y", 0, []);
    await expect(registry.connect(council[1]).emergencyHalt(second, "y", 0, []))
      .to.emit(registry, "EmergencyHalted")
      .withArgs(second, false, 1, "y");
  });
});

describe("a halt in every state", () => {
  for (const [place, reach] of Object.entries(PLACES)) {
    it(`EMG-83 ${place}: everything, and the module, can be halted and lifted`, async () => {
      const world = await loadFixture(planWorld);
      await reach(world);
      const { registry, proposalId } = world;
      const state = await stateOf(world, proposalId);
      for (const scope of [ZeroHash, MODULE]) {
        const [deadline, signatures] = await signedAct(world, "halt", scope);
        await registry.halt(scope, "look", deadline, signatures);
        if (place !== "Unknown") expect((await registry.stateOf(proposalId)).isHalted).to.equal(true);
        expect(await stateOf(world, proposalId)).to.equal(state);
        const [until, lifts] = await signedAct(world, "lift", scope);
        await registry.lift(scope, until, lifts);
        expect(await stateOf(world, proposalId)).to.equal(state);
      }
    });
  }

  /** Ends of what is under way, which a halt moves by as long as it lasts. */
  const MOVED: Record<string, ("notBefore" | "notAfter")[]> = {
    Voting: ["notAfter"],
    Approved: ["notAfter"],
    Scheduled: ["notBefore", "notAfter"],
    InProgress: ["notBefore", "notAfter"],
    "InProgress, last dwell": ["notBefore"],
  };

  for (const [place, fields] of Object.entries(MOVED)) {
    it(`EMG-84 ${place}: a halt of two days moves ${fields.join(" and ")} by two days, to the second`, async () => {
      const world = await loadFixture(planWorld);
      await PLACES[place]?.(world);
      const { registry, proposalId } = world;
      const before = await registry.stateOf(proposalId);
      const [deadline, signatures] = await signedAct(world, "halt", MODULE);
      await registry.halt(MODULE, "look", deadline, signatures);
      const { until } = await registry.haltOf(MODULE);
      await time.increaseTo(until + 7n);
      const after = await registry.stateOf(proposalId);
      for (const field of fields) expect(after[field] - before[field], field).to.equal(BigInt(2 * DAY));
      expect(after.isHalted).to.equal(false);
      expect(fields).to.have.length.greaterThan(0);
    });
  }
});
