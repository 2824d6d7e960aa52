import { readFileSync } from "node:fs";
import {
  AbiCoder,
  Contract,
  getAddress,
  getBytes,
  id,
  Interface,
  JsonRpcSigner,
  keccak256,
  MaxUint256,
  toQuantity,
  Wallet,
  ZeroAddress,
  type JsonRpcApiProvider,
} from "ethers";
import { deployArtifact, type PublishedArtifact } from "./artifact";

/** Axelar's gateway as published: a proxy that is upgraded through its own implementation, and a token it mints. */
export interface Gateway {
  deployer: string;
  gateway: string;
  implementation: string;
  auth: string;
  tokenDeployer: string;
  token: string;
}

const PACKAGE = "@axelar-network/axelar-cgp-solidity/artifacts/contracts";
const coder = AbiCoder.defaultAbiCoder();

export const SYMBOL = "axlT";
export const COMMAND_GAS = 3_000_000;
/** Signs every batch of commands, alone. */
const OPERATOR = new Wallet(id("slipway.axelar.operator"));

/** `AxelarGateway`, `auth/AxelarAuthWeighted`, and so on. */
export function gatewayArtifact(path: string): PublishedArtifact {
  const name = path.split("/").pop();
  return JSON.parse(readFileSync(require.resolve(`${PACKAGE}/${path}.sol/${name}.json`), "utf8")) as PublishedArtifact;
}

export const GATEWAY_ABI = new Interface(gatewayArtifact("AxelarGateway").abi);

/** Deploys gateway, authentication and token deployer, and has the gateway deploy a token. The deployer governs it. */
export async function deployGateway(provider: JsonRpcApiProvider): Promise<Gateway> {
  const [account] = (await provider.send("eth_accounts", [])) as string[];
  const deployer = new JsonRpcSigner(provider, getAddress(account!));
  const deploy = async (path: string, args: unknown[] = []) =>
    (await deployArtifact(deployer, gatewayArtifact(path), args)).getAddress();
  const operators = coder.encode(["address[]", "uint256[]", "uint256"], [[OPERATOR.address], [1], 1]);
  const auth = await deploy("auth/AxelarAuthWeighted", [[operators]]);
  const tokenDeployer = await deploy("TokenDeployer");
  const implementation = await deploy("AxelarGateway", [auth, tokenDeployer]);
  const setup = coder.encode(["address", "address", "bytes"], [deployer.address, deployer.address, "0x"]);
  const gateway = await deploy("AxelarGatewayProxy", [implementation, setup]);
  const owned = new Contract(auth, ["function transferOwnership(address)"], deployer);
  await (await owned.getFunction("transferOwnership")(gateway)).wait();
  const token = ["Token", SYMBOL, 18, 0, ZeroAddress, 0];
  const { chainId } = await provider.getNetwork();
  const data = await commandsOf(chainId, [
    ["deployToken", coder.encode(["string", "string", "uint8", "uint256", "address", "uint256"], token)],
  ]);
  // An estimate would do without the commands: the gateway goes on where one fails for lack of gas.
  await (await deployer.sendTransaction({ to: gateway, data, gasLimit: COMMAND_GAS })).wait();
  const served = new Contract(gateway, GATEWAY_ABI, provider);
  return {
    deployer: deployer.address,
    gateway,
    implementation,
    auth,
    tokenDeployer,
    token: (await served.getFunction("tokenAddresses")(SYMBOL)) as string,
  };
}

let commandCount = 0;

/** Calldata of `execute` with commands that the operator signed. */
export async function commandsOf(chainId: bigint, commands: [name: string, params: string][]): Promise<string> {
  const ids = commands.map(() => id(`slipway.axelar.command.${commandCount++}`));
  const data = coder.encode(
    ["uint256", "bytes32[]", "string[]", "bytes[]"],
    [chainId, ids, commands.map(([name]) => name), commands.map(([, params]) => params)],
  );
  const signature = await OPERATOR.signMessage(getBytes(keccak256(data)));
  const proof = coder.encode(
    ["address[]", "uint256[]", "uint256", "bytes[]"],
    [[OPERATOR.address], [1], 1, [signature]],
  );
  return GATEWAY_ABI.encodeFunctionData("execute", [coder.encode(["bytes", "bytes"], [data, proof])]);
}

export function mintCommand(account: string, amount: bigint): [string, string] {
  return ["mintToken", coder.encode(["string", "address", "uint256"], [SYMBOL, account, amount])];
}

const TOKEN = new Interface([
  "function approve(address,uint256)",
  "function balanceOf(address) view returns (uint256)",
  "function totalSupply() view returns (uint256)",
]);

/** Relayers bring signed mints, users send tokens away; the books are kept beside the chain. */
export class GatewayTraffic {
  sent = 0;
  failed = 0;
  private readonly held: Map<string, bigint>;
  private turn = 0;

  constructor(
    private readonly provider: JsonRpcApiProvider,
    private readonly at: Gateway,
    private readonly users: readonly string[],
  ) {
    this.held = new Map(users.map((user) => [user, 0n]));
  }

  async prepare(): Promise<void> {
    const data = TOKEN.encodeFunctionData("approve", [this.at.gateway, MaxUint256]);
    for (const user of this.users) await this.transact(user, this.at.token, data);
  }

  /** `count` transactions: two batches of mints, each by another relayer, then a user sends some away. */
  async run(count: number): Promise<void> {
    const { chainId } = await this.provider.getNetwork();
    for (let done = 0; done < count; ++done) {
      const turn = this.turn++;
      const user = this.users[turn % this.users.length]!;
      const receiver = this.users[(turn + 1) % this.users.length]!;
      const amount = 10n + BigInt((turn * 37) % 400);
      if (turn % 3 !== 2) {
        const data = await commandsOf(chainId, [mintCommand(user, amount), mintCommand(receiver, 1n)]);
        if (!(await this.call(user, data))) continue;
        this.move(user, amount);
        this.move(receiver, 1n);
      } else {
        const left = this.held.get(user)! / 2n;
        if (left === 0n) continue;
        const data = GATEWAY_ABI.encodeFunctionData("sendToken", ["Osmosis", "osmo1", SYMBOL, left]);
        if (await this.call(user, data)) this.move(user, -left);
      }
    }
  }

  /** Where the chain differs from what mints and sends come to. */
  async surprises(): Promise<string[]> {
    const token = new Contract(this.at.token, TOKEN, this.provider);
    const found: string[] = [];
    let supply = 0n;
    for (const [user, expected] of this.held) {
      const actual = (await token.getFunction("balanceOf")(user)) as bigint;
      supply += expected;
      if (actual !== expected) found.push(`${user}: expected ${expected}, found ${actual}`);
    }
    const total = (await token.getFunction("totalSupply")()) as bigint;
    if (total !== supply) found.push(`supply: expected ${supply}, found ${total}`);
    return found;
  }

  private move(user: string, amount: bigint): void {
    this.held.set(user, this.held.get(user)! + amount);
  }

  private async call(from: string, data: string): Promise<boolean> {
    const isOk = await this.transact(from, this.at.gateway, data);
    this.sent += 1;
    if (!isOk) this.failed += 1;
    return isOk;
  }

  private async transact(from: string, to: string, data: string): Promise<boolean> {
    const hash = await this.provider.send("eth_sendTransaction", [{ from, to, data, gas: toQuantity(COMMAND_GAS) }]);
    const receipt = (await this.provider.send("eth_getTransactionReceipt", [hash])) as { status: string };
    return BigInt(receipt.status) === 1n;
  }
}
