import { ZeroAddress } from "ethers";
import { facetCuts, type FacetCut, type FacetSelectors } from "../../registry/facetCuts";
import { Op, type Call, type Gate } from "../types";
import { DIAMOND_ABI, selectorOf, type Diamond } from "./readDiamond";

const LOUPE_GAS = 100_000n;

/** The calls that lead a diamond from one set of facets to another, and what its loupe tells meanwhile. */
export interface DiamondStages {
  /** Without a canary. */
  upgrade: Call[];
  /** Routers before stable and candidate. */
  install: Call[];
  promote: Call[];
  /** While routers serve, and after the promotion or an upgrade without a canary. */
  backRouted: Call[];
  back: Call[];
  gates: { stable: Gate[]; routed: Gate[] };
}

export interface Served {
  /** Facet by selector. */
  promoted: ReadonlyMap<string, string>;
  routed?: ReadonlyMap<string, string>;
}

/** From what the diamond serves to what it shall serve, on every way that the plan takes. */
export function diamondStages(
  diamond: Diamond,
  { promoted, routed }: Served,
  init: { account: string; data: string },
): DiamondStages {
  const facets = asFacets(promoted);
  const gone = [...diamond.routes.keys()].filter((selector) => !promoted.has(selector));
  const straight = facetCuts(diamond.live, facets, gone);
  const through = routed === undefined ? undefined : asFacets(routed);
  const install = through === undefined ? undefined : facetCuts(diamond.live, through);
  const promote =
    through === undefined
      ? undefined
      : facetCuts(
          through,
          facets,
          [...routed!.keys()].filter((selector) => !promoted.has(selector)),
        );
  const changed = (to: ReadonlyMap<string, string>) =>
    [...new Set([...diamond.routes.keys(), ...to.keys()])].filter(
      (selector) => diamond.routes.get(selector) !== to.get(selector),
    );
  const watched = [selectorOf("diamondCut"), ...changed(routed ?? promoted)];
  const gates = (served: ReadonlyMap<string, string>) =>
    watched.map((selector) => facetGate(diamond.account, selector, served.get(selector) ?? ZeroAddress));
  return {
    upgrade: cutCalls(diamond, straight.cuts, init),
    install: install === undefined ? [] : cutCalls(diamond, install.cuts),
    promote: promote === undefined ? [] : cutCalls(diamond, promote.cuts),
    backRouted: install === undefined ? [] : cutCalls(diamond, install.inverse),
    back: cutCalls(diamond, straight.inverse),
    gates: { stable: gates(diamond.routes), routed: routed === undefined ? [] : gates(routed) },
  };
}

function cutCalls(
  { account, isProposed }: Diamond,
  cuts: readonly FacetCut[],
  init: { account: string; data: string } = { account: ZeroAddress, data: "0x" },
): Call[] {
  const args = init.data === "0x" ? [cuts, ZeroAddress, "0x"] : [cuts, init.account, init.data];
  return [...(isProposed ? ["proposeDiamondCut"] : []), "diamondCut"].map((verb) => ({
    target: account,
    value: 0n,
    data: DIAMOND_ABI.encodeFunctionData(verb, args),
  }));
}

/** That the loupe names this facet for a selector. */
function facetGate(target: string, selector: string, facet: string): Gate {
  const data = DIAMOND_ABI.encodeFunctionData("facetAddress", [selector]);
  return { probe: { target, data, gas: LOUPE_GAS }, op: Op.Eq, bound: BigInt(facet) };
}

function asFacets(served: ReadonlyMap<string, string>): FacetSelectors[] {
  const facets = new Map<string, string[]>();
  for (const [selector, facet] of served) facets.set(facet, [...(facets.get(facet) ?? []), selector]);
  return [...facets].map(([facetAddress, functionSelectors]) => ({ facetAddress, functionSelectors }));
}
