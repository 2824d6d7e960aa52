import { AbiCoder, getAddress, Interface, ZeroAddress, type Provider } from "ethers";
import { SlipwayError } from "../errors";
import { readProbe } from "../plan/probe";
import { Op, type Gate } from "../plan/types";
import { codeAt } from "./codeAt";
import { delegateTargets } from "./delegateTargets";
import { readSlots, SLOTS } from "./erc1967";

const ABI = new Interface([
  "function implementation() view returns (address)",
  "function facetAddress(bytes4 selector) view returns (address)",
]);

/** Gas of a probe that asks a beacon or a loupe for one address. */
const POINTER_GAS = 100_000n;

/** A chain that is longer is no chain that anyone reviews. */
const MAX_DEPTH = 8;

/** The whole code of a minimal proxy (ERC-1167): it does nothing but delegate. */
const MINIMAL_PROXY = /^0x363d3d373d3d3d363d73([0-9a-f]{40})5af43d82803e903d91602b57fd5bf3/;

const DELEGATECALL = 0xf4;

/** A slot that leads to code and that no opcode reads from outside. */
export interface OffchainPointer {
  account: string;
  slot: string;
  name: string;
  expected: string;
}

/** One account whose code runs, or decides which code runs. */
export interface ChainLink {
  account: string;
  codeHash: string;
  /** "the beacon", "a facet": what leads to it. */
  role: string;
}

export interface DelegateChain {
  links: ChainLink[];
  /** Pointers that the registry can read, by a beacon's or a loupe's getter. */
  gates: Gate[];
  /** Pointers that it cannot read. */
  pointers: OffchainPointer[];
}

/** An account that a plan relies on. */
export interface ChainRoot {
  account: string;
  /** What leads to it, for people. */
  role: string;
  /** Place in the plan file, or words, for an error. */
  at: string;
  /** Functions that are called on it: of a diamond, their facets belong to the chain. */
  selectors?: readonly string[];
  /** The account is a proxy whose implementation the plan itself moves. */
  isMoved?: boolean;
  /** The proxy that runs this account's code in its own storage. */
  proxy?: string;
}

type Via = "called" | "implementation" | "beacon" | "constant";

/**
 * Everything that runs when these accounts are called, as far as it can be read: a proxy's implementation, its beacon and the
 * beacon's implementation, the facets of the functions that are called, and constants of delegating code (linked libraries,
 * immutables), each with what it delegates to in turn. An account without code, or whose code its key can change, ends it with
 * an error, and so does a chain that leads back to itself.
 */
export async function delegateChain(provider: Provider, roots: readonly ChainRoot[]): Promise<DelegateChain> {
  const walk = new Walk(provider);
  for (const root of roots) await walk.enter(root);
  return walk.result();
}

/** What code that is not on chain yet delegates to. */
export async function delegatesOfCode(
  provider: Provider,
  account: string,
  code: string,
  at: string,
): Promise<DelegateChain> {
  const walk = new Walk(provider);
  await walk.constants(account, code, at, [account]);
  return walk.result();
}

class Walk {
  private readonly links = new Map<string, ChainLink>();
  private readonly gates = new Map<string, Gate>();
  private readonly pointers: OffchainPointer[] = [];

  constructor(private readonly provider: Provider) {}

  result(): DelegateChain {
    return { links: [...this.links.values()], gates: [...this.gates.values()], pointers: this.pointers };
  }

  async enter(root: ChainRoot): Promise<void> {
    const { account, role, at, proxy, isMoved, selectors } = root;
    const path = proxy === undefined ? [] : [proxy];
    await this.visit(account, { via: proxy === undefined ? "called" : "implementation", role, at, path, isMoved });
    if (selectors !== undefined) await this.facets(account, selectors, at);
  }

  private async visit(
    account: string,
    { via, role, at, path, isMoved }: { via: Via; role: string; at: string; path: string[]; isMoved?: boolean },
  ): Promise<void> {
    this.checkPath(account, path, at);
    if (this.links.has(account)) return;
    const { code, codeHash } = await codeAt(this.provider, account, at);
    this.links.set(account, { account, codeHash, role });
    const here = [...path, account];
    const clone = MINIMAL_PROXY.exec(code);
    if (clone !== null) {
      const target = getAddress(`0x${clone[1]}`);
      await this.visit(target, { via: "implementation", role: `code of the clone ${account}`, at, path: here });
      return;
    }
    if (via === "beacon" || (via === "constant" && !canDelegate(code))) await this.beacon(account, via, at, here);
    if (via !== "constant" && isMoved !== true) await this.slots(account, via, at, here);
    await this.constants(account, code, at, here);
  }

