import { ErrorFragment, FunctionFragment, Interface, ZeroAddress } from "ethers";
import type { AddressBook } from "../../chain/addressBook";
import type { Client } from "../../client";
import { SlipwayError } from "../../errors";
import { encodeCall, functionOf, functionsOf, looseFunction } from "../abi";
import { checkLayout, type LayoutCheck } from "../checkLayout";
import type { Deployment } from "../deployments";
import { findCandidate, type Candidate } from "../findCandidate";
import type { LoadedPlanFile } from "../readPlanFile";
import { checkFacetLayouts } from "./checkFacetLayouts";
import type { Diamond } from "./readDiamond";

/** A facet on trial, and the functions it shall serve. */
export interface CandidateFacet extends Candidate {
  selectors: string[];
}

export interface Facets {
  /** All of them as one: their functions together, the initialisation, and the facet that has it. */
  candidate: Candidate;
  facets: CandidateFacet[];
  /** Functions that the diamond shall lose. */
  removed: string[];
  layout: LayoutCheck;
}

/** The facets of a plan file: each as `findCandidate` finds one, deployed one after the other. */
export async function findFacets(
  client: Client,
  loaded: LoadedPlanFile,
  diamond: Diamond,
  context: { root: string; book: AddressBook; deployer: string },
): Promise<Facets> {
  const { plan, where } = loaded;
  const { facets: stated = [], remove = [], init } = plan.upgrade;
  const removed = remove.map((name, i) => removedSelector(diamond, name, where("upgrade", "remove", i)));
  const facets: CandidateFacet[] = [];
  const layouts: LayoutCheck[] = [];
  const pending: Deployment[] = [];
  for (const [i, { functions, ...upgrade }] of stated.entries()) {
    const own: LoadedPlanFile = {
      ...loaded,
      plan: { ...plan, upgrade },
      where: (...path) => where("upgrade", "facets", i, ...path.slice(1)),
    };
    const found = await findCandidate(client, own, { ...context, stable: ZeroAddress, pending });
    pending.push(found.deployment);
    const names = functions ?? functionsOf(found.abi).map((fragment) => fragment.format("sighash"));
    const not = [init?.function, upgrade.lock?.function];
    const isMeant = ({ name, selector }: FunctionFragment) =>
      functions !== undefined || not.every((other) => other !== name && other !== selectorText(found.abi, selector));
    const selectors = names
      .map((name, n) => functionOf(found.abi, name, own.where("upgrade", "functions", n)))
      .filter(isMeant)
      .map(({ selector }) => selector)
      // A new facet may still have in its code what the diamond is to serve no more.
      .filter((selector) => !removed.includes(selector));
    facets.push({ ...found, selectors });
    layouts.push(await layoutOf(client, own, diamond, selectors, context.root));
  }
  const told = await checkFacetLayouts(client, diamond, {
    facets: facets.map(({ selectors }, i) => ({ contract: stated[i]!.contract ?? stated[i]!.artifact!, selectors })),
    removed,
    where: where("upgrade", "facets"),
  });
  const initial = init === undefined ? undefined : facets.find(({ abi }) => hasFunction(abi, init.function));
  const first = initial ?? facets[0]!;
  const data =
    init === undefined
      ? "0x"
      : encodeCall(
          functionOf(first.abi, init.function, where("upgrade", "init")),
          init.args ?? [],
          where("upgrade", "init"),
        );
  return {
    facets,
    removed,
    layout: merged(layouts, told),
    candidate: { abi: together(facets.map(({ abi }) => abi)), deployment: first.deployment, init: data },
  };
}

function selectorText(abi: Interface, selector: string): string {
  return abi.getFunction(selector)!.format("sighash");
}

function hasFunction(abi: Interface, name: string): boolean {
  return functionsOf(abi).some((fragment) => fragment.name === name || fragment.format("sighash") === name);
}

function removedSelector({ routes, account }: Diamond, name: string, where: string): string {
  const selector = /^0x[0-9a-fA-F]{8}$/.test(name) ? name.toLowerCase() : looseFunction(name, where).selector;
  if (routes.has(selector)) return selector;
  throw new SlipwayError("FunctionUnknown", {
    where,
    expected: `a function that ${account} serves`,
    found: `${name} (${selector})`,
  });
}

/** Against the facet that serves most of the functions today. Facets share one storage, so each is compared with its own. */
async function layoutOf(
  client: Client,
  loaded: LoadedPlanFile,
  { routes }: Diamond,
  selectors: readonly string[],
  root: string,
): Promise<LayoutCheck> {
  const served = selectors.map((selector) => routes.get(selector)).filter((facet) => facet !== undefined);
  const count = (facet: string) => served.filter((other) => other === facet).length;
  const [stable] = [...new Set(served)].sort((a, b) => count(b) - count(a));
  return checkLayout(client, loaded, { root, stable: stable ?? ZeroAddress });
}

function merged(layouts: readonly LayoutCheck[], told: readonly string[]): LayoutCheck {
  const worst =
    layouts.find(({ verdict }) => verdict === "not compared") ??
    layouts.find(({ verdict }) => verdict === "accepted") ??
    layouts[0]!;
  const abis = layouts.map(({ abi }) => abi).filter((abi) => abi !== undefined);
  return {
    verdict: worst.verdict,
    findings: [...layouts.flatMap(({ findings }) => findings), ...told],
    ...(abis.length === 0 ? {} : { abi: together(abis) }),
  };
}

/** Functions and errors of several contracts. Two that agree in a selector are one. */
function together(abis: readonly Interface[]): Interface {
  const fragments = new Map<string, FunctionFragment | ErrorFragment>();
  for (const { fragments: own } of abis) {
    for (const fragment of own) {
      if (fragment instanceof FunctionFragment || fragment instanceof ErrorFragment) {
        fragments.set(`${fragment.type} ${fragment.selector}`, fragment);
      }
    }
  }
  return new Interface([...fragments.values()]);
}
