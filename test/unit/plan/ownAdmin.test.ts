import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Contract, Interface, keccak256 } from "ethers";
import hre, { ethers } from "hardhat";
import { deployBridge } from "../../../scripts/remote/arbitrumBridge";
import { proxyArtifact } from "../../../scripts/remote/artifact";
import { deployGateway, GATEWAY_ABI } from "../../../scripts/remote/axelarGateway";
import { canaryStatus, readCanary } from "../../../src/canary/status";
import { readAddressBook, writeAddresses } from "../../../src/chain/addressBook";
import { readSlots, SLOTS } from "../../../src/chain/erc1967";
import { defineInvariants } from "../../../src/invariants/defineInvariants";
import { loadInvariants } from "../../../src/invariants/loadInvariants";
import { buildPlan } from "../../../src/plan/buildPlan";
import { prepareDeployments } from "../../../src/plan/prepareDeployments";
import { parsePlanText } from "../../../src/plan/readPlanFile";
import { ModuleKind } from "../../../src/plan/types";
import { OWN_ADMIN_ABI, PROXY_ABI } from "../../../src/plan/upgradeCalls";
import { connectRegistry } from "../../../src/registry/connect";
import { registerModule } from "../../../src/registry/registerModule";
import { providerOf } from "../../../tasks/support/provider";
import { BRIDGE_INVARIANTS, CATALOGUE, clientFor, planText, ROOT, withOwnFolder } from "../../fixtures/bridgeModule";
import { registryFixture } from "../../fixtures/registry";
import { expectError } from "../../helpers/expectError";
import { toInProgress, toNextStep } from "../../helpers/lifecycle";
import { REPORT } from "../../helpers/plans";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const OPTIONS = { root: ROOT, invariantsDir: CATALOGUE, reportHash: REPORT };

async function governed(
  names: readonly string[],
  addresses: Record<string, string>,
  base: Awaited<ReturnType<typeof registryFixture>>,
) {
  const client = await clientFor(base.release.address);
  const book = writeAddresses(client.deploymentsDir, { registry: base.deployment.registry, ...addresses });
  const connected = await connectRegistry(client);
  await defineInvariants({ ...client, signer: base.risk }, connected, loadInvariants(CATALOGUE, names, book));
  return { ...base, client, connected };
}

/** Arbitrum's gateway behind OpenZeppelin 4.8.3's proxy, whose admin is the timelock itself. */
async function bridgeOfItsOwn() {
  const base = await registryFixture();
  const { timelock } = base.deployment;
  const bridge = await deployBridge(providerOf(hre));
  const owner = await ethers.getSigner(bridge.deployer);
  const admin = new Contract(bridge.proxyAdmin, proxyArtifact("ProxyAdmin").abi, owner);
  await admin.getFunction("changeProxyAdmin")(bridge.gateway, timelock);
  const names = BRIDGE_INVARIANTS.filter((name) => name !== "proxy-admin-owner-unchanged");
  const addresses = {
    l2Gateway: bridge.gateway,
    l1Token: bridge.l1Token,
    l2Token: bridge.l2Token,
    l1Counterpart: bridge.counterpart,
  };
  const world = await governed(names, addresses, base);
  const module = { name: "l2-custom-gateway", kind: ModuleKind.Transparent, account: bridge.gateway };
  await registerModule(world.client, world.connected, module);
  return { ...world, bridge };
}

async function axelarGateway() {
  const base = await registryFixture();
  const at = await deployGateway(providerOf(hre));
  const owner = new Contract(at.gateway, GATEWAY_ABI, await ethers.getSigner(at.deployer));
  await owner.getFunction("transferGovernance")(base.deployment.timelock);
  const addresses = {
    axelarGateway: at.gateway,
    gatewayToken: at.token,
    axelarAuth: at.auth,
    axelarTokenDeployer: at.tokenDeployer,
  };
  const world = await governed(["gateway-mints-bounded", "gateway-governance-unchanged"], addresses, base);
  const module = { name: "axelar-gateway", kind: ModuleKind.OwnAdmin, account: at.gateway };
  await registerModule(world.client, world.connected, module);
  return { ...world, at };
}

