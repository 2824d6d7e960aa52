import { AbiCoder, Contract, Interface, JsonRpcSigner, toBeHex, type JsonRpcApiProvider } from "ethers";
import { impersonate, setCode } from "../../src/chain/devChain";
import { bridgeArtifact, deployArtifact, proxyArtifact, type BridgeVersion } from "./artifact";

/** The bridge as deployed: a protocol that nobody here wrote. */
export interface Bridge {
  deployer: string;
  /** OpenZeppelin's admin of both proxies; owned by the deployer until it is handed on. */
  proxyAdmin: string;
  /** The module to upgrade: `L2CustomGateway` behind a transparent proxy. */
  gateway: string;
  gatewayImplementation: string;
  gatewayRouter: string;
  gatewayRouterImplementation: string;
  /** L1 side of the gateway; holds the escrow. */
  counterpart: string;
  /** The account that the L1 side appears as on L2. */
  counterpartAlias: string;
  l1Token: string;
  l2Token: string;
  users: string[];
}

/** Precompile of the chain through which a withdrawal leaves it. */
const ARB_SYS = "0x0000000000000000000000000000000000000064";
const ALIAS_OFFSET = 0x1111000000000000000000000000000000001111n;
const COUNTERPART = "0xcEe284F754E854890e311e3280b767F80797180d";
const ROUTER_COUNTERPART = "0x72Ce9c846789fdB6fC1f34aC4AD25Dd9ef7031ef";
/** Arguments of an initialiser that nobody is meant to call again. */
const DEAD = "0x000000000000000000000000000000000000dEaD";

export const GATEWAY = "arbitrum/gateway/L2CustomGateway";

/** Deploys Arbitrum's token bridge as published in 1.1.2, from its npm artifacts, with a registered token. */
export async function deployBridge(provider: JsonRpcApiProvider, { users = 40 } = {}): Promise<Bridge> {
  const accounts = (await provider.send("eth_accounts", [])) as string[];
  const deployer = new JsonRpcSigner(provider, accounts[0] as string);
  await setCode(provider, ARB_SYS, bridgeArtifact("1.1.2", "test/ArbSysMock").deployedBytecode);

  const gatewayImplementation = await deployImplementation(deployer, "1.1.2");
  const routerImplementation = await deployArtifact(
    deployer,
    bridgeArtifact("1.1.2", "arbitrum/gateway/L2GatewayRouter"),
  );
  await send(routerImplementation as Contract, "initialize", [DEAD, DEAD]);
  const proxyAdmin = await deployArtifact(deployer, proxyArtifact("ProxyAdmin"));
  const admin = await proxyAdmin.getAddress();
  const proxy = proxyArtifact("TransparentUpgradeableProxy");
  const gateway = await deployArtifact(deployer, proxy, [gatewayImplementation, admin, "0x"]);
  const gatewayRouter = await deployArtifact(deployer, proxy, [await routerImplementation.getAddress(), admin, "0x"]);

  const gatewayAddress = await gateway.getAddress();
  const gatewayRouterAddress = await gatewayRouter.getAddress();
  const abi = bridgeArtifact("1.1.2", GATEWAY).abi;
  const asGateway = new Contract(gatewayAddress, abi, deployer);
  await send(asGateway, "initialize", [COUNTERPART, gatewayRouterAddress]);
  const routerAbi = bridgeArtifact("1.1.2", "arbitrum/gateway/L2GatewayRouter").abi;
  await send(new Contract(gatewayRouterAddress, routerAbi, deployer), "initialize", [
    ROUTER_COUNTERPART,
    gatewayAddress,
  ]);

  const l1Token = await deployArtifact(deployer, bridgeArtifact("1.1.2", "test/TestERC20"));
  const l1 = await l1Token.getAddress();
  const l2Token = await deployArtifact(deployer, bridgeArtifact("1.1.2", "test/TestArbCustomToken"), [
    gatewayAddress,
    l1,
  ]);
  const l2 = await l2Token.getAddress();
  await send(l1Token as Contract, "mint", []);

  const counterpartAlias = toBeHex((BigInt(COUNTERPART) + ALIAS_OFFSET) % (1n << 160n), 20);
  const alias = await impersonate(provider, counterpartAlias);
  await impersonate(provider, COUNTERPART);
  await send(asGateway.connect(alias) as Contract, "registerTokenFromL1", [[l1], [l2]]);

  return {
    deployer: deployer.address,
    proxyAdmin: admin,
    gateway: gatewayAddress,
    gatewayImplementation,
    gatewayRouter: gatewayRouterAddress,
    gatewayRouterImplementation: await routerImplementation.getAddress(),
    counterpart: COUNTERPART,
    counterpartAlias: await alias.getAddress(),
    l1Token: l1,
    l2Token: l2,
    users: accounts.slice(accounts.length - users),
  };
}

/**
 * A published gateway implementation. Anyone could initialise it, so the deployment does that itself, with dead values,
 * as a careful deployer does.
 */
export async function deployImplementation(signer: JsonRpcSigner, version: BridgeVersion): Promise<string> {
  const implementation = await deployArtifact(signer, bridgeArtifact(version, GATEWAY));
  await send(implementation as Contract, "initialize", [DEAD, DEAD]);
  return implementation.getAddress();
}

/** The bridge's own upgrade, without Slipway: one call of the admin's owner. */
export async function upgradeBridge(signer: JsonRpcSigner, bridge: Bridge, implementation: string): Promise<void> {
  const init = Interface.from(bridgeArtifact("1.2.5", GATEWAY).abi).encodeFunctionData("postUpgradeInit");
  const admin = new Contract(bridge.proxyAdmin, proxyArtifact("ProxyAdmin").abi, signer);
  await send(admin, "upgradeAndCall", [bridge.gateway, implementation, init]);
}

/** What the L1 side sends along with every deposit: no data for the gateway, none for a hook. */
export const DEPOSIT_DATA = AbiCoder.defaultAbiCoder().encode(["bytes", "bytes"], ["0x", "0x"]);

async function send(contract: Contract, method: string, args: unknown[]): Promise<void> {
  const response = await contract.getFunction(method)(...args);
  await response.wait();
}
