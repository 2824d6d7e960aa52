import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import hre, { ethers } from "hardhat";
import { readAddressBook } from "../../src/chain/addressBook";
import { RightKind } from "../../src/invariants/types";
import { isDeployed } from "../../src/plan/checkLayout";
import { buildPlan } from "../../src/plan/buildPlan";
import { prepareDeployments } from "../../src/plan/prepareDeployments";
import { parsePlanText } from "../../src/plan/readPlanFile";
import { renderPlan } from "../../src/report/renderPlan";
import { Op, RollbackKind, type Call, type Plan } from "../../src/plan/types";
import { rollbacks } from "../../src/simulate/checks/28-rollbacks";
import type { Evidence } from "../../src/simulate/checks/types";
import type { Answer } from "../../src/simulate/types";
import { CATALOGUE, ROOT, withOwnFolder } from "../fixtures/bridgeModule";
import { counterFixture, counterPlan, type CounterFixture } from "../fixtures/counterModule";
import { vaultFixture } from "../fixtures/vaultModule";
import { DAY } from "../fixtures/registry";
import { expectError } from "../helpers/expectError";
import { State, stateOf, toInProgress, toNextStep, toScheduled } from "../helpers/lifecycle";
import { addModule, define, dialInvariant, dialPlan, dialStage, REPORT } from "../helpers/plans";

const OPTIONS = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };
const V1 = "replaces: CounterV1__MockForPlan";
const own = async () => withOwnFolder(await loadFixture(counterFixture));
const load = ({ client }: Pick<CounterFixture, "client">, text: string) =>
  parsePlanText(text, "plan.yaml", readAddressBook(client.deploymentsDir));
const build = (fixture: Pick<CounterFixture, "client" | "connected">, text: string) =>
  buildPlan(fixture.client, fixture.connected, load(fixture, text), OPTIONS);

