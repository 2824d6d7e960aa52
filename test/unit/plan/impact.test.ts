import { existsSync, mkdtempSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { encodeBytes32String, id, Interface, keccak256, ZeroAddress } from "ethers";
import hre, { ethers } from "hardhat";
import { readAddressBook } from "../../../src/chain/addressBook";
import { checkAuthority } from "../../../src/impact/checkAuthority";
import { readImpact } from "../../../src/impact/readImpact";
import { dispatchedSelectors } from "../../../src/impact/selectors";
import type { NamedSelector, PlanImpact } from "../../../src/impact/types";
import { planPaths } from "../../../src/journal/planPaths";
import { hashPlanStruct } from "../../../src/plan/eip712";
import { buildPlan } from "../../../src/plan/buildPlan";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { ModuleKind, PlanClass, type Call, type Plan } from "../../../src/plan/types";
import { selfUpgrade } from "../../../src/registry/selfUpgrade";
import { CATALOGUE, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { counterFixture, counterPlan, type CounterFixture } from "../../fixtures/counterModule";
import { batchOf, ROLLBACK_TAG } from "../../helpers/adopted";
import { expectError } from "../../helpers/expectError";
import { toScheduled } from "../../helpers/lifecycle";
import { addModule, dialPlan, dialStage, REPORT } from "../../helpers/plans";
import { runTaskOf } from "../../helpers/runTaskOf";

const OPTIONS = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };
const own = async () => withOwnFolder(await loadFixture(counterFixture));
const load = ({ client }: CounterFixture, text: string) =>
  parsePlanText(text, "plan.yaml", readAddressBook(client.deploymentsDir));
const build = (fixture: CounterFixture, text: string) =>
  buildPlan(fixture.client, fixture.connected, load(fixture, text), OPTIONS);
const signatures = (list: NamedSelector[]) => list.map(({ signature, selector }) => signature ?? selector).sort();
const selector = (signature: string) => id(signature).slice(0, 10);

/** A plan whose first stage makes these calls, and nothing else. */
async function calling(fixture: CounterFixture, calls: Call[], over: Partial<Plan> = {}): Promise<Plan> {
  const module = await addModule(fixture);
  const stage = await dialStage(module, 1n, { calls, pins: [] });
  return dialPlan(fixture, module, { stages: [stage], rollbacks: [], ...over });
}

describe("what a plan comes to", () => {
  it("PLN-110 names plan, call and operations by the hashes that registry and timelock give them", async () => {
    const fixture = await own();
    const { registry, timelock } = fixture;
    const { plan, impact } = await prepareDeployments(
      fixture.client,
      fixture.connected,
      load(fixture, counterPlan()),
      OPTIONS,
    );
    const harness = await ethers.deployContract("PlanHash__Harness");
    expect(impact.planHash).to.equal(hashPlanStruct(plan));
    expect(impact.planHash).to.equal(await harness.getFunction("hash")(plan));
    expect(impact.payloadHash).to.equal(keccak256(registry.interface.encodeFunctionData("propose", [plan])));
    const proposalId = await toScheduled(fixture, plan);
    expect(impact.proposalId).to.equal(proposalId);
    expect(impact.operations.map(({ batch }) => batch)).to.deep.equal(["stage 0", "rollback 0"]);
    for (const { id: operation } of impact.operations) expect(await timelock.isOperation(operation)).to.equal(true);
    expect(impact.operations.map(({ id: operation }) => operation)).to.deep.equal([
      await timelock.hashOperationBatch(...batchOf(fixture, proposalId, 0n, plan.stages[0]!.calls)),
      await timelock.hashOperationBatch(...batchOf(fixture, proposalId, ROLLBACK_TAG, plan.rollbacks[0]!.calls)),
    ]);
  });

  it("PLN-111 tells the functions that come and go, from the dispatch tables of what serves and what shall", async () => {
    const fixture = await own();
    const [diff] = (await build(fixture, counterPlan())).impact.selectors;
    expect(diff).to.include({ module: "counter", from: fixture.stable, basis: "dispatch tables" });
    expect(signatures(diff!.added)).to.deep.equal(["limit()", "setLimit(uint256)"]);
    expect([diff!.removed, diff!.changed]).to.deep.equal([[], []]);

    const [lost] = (await build(fixture, counterPlan("CounterV2Gap__MockForPlan"))).impact.selectors;
    expect(signatures(lost!.added)).to.deep.equal(["step()", "total()"]);
    expect(signatures(lost!.removed)).to.deep.equal(
      [selector("count()"), selector("initialize(address)"), selector("transferOwnership(address)")].sort(),
    );
  });

  it("PLN-111 reads a dispatch table as the compiler wrote it, for every contract of this tree's registry", async () => {
    for (const name of ["ProposalFacet", "StageFacet", "VaultV2", "UpgradeTimelock", "TransparentUpgradeableProxy"]) {
      const { abi, deployedBytecode } = await hre.artifacts.readArtifact(name);
      const declared: string[] = [];
      new Interface(abi).forEachFunction((fragment) => declared.push(fragment.selector));
      expect(dispatchedSelectors(deployedBytecode), name).to.include.members(declared);
      if (name !== "TransparentUpgradeableProxy") {
        expect(dispatchedSelectors(deployedBytecode), name).to.have.length(declared.length);
      }
    }
  });

  it("PLN-112 tells of a diamond what its cut adds, replaces and removes", async () => {
    const fixture = await own();
    const { registry, release, deployment } = fixture;
    const name = encodeBytes32String("registry");
    await registry.connect(release).registerModule(name, ModuleKind.Diamond, deployment.registry, deployment.timelock);
    const facet = await (await ethers.deployContract("Facet__MockForDiamond", [7])).getAddress();
    const gone = selector("minInterval()");
    const moved = selector("upgradeableAt(bytes32)");
    const facets = (await registry.facets()).map(({ facetAddress, functionSelectors }) => ({
      facetAddress,
      functionSelectors: functionSelectors.filter((one) => one !== gone && one !== moved),
    }));
    const { stage, rollback } = await selfUpgrade(ethers.provider, deployment.registry, {
      facets: [...facets, { facetAddress: facet, functionSelectors: ["0x11111111", moved] }],
      removals: [gone],
      dwell: 60n,
    });
    const plan = await dialPlan(fixture, await addModule(fixture), {
      planClass: PlanClass.Critical,
      targets: [{ module: name, baseVersion: 0n }],
      stages: [stage],
      rollbacks: [rollback],
    });
    const { selectors, roles } = await readImpact(fixture.client, fixture.connected, plan);
    const [diff] = selectors;
    expect(signatures(diff!.added)).to.deep.equal(["0x11111111"]);
    expect(signatures(diff!.removed)).to.deep.equal(["minInterval()"]);
    expect(diff!.changed.map(({ before, note }) => [before.signature, note])).to.deep.equal([
      ["upgradeableAt(bytes32)", `from ${deployment.facets.ModuleFacet} to ${facet}`],
    ]);
    expect(roles.map(({ what }) => what)).to.deep.equal(["diamondCut", "diamondCut"]);
  });

  describe("power", () => {
    it("PLN-113 decodes what grants, revokes and gives away, and tells it against the state now", async () => {
      const fixture = await own();
      const { timelock, stranger, deployment, registry, proxy } = fixture;
      const at = { target: deployment.timelock, value: 0n };
      const encode = timelock.interface;
      const proposer = id("PROPOSER_ROLE");
      const owner = new Interface(["function transferOwnership(address)"]);
      const plan = await calling(
        fixture,
        [
          { ...at, data: encode.encodeFunctionData("grantRole", [proposer, stranger.address]) },
          { ...at, data: encode.encodeFunctionData("revokeRole", [proposer, deployment.registry]) },
          { ...at, data: encode.encodeFunctionData("updateDelay", [0]) },
          { target: proxy, value: 0n, data: owner.encodeFunctionData("transferOwnership", [stranger.address]) },
          {
            target: deployment.registry,
            value: 0n,
            data: registry.interface.encodeFunctionData("revokeRole", [id("RISK"), fixture.risk.address]),
          },
        ],
        { planClass: PlanClass.Critical },
      );
      const { roles } = await readImpact(fixture.client, fixture.connected, plan);
      expect(roles.map(({ what, before, after }) => `${what}: ${before} → ${after}`)).to.deep.equal([
        `PROPOSER_ROLE of ${stranger.address}: does not hold it → holds it`,
        `PROPOSER_ROLE of ${deployment.registry}: holds it → does not hold it`,
        "delay: 3600 s → 0 s",
        `owner: ${deployment.timelock} → ${stranger.address}`,
        `RISK of ${fixture.risk.address}: holds it → does not hold it`,
      ]);
      expect(roles[3]!.where).to.equal("stage 0, call 3");
    });

    it("PLN-114 finds a message inside an upgrade, and an owner that code changes in silence", async () => {
      const fixture = await own();
      const { client, connected, deployment, stranger, counter, proxy } = fixture;
      const targets = [{ module: encodeBytes32String("counter"), baseVersion: 0n }];
      const give = counter.interface.encodeFunctionData("transferOwnership", [stranger.address]);
      const next = await (await ethers.deployContract("CounterV2__MockForPlan")).getAddress();
      const loud = counter.interface.encodeFunctionData("upgradeToAndCall", [next, give]);
      const shadow = await ethers.deployContract("Shadow__MockForPlan");
      const seize = shadow.interface.encodeFunctionData("seize", [stranger.address]);
      const silent = counter.interface.encodeFunctionData("upgradeToAndCall", [await shadow.getAddress(), seize]);
      const base = await calling(fixture, [], { targets });
      const rolesOf = async (data: string) => {
        const stages = [{ ...base.stages[0]!, calls: [{ target: proxy, value: 0n, data }] }];
        return (await readImpact(client, connected, { ...base, stages })).roles;
      };
      expect(await rolesOf(loud)).to.deep.equal([
        {
          where: "stage 0, call 0, inside upgradeToAndCall",
          account: proxy,
          what: "owner",
          before: deployment.timelock,
          after: stranger.address,
        },
      ]);
      expect(await rolesOf(silent)).to.deep.equal([
        {
          where: "all stages, on counter",
          account: proxy,
          what: "owner",
          before: deployment.timelock,
          after: "none",
        },
      ]);
    });

    it("PLN-115 prints that nothing moves", async () => {
      const fixture = await own();
      expect((await build(fixture, counterPlan())).impact.roles).to.deep.equal([]);
    });
  });

  describe("what a Standard plan may not do", () => {
    it("PLN-116 refuses calls of registry, timelock and authority, as the registry does, before anything is sent", async () => {
      const fixture = await own();
      const { client, connected, registry, release, deployment, timelock } = fixture;
      const calls: Call[] = [
        {
          target: deployment.registry,
          value: 0n,
          data: registry.interface.encodeFunctionData("setMinInterval", [0]),
        },
        { target: deployment.timelock, value: 0n, data: timelock.interface.encodeFunctionData("updateDelay", [0]) },
      ];
      const module = await addModule(fixture);
      for (const call of calls) {
        const stage = await dialStage(module, 1n, { calls: [call], pins: [] });
        const plan = await dialPlan(fixture, module, { stages: [stage], rollbacks: [] });
        await expectError(() => checkAuthority(client, connected, plan), "PlanClassTooLow", {
          where: "stage 0, call 0",
          found: call.target,
          next: "class: critical",
        });
        await expect(registry.connect(release).propose(plan))
          .to.be.revertedWithCustomError(registry, "CriticalClassRequired")
          .withArgs(call.target);
      }
      const text = counterPlan(
        undefined,
        [],
        [
          "rollback:",
          "  calls:",
          `    - { target: "${deployment.timelock}", function: "updateDelay(uint256)", args: [0] }`,
        ],
      );
      await expectError(() => build(fixture, text), "PlanClassTooLow", { where: "rollback 0, call 0" });
    });

    it("PLN-117 refuses to give a module away, which the registry would not see", async () => {
      const fixture = await own();
      const { registry, release, stranger, proxy, timelock, client, connected } = fixture;
      const text = (newOwner: string, planClass: string) =>
        counterPlan(
          undefined,
          [`init: { function: "transferOwnership(address)", args: ["${newOwner}"] }`],
          [`class: ${planClass}`, "rollback:", "  calls:", `    - { target: "${proxy}", function: "increment()" }`],
        );
      await expectError(() => build(fixture, text(stranger.address, "standard")), "PlanClassTooLow", {
        where: "stage 0, call 0, inside upgradeToAndCall",
        found: `to ${stranger.address}`,
      });
      await build(fixture, text(await timelock.getAddress(), "standard"));
      const { explain, plan } = await build(fixture, text(stranger.address, "critical"));
      expect(explain.warnings[0]).to.contain("moves power before the way back, which runs under it: owner");
      // What only the builder knows.
      const { plan: ready } = await prepareDeployments(
        client,
        connected,
        load(fixture, text(stranger.address, "critical")),
        OPTIONS,
      );
      await registry.connect(release).propose({ ...ready, planClass: PlanClass.Standard });
      expect(plan.planClass).to.equal(PlanClass.Critical);
    });

    it("PLN-118 warns of a Critical plan whose later stages run under weaker rules", async () => {
      const fixture = await own();
      const { client, connected, timelock, deployment } = fixture;
      const module = await addModule(fixture);
      const data = timelock.interface.encodeFunctionData("updateDelay", [0]);
      const call = { target: deployment.timelock, value: 0n, data };
      const base = await dialPlan(fixture, module, { planClass: PlanClass.Critical });
      const stages = [{ ...base.stages[0]!, calls: [call] }, base.stages[1]!];
      const [warning] = await checkAuthority(client, connected, { ...base, stages });
      expect(warning).to.contain("stage 0, call 0 moves power before stages 1 to 1, which run under it: delay");
      expect(warning).to.contain("3600 s → 0 s");
    });
  });

  describe("in the tasks", () => {
    const before = process.env["SLIPWAY_DEPLOYMENTS"];
    after(() => {
      if (before === undefined) delete process.env["SLIPWAY_DEPLOYMENTS"];
      else process.env["SLIPWAY_DEPLOYMENTS"] = before;
    });

    it("PLN-119 upgrade plan and upgrade propose print it, give it as JSON, and keep it beside the plan", async () => {
      const fixture = await loadFixture(counterFixture);
      const folder = mkdtempSync(join(tmpdir(), "slipway-"));
      const network = join(folder, "hardhat");
      cpSync(fixture.client.deploymentsDir, network, { recursive: true });
      process.env["SLIPWAY_DEPLOYMENTS"] = folder;
      const file = join(folder, "plan.yaml");
      writeFileSync(file, counterPlan());
      const args = { as: fixture.release.address, file };
      const plan = await runTaskOf("upgrade", "plan", { ...args, json: false, deploy: true });
      expect(plan.exitCode, plan.stderr).to.equal(0);
      for (const part of ["Payload\n  plan       0x", "Functions\n", "setLimit(uint256)", "Power\n  none moves"]) {
        expect(plan.stdout).to.contain(part);
      }
      const shown = await runTaskOf("upgrade", "plan", { ...args, json: true, deploy: false });
      const { impact } = JSON.parse(shown.stdout) as { impact: PlanImpact };
      expect(impact.operations).to.have.length(2);
      const proposed = await runTaskOf("upgrade", "propose", {
        ...args,
        json: true,
        out: "send",
        dryRun: false,
        report: REPORT,
      });
      expect(proposed.exitCode, proposed.stderr).to.equal(0);
      const sent = JSON.parse(proposed.stdout) as { proposalId: string; impact: PlanImpact };
      expect(sent.impact.proposalId).to.equal(sent.proposalId);
      expect(sent.impact.selectors).to.deep.equal(impact.selectors);
      const { dossier } = planPaths(network, sent.proposalId);
      expect(existsSync(dossier)).to.equal(true);
      expect(JSON.parse(readFileSync(dossier, "utf8"))).to.deep.equal(sent.impact);
      expect(sent.impact.selectors[0]!.from).to.not.equal(ZeroAddress);
    });
  });
});
