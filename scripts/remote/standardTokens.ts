import { AbiCoder, Contract, Interface, JsonRpcSigner, toBeHex, toQuantity, type JsonRpcApiProvider } from "ethers";
import { impersonate, setCode } from "../../src/chain/devChain";
import { bridgeArtifact, deployArtifact, proxyArtifact } from "./artifact";

/** Arbitrum's standard tokens on L2 as deployed: one beacon, one proxy a bridged token. */
export interface StandardTokens {
  deployer: string;
  /** OpenZeppelin's beacon; owned by the deployer until it is handed on. */
  beacon: string;
  implementation: string;
  /** Makes a token with its first deposit. */
  gateway: string;
  /** L1 side of the gateway; holds the escrow. */
  counterpart: string;
  counterpartAlias: string;
  l1Tokens: string[];
  /** Each the proxy of the L1 token at the same place. */
  tokens: string[];
}

const ARB_SYS = "0x0000000000000000000000000000000000000064";
const ALIAS_OFFSET = 0x1111000000000000000000000000000000001111n;
const COUNTERPART = "0xa3A7B6F88361F48403514059F1F16C8E78d60EeC";
const ROUTER = "0x5288c571Fd7aD117beA99bF60FE0846C4E84F933";
export const TOKEN = "arbitrum/StandardArbERC20";
const GATEWAY = "arbitrum/gateway/L2ERC20Gateway";
const coder = AbiCoder.defaultAbiCoder();

/** Deploys the gateway and the beacon as published in 1.1.2, and bridges `count` tokens. */
export async function deployStandardTokens(provider: JsonRpcApiProvider, count = 8): Promise<StandardTokens> {
  const accounts = (await provider.send("eth_accounts", [])) as string[];
  const deployer = new JsonRpcSigner(provider, accounts[0] as string);
  await setCode(provider, ARB_SYS, bridgeArtifact("1.1.2", "test/ArbSysMock").deployedBytecode);
  const implementation = await (await deployArtifact(deployer, bridgeArtifact("1.1.2", TOKEN))).getAddress();
  const beacon = await (
    await deployArtifact(deployer, proxyArtifact("UpgradeableBeacon"), [implementation])
  ).getAddress();
  const factory = await deployArtifact(
    deployer,
    bridgeArtifact("1.1.2", "libraries/ClonableBeaconProxy", "BeaconProxyFactory"),
  );
  await send(factory as Contract, "initialize", [beacon]);
  const gateway = await deployArtifact(deployer, bridgeArtifact("1.1.2", GATEWAY));
  await send(gateway as Contract, "initialize", [COUNTERPART, ROUTER, await factory.getAddress()]);
  const counterpartAlias = toBeHex((BigInt(COUNTERPART) + ALIAS_OFFSET) % (1n << 160n), 20);
  await impersonate(provider, counterpartAlias);
  await impersonate(provider, COUNTERPART);

  const found: StandardTokens = {
    deployer: deployer.address,
    beacon,
    implementation,
    gateway: await gateway.getAddress(),
    counterpart: COUNTERPART,
    counterpartAlias,
    l1Tokens: [],
    tokens: [],
  };
  for (let i = 0; i < count; ++i) {
    const l1Token = await deployArtifact(deployer, bridgeArtifact("1.1.2", "test/TestERC20"));
    await send(l1Token as Contract, "mint", []);
    found.l1Tokens.push(await l1Token.getAddress());
    found.tokens.push((await (gateway as Contract).getFunction("calculateL2TokenAddress")(l1Token)) as string);
  }
  return found;
}

/** Users of the tokens, and what each of them must hold. */
export class TokenTraffic {
  sent = 0;
  failed = 0;
  private readonly gateway = Interface.from(bridgeArtifact("1.1.2", GATEWAY).abi);
  private readonly token = Interface.from(bridgeArtifact("1.1.2", "test/TestERC20").abi);
  private readonly held = new Map<string, bigint>();
  private turn = 0;

  constructor(
    private readonly provider: JsonRpcApiProvider,
    readonly bridge: StandardTokens,
    private readonly users: readonly string[],
  ) {}