describe("attacks on what is stored", () => {
  describe("pike_inserted_base", () => {
    // Pike, April 2024: the fix added a pausable base in front, and `initialized` was read from another slot.
    it("ATK-160 pike_inserted_base: plain fields that a new base moves are refused, each named", async () => {
      const fixture = await own();
      await fixture.counter.increment();
      await expectError(() => build(fixture, counterPlan("CounterV2Pike__MockForPlan", [V1])), "StorageLayoutBroken", {
        where: "key upgrade, storage.isInitialized",
        expected: "bool isInitialized at slot 0, byte 0",
        found: "bool isInitialized at slot 1, byte 0 (field moved, and 2 more)",
      });
    });

    it("ATK-160 pike_inserted_base: as it happened, a stranger initialises the upgraded module again", async () => {
      const fixture = await own();
      const { registry, counter, stranger } = fixture;
      const { plan } = await prepareDeployments(
        fixture.client,
        fixture.connected,
        load(fixture, counterPlan()),
        OPTIONS,
      );
      const pike = await ethers.deployContract("CounterV2Pike__MockForPlan");
      const data = pike.interface.encodeFunctionData("upgradeToAndCall", [await pike.getAddress(), "0x"]);
      const stages = [{ ...plan.stages[0]!, calls: [{ target: fixture.proxy, value: 0n, data }] }];
      const proposalId = await toScheduled(fixture, { ...plan, stages });
      await toNextStep(fixture, proposalId);
      await registry.advance({ ...plan, stages });
      await counter.connect(stranger).initialize(stranger.address);
      expect(await counter.owner()).to.equal(stranger.address);
    });

    it("ATK-160 pike_inserted_base: what is meant is accepted field by field, and shown to whoever votes", async () => {
      const fixture = await own();
      await fixture.counter.increment();
      const text = (fields: string[]) =>
        counterPlan("CounterV2Pike__MockForPlan", [V1, `acceptLayout: [${fields.join(", ")}]`]);
      const moved = ["storage.isInitialized", "storage.owner", "storage.count"];
      await expectError(() => build(fixture, text(moved.slice(1))), "StorageLayoutBroken", {
        where: "storage.isInitialized",
      });
      await expectError(() => build(fixture, text([...moved, "storage.limit"])), "PlanFileInvalid", {
        where: "key upgrade.acceptLayout.3",
        expected: "one of storage.isInitialized, storage.owner, storage.count",
      });
      // Accepted, it still fails where the owner is read from the wrong slot.
      await expectError(() => build(fixture, text(moved)), "CallReverts", { found: "NotOwner" });

      const signed = counterPlan("CounterV2Signed__MockForPlan", [V1, "acceptLayout: [storage.count]"]);
      const { explain, impact } = await build(fixture, signed);
      const finding = "storage.count: type changed, uint256 → int256, ACCEPTED by the plan file";
      expect(impact.storage).to.deep.equal({ verdict: "accepted", findings: [finding] });
      expect(explain.warnings.join("\n")).to.contain("the plan file accepts that: see Storage");
      expect(renderPlan(explain)).to.contain(`Storage\n  accepted\n     ${finding}`);
    });
  });

  it("ATK-161 tells a field under another name and one in a gap, and refuses neither", async () => {
    const fixture = await own();
    const { impact } = await build(fixture, counterPlan("CounterV2Gap__MockForPlan", [V1]));
    expect(impact.storage!.verdict).to.equal("compatible");
    expect(impact.storage!.findings.map((finding) => finding.split(",")[0])).to.deep.equal([
      "storage.count: field renamed",
      "storage.step: gap used",
    ]);
    // And names what goes, since the old ABI is known.
    expect(impact.selectors[0]!.removed.map(({ signature }) => signature)).to.include("transferOwnership(address)");
  });

  it("ATK-161 passes what only appends, plain fields and namespaces, and says where nothing was compared", async () => {
    const fixture = await own();
    const { impact } = await build(fixture, counterPlan(undefined, [V1]));
    expect(impact.storage).to.deep.equal({ verdict: "compatible", findings: [] });
    const bare = await build(fixture, counterPlan());
    expect(bare.impact.storage!.verdict).to.equal("not compared");
    expect(bare.explain.warnings.join("\n")).to.contain("was not compared: the plan file does not name the code");

    const vault = withOwnFolder(await loadFixture(vaultFixture));
    const text = [
      "title: Vault",
      "module: vault",
      "upgrade:",
      "  contract: VaultV2",
      "  replaces: VaultV1",
      "  init: { function: migrateV2(uint256), args: [1] }",
      "canary: none",
      "",
    ].join("\n");
    const upgraded = await build(vault, text);
    expect(upgraded.impact.storage).to.deep.equal({ verdict: "compatible", findings: [] });
  });

  it("ATK-161 believes no name: the code that serves must be what the named artifact builds", async () => {
    const fixture = await own();
    await expectError(
      () => build(fixture, counterPlan("CounterV2Pike__MockForPlan", ["replaces: CounterV2Gap__MockForPlan"])),
      "CandidateMismatch",
      { where: "key upgrade.replaces", expected: fixture.stable, found: "CounterV2Gap__MockForPlan" },
    );
    const { deployedBytecode } = await hre.artifacts.readArtifact("CounterV1__MockForPlan");
    const code = await ethers.provider.getCode(fixture.stable);
    expect(code).to.not.equal(deployedBytecode);
    expect(isDeployed(code, deployedBytecode)).to.equal(true);
    expect(isDeployed(code.replace("60", "61"), deployedBytecode)).to.equal(false);
  });

  describe("rollback_after_writes", () => {
    async function written() {
      const fixture = await own();
      const { plan } = await prepareDeployments(
        fixture.client,
        fixture.connected,
        load(fixture, counterPlan()),
        OPTIONS,
      );
      await toInProgress(fixture, plan);
      await fixture.counter.increment();
      return { ...fixture, plan };
    }

    it("ATK-162 rollback_after_writes: code goes back, what the candidate wrote stays, and the plan says lossy", async () => {
      const fixture = await written();
      const { registry, council, counter, plan } = fixture;
      expect(await counter.count()).to.equal(2n);
      for (const member of council.slice(0, 3)) await registry.connect(member).rollbackByCouncil(plan, "look", 0, []);
      expect(await stateOf(fixture, await registry.proposalIdOf(plan))).to.equal(State.RolledBack);
      expect(await counter.count()).to.equal(2n);
      await counter.increment();
      expect(await counter.count()).to.equal(3n);
      expect(plan.rollbacks[0]!.kind).to.equal(RollbackKind.Lossy);
    });

    it("ATK-162 rollback_after_writes: a rehearsal fails a way back that is stated clean and leaves words behind", async () => {
      const { plan, proxy } = await written();
      const word = (value: number) => `0x${value.toString(16).padStart(64, "0")}`;
      const residue = [{ account: proxy, slot: word(1), before: word(0), after: word(2) }];
      const statusOf = (kind: RollbackKind, left: typeof residue) => {
        const rollback = { afterStages: 1, index: 0, by: "council", gasUsed: 1n, transactions: 1, seconds: 1 };
        const way = { ...rollback, state: "RolledBack", after: [], isRestored: true, residue: left, invariants: [] };
        const evidence = {
          plan: { ...plan, rollbacks: [{ ...plan.rollbacks[0]!, kind }] },
          notes: { stages: [], rollbacks: [way], containments: [], negatives: [], initial: [], final: [] },
        };
        // The check reads the plan and the notes alone.
        return rollbacks.begin().conclude(evidence as unknown as Evidence) as Answer;
      };
      const failed = statusOf(RollbackKind.Clean, residue);
      expect(failed.status).to.equal("fail");
      expect(failed.evidence.at(-1)).to.equal("after 1: stated clean, and 1 slots stay written");
      expect(statusOf(RollbackKind.Clean, []).status).to.equal("pass");
      expect(statusOf(RollbackKind.Lossy, residue).status).to.equal("pass");
    });
  });

  describe("redeploy_half_migrated", () => {
    /** Balances of two users move to a new address, one stage each; the sum of both ledgers is an invariant. */
    async function migration() {
      const fixture = await own();
      const { deployment, electors } = fixture;
      const [old, fresh] = [
        await ethers.deployContract("Ledger__MockForPlan", [deployment.timelock]),
        await ethers.deployContract("Ledger__MockForPlan", [deployment.timelock]),
      ];
      const sum = await ethers.deployContract("Sum__MockForPlan", [await old.getAddress(), await fresh.getAddress()]);
      const owner = await ethers.getImpersonatedSigner(deployment.timelock);
      await ethers.provider.send("hardhat_setBalance", [owner.address, "0xde0b6b3a7640000"]);
      const users = electors.slice(0, 2).map(({ address }) => address);
      for (const user of users) await old.connect(owner).credit(user, 50);
      const spare = await addModule(fixture);
      const base = await dialInvariant(spare, {
        name: "balances-conserved",
        op: Op.Eq,
        rightKind: RightKind.AtPropose,
      });
      const left = { target: await sum.getAddress(), data: sum.interface.encodeFunctionData("total"), gas: 100_000n };
      const conserved = await define(fixture, { ...base, condition: { ...base.condition, left } });
      const call = async (ledger: typeof old, verb: "credit" | "debit", user: string): Promise<Call> => ({
        target: await ledger.getAddress(),
        value: 0n,
        data: ledger.interface.encodeFunctionData(verb as "credit", [user, 50]),
      });
      const move = async (from: typeof old, to: typeof old, user: string) => [
        await call(from, "debit", user),
        await call(to, "credit", user),
      ];
      const pinned = async (calls: Call[]) =>
        Promise.all(
          [...new Set(calls.map(({ target }) => target))].map(async (account) => ({
            account,
            codeHash: ethers.keccak256(await ethers.provider.getCode(account)),
          })),
        );
      const stage = async (calls: Call[], dwell: number, invariants: string[]) =>
        dialStage(spare, 1n, { calls, pins: await pinned(calls), dwell: BigInt(dwell), invariants });
      const plan = async (second: Call[], invariants: string[]): Promise<Plan> => {
        const first = await move(old, fresh, users[0]!);
        const back = await move(fresh, old, users[0]!);
        const form = await dialPlan(fixture, spare);
        return {
          ...form,
          title: "Move the ledger",
          stages: [await stage(first, DAY, invariants), await stage(second, 0, invariants)],
          rollbacks: [{ ...form.rollbacks[0]!, calls: back, pins: await pinned(back), invariants }],
        };
      };
      return { ...fixture, old, fresh, sum, users, conserved, call, move, plan };
    }

    it("ATK-163 redeploy_half_migrated: a plan that stops half-way goes back to the old address, nothing twice and nothing lost", async () => {
      const fixture = await migration();
      const { registry, old, fresh, sum, users, conserved, move } = fixture;
      const plan = await fixture.plan(await move(old, fresh, users[1]!), [conserved]);
      const proposalId = await toInProgress(fixture, plan);
      const balances = async () =>
        Promise.all([old, fresh].flatMap((ledger) => users.map((user) => ledger.balanceOf(user))));
      expect(await balances()).to.deep.equal([0n, 50n, 50n, 0n]);
      // Nobody runs the second stage in its time.
      const { notAfter } = await registry.stateOf(proposalId);
      await time.increaseTo(notAfter + 1n);
      expect(await stateOf(fixture, proposalId)).to.equal(State.Stalled);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "ProposalInState");
      await registry.rollback(plan);
      expect(await balances()).to.deep.equal([50n, 50n, 0n, 0n]);
      expect(await sum.total()).to.equal(100n);
    });

    it("ATK-163 redeploy_half_migrated: a stage that credits without its debit, or once too often, moves nothing at all", async () => {
      const fixture = await migration();
      const { registry, fresh, old, users, conserved, call, move } = fixture;
      const twice = [...(await move(old, fresh, users[1]!)), await call(fresh, "credit", users[0]!)];
      const plan = await fixture.plan(twice, [conserved]);
      const proposalId = await toInProgress(fixture, plan);
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(registry, "InvariantViolated");
      expect(await fresh.balanceOf(users[1]!)).to.equal(0n);
      expect(await old.balanceOf(users[1]!)).to.equal(50n);
    });

    it("ATK-163 redeploy_half_migrated: without the invariant the balance is there twice", async () => {
      const fixture = await migration();
      const { registry, fresh, sum, users, call } = fixture;
      const plan = await fixture.plan([await call(fresh, "credit", users[1]!)], []);
      const proposalId = await toInProgress(fixture, plan);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
      expect(await sum.total()).to.equal(150n);
    });
  });
});
