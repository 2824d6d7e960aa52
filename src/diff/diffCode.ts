import { dataLength, keccak256 } from "ethers";
import { differingBlocks, doesSame, listingOf } from "../bytecode/compareCode";
import type { Client } from "../client";
import { Exit, type ExitCode } from "../errors";
import type { NamedSelector } from "../impact/types";
import { compareUpgrade, type LayoutFinding } from "../layout/compareUpgrade";
import { maskedHash, valueOf, type CodeSide } from "./codeSide";

/** Bytes of deployed code (EIP-170) and of code that creates (EIP-3860). */
export const LIMITS = { runtime: 24_576, creation: 49_152 } as const;
/** Share of a limit from which on it is worth a warning, in hundredths. */
const NEAR = 95;

export interface SideReport {
  account?: string;
  contract?: string;
  bytes: number;
  codeHash: string;
  /** Without metadata, immutables and libraries at zero: equal means that the source decides nothing else. */
  maskedHash: string;
  solc?: string;
  optimizerRuns?: number;
  viaIR?: boolean;
  evmVersion?: string;
}

export interface FunctionChange extends NamedSelector {
  /** Instructions that it may run, shared ones included. */
  instructions: { before: number; after: number };
  /** Reads and writes of storage, calls, logs: where their number differs. */
  counts: Record<string, { before: number; after: number }>;
  /** Straight runs of instructions that only one side has; empty where only the order or the places differ. */
  removed: string[];
  added: string[];
}

export interface ImmutableDiff {
  name: string;
  type?: string;
  /** Undefined: not there, or not deployed yet. */
  before?: string;
  after?: string;
}

export interface SizeReport {
  what: "runtime" | "creation";
  bytes: number;
  limit: number;
  verdict: "pass" | "warn" | "fail";
}

export interface CodeDiff {
  title: string;
  before?: SideReport;
  after: SideReport;
  /** The same but for metadata, and values of immutables. */
  isSame: boolean;
  functions: {
    added: NamedSelector[];
    removed: NamedSelector[];
    /** The same name with other parameters. */
    retyped: { before: NamedSelector; after: NamedSelector }[];
    changed: FunctionChange[];
    same: number;
    /** Whether either side has a dispatch table that could be read. */
    isKnown: boolean;
  };
  /** What runs before a function is found, and where none is: receive and fallback. */
  outside: "same" | "changed";
  /** Constants and code to create, behind the instructions. */
  data: "same" | "changed";
  immutables: ImmutableDiff[];
  /** Names of sides of which no artifact is at hand: their immutables are not known, and count as code. */
  unmasked: string[];
  layout: { verdict: "compatible" | "broken" | "not compared"; findings: LayoutFinding[]; why?: string };
  sizes: SizeReport[];
}

/** What a candidate is against the code that serves, from the two codes alone; sources only add names. */
export async function diffCode(
  client: Client,
  title: string,
  { before, after }: { before?: CodeSide; after: CodeSide },
): Promise<CodeDiff> {
  const sides = before === undefined ? [after] : [before, after];
  const isSame = before !== undefined && maskedHash(before) === maskedHash(after);
  return {
    title,
    ...(before === undefined ? {} : { before: reportOf(before) }),
    after: reportOf(after),
    isSame,
    functions: compareFunctions(before, after),
    outside:
      before !== undefined && doesSame(before.program, after.program, { before: 0, after: 0, isPastDispatch: true })
        ? "same"
        : "changed",
    data: before?.program.data() === after.program.data() ? "same" : "changed",
    immutables: compareImmutables(before, after),
    unmasked: sides.filter(({ contract }) => contract === undefined).map(({ account }) => account ?? ""),
    layout: await compareStorage(client, before, after),
    sizes: sizesOf(after),
  };
}

function reportOf(side: CodeSide): SideReport {
  const { account, contract, code, metadata, build } = side;
  return {
    account,
    contract,
    bytes: dataLength(code),
    codeHash: keccak256(code),
    maskedHash: maskedHash(side),
    solc: build?.compiler ?? metadata?.solc,
    optimizerRuns: build?.optimizerRuns,
    viaIR: build?.viaIR,
    evmVersion: build?.evmVersion,
  };
}

