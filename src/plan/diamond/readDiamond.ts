import { Interface, type Provider } from "ethers";
import { SlipwayError } from "../../errors";
import type { FacetSelectors } from "../../registry/facetCuts";

export const DIAMOND_ABI = new Interface([
  "function diamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts, address init, bytes data)",
  "function proposeDiamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] cuts, address init, bytes data)",
  "function facets() view returns ((address facetAddress, bytes4[] functionSelectors)[])",
  "function facetFunctionSelectors(address facet) view returns (bytes4[])",
  "function facetAddresses() view returns (address[])",
  "function facetAddress(bytes4 selector) view returns (address)",
]);

export const selectorOf = (name: string): string => DIAMOND_ABI.getFunction(name)!.selector;

/** What a diamond is looked into and cut by: no router may stand before these. */
export const UNROUTED: readonly string[] = [
  "diamondCut",
  "facets",
  "facetFunctionSelectors",
  "facetAddresses",
  "facetAddress",
].map(selectorOf);

/** A diamond as its loupe tells it. */
export interface Diamond {
  account: string;
  live: FacetSelectors[];
  /** Facet by selector. */
  routes: ReadonlyMap<string, string>;
  loupe: string;
  cutFacet: string;
  /** A cut has to be proposed before it is made. */
  isProposed: boolean;
}

export async function readDiamond(provider: Provider, account: string, where: string): Promise<Diamond> {
  const answer = await provider.call({ to: account, data: DIAMOND_ABI.encodeFunctionData("facets") });
  const [facets] = DIAMOND_ABI.decodeFunctionResult("facets", answer) as unknown as [
    { facetAddress: string; functionSelectors: string[] }[],
  ];
  const live = facets.map(({ facetAddress, functionSelectors }) => ({
    facetAddress,
    functionSelectors: [...functionSelectors],
  }));
  const routes = new Map(
    live.flatMap(({ facetAddress, functionSelectors }) =>
      functionSelectors.map((selector) => [selector, facetAddress] as const),
    ),
  );
  const facetOf = (name: string): string => {
    const facet = routes.get(selectorOf(name));
    // Functions of the diamond's own code cannot be replaced, and nobody but the diamond could be asked for them.
    if (facet !== undefined && facet !== account) return facet;
    throw new SlipwayError("KindUnsupported", {
      where,
      expected: `a diamond with ${name} in a facet (ERC-2535)`,
      found: facet === undefined ? `none in the loupe of ${account}` : `it in the code of ${account} itself`,
    });
  };
  return {
    account,
    live,
    routes,
    loupe: facetOf("facetAddress"),
    cutFacet: facetOf("diamondCut"),
    isProposed: routes.has(selectorOf("proposeDiamondCut")),
  };
}
