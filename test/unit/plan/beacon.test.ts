import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Interface, ZeroAddress, zeroPadValue } from "ethers";
import { ethers } from "hardhat";
import { readAddressBook } from "../../../src/chain/addressBook";
import { BEACON_ABI, beaconImplementation } from "../../../src/chain/beacon";
import { SLOTS } from "../../../src/chain/erc1967";
import { RightKind } from "../../../src/invariants/types";
import { buildPlan } from "../../../src/plan/buildPlan";
import { initPlan } from "../../../src/plan/initPlan";
import { labelText } from "../../../src/plan/labelText";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { ModuleKind, Op } from "../../../src/plan/types";
import { registerModule } from "../../../src/registry/registerModule";
import { revalidate } from "../../../src/revalidate/revalidate";
import type { BeaconTargetStruct, PolicyStruct } from "../../../typechain-types/contracts/traffic/BeaconRouter";
import { CATALOGUE, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { tokenFixture, tokenPlan, type TokenFixture } from "../../fixtures/tokenModule";
import { coder } from "../../helpers/canary";
import { expectError } from "../../helpers/expectError";
import { toInProgress, toNextStep } from "../../helpers/lifecycle";
import { REPORT } from "../../helpers/plans";

const OPTIONS = { root: ROOT, invariantsDir: CATALOGUE };

describe("buildPlan of a beacon", () => {
  let fixture: TokenFixture;

  beforeEach(async () => {
    fixture = withOwnFolder(await loadFixture(tokenFixture));
  });

  const load = (text: string) => parsePlanText(text, "plan.yaml", readAddressBook(fixture.client.deploymentsDir));
  const prepare = (text = tokenPlan(), options = {}) =>
    prepareDeployments(fixture.client, fixture.connected, load(text), { ...OPTIONS, ...options });
  const preview = (text = tokenPlan()) => buildPlan(fixture.client, fixture.connected, load(text), OPTIONS);

  async function madeFor(initCode: string): Promise<{ target: BeaconTargetStruct; policy: PolicyStruct }> {
    const { bytecode, interface: abi } = await ethers.getContractFactory("BeaconRouter");
    const [target, policy] = coder.decode(abi.deploy.inputs, `0x${initCode.slice(bytecode.length)}`);
    return { target, policy } as { target: BeaconTargetStruct; policy: PolicyStruct };
  }

  it("BCN-30 makes one router a step, each after the one before it, and moves the beacon alone", async () => {
    const { plan, deployments, isFinal } = await prepare();
    expect(isFinal).to.equal(true);
    const { beacon, implementation } = fixture.bridge;
    const [candidate, ...routers] = deployments.map(({ address }) => address);
    expect(plan.stages.map((stage) => labelText(stage.label))).to.deep.equal([
      "canary 10%",
      "canary 50%",
      "canary 100%",
      "promote",
    ]);
    const leads = (data: string) => BEACON_ABI.decodeFunctionData("upgradeTo", data)[0] as string;
    const serving = [implementation, ...routers];
    plan.stages.forEach((stage, i) => {
      const [first, second] = stage.calls;
      const isLast = i === 3;
      expect(stage.calls.map(({ target }) => target)).to.deep.equal(
        isLast ? [routers[2], beacon] : [beacon, routers[i]],
      );
      expect(leads(isLast ? second!.data : first!.data)).to.equal(isLast ? candidate : routers[i]);
      expect(stage.gates.map(({ probe, op, bound }) => [probe.target, op, bound])).to.deep.equal([
        [beacon, Op.Eq, BigInt(fixture.deployment.timelock)],
        [beacon, Op.Eq, BigInt(serving[i]!)],
      ]);
      for (const account of [beacon, implementation, candidate!, ...routers, fixture.bridge.tokens[0]!]) {
        expect(stage.pins.map((pin) => pin.account)).to.include(account);
      }
    });
    expect(plan.rollbacks.map(({ from, to }) => [from, to])).to.deep.equal([[0, 3]]);
    expect(plan.rollbacks[0]!.calls.map(({ target }) => target)).to.deep.equal([...routers, beacon]);
    expect(leads(plan.rollbacks[0]!.calls.at(-1)!.data)).to.equal(implementation);
    expect(plan.rollbacks[0]!.pins.map(({ account }) => account)).to.have.members([beacon, implementation, ...routers]);

    const made = await Promise.all(deployments.slice(1).map(({ initCode }) => madeFor(initCode)));
    expect(made.map(({ policy }) => policy.share)).to.deep.equal([1_000n, 5_000n, 10_000n]);
    expect(made.map(({ target }) => target.predecessor)).to.deep.equal([ZeroAddress, routers[0], routers[1]]);
    expect(new Set(made.map(({ target }) => target.policyId)).size).to.equal(1);
    expect(new Set(made.map(({ policy }) => policy.salt)).size).to.equal(1);
  });

  it("BCN-38 takes a segment of proxies, and asks each proxy of itself what falls in the one that is called", async () => {
    const [token] = fixture.bridge.tokens;
    const change = (text: string, from: RegExp, to: string) => {
      if (!from.test(text)) throw new Error(`the plan file does not contain ${from}`);
      return text.replace(from, to);
    };
    const named = change(tokenPlan(), /cohort: proxy/, `cohort: { segment: ["${token}"] }`);
    for (const [target, found] of [
      ["", fixture.bridge.beacon],
      [`target: "${token}", `, fixture.bridge.beacon],
      [`target: "${fixture.bridge.implementation}", `, fixture.bridge.implementation],
    ] as const) {
      const probe = `$&\n    probe: { ${target}call: "totalSupply()" }`;
      const { deployments } = await preview(change(named, / {2}budget:/, probe));
      const { policy } = await madeFor(deployments[1]!.initCode);
      expect([...policy.segment]).to.deep.equal([zeroPadValue(token!, 32).toLowerCase()]);
      expect(policy.fall.probe.target).to.equal(found);
    }
    await expectError(() => preview(change(tokenPlan(), /cohort: proxy/, "cohort: sender")), "PlanFileInvalid", {});
  });

  it("BCN-31 keeps initialisers from the candidate, and asks every proxy what compares a proxy with itself", async () => {
    const { deployments, explain } = await preview();
    const { policy } = await madeFor(deployments[1]!.initCode);
    const abi = new Interface((await fixture.client.artifacts.read("BeaconRouter")).abi);
    expect(abi.getError("SelectorLocked")).to.not.equal(null);
    const init = new Interface(["function bridgeInit(address,bytes)"]).getFunction("bridgeInit")!.selector;
    expect(policy.rules.filter((rule) => rule.isLockable).map((rule) => rule.selector)).to.deep.equal([init]);
    expect(policy.rules.map((rule) => Number(rule.cohortWord))).to.deep.equal(policy.rules.map(() => 0));
    const [backed, gateway] = policy.invariants;
    expect([Number(backed!.rightKind), backed!.right.target]).to.deep.equal([
      RightKind.Probe,
      fixture.bridge.tokens[0],
    ]);
    expect([Number(gateway!.rightKind), gateway!.left.target]).to.deep.equal([RightKind.Before, fixture.bridge.beacon]);
    expect(explain.policy).to.include("cohort: by proxy");
    expect(explain.policy).to.include("never the candidate's on trial: bridgeInit(address,bytes)");
    expect(explain.warnings.some((line) => line.startsWith("the cap is each proxy's own"))).to.equal(true);
    expect(explain.offchainPointers).to.deep.equal([
      {
        account: fixture.bridge.tokens[0],
        slot: SLOTS.beacon,
        name: "beacon",
        expected: fixture.bridge.beacon,
      },
    ]);
    expect(explain.defaults.map(({ key }) => key)).to.not.include("canary.cohort");
  });

  it("BCN-32 runs in the real registry, from the first router to promotion", async () => {
    const { registry, client, bridge, traffic } = fixture;
    const { plan, deployments } = await prepare(undefined, { reportHash: REPORT });
    const proposalId = await toInProgress(fixture, plan);
    for (let stage = 1; stage < 4; ++stage) {
      await traffic.run(1, stage === 1 ? 2 : 3);
      const rows = (await revalidate(client, fixture.connected, proposalId)).rows.filter(
        (row) => row.kind === "pointer" && row.account === bridge.beacon,
      );
      expect(rows.map(({ isOk, actual }) => [isOk, actual])).to.deep.equal([[true, deployments[stage]!.address]]);
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
    }
    await traffic.run(1, 3);
    expect(await beaconImplementation(client.provider, bridge.beacon)).to.equal(deployments[0]!.address);
    expect([traffic.failed, await traffic.surprises()]).to.deep.equal([0, []]);
  });

  it("BCN-33 what the incident key froze is neither widened nor promoted: the step that waits reverts with StalePolicy, and the way back is open", async () => {
    const { registry, client, bridge, incident } = fixture;
    const { plan } = await prepare(undefined, { reportHash: REPORT });
    const proposalId = await toInProgress(fixture, plan);
    await registry.connect(incident).freeze(plan.targets[0]!.module);
    await toNextStep(fixture, proposalId);
    const errors = await ethers.getContractAt("BeaconRouter", bridge.beacon);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(errors, "StalePolicy").withArgs(1, 2);
    const { notBefore } = await registry.stateOf(proposalId);
    await ethers.provider.send("evm_setNextBlockTimestamp", [Number(notBefore) + Number(plan.executionWindow) + 1]);
    await registry.rollback(plan);
    expect(await beaconImplementation(client.provider, bridge.beacon)).to.equal(bridge.implementation);
  });

  it("BCN-33 the last step's freeze keeps the candidate from being promoted", async () => {
    const { registry, bridge, incident } = fixture;
    const { plan } = await prepare(undefined, { reportHash: REPORT });
    const proposalId = await toInProgress(fixture, plan);
    for (let stage = 1; stage < 3; ++stage) {
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
    }
    await registry.connect(incident).freeze(plan.targets[0]!.module);
    await toNextStep(fixture, proposalId);
    const errors = await ethers.getContractAt("BeaconRouter", bridge.beacon);
    await expect(registry.advance(plan)).to.be.revertedWithCustomError(errors, "StalePolicy").withArgs(1, 2);
  });

  it("BCN-34 finds the module by one of its proxies, and checks on those that it is told", async () => {
    const [first, second, third] = fixture.bridge.tokens as [string, string, string];
    const text = tokenPlan([/module: .*\n/, `target: { kind: beacon, proxy: "${second}" }\n`]);
    const { plan } = await preview(text);
    const pinned = plan.stages[0]!.pins.map(({ account }) => account);
    expect(pinned).to.include.members([first, second]);
    expect(pinned).to.not.include(third);
  });

  it("BCN-37 upgrade init writes a plan file from one of the proxies that is read without a fault", async () => {
    const { client, connected, bridge } = fixture;
    const proxy = bridge.tokens[1]!;
    const { text, module } = await initPlan(client, connected, {
      proxy,
      contract: "npm:arb-125/build/contracts/contracts/tokenbridge/arbitrum/StandardArbERC20.sol/StandardArbERC20.json",
      root: ROOT,
      invariantsDir: CATALOGUE,
    });
    expect(module?.name).to.equal("l2-standard-tokens");
    expect(text).to.contain(`proxies: ["${proxy}"]`);
    expect(text).to.contain(`# Serves now: ${bridge.implementation}`);
    const { plan } = await preview(text);
    expect(plan.stages[0]!.calls[0]!.target).to.equal(bridge.beacon);
  });

  describe("refuses", () => {
    const cases: [string, [string | RegExp, string], string, Record<string, string>][] = [
      [
        "an init: one call cannot initialise every proxy",
        [/( {2}replaces: .*\n)/, '  init: { function: "approve(address,uint256)", args: [] }\n'],
        "PlanFileInvalid",
        { where: "key upgrade.init", expected: "no init for a beacon" },
      ],
      [
        "no proxy to look at",
        [/proxies: .*\n/, ""],
        "PlanFileInvalid",
        { expected: "at least one proxy of the beacon" },
      ],
      [
        "a cohort by sender",
        ["cohort: proxy", "cohort: sender"],
        "PlanFileInvalid",
        { where: "key canary.cohort", expected: "proxy" },
      ],
      [
        "lanes",
        [
          "  errorBudget: 3",
          '  errorBudget: 3\n  lanes: { pause: 1h, groups: [{ name: in, functions: ["approve(address,uint256)"] }] }',
        ],
        "PlanFileInvalid",
        { where: "key canary.lanes" },
      ],
      [
        "functions that a key could lock",
        ["  errorBudget: 3", '  errorBudget: 3\n  lockable: ["approve(address,uint256)"]'],
        "PlanFileInvalid",
        { where: "key canary.lockable" },
      ],
    ];
    for (const [what, change, error, facts] of cases) {
      it(`BCN-35 ${what}`, () => expectError(() => preview(tokenPlan(change)), error as "PlanFileInvalid", facts));
    }

    it("BCN-35 a proxy of another beacon, and an account that is none", async () => {
      const { bridge } = fixture;
      for (const account of [bridge.gateway, bridge.implementation]) {
        await expectError(
          () => preview(tokenPlan([/proxies: .*\n/, `proxies: ["${account}"]\n`])),
          "ProxyKindMismatch",
          {
            where: "key proxies.0",
            expected: `a proxy of the beacon ${bridge.beacon}`,
          },
        );
      }
    });

    it("BCN-35 a beacon that the timelock does not own", async () => {
      const { bridge, deployment, stranger } = fixture;
      const owner = await ethers.getImpersonatedSigner(deployment.timelock);
      await ethers.provider.send("hardhat_setBalance", [owner.address, "0xde0b6b3a7640000"]);
      const beacon = new ethers.Contract(bridge.beacon, ["function transferOwnership(address)"], owner);
      await beacon.getFunction("transferOwnership")(stranger.address);
      await expectError(() => preview(), "AuthorityMismatch", { found: `owner ${stranger.address.toLowerCase()}` });
    });

    it("BCN-35 a candidate whose initialiser is open through a proxy", async () => {
      const text = tokenPlan([/upgrade:\n.*\n.*\n/, "upgrade:\n  contract: Candidate__MockForRouter\n"])
        .replace(/ {2}# For each token[\s\S]*?free: .*\n/, "")
        .replace(/invariants: .*\n/, "");
      await expectError(() => preview(text), "InitializerOpen", {});
    });

    it("BCN-36 to register as a beacon what is a proxy of one", async () => {
      const { client, connected, bridge } = fixture;
      const register = (account: string) =>
        registerModule(client, connected, { name: "other", kind: ModuleKind.Beacon, account });
      await expectError(() => register(bridge.tokens[0]!), "ProxyKindMismatch", {
        found: `a proxy of the beacon ${bridge.beacon}`,
      });
      await expectError(() => register(bridge.gateway), "ProxyKindMismatch", { expected: "a beacon" });
    });
  });
});
