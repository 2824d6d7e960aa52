import { Contract, Interface, JsonRpcSigner, MaxUint256, toQuantity } from "ethers";
import type { Chain } from "../../scripts/demo/openWorld";
import { deployArtifact } from "../../scripts/remote/artifact";
import type { Artifact } from "../../src/client";

const ONE = 10n ** 18n;

/** The example vault behind a UUPS proxy on a remote chain, and its users, with books kept beside the chain. */
export class VaultTraffic {
  /** Transactions of users that were sent to the vault, and those of them that reverted. */
  sent = 0;
  failed = 0;
  private assets = 0n;
  private shares = 0n;
  private readonly held = new Map<string, { shares: bigint; assets: bigint }>();
  private turn = 0;

  private constructor(
    private readonly chain: Chain,
    readonly vault: string,
    readonly asset: string,
    readonly stable: string,
    private readonly abi: Interface,
    private readonly users: readonly string[],
  ) {}

  static async open(chain: Chain, users = 40): Promise<VaultTraffic> {
    const { artifacts, signer } = chain.as(chain.people.deployer);
    const deploy = async (name: string, args: unknown[] = []) => {
      const artifact = await artifacts.read(name);
      const contract = await deployArtifact(signer!, artifact as Artifact & { deployedBytecode: string }, args);
      return contract.getAddress();
    };
    const abi = new Interface((await artifacts.read("VaultV2")).abi);
    const asset = await deploy("HookToken__MockForRouter");
    const stable = await deploy("VaultV1");
    const init = abi.encodeFunctionData("initialize", [asset, chain.people.deployer]);
    const vault = await deploy("ERC1967Proxy", [stable, init]);
    const traffic = new VaultTraffic(chain, vault, asset, stable, abi, chain.users.slice(0, users));
    for (const user of traffic.users) await traffic.fund(user);
    return traffic;
  }

  /** Gives the vault to another owner. */
  async handOver(owner: string): Promise<void> {
    const { provider, people } = this.chain;
    const vault = new Contract(
      this.vault,
      ["function transferOwnership(address)"],
      new JsonRpcSigner(provider, people.deployer),
    );
    await (await vault.getFunction("transferOwnership")(owner)).wait();
  }

  /** The vault's strategy earns: every share is worth more. */
  async earn(amount: bigint): Promise<void> {
    await this.send(this.chain.people.deployer, this.asset, TOKEN.encodeFunctionData("mint", [this.vault, amount]));
    this.assets += amount;
  }

  /** `count` transactions of users: two deposits, then a withdrawal or a redemption, user after user. */
  async run(count: number): Promise<void> {
    for (let done = 0; done < count; ++done) {
      const turn = this.turn++;
      const isExit = turn % 3 === 2;
      const user = this.users[((isExit ? turn - 2 : turn) * 7) % this.users.length]!;
      const amount = (1n + ((BigInt(turn) * 37n) % 90n)) * ONE;
      if (!isExit) await this.deposit(user, amount);
      else if (turn % 2 === 0) await this.withdraw(user, amount / 4n);
      else await this.redeem(user, this.of(user).shares / 3n);
    }
  }

  async deposit(user: string, assets: bigint): Promise<void> {
    const shares = (assets * (this.shares + 1n)) / (this.assets + 1n);
    if (!(await this.call(user, "deposit", [assets, user]))) return;
    this.book(user, shares, assets);
  }

  async withdraw(user: string, assets: bigint): Promise<void> {
    const shares = ceil(assets * (this.shares + 1n), this.assets + 1n);
    if (shares > this.of(user).shares || !(await this.call(user, "withdraw", [assets, user, user]))) return;
    this.book(user, -shares, -assets);
  }

  async redeem(user: string, shares: bigint): Promise<void> {
    const assets = (shares * (this.assets + 1n)) / (this.shares + 1n);
    if (!(await this.call(user, "redeem", [shares, user, user]))) return;
    this.book(user, -shares, -assets);
  }

  /** Where the chain differs from what deposits, exits and earnings come to, by ERC-4626's own arithmetic. */
  async surprises(): Promise<string[]> {
    const { provider } = this.chain;
    const vault = new Contract(this.vault, this.abi, provider);
    const asset = new Contract(this.asset, TOKEN, provider);
    const found: string[] = [];
    const compare = (what: string, expected: bigint, actual: unknown) => {
      if (expected !== actual) found.push(`${what}: expected ${expected}, found ${String(actual)}`);
    };
    compare("totalAssets", this.assets, await vault.getFunction("totalAssets")());
    compare("assets held", this.assets, await asset.getFunction("balanceOf")(this.vault));
    compare("totalSupply", this.shares, await vault.getFunction("totalSupply")());
    for (const [user, { shares, assets }] of this.held) {
      compare(`shares of ${user}`, shares, await vault.getFunction("balanceOf")(user));
      compare(`assets of ${user}`, assets, await asset.getFunction("balanceOf")(user));
    }
    return found;
  }

  private of(user: string) {
    return this.held.get(user)!;
  }

  private book(user: string, shares: bigint, assets: bigint): void {
    const { shares: held, assets: left } = this.of(user);
    this.held.set(user, { shares: held + shares, assets: left - assets });
    this.shares += shares;
    this.assets += assets;
  }

  private async fund(user: string): Promise<void> {
    const assets = 1_000_000n * ONE;
    await this.send(user, this.asset, TOKEN.encodeFunctionData("mint", [user, assets]));
    await this.send(user, this.asset, TOKEN.encodeFunctionData("approve", [this.vault, MaxUint256]));
    this.held.set(user, { shares: 0n, assets });
  }

  private async call(user: string, method: string, args: unknown[]): Promise<boolean> {
    const isOk = await this.send(user, this.vault, this.abi.encodeFunctionData(method, args));
    this.sent += 1;
    if (!isOk) this.failed += 1;
    return isOk;
  }

  private async send(from: string, to: string, data: string): Promise<boolean> {
    const { provider } = this.chain;
    const hash = await provider.send("eth_sendTransaction", [{ from, to, data, gas: toQuantity(3_000_000) }]);
    const receipt = (await provider.send("eth_getTransactionReceipt", [hash])) as { status: string };
    return BigInt(receipt.status) === 1n;
  }
}

const TOKEN = new Interface([
  "function mint(address,uint256)",
  "function approve(address,uint256)",
  "function balanceOf(address) view returns (uint256)",
]);

function ceil(product: bigint, divisor: bigint): bigint {
  return (product + divisor - 1n) / divisor;
}
