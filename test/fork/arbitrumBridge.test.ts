import { expect } from "chai";
import { Contract, JsonRpcSigner, type JsonRpcProvider } from "ethers";
import {
  deployBridge,
  deployImplementation,
  GATEWAY,
  upgradeBridge,
  type Bridge,
} from "../../scripts/remote/arbitrumBridge";
import { bridgeArtifact, proxyArtifact } from "../../scripts/remote/artifact";
import { Traffic } from "../../scripts/remote/traffic";
import { startAnvil } from "../../src/chain/anvil";
import type { LocalNode } from "../../src/chain/localNode";
import { devProvider } from "../../src/chain/devChain";
import { readSlots } from "../../src/chain/erc1967";

describe("Arbitrum token bridge on a remote chain", () => {
  let node: LocalNode;
  let provider: JsonRpcProvider;
  let bridge: Bridge;
  let traffic: Traffic;
  let deployer: JsonRpcSigner;

  before(async () => {
    node = await startAnvil({ root: __dirname, chainId: 42161, accounts: 100 });
    provider = devProvider(node.url);
    bridge = await deployBridge(provider);
    traffic = new Traffic(provider, bridge);
    await traffic.prepare();
    deployer = new JsonRpcSigner(provider, bridge.deployer);
  });

  after(async () => {
    provider.destroy();
    await node.stop();
  });

  const gateway = () => new Contract(bridge.gateway, bridgeArtifact("1.2.5", GATEWAY).abi, provider);

  it("SIM-01 is deployed as published: chain id, code, proxy slots and token map", async () => {
    expect((await provider.getNetwork()).chainId).to.equal(42161n);
    expect(await readSlots(provider, bridge.gateway)).to.deep.include({
      implementation: bridge.gatewayImplementation,
      admin: bridge.proxyAdmin,
    });
    expect(await provider.getCode(bridge.gatewayImplementation)).to.equal(
      bridgeArtifact("1.1.2", GATEWAY).deployedBytecode,
    );
    expect(await gateway().getFunction("l1ToL2Token")(bridge.l1Token)).to.equal(bridge.l2Token);
    expect(await gateway().getFunction("router")()).to.equal(bridge.gatewayRouter);
  });

  it("SIM-02 refuses a second initialisation of either implementation", async () => {
    const locked = new Contract(bridge.gatewayImplementation, bridgeArtifact("1.1.2", GATEWAY).abi, provider);
    await expect(locked.getFunction("initialize").staticCall(bridge.deployer, bridge.deployer)).to.be.rejectedWith(
      "ALREADY_INIT",
    );
    const candidate = await deployImplementation(deployer, "1.2.5");
    await expect(
      new Contract(candidate, bridgeArtifact("1.2.5", GATEWAY).abi, provider)
        .getFunction("initialize")
        .staticCall(bridge.deployer, bridge.deployer),
    ).to.be.rejectedWith("ALREADY_INIT");
  });

  it("SIM-03 keeps its books: every deposit and withdrawal is in a balance, the escrow or an exit", async () => {
    const round = await traffic.run(60);
    expect(round).to.deep.include({ deposits: 40, withdrawals: 20, failed: 0 });
    const books = await traffic.reconcile();
    expect(books.surprises).to.deep.equal([]);
    expect(books.escrow).to.equal(books.supply + books.exits);
    expect(books.supply).to.be.greaterThan(0n);
    expect(await traffic.payExits()).to.equal(books.exits);
    expect((await traffic.reconcile()).isBalanced).to.equal(true);
  });

  it("SIM-04 survives the plain upgrade to 1.2.5: slots 0 to 2, token map and balances as before", async () => {
    const slots = () => Promise.all([0, 1, 2].map((slot) => provider.getStorage(bridge.gateway, slot)));
    const before = await slots();
    const books = await traffic.reconcile();
    const candidate = await deployImplementation(deployer, "1.2.5");
    await upgradeBridge(deployer, bridge, candidate);

    expect((await readSlots(provider, bridge.gateway)).implementation).to.equal(candidate);
    expect(await slots()).to.deep.equal(before);
    expect(before.slice(0, 2).map((word) => BigInt(word))).to.not.include(0n);
    expect(await gateway().getFunction("l1ToL2Token")(bridge.l1Token)).to.equal(bridge.l2Token);
    expect(await traffic.reconcile()).to.deep.equal(books);

    expect((await traffic.run(30)).failed).to.equal(0);
    expect((await traffic.reconcile()).isBalanced).to.equal(true);
  });

  it("SIM-05 lets nobody but the admin's owner upgrade", async () => {
    const stranger = new JsonRpcSigner(provider, bridge.users[0] as string);
    await expect(
      new Contract(bridge.proxyAdmin, proxyArtifact("ProxyAdmin").abi, stranger)
        .getFunction("upgrade")
        .staticCall(bridge.gateway, bridge.gatewayImplementation),
    ).to.be.rejectedWith("Ownable: caller is not the owner");
  });
});
