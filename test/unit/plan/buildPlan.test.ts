import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Contract, Interface, keccak256, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { proxyArtifact } from "../../../scripts/remote/artifact";
import { readAddressBook, writeAddresses } from "../../../src/chain/addressBook";
import { simulateSequence } from "../../../src/chain/simulateSequence";
import { RightKind } from "../../../src/invariants/types";
import { buildPlan, type BuildOptions } from "../../../src/plan/buildPlan";
import { labelText } from "../../../src/plan/labelText";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { Op, PlanClass, RollbackKind } from "../../../src/plan/types";
import { PROXY_ABI } from "../../../src/plan/upgradeCalls";
import { renderPlan } from "../../../src/report/renderPlan";
import {
  bridgeFixture,
  CATALOGUE,
  planText,
  ROOT,
  withOwnFolder,
  type BridgeFixture,
} from "../../fixtures/bridgeModule";
import { policyIn } from "../../helpers/canary";
import { expectError } from "../../helpers/expectError";
import { REPORT } from "../../helpers/plans";
import { toInProgress, toNextStep } from "../../helpers/lifecycle";

const OPTIONS: BuildOptions = { root: ROOT, invariantsDir: CATALOGUE };

describe("buildPlan", () => {
  let fixture: BridgeFixture;
  let routerAbi: Interface;
  let controlAbi: Interface;

  beforeEach(async () => {
    fixture = withOwnFolder(await loadFixture(bridgeFixture));
    routerAbi = new Interface((await fixture.client.artifacts.read("ITrafficRouter")).abi);
    controlAbi = new Interface((await fixture.client.artifacts.read("ITrafficControl")).abi);
  });

  const load = (text = planText()) => parsePlanText(text, "plan.yaml", readAddressBook(fixture.client.deploymentsDir));
  const preview = (text?: string, options = OPTIONS) =>
    buildPlan(fixture.client, fixture.connected, load(text), options);
  const prepare = (options = OPTIONS, text?: string) =>
    prepareDeployments(fixture.client, fixture.connected, load(text), options);

  /** A router's message inside a call of the timelock. */
  function messageOf(data: string) {
    const [message] = routerAbi.decodeFunctionData("traffic", data) as unknown as [string];
    return controlAbi.parseTransaction({ data: message })!;
  }

  describe("of a transparent proxy, with a canary", () => {
    it("PLN-50 builds install, one stage a step, and a promotion that refuses a frozen canary", async () => {
      const { plan, deployments } = await prepare();
      const { bridge } = fixture;
      const [candidate, router] = deployments.map(({ address }) => address);
      expect(plan.stages.map((stage) => [labelText(stage.label), stage.dwell])).to.deep.equal([
        ["canary 5%", 21_600n],
        ["canary 25%", 43_200n],
        ["canary 100%", 86_400n],
        ["promote", 0n],
      ]);

      const [install] = plan.stages[0]!.calls;
      expect(install!.target).to.equal(bridge.proxyAdmin);
      const [proxy, implementation, data] = PROXY_ABI.decodeFunctionData("upgradeAndCall", install!.data);
      expect([proxy, implementation]).to.deep.equal([bridge.gateway, router]);
      expect(messageOf(data as string).name).to.equal("install");

      for (const [stage, share] of [
        [1, 2_500n],
        [2, 10_000n],
      ] as const) {
        const [call] = plan.stages[stage]!.calls;
        expect(call!.target).to.equal(bridge.gateway);
        const { name, args } = messageOf(call!.data);
        expect([name, ...args]).to.deep.equal(["setShare", 1n, share]);
      }

      const [guard, promote] = plan.stages[3]!.calls;
      expect([...messageOf(guard!.data).args]).to.deep.equal([1n, 10_000n]);
      expect([...PROXY_ABI.decodeFunctionData("upgrade", promote!.data)]).to.deep.equal([bridge.gateway, candidate]);
      expect(plan.stages[3]!.calls).to.have.length(2);
    });

    it("PLN-51 installs the policy that the file describes, words counted as the router counts them", async () => {
      const { plan, deployments } = await preview();
      const [, , data] = PROXY_ABI.decodeFunctionData("upgradeAndCall", plan.stages[0]!.calls[0]!.data);
      const { args } = messageOf(data as string);
      const policy = await policyIn(deployments[1]!.initCode);
      expect(policy.share).to.equal(500n);
      expect([policy.interval, policy.cap, policy.valueWeight]).to.deep.equal([3_600n, 20_000n, 10n ** 18n]);
      expect([policy.isCounted, policy.errorBudget, policy.candidateGas]).to.deep.equal([true, 3n, 2_000_000n]);
      const rules = policy.rules.map((rule) => [
        rule.selector,
        rule.cohortWord,
        rule.meterWord,
        rule.weight,
        rule.isFree,
      ]);
      expect(rules).to.deep.equal([
        // finalizeInboundTransfer: by `_to`, the third word; `_amount` is the fourth.
        ["0x2e567b36", 3n, 4n, 10n ** 18n, false],
        // outboundTransfer: by sender; `_amount` is the third word.
        ["0x7b3a3c8b", 0n, 3n, 10n ** 18n, false],
      ]);
      expect(policy.invariants).to.have.length(1);
      expect(policy.invariants[0]!.left.target).to.equal(fixture.bridge.l1Token);
      expect(Number(policy.invariants[0]!.rightKind)).to.equal(RightKind.Probe);
      expect(args[0]).to.equal(new Interface(["function postUpgradeInit()"]).encodeFunctionData("postUpgradeInit"));
    });

    it("PLN-52 pins the whole delegate chain of every stage, and for the way back only what it uses", async () => {
      const { plan, deployments } = await prepare();
      const { bridge } = fixture;
      const wayBack = [bridge.gateway, bridge.proxyAdmin, bridge.gatewayImplementation];
      const chain = [...wayBack, ...deployments.map(({ address }) => address)];
      const expected = await Promise.all(
        chain.map(async (account) => ({ account, codeHash: keccak256(await ethers.provider.getCode(account)) })),
      );
      for (const stage of plan.stages) expect(stage.pins).to.deep.equal(expected);
      expect(plan.rollbacks[0]!.pins).to.deep.equal(expected.slice(0, 3));
    });

    it("PLN-53 gates each stage on the owner and on the implementation that must serve then", async () => {
      const { plan, deployments } = await preview();
      const { bridge, deployment } = fixture;
      const router = deployments[1]!.address;
      for (const [i, stage] of plan.stages.entries()) {
        expect(stage.gates.map((gate) => [gate.probe.target, gate.op, gate.bound])).to.deep.equal([
          [bridge.proxyAdmin, Op.Eq, BigInt(deployment.timelock)],
          [bridge.proxyAdmin, Op.Eq, BigInt(i === 0 ? bridge.gatewayImplementation : router)],
        ]);
      }
    });

    it("PLN-54 derives one way back for every prefix: to the code that serves now, without its init", async () => {
      const { plan } = await preview();
      const [rollback] = plan.rollbacks;
      expect(plan.rollbacks).to.have.length(1);
      expect([rollback!.from, rollback!.to, rollback!.kind]).to.deep.equal([0, 3, RollbackKind.Lossy]);
      const { bridge } = fixture;
      expect(rollback!.calls).to.have.length(1);
      expect(rollback!.calls[0]!.target).to.equal(bridge.proxyAdmin);
      expect([...PROXY_ABI.decodeFunctionData("upgrade", rollback!.calls[0]!.data)]).to.deep.equal([
        bridge.gateway,
        bridge.gatewayImplementation,
      ]);
      expect(rollback!.invariants).to.deep.equal(plan.stages[0]!.invariants);
    });

    it("PLN-55 lists every default it filled in, and none that the file states", async () => {
      const { explain } = await preview();
      expect(explain.defaults.map(({ key }) => key)).to.deep.equal([
        "proposer",
        "baseVersion",
        "nonce",
        "canary.count",
        "canary.budget.value",
        "canary.candidateGas",
        "canary.budget.meters.0.weight",
        "canary.budget.meters.1.weight",
        "promote.dwell",
        "minGas",
      ]);
    });

    it("PLN-56 turns an inline `at-propose` into a constant with the present word", async () => {
      const { deployments } = await preview(undefined, { ...OPTIONS, invariantsDir: inlineCatalogue() });
      const policy = await policyIn(deployments[1]!.initCode);
      const counterpart = policy.invariants.find(({ left }) => left.target === fixture.bridge.gateway)!;
      expect(Number(counterpart.rightKind)).to.equal(RightKind.Constant);
      expect(counterpart.constantValue).to.equal(BigInt(fixture.bridge.counterpart));
    });

    it("PLN-57 adds the file's gates to the stage they name, by label or by index", async () => {
      const gates = `gates:
  - { stage: canary 25%, call: canaryCalls(address), args: ["\${l2Gateway}"], op: ">=", value: 20 }
  - { stage: 2, target: "\${l1Token}", call: "balanceOf(address)(uint256)", args: ["\${l1Counterpart}"], op: ">", value: 0 }
`;
      const { plan } = await preview(planText(["rollback: auto\n", `rollback: auto\n${gates}`]));
      const own = plan.stages.map((stage) => stage.gates.slice(2));
      expect(own.map((list) => list.length)).to.deep.equal([0, 1, 1, 0]);
      expect(own[1]![0]).to.deep.equal({
        probe: {
          target: "0x0000000000000000000000000000000000000000",
          data: new Interface(["function canaryCalls(address)"]).encodeFunctionData("canaryCalls", [
            fixture.bridge.gateway,
          ]),
          gas: 0n,
        },
        op: Op.Gte,
        bound: 20n,
      });
      expect(own[2]![0]!.probe.target).to.equal(fixture.bridge.l1Token);
    });

    it("PLN-58 names a proposal as the registry does", async () => {
      const { plan, proposalId, subject } = await prepare({ ...OPTIONS, reportHash: REPORT });
      expect(await fixture.registry.proposalIdOf(plan)).to.equal(proposalId);
      const unrehearsed = { ...plan, evidence: { ...plan.evidence, reportHash: ZeroHash } };
      expect(await fixture.registry.proposalIdOf(unrehearsed)).to.equal(subject);
    });

    it("PLN-59 explains the plan: calls inside calls, times, pointers that only an engine can check", async () => {
      const { explain } = await preview();
      const [install] = explain.stages[0]!.calls;
      const traffic = install!.data.args.find(({ name }) => name === "data")!.inner!;
      expect(traffic.signature).to.equal("traffic(bytes)");
      const message = traffic.args[0]!.inner!;
      expect(message.signature).to.match(/^install\(/);
      expect(message.args.find(({ name }) => name === "candidateInit")!.inner!.signature).to.equal("postUpgradeInit()");
      const day = 86_400n;
      // Vote 3 days, then one of delay; the canary's dwells add up.
      expect(explain.timeline.map(({ after }) => after)).to.deep.equal([
        0n,
        3n * day,
        4n * day,
        4n * day + 21_600n,
        4n * day + 64_800n,
        5n * day + 64_800n,
        5n * day + 64_800n,
      ]);
      expect(explain.offchainPointers.map(({ name }) => name)).to.deep.equal(["admin"]);
      const text = renderPlan(explain);
      for (const part of [
        "preview: not everything is deployed",
        "postUpgradeInit()",
        "from stages 0 to 3, lossy",
        "minGas: 500000",
      ]) {
        expect(text).to.contain(part);
      }
    });

    it("PLN-60 runs in the real registry, from install to promotion, and locks the module meanwhile", async () => {
      const { registry } = fixture;
      const { plan, deployments } = await prepare({ ...OPTIONS, reportHash: REPORT });
      const proposalId = await toInProgress(fixture, plan);
      expect(await implementation()).to.equal(deployments[1]!.address);
      const error = await expectError(() => preview(), "ModuleLocked", {
        where: "key module",
        expected: "l2-custom-gateway free",
        found: `held by proposal ${proposalId}`,
        next: `upgrade status ${proposalId.slice(2, 10)}`,
      });
      expect(error.exit).to.equal(4);

      for (let stage = 1; stage < 4; ++stage) {
        await toNextStep(fixture, proposalId);
        await registry.advance(plan);
      }
      expect(await implementation()).to.equal(deployments[0]!.address);
      expect((await registry.stateOf(proposalId)).state).to.equal(7n);
      await expectError(() => preview(planText(["module: l2", "baseVersion: 0\nmodule: l2"])), "StaleBase", {
        expected: "version 0",
        found: "version 1",
      });
    });

    it("PLN-61 cannot promote what was frozen: the last stage reverts with StalePolicy", async () => {
      const { registry, incident } = fixture;
      const { plan } = await prepare({ ...OPTIONS, reportHash: REPORT });
      const proposalId = await toInProgress(fixture, plan);
      for (let stage = 1; stage < 3; ++stage) {
        await toNextStep(fixture, proposalId);
        await registry.advance(plan);
      }
      await registry.connect(incident).freeze(plan.targets[0]!.module);
      await toNextStep(fixture, proposalId);
      const router = new Interface((await fixture.client.artifacts.read("TrafficErrors")).abi);
      const errors = new Contract(fixture.bridge.gateway, router, ethers.provider);
      await expect(registry.advance(plan)).to.be.revertedWithCustomError(errors, "StalePolicy").withArgs(1, 2);
    });
  });

  describe("prepareDeployments", () => {
    it("PLN-62 sends nothing while the file has a fault", async () => {
      const before = await ethers.provider.getBlockNumber();
      await expectError(
        () => prepare(OPTIONS, planText(["- bridge-backed", "- bridge-baked"])),
        "InvariantUnknown",
        {},
      );
      expect(await ethers.provider.getBlockNumber()).to.equal(before);
    });

    it("PLN-63 deploys and locks once: a second run sends nothing and builds the same plan", async () => {
      const first = await prepare();
      const block = await ethers.provider.getBlockNumber();
      const second = await prepare();
      expect(await ethers.provider.getBlockNumber()).to.equal(block);
      expect(second.plan).to.deep.equal(first.plan);
      expect(first.isFinal).to.equal(true);
    });

    it("PLN-63 goes on after a kill between deploying and locking, where a stranger would find it open", async () => {
      const sent: string[] = [];
      const { signer } = fixture.client;
      const killed = new Error("killed");
      const dying = Object.create(signer!, {
        sendTransaction: {
          value: async (transaction: { to?: string }) => {
            if (transaction.to !== undefined) throw killed;
            sent.push("create");
            return signer!.sendTransaction(transaction);
          },
        },
      }) as NonNullable<typeof signer>;
      const client = { ...fixture.client, signer: dying };
      const run = prepareDeployments(client, fixture.connected, load(), OPTIONS);
      await expect(run).to.be.rejectedWith("killed");
      expect(sent).to.deep.equal(["create"]);

      const { deployments } = await prepare();
      const block = await ethers.provider.getBlockNumber();
      // The candidate of the first run, its lock, the router: no second candidate.
      expect(deployments[0]!.address).to.equal(
        readAddressBook(fixture.client.deploymentsDir).addresses[deployments[0]!.key],
      );
      const open = new Interface(["function initialize(address,address)"]);
      const data = open.encodeFunctionData("initialize", [fixture.stranger.address, fixture.stranger.address]);
      const [outcome] = await simulateSequence(fixture.client, [
        { sender: fixture.stranger.address, target: deployments[0]!.address, data },
      ]);
      expect(outcome!.isOk).to.equal(false);
      expect(await ethers.provider.getBlockNumber()).to.equal(block);
    });

    it("PLN-64 does not believe the address book: other code at a kept address is not used", async () => {
      const { deployments } = await prepare();
      writeAddresses(fixture.client.deploymentsDir, { [deployments[0]!.key]: fixture.bridge.l2Token });
      const again = await preview();
      expect(again.deployments[0]!.isDeployed).to.equal(false);
      expect(again.isFinal).to.equal(false);
    });
  });

  describe("without a canary", () => {
    const WITHOUT = /canary:\n[^]*?(?=invariants:)/.exec(planText())![0];

    it("PLN-65 is one stage with its init, and keeps the way back open for a day", async () => {
      const { plan, deployments, explain } = await prepare(OPTIONS, planText([WITHOUT, "canary: none\n"]));
      expect(deployments.map(({ role }) => role)).to.deep.equal(["candidate"]);
      expect(plan.stages.map((stage) => [labelText(stage.label), stage.dwell])).to.deep.equal([["upgrade", 86_400n]]);
      const [proxy, implementation, data] = PROXY_ABI.decodeFunctionData(
        "upgradeAndCall",
        plan.stages[0]!.calls[0]!.data,
      );
      expect([proxy, implementation]).to.deep.equal([fixture.bridge.gateway, deployments[0]!.address]);
      expect(data).to.equal(new Interface(["function postUpgradeInit()"]).encodeFunctionData("postUpgradeInit"));
      expect(plan.planClass).to.equal(PlanClass.Standard);
      expect(explain.defaults.map(({ key }) => key)).to.include("promote.dwell");
    });

    it("PLN-66 takes the file's own way back, with its targets pinned", async () => {
      const own = `rollback:
  kind: clean
  calls:
    - { target: "\${l2Token}", function: "transfer(address,uint256)", args: ["\${l1Counterpart}", 0] }
`;
      const { plan } = await prepare(OPTIONS, planText([WITHOUT, "canary: none\n"]).replace("rollback: auto\n", own));
      const [rollback] = plan.rollbacks;
      expect(rollback!.kind).to.equal(RollbackKind.Clean);
      expect(rollback!.calls[0]!.target).to.equal(fixture.bridge.l2Token);
      expect(rollback!.pins.map(({ account }) => account)).to.include(fixture.bridge.l2Token);
    });
  });

  async function implementation(): Promise<string> {
    const admin = new Contract(fixture.bridge.proxyAdmin, proxyArtifact("ProxyAdmin").abi, ethers.provider);
    return (await admin.getFunction("getProxyImplementation")(fixture.bridge.gateway)) as string;
  }

  /** The catalogue with `counterpart-unchanged` checked inline, too. */
  function inlineCatalogue(): string {
    const folder = mkdtempSync(join(tmpdir(), "slipway-"));
    cpSync(CATALOGUE, folder, { recursive: true });
    const file = join(folder, "counterpart-unchanged.yaml");
    writeFileSync(file, `${readFileSync(file, "utf8")}inline: true\n`);
    return folder;
  }
});
