import { getBytes, toBeHex, toQuantity } from "ethers";
import type { DevProvider } from "../chain/devChain";

/**
 * What a transaction does to balances, nonces, code and storage, over the state of the block before; all of it can be taken
 * back to a mark, as a frame that fails does. Several transactions of one block may go over one world, in order.
 */
export class World {
  private readonly undo: (() => void)[] = [];
  private readonly gained = new Map<string, bigint>();
  private readonly nonces = new Map<string, bigint>();
  private readonly code = new Map<string, Uint8Array>();
  private readonly storage = new Map<string, string>();
  private readonly created = new Set<string>();
  private readonly destroyed = new Set<string>();
  /** Words that storage held before the transaction, by "account slot". */
  private readonly held = new Map<string, string>();

  constructor(
    private readonly provider: DevProvider,
    /** Number of the block whose state is built on. */
    private readonly block: number,
  ) {}

  mark(): number {
    return this.undo.length;
  }

  revertTo(mark: number): void {
    while (this.undo.length > mark) this.undo.pop()!();
  }

  /** The next transaction of the block begins. */
  commit(): void {
    for (const [key, value] of this.storage) if (!this.isGone(key)) this.held.set(key, value);
    this.storage.clear();
    // A new contract counts from 1; the block before knows nothing of it.
    for (const account of this.created) {
      if (!this.destroyed.has(account)) this.nonces.set(account, (this.nonces.get(account) ?? 0n) + 1n);
    }
    this.created.clear();
    this.destroyed.clear();
    this.undo.length = 0;
  }

  move(from: string, to: string, value: bigint): void {
    if (value === 0n) return;
    this.set(this.gained, from, (this.gained.get(from) ?? 0n) - value);
    this.set(this.gained, to, (this.gained.get(to) ?? 0n) + value);
  }

  async balanceOf(account: string): Promise<bigint> {
    return BigInt(await this.ask("eth_getBalance", account)) + (this.gained.get(account) ?? 0n);
  }

  /** The nonce that a contract creates with; it is used up. */
  async takeNonce(account: string): Promise<bigint> {
    const before = this.created.has(account) ? 1n : BigInt(await this.ask("eth_getTransactionCount", account));
    const used = this.nonces.get(account) ?? 0n;
    this.set(this.nonces, account, used + 1n);
    return before + used;
  }

  create(account: string): void {
    this.add(this.created, account);
  }

  /** Whether this transaction created the account. */
  isNew(account: string): boolean {
    return this.created.has(account);
  }

  setCode(account: string, code: Uint8Array): void {
    this.set(this.code, account, code);
  }

  async codeOf(account: string): Promise<Uint8Array> {
    return this.code.get(account) ?? getBytes(await this.ask("eth_getCode", account));
  }

  /** Under EIP-6780: all of the balance goes, and the account only where this transaction created it. */
  destroy(account: string): void {
    if (this.created.has(account)) this.add(this.destroyed, account);
  }

  /** A word that storage was seen to hold; only what was there before the first write counts. */
  noteHeld(account: string, slot: string, value: string): void {
    const key = `${account} ${slot}`;
    if (!this.storage.has(key) && !this.held.has(key)) this.held.set(key, value);
  }

  write(account: string, slot: string, value: string): void {
    this.set(this.storage, `${account} ${slot}`, value);
  }

  /** What the transaction left in storage that was not there. */
  async writes(): Promise<{ account: string; slot: string; before: string; after: string }[]> {
    const kept = [...this.storage].filter(([key]) => !this.isGone(key));
    const found = await Promise.all(
      kept.map(async ([key, after]) => {
        const [account = "", slot = ""] = key.split(" ");
        const before = this.held.get(key) ?? toBeHex(BigInt(await this.ask("eth_getStorageAt", account, slot)), 32);
        return { account, slot, before, after };
      }),
    );
    return found.filter(({ before, after }) => before !== after);
  }

  private isGone(key: string): boolean {
    return this.destroyed.has(key.split(" ")[0]!);
  }

  private async ask(method: string, ...params: string[]): Promise<string> {
    return String(await this.provider.send(method, [...params, toQuantity(this.block)]));
  }

  private set<T>(map: Map<string, T>, key: string, value: T): void {
    const had = map.has(key);
    const before = map.get(key);
    this.undo.push(() => void (had ? map.set(key, before!) : map.delete(key)));
    map.set(key, value);
  }

  private add(set: Set<string>, key: string): void {
    if (set.has(key)) return;
    this.undo.push(() => void set.delete(key));
    set.add(key);
  }
}
