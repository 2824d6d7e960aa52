import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Interface } from "ethers";
import { ethers } from "hardhat";
import { readAddressBook } from "../../../src/chain/addressBook";
import { inspectProxy } from "../../../src/chain/inspectProxy";
import { RightKind } from "../../../src/invariants/types";
import { buildPlan } from "../../../src/plan/buildPlan";
import { initPlan } from "../../../src/plan/initPlan";
import { labelText } from "../../../src/plan/labelText";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { ModuleKind } from "../../../src/plan/types";
import { PROXY_ABI } from "../../../src/plan/upgradeCalls";
import { CATALOGUE, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { vaultFixture, type VaultFixture } from "../../fixtures/vaultModule";
import { policyIn } from "../../helpers/canary";
import { expectError } from "../../helpers/expectError";
import { toInProgress, toNextStep } from "../../helpers/lifecycle";
import { REPORT } from "../../helpers/plans";

const TEXT = readFileSync(join(ROOT, "upgrades/vault-v2.yaml"), "utf8");
const OPTIONS = { root: ROOT, invariantsDir: CATALOGUE };

describe("buildPlan of a UUPS proxy", () => {
  let fixture: VaultFixture;

  beforeEach(async () => {
    fixture = withOwnFolder(await loadFixture(vaultFixture));
  });

  const load = (text = TEXT) => parsePlanText(text, "plan.yaml", readAddressBook(fixture.client.deploymentsDir));
  const prepare = (text?: string, options = {}) =>
    prepareDeployments(fixture.client, fixture.connected, load(text), { ...OPTIONS, ...options });
  const preview = (text?: string) => buildPlan(fixture.client, fixture.connected, load(text), OPTIONS);

  it("PLN-70 upgrades, steers, promotes and takes back through the proxy itself", async () => {
    const { plan, deployments } = await prepare();
    const [candidate, router] = deployments.map(({ address }) => address);
    expect(plan.stages.map((stage) => labelText(stage.label))).to.deep.equal([
      "canary 5%",
      "canary 25%",
      "canary 100%",
      "promote",
    ]);
    for (const stage of plan.stages) for (const call of stage.calls) expect(call.target).to.equal(fixture.vault);
    expect(PROXY_ABI.decodeFunctionData("upgradeToAndCall", plan.stages[0]!.calls[0]!.data)[0]).to.equal(router);
    const promote = PROXY_ABI.decodeFunctionData("upgradeToAndCall", plan.stages[3]!.calls[1]!.data);
    expect([...promote]).to.deep.equal([candidate, "0x"]);
    expect(plan.rollbacks).to.have.length(1);
    const back = PROXY_ABI.decodeFunctionData("upgradeToAndCall", plan.rollbacks[0]!.calls[0]!.data);
    expect([...back]).to.deep.equal([fixture.stable, "0x"]);
  });

  it("PLN-71 has no getter for the implementation, and says so instead of pretending a gate", async () => {
    const { plan, explain } = await preview();
    for (const stage of plan.stages) expect(stage.gates).to.deep.equal([]);
    expect(explain.offchainPointers).to.deep.equal([
      {
        account: fixture.vault,
        slot: "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc",
        name: "implementation",
        expected: fixture.stable,
      },
    ]);
  });

  it("PLN-72 resolves expected errors, free functions and inline invariants from the candidate's ABI", async () => {
    const { deployments } = await preview();
    const policy = await policyIn(deployments[1]!.initCode);
    const vault = new Interface((await fixture.client.artifacts.read("VaultV2")).abi);
    expect([...policy.expectedErrors]).to.deep.equal([vault.getError("LimitExceeded")!.selector]);
    const free = policy.rules.filter((rule) => rule.isFree).map((rule) => rule.selector);
    expect(free).to.deep.equal(
      ["transfer", "transferFrom", "approve"].map((name) => vault.getFunction(name)!.selector),
    );
    expect(policy.invariants.map(({ rightKind }) => Number(rightKind))).to.deep.equal([
      RightKind.Probe,
      RightKind.Before,
    ]);
    expect(policy.invariants[1]!.toleranceBps).to.equal(1n);
  });

  it("PLN-73 runs in the real registry, from install to promotion", async () => {
    const { registry } = fixture;
    const { plan, deployments } = await prepare(undefined, { reportHash: REPORT });
    const proposalId = await toInProgress(fixture, plan);
    for (let stage = 1; stage < 4; ++stage) {
      await toNextStep(fixture, proposalId);
      await registry.advance(plan);
    }
    const { implementation } = await inspectProxy(fixture.client.provider, fixture.vault);
    expect(implementation).to.equal(deployments[0]!.address);
  });

  it("PLN-74 takes the vault back to V1 in the middle of the canary", async () => {
    const { registry } = fixture;
    const { plan } = await prepare(undefined, { reportHash: REPORT });
    const proposalId = await toInProgress(fixture, plan);
    const { notBefore } = await registry.stateOf(proposalId);
    const lapsed = Number(notBefore) + Number(plan.executionWindow) + 1;
    await ethers.provider.send("evm_setNextBlockTimestamp", [lapsed]);
    await registry.rollback(plan);
    const { implementation } = await inspectProxy(fixture.client.provider, fixture.vault);
    expect(implementation).to.equal(fixture.stable);
  });

  it("PLN-41 refuses a candidate whose initialiser stays open through the proxy", () =>
    expectError(() => preview(TEXT.replace(/ {2}init: .*\n/, "")), "InitializerOpen", {
      where: "key upgrade",
      expected: `migrateV2(uint256) to revert for a stranger on the proxy ${fixture.vault}`,
      next: "upgrade.init",
    }));

  it("PLN-36 refuses an upgrade that the timelock may not make", async () => {
    const { vault, timelock, stranger } = fixture;
    const owner = await ethers.getImpersonatedSigner(await timelock.getAddress());
    await ethers.provider.send("hardhat_setBalance", [owner.address, "0xde0b6b3a7640000"]);
    const abi = ["function transferOwnership(address)"];
    await new ethers.Contract(vault, abi, owner).getFunction("transferOwnership")(stranger.address);
    await expectError(() => preview(), "CallReverts", {
      where: "stage 0, call 0",
      expected: `the timelock ${owner.address}`,
      found: `OwnableUnauthorizedAccount(${owner.address})`,
    });
  });

  describe("initPlan", () => {
    it("PLN-75 writes a plan file from the chain that is read without a fault", async () => {
      const { text, module } = await initPlan(fixture.client, fixture.connected, {
        proxy: fixture.vault,
        contract: "contracts/examples/VaultV2.sol:VaultV2",
        root: ROOT,
        invariantsDir: CATALOGUE,
      });
      expect(module?.name).to.equal("vault");
      const { plan } = load(text);
      expect([plan.module, plan.baseVersion, plan.chain]).to.deep.equal(["vault", 0n, 31_337n]);
      expect(text).to.contain('# init: { function: "migrateV2(uint256)", args: [uint256 limit] }');
      expect(text).to.contain(`# Serves now: ${fixture.stable}`);
      // What it leaves open is found: nobody has decided about the initialiser yet.
      await expectError(() => preview(text), "InitializerOpen", { expected: "migrateV2(uint256)" });
    });

    it("PLN-75 states kind and proxy where the proxy is no module yet", async () => {
      const version = new Interface(["function version()"]).encodeFunctionData("version");
      const proxy = await ethers.deployContract("ERC1967Proxy", [fixture.stable, version]);
      const { text } = await initPlan(fixture.client, fixture.connected, {
        proxy: await proxy.getAddress(),
        contract: "VaultV2",
        root: ROOT,
        invariantsDir: CATALOGUE,
      });
      expect(load(text).plan.target).to.deep.equal({ kind: "uups", proxy: await proxy.getAddress() });
      await expectError(() => preview(text), "ModuleUnknown", { found: await proxy.getAddress() });
    });

    it("PLN-75 refuses an account that is no proxy", () =>
      expectError(
        () =>
          initPlan(fixture.client, fixture.connected, {
            proxy: fixture.asset,
            contract: "VaultV2",
            root: ROOT,
            invariantsDir: CATALOGUE,
          }),
        "KindUnsupported",
        { where: "--proxy", found: `no known proxy at ${fixture.asset}` },
      ));
  });

  it("PLN-35 finds out what a proxy is from its slots and answers", async () => {
    expect((await inspectProxy(fixture.client.provider, fixture.vault)).kind).to.equal(ModuleKind.Uups);
    expect((await inspectProxy(fixture.client.provider, fixture.deployment.registry)).kind).to.equal(
      ModuleKind.Diamond,
    );
    expect((await inspectProxy(fixture.client.provider, fixture.asset)).kind).to.equal(undefined);
  });
});
