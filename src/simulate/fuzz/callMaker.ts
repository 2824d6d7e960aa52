import { Interface, toBeHex, ZeroAddress, type FunctionFragment, type ParamType } from "ethers";
import { functionsOf } from "../../plan/abi";
import type { Random } from "./random";

export interface FuzzCall {
  from: string;
  to: string;
  data: string;
  value: bigint;
  /** As people read it. */
  text: string;
}

/** Half the words from what was seen, the other half from the edges of their type. */
const SEEN_WORDS = 64;
const EDGES = [0n, 1n, 2n, 3n, 10n ** 6n, 10n ** 18n, 100n * 10n ** 18n, 2n ** 128n - 1n, 2n ** 255n, 2n ** 256n - 1n];

/** Draws calls of a module's functions, with arguments from what the chain has shown and from the edges of each type. */
export class CallMaker {
  private readonly functions: FunctionFragment[];
  private readonly words: bigint[] = [];

  constructor(
    private readonly random: Random,
    private readonly params: {
      targets: readonly string[];
      senders: readonly string[];
      accounts: readonly string[];
      /** The module's functions; those of the second one that the first has not are drawn twice as often. */
      stable?: Interface;
      candidate: Interface;
      /** Calls of users, by whom: drawn as they are. */
      known: readonly Omit<FuzzCall, "text">[];
    },
  ) {
    const { stable, candidate } = params;
    const old = new Set((stable === undefined ? [] : functionsOf(stable)).map(({ selector }) => selector));
    const isCall = ({ stateMutability }: FunctionFragment) => !/^(view|pure)$/.test(stateMutability);
    const now = functionsOf(candidate).filter(isCall);
    const gone = (stable === undefined ? [] : functionsOf(stable)).filter(
      (one) => isCall(one) && now.every(({ selector }) => selector !== one.selector),
    );
    const added = stable === undefined ? [] : now.filter(({ selector }) => !old.has(selector));
    this.functions = [...now, ...gone, ...added];
  }

  get count(): number {
    return new Set(this.functions.map(({ selector }) => selector)).size;
  }

  /** A word that a call returned, or that the chain holds: arguments are drawn from the last ones. */
  see(...words: bigint[]): void {
    for (const word of words) {
      if (this.words.includes(word)) continue;
      this.words.push(word);
      if (this.words.length > SEEN_WORDS) this.words.shift();
    }
  }

  next(): FuzzCall | undefined {
    const { random } = this;
    const { known, senders, targets } = this.params;
    if (known.length > 0 && random.below(5) === 0) {
      const call = random.pick(known);
      return { ...call, text: `${call.data.slice(0, 10)} as in a journey, by ${call.from}` };
    }
    if (this.functions.length === 0) return undefined;
    const fragment = random.pick(this.functions);
    const args = fragment.inputs.map((input) => this.argument(input));
    const from = random.pick(senders);
    const value = fragment.payable ? random.pick([0n, 1n, 10n ** 18n]) : 0n;
    return {
      from,
      to: random.pick(targets),
      data: new Interface([fragment]).encodeFunctionData(fragment, args),
      value,
      text: `${fragment.name}(${args.map(argumentText).join(", ")}) by ${from}${value === 0n ? "" : ` with ${value} wei`}`,
    };
  }

  private argument(input: ParamType): unknown {
    const { random } = this;
    if (input.isArray()) {
      const length = input.arrayLength === -1 ? random.below(3) : (input.arrayLength ?? 0);
      return Array.from({ length }, () => this.argument(input.arrayChildren));
    }
    if (input.isTuple()) return input.components.map((component) => this.argument(component));
    if (input.type === "address") return this.account();
    if (input.type === "bool") return random.below(2) === 1;
    if (input.type === "string") return random.pick(["", "a", "slipway"]);
    if (input.type === "bytes") return random.pick(["0x", "0x00", random.pick(this.functions).selector]);
    const sized = /^(u?int|bytes)(\d*)$/.exec(input.type);
    if (sized === null) return "0x";
    if (sized[1] === "bytes") {
      const size = Number(sized[2]);
      return toBeHex(this.number() & ((1n << BigInt(8 * size)) - 1n), size);
    }
    const bits = BigInt(sized[2] === "" ? 256 : sized[2]!);
    if (sized[1] === "uint") return this.number() & ((1n << bits) - 1n);
    const magnitude = this.number() & ((1n << (bits - 1n)) - 1n);
    return random.below(2) === 0 ? magnitude : -magnitude;
  }

  private account(): string {
    const { random } = this;
    const { accounts, senders, targets } = this.params;
    const all = [...senders, ...accounts, ...targets];
    return random.below(16) === 0 ? ZeroAddress : random.pick(all);
  }

  private number(): bigint {
    const { random, words } = this;
    if (words.length > 0 && random.below(2) === 0) {
      const word = random.pick(words);
      return random.pick([word, word, word === 0n ? 0n : word - 1n, word + 1n, word / 2n]);
    }
    return random.below(3) === 0 ? random.word() % (random.pick(EDGES) + 1n) : random.pick(EDGES);
  }
}

function argumentText(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(argumentText).join(", ")}]` : String(value);
}