describe("buildPlan of proxies that are their own admin", () => {
  const routerAbi = new Interface(["function traffic(bytes message)"]);
  const controlAbi = new Interface([
    "function install(bytes init)",
    "function setShare(uint32 epoch, uint16 share)",
    "function freeze(string reason)",
  ]);
  const messageOf = (data: string) =>
    controlAbi.parseTransaction({ data: routerAbi.decodeFunctionData("traffic", data)[0] as string })!.name;

  describe("a transparent proxy whose admin is the timelock", () => {
    const text = () => planText(["  - proxy-admin-owner-unchanged\n", ""]);
    async function prepared() {
      const fixture = withOwnFolder(await loadFixture(bridgeOfItsOwn));
      const loaded = parsePlanText(text(), "plan.yaml", readAddressBook(fixture.client.deploymentsDir));
      const built = await prepareDeployments(fixture.client, fixture.connected, loaded, OPTIONS);
      const [candidate, router] = built.deployments.map(({ address }) => address);
      return { fixture, built, candidate: candidate!, router: router! };
    }

    it("OWN-20 the proxy lets nothing of its admin through, so every message goes as an upgrade to what it is", async () => {
      const { fixture, built, candidate, router } = await prepared();
      const { gateway } = fixture.bridge;
      const { stages, rollbacks } = built.plan;
      const messages = stages.slice(0, 3).map(({ calls }) => {
        expect(calls.map(({ target }) => target)).to.deep.equal([gateway]);
        const [to, data] = PROXY_ABI.decodeFunctionData("upgradeToAndCall", calls[0]!.data);
        expect(to).to.equal(router);
        return messageOf(data as string);
      });
      expect(messages).to.deep.equal(["install", "setShare", "setShare"]);
      const [still, promote] = stages[3]!.calls;
      expect(messageOf(PROXY_ABI.decodeFunctionData("upgradeToAndCall", still!.data)[1] as string)).to.equal(
        "setShare",
      );
      expect(PROXY_ABI.decodeFunctionData("upgradeTo", promote!.data)[0]).to.equal(candidate);
      expect(rollbacks).to.have.length(1);
      const back = PROXY_ABI.decodeFunctionData("upgradeTo", rollbacks[0]!.calls[0]!.data)[0] as string;
      expect(back).to.equal(fixture.bridge.gatewayImplementation);
      const { timelock } = fixture.deployment;
      expect(built.explain.offchainPointers).to.deep.include({
        account: gateway,
        slot: SLOTS.admin,
        name: "admin",
        expected: timelock,
      });
      // What the blueprint's detour is for: straight through, the proxy refuses its admin.
      const direct = routerAbi.encodeFunctionData("traffic", ["0x"]);
      await expect(ethers.provider.call({ from: timelock, to: gateway, data: direct })).to.be.rejectedWith(
        "admin cannot fallback to proxy target",
      );
    });

    it("OWN-21 runs in the real registry from install to promotion, and is frozen by the incident key on the way", async () => {
      const { fixture, built, candidate, router } = await prepared();
      const { registry, bridge, client, connected } = fixture;
      const proposalId = await toInProgress(fixture, built.plan);
      const implementation = async () => (await readSlots(client.provider, bridge.gateway)).implementation;
      expect(await implementation()).to.equal(router);
      await toNextStep(fixture, proposalId);
      await registry.advance(built.plan);
      expect((await canaryStatus(client, connected, "l2-custom-gateway")).share).to.equal(2_500);
      const before = await ethers.provider.send("evm_snapshot", []);
      for (let stage = 2; stage < 4; ++stage) {
        await toNextStep(fixture, proposalId);
        await registry.advance(built.plan);
      }
      expect(await implementation()).to.equal(candidate);

      await ethers.provider.send("evm_revert", [before]);
      await registry.connect(fixture.incident).freeze(ethers.encodeBytes32String("l2-custom-gateway"));
      await toNextStep(fixture, proposalId);
      await expect(registry.advance(built.plan)).to.be.reverted;
      const { notBefore } = await registry.stateOf(proposalId);
      await ethers.provider.send("evm_setNextBlockTimestamp", [
        Number(notBefore) + Number(built.plan.executionWindow) + 1,
      ]);
      await registry.rollback(built.plan);
      expect(await implementation()).to.equal(bridge.gatewayImplementation);
      expect(await readCanary(client, connected, "l2-custom-gateway")).to.equal(undefined);
    });
  });

  describe("Axelar's gateway", () => {
    const file = () => readFileSync(join(ROOT, "upgrades/axelar-gateway.yaml"), "utf8");
    async function load(change?: [string, string]) {
      const fixture = withOwnFolder(await loadFixture(axelarGateway));
      const text = change === undefined ? file() : file().replace(...change);
      return { fixture, loaded: parsePlanText(text, "plan.yaml", readAddressBook(fixture.client.deploymentsDir)) };
    }

    it("OWN-22 names code hashes, installs in a batch of two, and freezes before it goes back", async () => {
      const { fixture, loaded } = await load();
      const { plan, deployments } = await prepareDeployments(fixture.client, fixture.connected, loaded, OPTIONS);
      const [candidate, router] = deployments;
      const upgrade = (data: string) => [...OWN_ADMIN_ABI.decodeFunctionData("upgrade", data)] as unknown[];
      const [set, install] = plan.stages[0]!.calls;
      expect(upgrade(set!.data)).to.deep.equal([router!.address, router!.codeHash, "0x"]);
      expect(messageOf(install!.data)).to.equal("install");
      const [still, promote] = plan.stages.at(-1)!.calls;
      expect(messageOf(still!.data)).to.equal("setShare");
      expect(upgrade(promote!.data)).to.deep.equal([candidate!.address, candidate!.codeHash, "0x"]);
      const stableHash = keccak256(await ethers.provider.getCode(fixture.at.implementation));
      const back = [fixture.at.implementation, stableHash, "0x"];
      expect(plan.rollbacks.map(({ from, to }) => [from, to])).to.deep.equal([
        [0, 1],
        [2, 2],
      ]);
      expect(messageOf(plan.rollbacks[0]!.calls[0]!.data)).to.equal("freeze");
      expect(upgrade(plan.rollbacks[0]!.calls[1]!.data)).to.deep.equal(back);
      expect(plan.rollbacks[1]!.calls.map(({ data }) => upgrade(data))).to.deep.equal([back]);
    });

    it("OWN-23 without a canary the candidate's setup goes along; another init is refused", async () => {
      const plain = file().replace(/canary:[\s\S]*?errorBudget: 3\n/, "canary: none\n");
      const withInit = (init: string) =>
        plain.replace("canary: none", `canary: none`).replace('"]\n', `"]\n  init: ${init}\n`);
      const fixture = withOwnFolder(await loadFixture(axelarGateway));
      const build = (text: string) =>
        buildPlan(
          fixture.client,
          fixture.connected,
          parsePlanText(text, "plan.yaml", readAddressBook(fixture.client.deploymentsDir)),
          OPTIONS,
        );
      const params = ethers.AbiCoder.defaultAbiCoder().encode(
        ["address", "address", "bytes"],
        [ethers.ZeroAddress, fixture.stranger.address, "0x"],
      );
      const { plan } = await build(withInit(`{ function: setup(bytes), args: ["${params}"] }`));
      expect(OWN_ADMIN_ABI.decodeFunctionData("upgrade", plan.stages[0]!.calls[0]!.data)[2]).to.equal(params);
      await expectError(
        () => build(withInit(`{ function: transferGovernance(address), args: ["${fixture.stranger.address}"] }`)),
        "ArgumentInvalid",
        { expected: "setup(bytes)" },
      );
    });

    it("OWN-24 is not registered, nor upgraded, while somebody else governs it", async () => {
      const base = await registryFixture();
      const at = await deployGateway(providerOf(hre));
      const client = await clientFor(base.release.address);
      writeAddresses(client.deploymentsDir, { registry: base.deployment.registry });
      const connected = await connectRegistry(client);
      const module = { name: "axelar-gateway", kind: ModuleKind.OwnAdmin, account: at.gateway };
      await expectError(() => registerModule(client, connected, module), "AuthorityMismatch", { found: at.deployer });

      const { fixture, loaded } = await load();
      const timelock = await ethers.getImpersonatedSigner(fixture.deployment.timelock);
      await ethers.provider.send("hardhat_setBalance", [timelock.address, "0xde0b6b3a7640000"]);
      const gateway = new Contract(fixture.at.gateway, GATEWAY_ABI, timelock);
      await gateway.getFunction("transferGovernance")(fixture.stranger.address);
      await expectError(() => buildPlan(fixture.client, fixture.connected, loaded, OPTIONS), "AuthorityMismatch", {
        found: fixture.stranger.address,
      });
    });
  });
});
