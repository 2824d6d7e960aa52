import type { Client } from "../../client";
import { SlipwayError } from "../../errors";
import { compareFacets } from "../../layout/compareUpgrade";
import type { Namespaces } from "../../layout/readNamespaces";
import { contractAt } from "../contractAt";
import type { Diamond } from "./readDiamond";

/** Facets that a plan puts into a diamond: the contract each is compiled from, and the functions it shall serve. */
export interface NewFacet {
  contract: string;
  selectors: readonly string[];
}

/**
 * All facets of a diamond share one storage, those that a plan leaves alone too: what they lay out from slot 0 on (AppStorage) and
 * each ERC-7201 namespace must be the beginning of what the longest of them lays out. Code that no compiled contract builds is left
 * out, and told. What facets disagreed on before the plan is told; a new disagreement ends it with `StorageLayoutBroken`.
 * @returns what to tell.
 */
export async function checkFacetLayouts(
  client: Client,
  diamond: Diamond,
  { facets, removed, where }: { facets: readonly NewFacet[]; removed: readonly string[]; where: string },
): Promise<string[]> {
  const taken = new Set([...removed, ...facets.flatMap(({ selectors }) => selectors)]);
  const found = await Promise.all(
    diamond.live.map(async ({ facetAddress, functionSelectors }) => ({
      account: facetAddress,
      stays: functionSelectors.some((selector) => !taken.has(selector)),
      contract: await contractAt(client, facetAddress),
    })),
  );
  const named = (list: readonly (string | undefined)[]) => layoutsOf(client, list);
  const [before, after] = await Promise.all([
    named(found.map(({ contract }) => contract)),
    named([
      ...found.filter(({ stays }) => stays).map(({ contract }) => contract),
      ...facets.map(({ contract }) => contract),
    ]),
  ]);
  const known = new Set(compareFacets(before).map(placeOf));
  const findings = compareFacets(after);
  const fresh = findings.filter((finding) => !known.has(placeOf(finding)));
  const [first] = fresh;
  if (first !== undefined) {
    throw new SlipwayError("StorageLayoutBroken", {
      where: `${where}, ${first.where}`,
      expected: first.before,
      found: `${first.after} (${first.kind}${fresh.length === 1 ? "" : `, and ${fresh.length - 1} more`})`,
      meaning: "facets of one diamond share its storage, and these two would read the same place as different things",
    });
  }
  const unknown = found.filter(({ stays, contract }) => stays && contract === undefined);
  return [
    ...findings.map(({ where: place, before: one, after: other }) => `${place}: ${one} → ${other}, as before the plan`),
    ...unknown.map(
      ({ account }) => `${account}: stays, and no compiled contract builds it; not compared with the others`,
    ),
  ];
}

/** Without the facets that disagree. */
function placeOf({ where }: { where: string }): string {
  return where.split(",")[0]!;
}

async function layoutsOf(
  client: Client,
  contracts: readonly (string | undefined)[],
): Promise<Record<string, Namespaces>> {
  const names = [...new Set(contracts.filter((name) => name !== undefined))];
  const layouts = await Promise.all(names.map(async (name) => [name, await client.artifacts.layout?.(name)] as const));
  return Object.fromEntries(layouts.filter((entry): entry is readonly [string, Namespaces] => entry[1] !== undefined));
}
