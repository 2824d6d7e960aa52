import { Contract, Interface, ZeroAddress } from "ethers";
import { beaconImplementation } from "../chain/beacon";
import { readSlots } from "../chain/erc1967";
import type { Client } from "../client";
import { lastUpgrade } from "../plan/pointerAfter";
import { ModuleKind, type Call, type Plan } from "../plan/types";
import { dispatchedSelectors } from "./selectors";
import type { NamedSelector, SelectorDiff } from "./types";

export interface DiffedModule {
  name: string;
  kind: ModuleKind;
  account: string;
}

export interface SelectorContext {
  /** ABIs that name functions. */
  abis: readonly Interface[];
  /** Code of accounts that are not on chain yet. */
  codes: Readonly<Record<string, string>>;
  /** What the candidate answers although its own dispatch table does not say so. */
  served?: Interface;
}

const DIAMOND = new Interface([
  "function diamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts, address init, bytes data)",
  "function facetAddress(bytes4 selector) view returns (address)",
  "function implementation() view returns (address)",
]);

/** What each module of the plan answers after its last stage, compared with what it answers now. */
export async function selectorDiffs(
  client: Client,
  plan: Plan,
  modules: readonly DiffedModule[],
  context: SelectorContext,
): Promise<SelectorDiff[]> {
  const calls = plan.stages.flatMap((stage) => stage.calls);
  const diffs = await Promise.all(
    modules.map((module) =>
      module.kind === ModuleKind.Diamond
        ? diamondDiff(client, calls, module, context)
        : proxyDiff(client, calls, module, context),
    ),
  );
  return diffs.filter((diff) => diff !== undefined);
}

async function proxyDiff(
  client: Client,
  calls: readonly Call[],
  { name, kind, account }: DiffedModule,
  { abis, codes, served }: SelectorContext,
): Promise<SelectorDiff | undefined> {
  const to = lastUpgrade(calls, account);
  if (to === undefined) return undefined;
  const from = kind === ModuleKind.Beacon ? await beaconTarget(client, account) : await slotOf(client, account);
  const named = nameBy(abis);
  const codeOf = async (at: string) => codes[at] ?? (await client.provider.getCode(at));
  const before = dispatchedSelectors(await codeOf(from));
  const table = dispatchedSelectors(await codeOf(to));
  const declared: string[] = [];
  served?.forEachFunction(({ selector }) => declared.push(selector));
  const after = new Set([...table, ...declared]);
  const base = { module: name, account, from, to };
  if (before.length === 0 || after.size === 0) {
    return { ...base, added: [], removed: [], changed: [], basis: "unknown" };
  }
  const added = [...after].filter((selector) => !before.includes(selector)).sort();
  const removed = before.filter((selector) => !after.has(selector));
  return {
    ...base,
    ...pairUp(added.map(named), removed.map(named)),
    basis: declared.length > 0 ? "ABI" : "dispatch tables",
  };
}

async function slotOf(client: Client, account: string): Promise<string> {
  return (await readSlots(client.provider, account)).implementation;
}

async function beaconTarget(client: Client, account: string): Promise<string> {
  return (await beaconImplementation(client.provider, account)) ?? ZeroAddress;
}

/** A function that lost a parameter is no new function to whoever calls it: both are told as one. */
function pairUp(added: NamedSelector[], removed: NamedSelector[]): Pick<SelectorDiff, "added" | "removed" | "changed"> {
  const changed = removed.flatMap((before) => {
    const after = added.find((entry) => nameOf(entry) !== undefined && nameOf(entry) === nameOf(before));
    return after === undefined ? [] : [{ before, after, note: "other parameters" }];
  });
  return {
    added: added.filter((entry) => !changed.some(({ after }) => after === entry)),
    removed: removed.filter((entry) => !changed.some(({ before }) => before === entry)),
    changed,
  };
}

function nameOf({ signature }: NamedSelector): string | undefined {
  return signature?.split("(")[0];
}

function nameBy(abis: readonly Interface[]): (selector: string) => NamedSelector {
  return (selector) => {
    const fragment = abis.map((abi) => abi.getFunction(selector)).find((found) => found !== null);
    return { selector, signature: fragment?.format("sighash") };
  };
}

async function diamondDiff(
  client: Client,
  calls: readonly Call[],
  { name, account }: DiffedModule,
  { abis }: SelectorContext,
): Promise<SelectorDiff | undefined> {
  const loupe = new Contract(account, DIAMOND, client.provider);
  const named = nameBy(abis);
  const routes = new Map<string, { before: string; after: string }>();
  for (const call of calls) {
    if (call.target !== account || !call.data.startsWith(DIAMOND.getFunction("diamondCut")!.selector)) continue;
    const [cuts] = DIAMOND.decodeFunctionData("diamondCut", call.data) as unknown as [[string, bigint, string[]][]];
    for (const [facet, , selectors] of cuts) {
      for (const selector of selectors) {
        const before = routes.get(selector)?.before ?? ((await loupe.getFunction("facetAddress")(selector)) as string);
        routes.set(selector, { before, after: facet });
      }
    }
  }
  if (routes.size === 0) return undefined;
  const entries = [...routes];
  const where = (test: (route: { before: string; after: string }) => boolean) =>
    entries.filter(([, route]) => test(route)).map(([selector]) => named(selector));
  return {
    module: name,
    account,
    from: `${new Set(entries.map(([, { before }]) => before).filter((facet) => facet !== ZeroAddress)).size} facets`,
    to: `${new Set(entries.map(([, { after }]) => after).filter((facet) => facet !== ZeroAddress)).size} facets`,
    added: where(({ before, after }) => before === ZeroAddress && after !== ZeroAddress),
    removed: where(({ before, after }) => before !== ZeroAddress && after === ZeroAddress),
    changed: entries
      .filter(([, { before, after }]) => before !== ZeroAddress && after !== ZeroAddress && before !== after)
      .map(([selector, { before, after }]) => ({
        before: named(selector),
        after: named(selector),
        note: `from ${before} to ${after}`,
      })),
    basis: "loupe and cut",
  };
}
