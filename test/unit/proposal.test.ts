import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { RightKind } from "../../src/invariants/types";
import { hashPlan } from "../../src/plan/eip712";
import { Op, PlanClass, type Plan } from "../../src/plan/types";
import { DAY, registryFixture } from "../fixtures/registry";
import { asTimelock } from "../helpers/asTimelock";
import { propose, State, stateOf, toApproved, toInProgress } from "../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, dialStage, MODULE, REPORT } from "../helpers/plans";
import { domainOf } from "../helpers/signatures";

async function moduleFixture() {
  const fixture = await registryFixture();
  const module = await addModule(fixture);
  return { ...fixture, module, plan: await dialPlan(fixture, module) };
}

const changedStage = (plan: Plan, index: number, over: Partial<Plan["stages"][number]>): Plan => ({
  ...plan,
  stages: plan.stages.map((stage, i) => (i === index ? { ...stage, ...over } : stage)),
});
const changedRollback = (plan: Plan, over: Partial<Plan["rollbacks"][number]>): Plan => ({
  ...plan,
  rollbacks: plan.rollbacks.map((rollback) => ({ ...rollback, ...over })),
});

describe("ProposalFacet", () => {
  describe("propose", () => {
    it("GOV-20 is named by the plan's EIP-712 hash, and puts the whole plan into its event", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, release, plan } = fixture;
      const proposalId = hashPlan(plan, await domainOf(fixture));
      expect(await registry.proposalIdOf(plan)).to.equal(proposalId);
      const transaction = await registry.connect(release).propose(plan);
      const receipt = await transaction.wait();
      const [event] = await registry.queryFilter(
        registry.filters["ProposalCreated" as never] as never,
        receipt?.blockNumber,
        receipt?.blockNumber,
      );
      const emitted = event as unknown as { args: { proposalId: string; proposer: string; plan: Plan } };
      expect([emitted.args.proposalId, emitted.args.proposer]).to.deep.equal([proposalId, release.address]);
      const encode = (whole: Plan) => registry.interface.encodeFunctionData("proposalIdOf", [whole]);
      expect(encode(emitted.args.plan)).to.equal(encode(plan));
      expect(await stateOf(fixture, proposalId)).to.equal(State.Voting);
    });

    it("GOV-21 keeps the facts of that moment", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, release, plan } = fixture;
      const proposalId = await propose(fixture, plan);
      const now = BigInt(await time.latest());
      const facts = await registry.proposalOf(proposalId);
      expect([facts.proposer, facts.proposedAt, facts.votingEndsAt]).to.deep.equal([
        release.address,
        now,
        now + BigInt(3 * DAY),
      ]);
      expect([[...facts.modules], facts.reportHash, facts.scheduledAt]).to.deep.equal([[MODULE], REPORT, 0n]);
      expect(facts.electorate).to.equal((await registry.electorate()).pointer);
    });

    it("GOV-22 keeps its thresholds when the class changes later", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, parameters, plan } = fixture;
      const proposalId = await toApproved(fixture, plan);
      const harder = { ...parameters.policies.standard, approval: { numerator: 1, denominator: 1 }, delay: 30 * DAY };
      await (await asTimelock(fixture)).setClassPolicy(PlanClass.Standard, harder);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Approved);
      await registry.schedule(plan);
      const { eta, scheduledAt } = await registry.proposalOf(proposalId);
      expect(eta - scheduledAt).to.equal(BigInt(DAY));
    });

    it("GOV-23 is the release role's, and the named proposer's, alone", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, release, stranger, others, plan } = fixture;
      await expect(registry.connect(stranger).propose({ ...plan, proposer: stranger.address }))
        .to.be.revertedWithCustomError(registry, "Unauthorized")
        .withArgs(stranger.address, id("RELEASE"));
      const colleague = others[0]?.address ?? "";
      await expect(registry.connect(release).propose({ ...plan, proposer: colleague }))
        .to.be.revertedWithCustomError(registry, "NotProposer")
        .withArgs(ZeroHash, release.address, colleague);
    });

    it("GOV-24 happens once a plan, even after it was cancelled; another nonce is another plan", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, release, plan } = fixture;
      const proposalId = await propose(fixture, plan);
      await registry.connect(release).cancel(proposalId);
      await expect(propose(fixture, plan))
        .to.be.revertedWithCustomError(registry, "ProposalExists")
        .withArgs(proposalId);
      await propose(fixture, { ...plan, nonce: 1n });
    });

    it("GOV-25 refuses a class that is not available", async () => {
      const fixture = await loadFixture(moduleFixture);
      await expect(propose(fixture, { ...fixture.plan, planClass: PlanClass.Emergency }))
        .to.be.revertedWithCustomError(fixture.registry, "ClassUnavailable")
        .withArgs(PlanClass.Emergency);
    });

    it("GOV-26 refuses a call to the registry or its timelock in a plan of class Standard", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, deployment, plan } = fixture;
      for (const target of [deployment.registry, deployment.timelock]) {
        const calls = [{ target, value: 0n, data: "0x" }];
        for (const bad of [changedStage(plan, 1, { calls }), changedRollback(plan, { calls })]) {
          await expect(propose(fixture, bad))
            .to.be.revertedWithCustomError(registry, "CriticalClassRequired")
            .withArgs(target);
        }
        await propose(fixture, { ...changedStage(plan, 1, { calls }), planClass: PlanClass.Critical });
      }
    });

    describe("form of the plan", () => {
      it("GOV-27 has 1 to 32 stages, each with a call", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, module, plan } = fixture;
        await expect(propose(fixture, { ...plan, stages: [], rollbacks: [] }))
          .to.be.revertedWithCustomError(registry, "StageCountInvalid")
          .withArgs(0, 32);
        const stage = await dialStage(module, 1n);
        await expect(propose(fixture, { ...plan, stages: Array.from({ length: 33 }, () => stage) }))
          .to.be.revertedWithCustomError(registry, "StageCountInvalid")
          .withArgs(33, 32);
        await expect(propose(fixture, changedStage(plan, 1, { calls: [] })))
          .to.be.revertedWithCustomError(registry, "StageEmpty")
          .withArgs(1);
      });

      it("GOV-28 has one way back from every stage, but from a last one without dwell", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, plan } = fixture;
        const [back] = plan.rollbacks;
        if (back === undefined) throw new Error("the plan has a rollback");
        const cases: [Plan, number, number][] = [
          [{ ...plan, rollbacks: [] }, 0, 0],
          [{ ...plan, rollbacks: [back, back] }, 0, 2],
          [changedStage(plan, 1, { dwell: 1n }), 1, 0],
          [
            {
              ...plan,
              rollbacks: [
                { ...back, to: 1 },
                { ...back, from: 1, to: 1 },
              ],
            },
            1,
            2,
          ],
        ];
        for (const [bad, stage, covering] of cases) {
          await expect(propose(fixture, bad))
            .to.be.revertedWithCustomError(registry, "RollbackCoverage")
            .withArgs(stage, covering);
        }
        await propose(fixture, { ...changedStage(plan, 1, { dwell: 1n }), rollbacks: [{ ...back, to: 1 }] });
      });

      it("GOV-29 has rollbacks with calls, over stages that exist", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, plan } = fixture;
        await expect(propose(fixture, changedRollback(plan, { calls: [] })))
          .to.be.revertedWithCustomError(registry, "RollbackEmpty")
          .withArgs(0);
        for (const [from, to] of [
          [1, 0],
          [0, 2],
        ] as const) {
          await expect(propose(fixture, changedRollback(plan, { from, to })))
            .to.be.revertedWithCustomError(registry, "RollbackRangeInvalid")
            .withArgs(0, from, to);
        }
      });

      it("GOV-30 has durations within a year, and windows of a minute at least", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, plan } = fixture;
        const year = BigInt(365 * DAY);
        const { readiness } = plan;
        const cases: [Plan, string, bigint, bigint][] = [
          [{ ...plan, executionWindow: 59n }, "executionWindow", 59n, 60n],
          [{ ...plan, executionWindow: year + 1n }, "executionWindow", year + 1n, 60n],
          [{ ...plan, readiness: { ...readiness, deadline: 59n } }, "readiness.deadline", 59n, 60n],
          [
            { ...plan, readiness: { ...readiness, schedulingWindow: year + 1n } },
            "readiness.schedulingWindow",
            year + 1n,
            0n,
          ],
          [changedStage(plan, 0, { dwell: year + 1n }), "dwell", year + 1n, 0n],
        ];
        for (const [bad, field, actual, min] of cases) {
          await expect(propose(fixture, bad))
            .to.be.revertedWithCustomError(registry, "DurationOutOfBounds")
            .withArgs(field, actual, min, year);
        }
        await expect(
          propose(fixture, { ...plan, readiness: { ...readiness, threshold: { numerator: 3, denominator: 2 } } }),
        )
          .to.be.revertedWithCustomError(registry, "FractionInvalid")
          .withArgs(3, 2);
      });

      it("GOV-31 carries evidence where its class wants the rehearsal attested", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, plan } = fixture;
        await expect(
          propose(fixture, { ...plan, evidence: { ...plan.evidence, reportHash: ZeroHash } }),
        ).to.be.revertedWithCustomError(registry, "EvidenceMissing");
      });

      it("PLN-97 pins, in every batch by itself, each account whose code the batch runs; registry and timelock too", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, timelock, module, plan, deployment } = fixture;
        const account = await module.getAddress();
        // The pin of one batch is none of another, and one of several calls left out is enough.
        const second = { target: deployment.timelock, value: 0n, data: "0x12345678" };
        const cases: [Plan, string, number, string][] = [
          [changedStage(plan, 0, { pins: [] }), "stages", 0, account],
          [changedStage(plan, 1, { pins: [] }), "stages", 1, account],
          [changedRollback(plan, { pins: [] }), "rollbacks", 0, account],
          [
            changedStage({ ...plan, planClass: PlanClass.Critical }, 1, { calls: [...plan.stages[1]!.calls, second] }),
            "stages",
            1,
            deployment.timelock,
          ],
        ];
        const data = registry.interface.encodeFunctionData("setMinInterval", [0]);
        const update = timelock.interface.encodeFunctionData("updateDelay", [0]);
        for (const call of [
          { target: deployment.registry, value: 0n, data },
          { target: deployment.timelock, value: 0n, data: update },
        ]) {
          const governing = { ...plan, planClass: PlanClass.Critical };
          cases.push([changedStage(governing, 0, { calls: [call] }), "stages", 0, call.target]);
          cases.push([changedRollback(governing, { calls: [call] }), "rollbacks", 0, call.target]);
        }
        for (const [bad, batch, index, target] of cases) {
          await expect(propose(fixture, bad))
            .to.be.revertedWithCustomError(registry, "CallUnpinned")
            .withArgs(batch, index, target);
        }
      });

      it("PLN-98 sends native value without calldata where no pin could be: to an account without code", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { plan, stranger } = fixture;
        const transfer = { target: stranger.address, value: 1n, data: "0x" };
        const paying = changedStage(plan, 0, { calls: [...plan.stages[0]!.calls, transfer] });
        expect(await stateOf(fixture, await propose(fixture, paying))).to.equal(State.Voting);
      });

      it("PIN-04 pins no zero and no empty hash", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, module, plan } = fixture;
        const account = await module.getAddress();
        for (const codeHash of [ZeroHash, ethers.keccak256("0x")]) {
          const pins = [{ account, codeHash }];
          for (const bad of [changedStage(plan, 0, { pins }), changedRollback(plan, { pins })]) {
            await expect(propose(fixture, bad)).to.be.revertedWithCustomError(registry, "PinEmpty").withArgs(account);
          }
        }
      });

      it("GATE-01 asks the registry only what it can answer", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, plan } = fixture;
        const gate = (data: string) => ({ probe: { target: ZeroAddress, data, gas: 0n }, op: Op.Gte, bound: 1n });
        for (const signature of ["adoptedPower()", "successReports()", "canaryCalls(address)"]) {
          const data = id(signature).slice(0, 10);
          await expect(propose(fixture, changedStage(plan, 0, { gates: [gate(data)] })))
            .to.be.revertedWithCustomError(registry, "GateUnknown")
            .withArgs(data);
        }
      });

      it("INV-07 finds a word for every AtPropose invariant that it cites", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, module, plan } = fixture;
        const good = await dialInvariant(module, { rightKind: RightKind.AtPropose, op: Op.Eq });
        const left = { ...good.condition.left, data: "0xdeadbeef" };
        const invariant = await define(fixture, { ...good, condition: { ...good.condition, left } });
        await expect(propose(fixture, changedStage(plan, 0, { invariants: [invariant] })))
          .to.be.revertedWithCustomError(registry, "BaselineUnavailable")
          .withArgs(invariant);
      });
    });

    describe("targets", () => {
      it("MOD-07 are modules that exist, once each, at their base version", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, plan } = fixture;
        const unknown = encodeBytes32String("unknown");
        const target = { module: MODULE, baseVersion: 0n };
        await expect(propose(fixture, { ...plan, targets: [target, { module: unknown, baseVersion: 0n }] }))
          .to.be.revertedWithCustomError(registry, "ModuleUnknown")
          .withArgs(unknown);
        await expect(propose(fixture, { ...plan, targets: [target, target] }))
          .to.be.revertedWithCustomError(registry, "TargetRepeated")
          .withArgs(MODULE);
        await expect(propose(fixture, { ...plan, targets: [{ ...target, baseVersion: 1n }] }))
          .to.be.revertedWithCustomError(registry, "StaleBase")
          .withArgs(MODULE, 1, 0);
        await expect(propose(fixture, { ...plan, targets: Array.from({ length: 16 }, () => target) }))
          .to.be.revertedWithCustomError(registry, "TooManyTargets")
          .withArgs(16, 15);
      });

      it("MOD-08 are not held by another plan", async () => {
        const fixture = await loadFixture(moduleFixture);
        const proposalId = await toInProgress(fixture, fixture.plan);
        await expect(propose(fixture, { ...fixture.plan, nonce: 1n }))
          .to.be.revertedWithCustomError(fixture.registry, "ModuleLocked")
          .withArgs(MODULE, proposalId);
      });

      it("MOD-09 name every module that a call reaches, directly or through the account that upgrades it", async () => {
        const fixture = await loadFixture(moduleFixture);
        const { registry, release, module, plan } = fixture;
        const account = await module.getAddress();
        await expect(propose(fixture, { ...plan, targets: [] }))
          .to.be.revertedWithCustomError(registry, "ModuleNotTargeted")
          .withArgs(account);
        const admin = await ethers.deployContract("Module__MockForRegistry", [ZeroAddress]);
        const proxy = await ethers.deployContract("Module__MockForRegistry", [ZeroAddress]);
        const [adminAt, proxyAt] = [await admin.getAddress(), await proxy.getAddress()];
        await registry.connect(release).registerModule(encodeBytes32String("proxied"), 1, proxyAt, adminAt);
        const data = new ethers.Interface(["function upgrade(address,address)"]).encodeFunctionData("upgrade", [
          proxyAt,
          account,
        ]);
        await expect(propose(fixture, changedStage(plan, 1, { calls: [{ target: adminAt, value: 0n, data }] })))
          .to.be.revertedWithCustomError(registry, "ModuleNotTargeted")
          .withArgs(proxyAt);
      });
    });
  });

  describe("cancel", () => {
    it("GOV-33 is the proposer's, while the plan is voted on", async () => {
      const fixture = await loadFixture(moduleFixture);
      const { registry, release, council, plan } = fixture;
      const proposalId = await propose(fixture, plan);
      await expect(registry.connect(council[0]).cancel(proposalId))
        .to.be.revertedWithCustomError(registry, "NotProposer")
        .withArgs(proposalId, council[0]?.address, release.address);
      await expect(registry.connect(release).cancel(proposalId))
        .to.emit(registry, "ProposalCancelled")
        .withArgs(proposalId, release.address);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Cancelled);
    });

    it("GOV-34 is over once the plan is approved", async () => {
      const fixture = await loadFixture(moduleFixture);
      const proposalId = await toApproved(fixture, fixture.plan);
      await expect(fixture.registry.connect(fixture.release).cancel(proposalId))
        .to.be.revertedWithCustomError(fixture.registry, "ProposalInState")
        .withArgs(proposalId, State.Approved, State.Voting);
    });
  });

  describe("views", () => {
    it("GOV-35 know nothing of a plan that nobody proposed", async () => {
      const { registry } = await loadFixture(moduleFixture);
      expect((await registry.stateOf(id("unknown"))).state).to.equal(State.Unknown);
      await expect(registry.proposalOf(id("unknown")))
        .to.be.revertedWithCustomError(registry, "ProposalUnknown")
        .withArgs(id("unknown"));
    });
  });
});