function compareFunctions(before: CodeSide | undefined, after: CodeSide): CodeDiff["functions"] {
  const named = (selector: string): NamedSelector => {
    const abi = [after.abi, before?.abi].find((one) => one?.getFunction(selector) != null);
    return { selector, signature: abi?.getFunction(selector)?.format("sighash") };
  };
  const [old, fresh] = [before?.program.dispatch() ?? [], after.program.dispatch()];
  const entries = new Map(fresh.map(({ selector, entry }) => [selector, entry]));
  const changed: FunctionChange[] = [];
  let same = 0;
  for (const { selector, entry } of old) {
    const other = entries.get(selector);
    if (other === undefined) continue;
    if (doesSame(before!.program, after.program, { before: entry, after: other })) ++same;
    else changed.push({ ...named(selector), ...changeOf(before!, after, entry, other) });
  }
  const known = new Set(old.map(({ selector }) => selector));
  const added = fresh.filter(({ selector }) => !known.has(selector)).map(({ selector }) => named(selector));
  const removed = old.filter(({ selector }) => !entries.has(selector)).map(({ selector }) => named(selector));
  const nameOf = ({ signature }: NamedSelector) => signature?.split("(")[0];
  const retyped = removed.flatMap((one) => {
    const next = added.find((other) => nameOf(other) !== undefined && nameOf(other) === nameOf(one));
    return next === undefined ? [] : [{ before: one, after: next }];
  });
  return {
    added: added.filter((one) => !retyped.some((pair) => pair.after === one)),
    removed: removed.filter((one) => !retyped.some((pair) => pair.before === one)),
    retyped,
    changed,
    same,
    isKnown: fresh.length > 0 && (before === undefined || old.length > 0),
  };
}

function changeOf(
  before: CodeSide,
  after: CodeSide,
  from: number,
  to: number,
): Omit<FunctionChange, keyof NamedSelector> {
  const [old, fresh] = [listingOf(before.program, { entry: from }), listingOf(after.program, { entry: to })];
  const names = [...new Set([...Object.keys(old.counts), ...Object.keys(fresh.counts)])].sort();
  const counts = names
    .map((name) => [name, { before: old.counts[name] ?? 0, after: fresh.counts[name] ?? 0 }] as const)
    .filter(([, count]) => count.before !== count.after);
  return {
    instructions: { before: old.instructions, after: fresh.instructions },
    counts: Object.fromEntries(counts),
    ...differingBlocks(old.blocks, fresh.blocks),
  };
}

function compareImmutables(before: CodeSide | undefined, after: CodeSide): ImmutableDiff[] {
  const old = before?.immutables ?? [];
  const names = new Set([...old, ...after.immutables].map(({ name }) => name));
  return [...names].map((name) => {
    const was = old.find((one) => one.name === name);
    const is = after.immutables.find((one) => one.name === name);
    return {
      name,
      type: (is ?? was)?.type,
      before: was === undefined ? undefined : valueOf(before!, was),
      after: is === undefined ? undefined : valueOf(after, is),
    };
  });
}

async function compareStorage(
  client: Client,
  before: CodeSide | undefined,
  after: CodeSide,
): Promise<CodeDiff["layout"]> {
  const notCompared = (why: string) => ({ verdict: "not compared" as const, findings: [], why });
  if (before === undefined) return notCompared("nothing serves yet");
  const layoutOf = async ({ contract }: CodeSide) =>
    contract === undefined ? undefined : client.artifacts.layout?.(contract);
  const [old, fresh] = await Promise.all([layoutOf(before), layoutOf(after)]);
  const unknown = old === undefined ? before : fresh === undefined ? after : undefined;
  if (old === undefined || fresh === undefined) {
    return notCompared(`no layout in a build of ${unknown?.contract ?? unknown?.account ?? "the code"}`);
  }
  const findings = compareUpgrade(old, fresh);
  return { verdict: findings.some(({ isBroken }) => isBroken) ? "broken" : "compatible", findings };
}

/** What a chain that keeps to the two limits takes. */
export function sizesOf({ code, creation }: Pick<CodeSide, "code" | "creation">): SizeReport[] {
  const of = (what: SizeReport["what"], bytes: number): SizeReport => {
    const limit = LIMITS[what];
    return { what, bytes, limit, verdict: bytes > limit ? "fail" : bytes * 100 >= limit * NEAR ? "warn" : "pass" };
  };
  return [of("runtime", dataLength(code)), ...(creation === undefined ? [] : [of("creation", dataLength(creation))])];
}

/** Storage that would be misread, and code that no chain takes, fail. */
export function exitOfDiff(diffs: readonly CodeDiff[]): ExitCode {
  const isBad = ({ layout, sizes }: CodeDiff) =>
    layout.verdict === "broken" || sizes.some(({ verdict }) => verdict === "fail");
  return diffs.some(isBad) ? Exit.checkFailed : Exit.pass;
}
