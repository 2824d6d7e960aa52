import { toQuantity, zeroPadValue, id, type Interface } from "ethers";
import { chainTime, revertTo, setBalance, takeSnapshot, warpTo } from "../../chain/devChain";
import type { ForkSession } from "../forkSession";
import type { Fork } from "../openFork";
import { isRevert, sendAs, TRANSACTION_GAS } from "../sendAs";
import { CallMaker, type FuzzCall } from "./callMaker";
import { Random } from "./random";
import { shrink } from "./shrink";
import type { Break, Watch } from "./watch";

/** Sequences that are tried while the shortest one is sought. */
const SHRINK_BUDGET = 120;
const FUNDS = 10n ** 22n;

export interface FuzzRequest {
  session: ForkSession;
  /** A fork of the chain without the plan, at the rehearsal's block. */
  openStable: () => Promise<Fork>;
  watch: Watch;
  seed: string;
  calls: number;
  targets: readonly string[];
  /** Users, actors and strangers. */
  senders: readonly string[];
  /** Further addresses that are drawn as arguments. */
  accounts: readonly string[];
  abis: { stable?: Interface; candidate: Interface };
  known: readonly Omit<FuzzCall, "text">[];
}

export interface FuzzNotes {
  seed: string;
  calls: number;
  /** Calls that went through. */
  succeeded: number;
  functions: number;
  invariants: string[];
  /** Broken by the candidate, and not by stable with the same calls. */
  found?: Break & { sequence: string[]; length: number };
  /** Broken on stable too: the plan did not bring it. */
  known: Break[];
}

/**
 * Random calls on a copy of the present state, one after another, with every invariant read after each that goes through. What
 * breaks one on the candidate and not on stable is shrunk to the shortest sequence.
 */
export function fuzz(request: FuzzRequest): Promise<FuzzNotes> {
  const { session, senders } = request;
  return session.onSnapshot(async () => {
    for (const sender of senders) await session.enter(sender);
    return new Campaign(request).run();
  });
}

class Campaign {
  private readonly maker: CallMaker;
  private readonly notes: FuzzNotes;
  private start = "";

  constructor(private readonly request: FuzzRequest) {
    const { seed, calls, watch, abis } = request;
    const { stable, candidate } = abis;
    this.maker = new CallMaker(new Random(seed), { ...request, stable, candidate });
    this.notes = { seed, calls, succeeded: 0, functions: this.maker.count, invariants: watch.names, known: [] };
  }

  async run(): Promise<FuzzNotes> {
    const { session, calls } = this.request;
    let { watch } = this.request;
    this.start = await takeSnapshot(session.fork.provider);
    await this.look();
    let reading = await watch.read(session.fork);
    const done: FuzzCall[] = [];
    for (let i = 0; i < calls && watch.names.length > 0; ++i) {
      const call = this.maker.next();
      if (call === undefined || !(await this.make(session.fork, call))) continue;
      this.notes.succeeded += 1;
      done.push(call);
      const after = await watch.read(session.fork);
      const broken = watch.broken(reading, after);
      reading = after;
      if (broken === undefined) continue;
      const time = await chainTime(session.fork.provider);
      if (await this.breaksStable(done, broken.invariant, time)) {
        this.notes.known.push(broken);
        watch = watch.without(new Set([broken.invariant]));
        continue;
      }
      const sequence = await this.shortest(done, broken.invariant);
      this.notes.found = { ...broken, sequence: sequence.map(({ text }) => text), length: done.length };
      break;
    }
    return this.notes;
  }

  /** Asked first, for most random calls are refused, and a refusal is to cost one request. */
  private async make(fork: Fork, call: FuzzCall): Promise<boolean> {
    const { from, to, data, value } = call;
    const request = { from, to, data, value: toQuantity(value), gas: toQuantity(TRANSACTION_GAS) };
    try {
      const answer = (await fork.provider.send("eth_call", [request, "latest"])) as string;
      const { isOk } = await sendAs(fork, call);
      if (isOk && answer.length === 66) this.maker.see(BigInt(answer));
      return isOk;
    } catch (thrown) {
      if (isRevert(thrown)) return false;
      throw thrown;
    }
  }

  /** What users hold becomes what is drawn. */
  private async look(): Promise<void> {
    const { session, senders, targets } = this.request;
    for (const to of targets) {
      for (const account of senders) {
        const data = id("balanceOf(address)").slice(0, 10) + zeroPadValue(account, 32).slice(2);
        const held = await session.fork.provider.send("eth_call", [{ to, data }, "latest"]).catch(() => "0x");
        if (String(held).length === 66 && BigInt(String(held)) !== 0n) this.maker.see(BigInt(String(held)));
      }
    }
  }

  private async breaksStable(sequence: readonly FuzzCall[], invariant: string, time: number): Promise<boolean> {
    const stable = await this.request.openStable();
    try {
      await warpTo(stable.provider, time - sequence.length);
      for (const sender of this.request.senders) {
        await stable.provider.send("hardhat_impersonateAccount", [sender]);
        await setBalance(stable.provider, sender, FUNDS);
      }
      return await this.breaks(stable, sequence, invariant);
    } finally {
      await stable.close();
    }
  }

  private async shortest(sequence: readonly FuzzCall[], invariant: string): Promise<FuzzCall[]> {
    const { fork } = this.request.session;
    const isStill = async (candidate: readonly FuzzCall[]) => {
      await revertTo(fork.provider, this.start);
      this.start = await takeSnapshot(fork.provider);
      return this.breaksAtEnd(fork, candidate, invariant);
    };
    return shrink(sequence, isStill, SHRINK_BUDGET);
  }

  /** Whether the last call breaks the invariant: asked often, so that what comes before it is sent and not looked at. */
  private async breaksAtEnd(fork: Fork, sequence: readonly FuzzCall[], invariant: string): Promise<boolean> {
    const only = this.watchOf(invariant);
    for (const { from, to, data, value } of sequence.slice(0, -1)) {
      const request = { from, to, data, value: toQuantity(value), gas: toQuantity(TRANSACTION_GAS) };
      await fork.provider.send("eth_sendTransaction", [request]).catch((thrown: unknown) => {
        // Hardhat's node answers a mined transaction that reverted with an error.
        if (!isRevert(thrown)) throw thrown;
      });
    }
    const before = await only.read(fork);
    return (await this.make(fork, sequence.at(-1)!)) && only.broken(before, await only.read(fork)) !== undefined;
  }

  private watchOf(invariant: string): Watch {
    const { watch } = this.request;
    return watch.without(new Set(watch.names.filter((name) => name !== invariant)));
  }

  /** Whether one of the calls breaks the invariant. */
  private async breaks(fork: Fork, sequence: readonly FuzzCall[], invariant: string): Promise<boolean> {
    const only = this.watchOf(invariant);
    let reading = await only.read(fork);
    for (const call of sequence) {
      if (!(await this.make(fork, call))) continue;
      const after = await only.read(fork);
      if (only.broken(reading, after) !== undefined) return true;
      reading = after;
    }
    return false;
  }
}
