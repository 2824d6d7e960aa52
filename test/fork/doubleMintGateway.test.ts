import { expect } from "chai";
import { Contract, ContractFactory, id, Interface, JsonRpcSigner, ZeroHash, type JsonRpcProvider } from "ethers";
import { artifacts } from "hardhat";
import {
  DEPOSIT_DATA,
  deployBridge,
  deployImplementation,
  GATEWAY,
  type Bridge,
} from "../../scripts/remote/arbitrumBridge";
import { bridgeArtifact, proxyArtifact } from "../../scripts/remote/artifact";
import { Traffic } from "../../scripts/remote/traffic";
import { startAnvil } from "../../src/chain/anvil";
import type { LocalNode } from "../../src/chain/localNode";
import { devProvider, impersonate } from "../../src/chain/devChain";
import { conditionOf, Kind, ONE, Op, policyOf, POLICY_ID, Right, ruleOf, type PolicyStruct } from "../helpers/canary";

const selectorOf = (signature: string) => id(signature).slice(0, 10);

describe("TrafficRouter > Arbitrum's gateway", () => {
  let node: LocalNode;
  let provider: JsonRpcProvider;
  let bridge: Bridge;
  let traffic: Traffic;
  let deployer: JsonRpcSigner;
  let published: string;

  beforeEach(async () => {
    node = await startAnvil({ root: __dirname, chainId: 42161, accounts: 20 });
    provider = devProvider(node.url);
    bridge = await deployBridge(provider, { users: 10 });
    traffic = new Traffic(provider, bridge);
    await traffic.prepare();
    deployer = new JsonRpcSigner(provider, bridge.deployer);
    published = await deployImplementation(deployer, "1.2.5");
    await traffic.run(12);
  });

  afterEach(async () => {
    provider.destroy();
    await node.stop();
  });

  async function deploy(name: string, args: unknown[]) {
    const { abi, bytecode } = await artifacts.readArtifact(name);
    const contract = await new ContractFactory(abi, bytecode, deployer).deploy(...args);
    await contract.waitForDeployment();
    return contract.getAddress();
  }

  /** Canary by recipient for deposits and by sender for withdrawals, metered by amount, with the escrow as invariant. */
  async function startCanary(candidate: string, overrides: Partial<PolicyStruct> = {}) {
    const gateway = Interface.from(bridgeArtifact("1.2.5", GATEWAY).abi);
    const balanceOf = new Interface(["function balanceOf(address)"]).encodeFunctionData("balanceOf", [
      bridge.counterpart,
    ]);
    const policy = policyOf({
      isCounted: true,
      errorBudget: 2,
      interval: 3_600,
      cap: 1_000_000,
      rules: [
        ruleOf(selectorOf("finalizeInboundTransfer(address,address,address,uint256,bytes)"), {
          cohortWord: 3,
          meterWord: 4,
          weight: ONE,
        }),
        ruleOf(selectorOf("outboundTransfer(address,address,uint256,bytes)"), { meterWord: 3, weight: ONE }),
      ],
      invariants: [
        conditionOf(bridge.l1Token, balanceOf, Op.gte, 0, {
          rightKind: Right.probe,
          right: { target: bridge.l2Token, data: selectorOf("totalSupply()"), gas: 100_000 },
        }),
      ],
      ...overrides,
    });
    const target = {
      kind: Kind.transparent,
      stable: bridge.gatewayImplementation,
      candidate,
      controller: bridge.deployer,
      guardian: bridge.deployer,
      policyId: POLICY_ID,
      implementationSlot: ZeroHash,
      authoritySlot: ZeroHash,
    };
    const router = await deploy("TrafficRouter", [target, policy]);
    const control = Interface.from((await artifacts.readArtifact("ITrafficControl")).abi);
    const entry = Interface.from((await artifacts.readArtifact("ITrafficRouter")).abi);
    // `postUpgradeInit` accepts the proxy's admin alone: the sender must come through unchanged.
    const init = gateway.encodeFunctionData("postUpgradeInit");
    const install = entry.encodeFunctionData("traffic", [control.encodeFunctionData("install", [init])]);
    const admin = new Contract(bridge.proxyAdmin, proxyArtifact("ProxyAdmin").abi, deployer);
    await (await admin.getFunction("upgradeAndCall")(bridge.gateway, router, install)).wait();
    const status = async () => {
      const data = entry.encodeFunctionData("traffic", [control.encodeFunctionData("status")]);
      const [answer] = entry.decodeFunctionResult("traffic", await provider.call({ to: bridge.gateway, data }));
      return control.decodeFunctionResult("status", answer as string)[0] as Record<string, unknown>;
    };
    return { status };
  }

  it("RTR-33 healthy: 1.2.5 serves deposits and withdrawals beside 1.1.2, and the books balance", async () => {
    const { status } = await startCanary(published, { share: 5_000 });
    const round = await traffic.run(36);
    expect(round.failed).to.equal(0);
    const { stableCalls, candidateCalls, fallbacks, breaks } = await status();
    expect(stableCalls).to.not.equal(0n);
    expect(candidateCalls).to.not.equal(0n);
    expect([fallbacks, breaks]).to.deep.equal([0n, 0n]);
    expect((await traffic.reconcile()).isBalanced).to.equal(true);
  });

  it("RTR-30 a candidate that mints each deposit twice: users succeed on stable, the canary freezes, books balance", async () => {
    const { status } = await startCanary(await deploy("DoubleMintGateway", [published]));
    const round = await traffic.run(12);
    expect(round.failed).to.equal(0);
    const { isFrozen, breaks } = await status();
    expect([isFrozen, breaks]).to.deep.equal([true, 2n]);
    expect((await traffic.reconcile()).isBalanced).to.equal(true);
  });

  it("RTR-30 the broken gateway alone does its harm, and differs in nothing else", async () => {
    const broken = await deploy("DoubleMintGateway", [published]);
    const admin = new Contract(bridge.proxyAdmin, proxyArtifact("ProxyAdmin").abi, deployer);
    const gateway = new Contract(bridge.gateway, bridgeArtifact("1.2.5", GATEWAY).abi, provider);
    const init = gateway.interface.encodeFunctionData("postUpgradeInit");
    await (await admin.getFunction("upgradeAndCall")(bridge.gateway, broken, init)).wait();
    const user = bridge.users[0] as string;
    await traffic.deposit(user, 100n);
    const { surprises } = await traffic.reconcile();
    expect(surprises.map(({ expected, actual }) => actual - expected)).to.deep.equal([100n]);
    expect((await traffic.withdraw(user, 50n)).isOk).to.equal(true);
    expect(await gateway.getFunction("router")()).to.equal(bridge.gatewayRouter);
    // A deposit of an unknown token is sent back, not minted, and nobody but the counterpart may deposit.
    const deposit = [bridge.deployer, user, user, 5n, DEPOSIT_DATA] as const;
    const as = (signer: JsonRpcSigner) => (gateway.connect(signer) as Contract).getFunction("finalizeInboundTransfer");
    await expect(as(deployer).staticCall(...deposit)).to.be.rejectedWith("ONLY_COUNTERPART_GATEWAY");
    const receipt = await (await as(await impersonate(provider, bridge.counterpartAlias))(...deposit)).wait();
    const events = receipt.logs.map((log: { topics: string[]; data: string }) => gateway.interface.parseLog(log)?.name);
    expect(events).to.include("WithdrawalInitiated");
  });
});
