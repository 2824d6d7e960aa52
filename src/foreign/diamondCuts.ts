import { getAddress, ZeroAddress, type Provider } from "ethers";
import { DIAMOND_ABI } from "../plan/diamond/readDiamond";
import type { Call } from "../plan/types";
import { ask } from "./ask";

/** Facet by selector. */
export type Routes = ReadonlyMap<string, string>;

/** What one cut does with functions of a diamond: the zero address takes them out. */
export interface Cut {
  target: string;
  facet: string;
  selectors: string[];
  /** What runs on the diamond's storage with the cut. */
  init: string;
}

/** What a diamond's loupe tells; undefined where none answers. */
export async function routesOf(provider: Provider, account: string, block?: number): Promise<Routes | undefined> {
  const found = await ask(provider, account, DIAMOND_ABI, "facets", [], block);
  if (found === undefined) return undefined;
  const facets = found[0] as { facetAddress: string; functionSelectors: string[] }[];
  return new Map(
    facets.flatMap(({ facetAddress, functionSelectors }) =>
      [...functionSelectors].map((selector) => [selector, facetAddress] as const),
    ),
  );
}

/** What the calls themselves say of cuts. */
export function cutsIn(calls: readonly Call[]): Cut[] {
  return calls.flatMap(({ target, data }) => {
    if (!data.startsWith(DIAMOND_ABI.getFunction("diamondCut")!.selector)) return [];
    try {
      const [cuts, init] = DIAMOND_ABI.decodeFunctionData("diamondCut", data) as unknown as [
        [string, bigint, string[]][],
        string,
      ];
      return cuts.map(([facet, action, selectors]): Cut => ({
        target: getAddress(target),
        facet: action === 2n ? ZeroAddress : facet,
        selectors: [...selectors],
        init,
      }));
    } catch {
      return [];
    }
  });
}