  /** `rounds` times over the first `count` tokens: a deposit, a transfer to another user, a withdrawal. */
  async run(rounds: number, count: number): Promise<void> {
    for (let round = 0; round < rounds; ++round) {
      for (let token = 0; token < count; ++token) {
        const turn = this.turn++;
        const user = this.users[turn % this.users.length] as string;
        const other = this.users[(turn + 1) % this.users.length] as string;
        await this.deposit(token, user, 100n + BigInt(turn % 7));
        await this.transfer(token, user, other, 30n);
        await this.withdraw(token, user, 20n);
      }
    }
  }

  /** Escrows on L1, then delivers on L2; the first delivery makes the token. */
  async deposit(index: number, to: string, amount: bigint): Promise<void> {
    const { l1Tokens, deployer, counterpart, counterpartAlias, gateway } = this.bridge;
    const l1Token = l1Tokens[index] as string;
    await this.send(deployer, l1Token, this.token.encodeFunctionData("transfer", [counterpart, amount]));
    const text = (value: string) => coder.encode(["string"], [value]);
    const meta = [text(`Token ${index}`), text(`T${index}`), coder.encode(["uint8"], [18])];
    const deploy = coder.encode(["bytes", "bytes", "bytes"], meta);
    const data = coder.encode(["bytes", "bytes"], [deploy, "0x"]);
    const call = this.gateway.encodeFunctionData("finalizeInboundTransfer", [l1Token, to, to, amount, data]);
    if (await this.user(counterpartAlias, gateway, call)) this.move(index, to, amount);
  }

  async transfer(index: number, from: string, to: string, amount: bigint): Promise<void> {
    const call = this.token.encodeFunctionData("transfer", [to, amount]);
    if (!(await this.user(from, this.bridge.tokens[index] as string, call))) return;
    this.move(index, from, -amount);
    this.move(index, to, amount);
  }

  /** Leaves for L1, which pays at once. */
  async withdraw(index: number, from: string, amount: bigint): Promise<void> {
    const { l1Tokens, counterpart, deployer, gateway } = this.bridge;
    const name = "outboundTransfer(address,address,uint256,bytes)";
    const call = this.gateway.encodeFunctionData(name, [l1Tokens[index], from, amount, "0x"]);
    if (!(await this.user(from, gateway, call))) return;
    this.move(index, from, -amount);
    const pay = this.token.encodeFunctionData("transfer", [deployer, amount]);
    await this.send(counterpart, l1Tokens[index] as string, pay);
  }

  /** Holdings that are not what their owners' transactions made them, and tokens that are not backed one to one. */
  async surprises(): Promise<string[]> {
    const { tokens, l1Tokens, counterpart } = this.bridge;
    const read = (at: string, name: string, args: unknown[] = []) =>
      new Contract(at, this.token, this.provider).getFunction(name)(...args) as Promise<bigint>;
    const found: string[] = [];
    for (const [index, token] of tokens.entries()) {
      if ((await this.provider.getCode(token)) === "0x") continue;
      const escrow = await read(l1Tokens[index]!, "balanceOf", [counterpart]);
      const supply = await read(token, "totalSupply");
      if (escrow !== supply) found.push(`token ${index}: escrow ${escrow}, supply ${supply}`);
    }
    for (const [key, expected] of this.held) {
      const [index, user] = key.split(" ") as [string, string];
      const actual = await read(tokens[Number(index)]!, "balanceOf", [user]);
      if (actual !== expected) found.push(`${user} of token ${index}: ${actual} instead of ${expected}`);
    }
    return found;
  }

  private move(index: number, user: string, amount: bigint): void {
    const key = `${index} ${user}`;
    this.held.set(key, (this.held.get(key) ?? 0n) + amount);
  }

  private async user(from: string, to: string, data: string): Promise<boolean> {
    this.sent += 1;
    const isOk = await this.send(from, to, data);
    if (!isOk) this.failed += 1;
    return isOk;
  }

  private async send(from: string, to: string, data: string): Promise<boolean> {
    const hash = await this.provider.send("eth_sendTransaction", [{ from, to, data, gas: toQuantity(3_000_000) }]);
    const receipt = (await this.provider.send("eth_getTransactionReceipt", [hash])) as { status: string };
    return BigInt(receipt.status) === 1n;
  }
}

async function send(contract: Contract, method: string, args: unknown[]): Promise<void> {
  const response = await contract.getFunction(method)(...args);
  await response.wait();
}
