import { Contract, Interface, toQuantity, type JsonRpcApiProvider } from "ethers";
import { impersonate } from "../../src/chain/devChain";
import { bridgeArtifact } from "./artifact";
import { DEPOSIT_DATA, GATEWAY, type Bridge } from "./arbitrumBridge";

/** What one round of traffic came to. */
export interface Round {
  deposits: number;
  withdrawals: number;
  /** Transactions that reverted; their senders' expectations were not moved. */
  failed: number;
  gasUsed: bigint;
}

/** The bridge's books. They balance where `escrow == supply + exits` and nobody holds more or less than expected. */
export interface Books {
  /** L1 units held for L2 holders. */
  escrow: bigint;
  /** L2 units in circulation. */
  supply: bigint;
  /** Withdrawn on L2, not yet paid out on L1. */
  exits: bigint;
  /** Users whose L2 balance is not what their deposits and withdrawals left them. */
  surprises: { user: string; expected: bigint; actual: bigint }[];
  isBalanced: boolean;
}

const LARGEST = 500n;

/**
 * Users of the bridge: deposits arrive from L1, withdrawals leave by their owners, and the books are kept beside the
 * chain. Amounts follow from a counter, so that two runs send the same.
 */
export class Traffic {
  private readonly gateway = Interface.from(bridgeArtifact("1.1.2", GATEWAY).abi);
  private readonly token = Interface.from(bridgeArtifact("1.1.2", "test/TestERC20").abi);
  private readonly expected = new Map<string, bigint>();
  private exits = 0n;
  private turn = 0;

  /**
   * L1 pays each withdrawal before the next transaction. While exits are open, the escrow holds more than the supply, and
   * "escrow >= supply" would not see a mint that is smaller than them.
   */
  paysExitsAtOnce = false;

  constructor(
    private readonly provider: JsonRpcApiProvider,
    readonly bridge: Bridge,
  ) {
    for (const user of bridge.users) this.expected.set(user, 0n);
  }

  /** Impersonations do not survive a restart of the node. */
  async prepare(): Promise<void> {
    await impersonate(this.provider, this.bridge.counterpartAlias);
    await impersonate(this.provider, this.bridge.counterpart);
    await this.provider.send("hardhat_impersonateAccount", [this.bridge.deployer]);
  }

  /** `count` transactions of users: two deposits, then a withdrawal, user after user. */
  async run(count: number, onProgress?: (done: number) => void): Promise<Round> {
    const round: Round = { deposits: 0, withdrawals: 0, failed: 0, gasUsed: 0n };
    for (let done = 0; done < count; ++done) {
      const turn = this.turn++;
      const isWithdrawal = turn % 3 === 2;
      // Who withdraws deposited two turns ago, so that there is something to withdraw.
      const user = this.userAt(isWithdrawal ? turn - 2 : turn);
      const amount = 2n + ((BigInt(turn) * 37n) % LARGEST);
      const held = this.expected.get(user) ?? 0n;
      const outcome = isWithdrawal
        ? await this.withdraw(user, min(amount, held / 2n))
        : await this.deposit(user, amount);
      if (!outcome.isOk) round.failed += 1;
      else if (isWithdrawal) round.withdrawals += 1;
      else round.deposits += 1;
      if (isWithdrawal && this.paysExitsAtOnce) await this.payExits();
      round.gasUsed += outcome.gasUsed;
      onProgress?.(done + 1);
    }
    return round;
  }

  /** Escrows on L1, then delivers on L2 as the counterpart does. */
  async deposit(to: string, amount: bigint): Promise<{ isOk: boolean; gasUsed: bigint }> {
    const { l1Token, deployer, counterpart, counterpartAlias, gateway } = this.bridge;
    await this.send(deployer, l1Token, this.token.encodeFunctionData("transfer", [counterpart, amount]));
    const data = this.gateway.encodeFunctionData("finalizeInboundTransfer", [l1Token, to, to, amount, DEPOSIT_DATA]);
    const outcome = await this.send(counterpartAlias, gateway, data);
    if (outcome.isOk) this.expected.set(to, (this.expected.get(to) ?? 0n) + amount);
    // A deposit that L2 refuses is one that L1 gives back.
    else await this.send(counterpart, l1Token, this.token.encodeFunctionData("transfer", [deployer, amount]));
    return outcome;
  }

  async withdraw(user: string, amount: bigint): Promise<{ isOk: boolean; gasUsed: bigint }> {
    const data = this.gateway.encodeFunctionData("outboundTransfer(address,address,uint256,bytes)", [
      this.bridge.l1Token,
      user,
      amount,
      "0x",
    ]);
    const outcome = await this.send(user, this.bridge.gateway, data);
    if (outcome.isOk) {
      this.expected.set(user, (this.expected.get(user) ?? 0n) - amount);
      this.exits += amount;
    }
    return outcome;
  }

  /** Pays all exits out of the escrow, as L1 does when the challenge period is over. */
  async payExits(): Promise<bigint> {
    const paid = this.exits;
    const { counterpart, l1Token, deployer } = this.bridge;
    const data = this.token.encodeFunctionData("transfer", [deployer, paid]);
    if (paid > 0n && (await this.send(counterpart, l1Token, data)).isOk) this.exits = 0n;
    return paid;
  }

  async reconcile(): Promise<Books> {
    const { l1Token, l2Token, counterpart } = this.bridge;
    const read = (token: string) => new Contract(token, this.token, this.provider);
    const escrow = (await read(l1Token).getFunction("balanceOf")(counterpart)) as bigint;
    const supply = (await read(l2Token).getFunction("totalSupply")()) as bigint;
    const balances = await Promise.all(
      [...this.expected].map(async ([user, expected]) => {
        const actual = (await read(l2Token).getFunction("balanceOf")(user)) as bigint;
        return { user, expected, actual };
      }),
    );
    const surprises = balances.filter(({ expected, actual }) => expected !== actual);
    const isBalanced = escrow === supply + this.exits && surprises.length === 0;
    return { escrow, supply, exits: this.exits, surprises, isBalanced };
  }

  private userAt(turn: number): string {
    return this.bridge.users[(turn * 7) % this.bridge.users.length] as string;
  }

  /** Straight to the node: an embedded one mines at once, and a wallet's round trips would be most of the time. */
  private async send(from: string, to: string, data: string): Promise<{ isOk: boolean; gasUsed: bigint }> {
    const hash = await this.provider.send("eth_sendTransaction", [{ from, to, data, gas: toQuantity(3_000_000) }]);
    const receipt = (await this.provider.send("eth_getTransactionReceipt", [hash])) as {
      status: string;
      gasUsed: string;
    };
    return { isOk: BigInt(receipt.status) === 1n, gasUsed: BigInt(receipt.gasUsed) };
  }
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
