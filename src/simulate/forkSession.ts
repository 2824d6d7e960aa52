import { JsonRpcSigner, toQuantity } from "ethers";
import { chainTime, revertTo, setBalance, takeSnapshot, warpTo } from "../chain/devChain";
import type { Client } from "../client";
import type { Performed } from "../registry/perform";
import type { Fork } from "./openFork";
import type { Override, RehearsalStep } from "./types";

/** Wei below which an actor is given some, and how much. */
const ENOUGH = 10n ** 18n;
const GRANT = 10n ** 20n;
/** A node answers in time for so many. */
const BLOCKS_AT_ONCE = 2_000;

/** The fork with its actors: everything that is done to it is noted, cheats apart from steps. */
export class ForkSession {
  readonly steps: RehearsalStep[] = [];
  private readonly noted = new Map<string, Override>();
  private readonly crowd = new Set<string>();
  private seconds = 0;
  private mined = 0;

  constructor(
    readonly fork: Fork,
    /** The client of the rehearsal, without a signer. */
    readonly client: Client,
  ) {}

  /** A client that acts as `account`, which has wei for its gas, and as much as it `sends` besides. */
  async as(account: string, role: string, sends = 0n): Promise<Client> {
    const { provider } = this.fork;
    if (!this.noted.has(account)) {
      await provider.send("hardhat_impersonateAccount", [account]);
      this.noted.set(account, { kind: "impersonation", account, as: role });
    }
    if ((await provider.getBalance(account)) < ENOUGH + sends) {
      await setBalance(provider, account, GRANT + sends);
      this.noted.set(`${account} balance`, { kind: "balance", account, as: role, wei: GRANT + sends });
    }
    return { ...this.client, signer: new JsonRpcSigner(provider, account) };
  }

  /** A generated account enters: they are counted, not listed. */
  async enter(account: string): Promise<void> {
    const { provider } = this.fork;
    await provider.send("hardhat_impersonateAccount", [account]);
    await setBalance(provider, account, GRANT);
    this.crowd.add(account);
  }

  /** Something that was done to another fork of this rehearsal. */
  note(override: Override): void {
    this.noted.set(
      JSON.stringify(override, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
      override,
    );
  }

  /** One verb by one actor; its gas is noted. */
  async act(
    actor: { account: string; role: string },
    verb: string,
    action: (client: Client) => Promise<Performed>,
  ): Promise<Extract<Performed, { status: "confirmed" }>> {
    const done = await action(await this.as(actor.account, actor.role));
    if (done.status !== "confirmed") throw new Error(`${verb} was not sent, but ${done.status}`);
    this.steps.push({ verb, by: actor.role, account: actor.account, gasUsed: done.gasUsed });
    return done;
  }

  /** Waits, by moving the clock. */
  async waitUntil(timestamp: number): Promise<void> {
    const now = await chainTime(this.fork.provider);
    if (timestamp <= now) return;
    this.seconds += timestamp - now;
    await warpTo(this.fork.provider, timestamp);
  }

  /** Waits until the chain has block `number`, `interval` seconds from block to block. */
  async mineUntil(number: number, interval: number): Promise<void> {
    const { provider } = this.fork;
    let left = number - (await provider.getBlockNumber());
    const since = await chainTime(provider);
    this.mined += Math.max(0, left);
    for (; left > 0; left -= BLOCKS_AT_ONCE) {
      await provider.send("hardhat_mine", [toQuantity(Math.min(left, BLOCKS_AT_ONCE)), toQuantity(interval)]);
    }
    this.seconds += (await chainTime(provider)) - since;
  }

  /** Does something and takes it back, whether or not it succeeds. Its steps stay in the notes. */
  async onSnapshot<T>(body: () => Promise<T>): Promise<T> {
    const snapshot = await takeSnapshot(this.fork.provider);
    try {
      return await body();
    } finally {
      await revertTo(this.fork.provider, snapshot);
    }
  }

  get overrides(): Override[] {
    const time: Override[] = this.seconds === 0 ? [] : [{ kind: "time", seconds: this.seconds }];
    const { size } = this.crowd;
    const crowd: Override[] = size === 0 ? [] : [{ kind: "crowd", count: size, as: "generated users", wei: GRANT }];
    const blocks: Override[] = this.mined === 0 ? [] : [{ kind: "blocks", count: this.mined }];
    return [...this.noted.values(), ...crowd, ...blocks, ...time];
  }
}