  private async slots(account: string, via: Via, at: string, path: string[]): Promise<void> {
    const { implementation, beacon } = await readSlots(this.provider, account);
    if (implementation !== ZeroAddress) {
      // Run by another proxy it reads that one's slot, and finds itself there.
      if (via === "implementation") this.fail([...path, account], at);
      this.pointers.push({ account, slot: SLOTS.implementation, name: "implementation", expected: implementation });
      await this.visit(implementation, {
        via: "implementation",
        role: `implementation of ${account}`,
        at: `${at}, implementation of ${account}`,
        path,
      });
    }
    if (beacon !== ZeroAddress) {
      this.pointers.push({ account, slot: SLOTS.beacon, name: "beacon", expected: beacon });
      const role = `beacon of ${account}`;
      await this.visit(beacon, { via: "beacon", role, at: `${at}, ${role}`, path });
    }
  }

  /** An account that names the implementation of others. A constant may be one; then it answers as one. */
  private async beacon(account: string, via: Via, at: string, path: string[]): Promise<void> {
    const probe = { target: account, data: ABI.encodeFunctionData("implementation"), gas: POINTER_GAS };
    const word = await readProbe(this.provider, probe);
    const isAddress = word !== undefined && word > 0xffffn && word < 1n << 160n;
    const implementation = isAddress ? addressOf(word) : undefined;
    if (via === "constant") {
      if (implementation === undefined || (await this.provider.getCode(implementation)) === "0x") return;
    } else if (implementation === undefined) {
      throw new SlipwayError("ProbeUnavailable", {
        where: at,
        expected: "a beacon that tells its implementation()",
        found: `${account}, which does not`,
      });
    }
    this.gate(account, probe.data, implementation!);
    const role = `implementation of the beacon ${account}`;
    await this.visit(implementation!, { via: "implementation", role, at: `${at}, ${role}`, path });
  }

  /** The facets that serve these functions, where the account is a diamond. */
  private async facets(account: string, selectors: readonly string[], at: string): Promise<void> {
    for (const selector of new Set(selectors)) {
      const data = ABI.encodeFunctionData("facetAddress", [selector]);
      const word = await readProbe(this.provider, { target: account, data, gas: POINTER_GAS });
      if (word === undefined) return;
      if (word === 0n || word >> 160n !== 0n) continue;
      const facet = addressOf(word);
      this.gate(account, data, facet);
      const role = `facet of ${selector}`;
      // A diamond may serve functions itself.
      if (facet !== account) {
        await this.visit(facet, { via: "implementation", role, at: `${at}, ${role} of ${account}`, path: [account] });
      }
    }
  }

  /** Constants of delegating code that hold code themselves. Any of them may be called only, which a pin does not harm. */
  async constants(account: string, code: string, at: string, path: string[]): Promise<void> {
    for (const target of delegateTargets(code)) {
      // A library and a UUPS implementation know their own address.
      if (target === account || path.includes(target) || this.links.has(target)) continue;
      if ((await this.provider.getCode(target)) === "0x") continue;
      await this.visit(target, {
        via: "constant",
        role: `constant of ${account}`,
        at: `${at}, code that ${account} delegates to`,
        path,
      });
    }
  }

  private gate(target: string, data: string, bound: string): void {
    this.gates.set(`${target} ${data}`, {
      probe: { target, data, gas: POINTER_GAS },
      op: Op.Eq,
      bound: BigInt(bound),
    });
  }

  private checkPath(account: string, path: string[], at: string): void {
    if (path.includes(account) || path.length >= MAX_DEPTH) this.fail([...path, account], at);
  }

  private fail(path: string[], at: string): never {
    throw new SlipwayError("DelegateCycle", {
      where: at,
      expected: `a chain of delegates that ends, within ${MAX_DEPTH} accounts`,
      found: path.join(" → "),
    });
  }
}

function canDelegate(code: string): boolean {
  const bytes = Buffer.from(code.slice(2), "hex");
  for (let i = 0; i < bytes.length; i++) {
    const op = bytes[i]!;
    if (op === DELEGATECALL) return true;
    if (op >= 0x60 && op <= 0x7f) i += op - 0x5f;
  }
  return false;
}

function addressOf(word: bigint): string {
  return AbiCoder.defaultAbiCoder().decode(["address"], `0x${word.toString(16).padStart(64, "0")}`)[0] as string;
}
