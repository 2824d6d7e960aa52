import { SlipwayError } from "../errors";

export const CutAction = { Add: 0, Replace: 1, Remove: 2 } as const;

/** A facet and what it serves: what the loupe tells of a diamond, or what it shall tell. */
export interface FacetSelectors {
  facetAddress: string;
  functionSelectors: readonly string[];
}

/** As `diamondCut` takes it. */
export interface FacetCut {
  facetAddress: string;
  action: number;
  functionSelectors: string[];
}

export interface FacetCuts {
  cuts: FacetCut[];
  /** Takes exactly that back. */
  inverse: FacetCut[];
  /** Selectors that nobody serves afterwards. */
  removed: string[];
}

const NOBODY = `0x${"00".repeat(20)}`;

/**
 * The cut that leads from what a diamond serves to what it shall serve, the whole of it: what the desired map does not name is
 * removed, so nothing that was dropped from the source lives on unseen. A removal has to be named in `removals`, so nothing is
 * removed unseen either.
 */
export function facetCuts(
  live: readonly FacetSelectors[],
  desired: readonly FacetSelectors[],
  removals: readonly string[] = [],
): FacetCuts {
  const before = routes(live);
  const after = routes(desired);
  const removed = [...before.keys()].filter((selector) => !after.has(selector));
  const unnamed = removed.filter((selector) => !removals.includes(selector));
  if (unnamed.length > 0) {
    throw new SlipwayError("RemovalUnconfirmed", {
      where: unnamed.map((selector) => `${selector} of ${before.get(selector)}`).join(", "),
      expected: "every selector that goes named as a removal",
      found: `${unnamed.length} that the new facets do not serve`,
    });
  }
  return { cuts: difference(before, after), inverse: difference(after, before), removed };
}

function routes(facets: readonly FacetSelectors[]): Map<string, string> {
  const served = new Map<string, string>();
  for (const { facetAddress, functionSelectors } of facets) {
    for (const selector of functionSelectors) {
      const other = served.get(selector);
      if (other !== undefined) {
        throw new SlipwayError("SelectorClash", { where: selector, found: `${other} and ${facetAddress}` });
      }
      served.set(selector, facetAddress);
    }
  }
  return served;
}

/** One part for each facet and action, in the order of the selectors. */
function difference(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): FacetCut[] {
  const parts = new Map<string, FacetCut>();
  const put = (action: number, facetAddress: string, selector: string) => {
    const key = `${action} ${facetAddress}`;
    const part = parts.get(key) ?? { facetAddress, action, functionSelectors: [] };
    part.functionSelectors.push(selector);
    parts.set(key, part);
  };
  for (const [selector, facet] of to) {
    const present = from.get(selector);
    if (present === undefined) put(CutAction.Add, facet, selector);
    else if (present.toLowerCase() !== facet.toLowerCase()) put(CutAction.Replace, facet, selector);
  }
  for (const selector of from.keys()) if (!to.has(selector)) put(CutAction.Remove, NOBODY, selector);
  return [...parts.values()];
}
