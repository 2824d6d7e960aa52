import { SlipwayError } from "../errors";
import type { Registry } from "../registry/connect";
import { catalogueTimes } from "./catalogueTimes";
import type { LoadedInvariant } from "./loadInvariants";

/** Reverts unless every cited row is on chain and live, with exactly this content. */
export async function checkCatalogue(
  registry: Registry,
  invariants: readonly LoadedInvariant[],
  where: string,
): Promise<void> {
  for (const { name, id, file } of invariants) {
    const times = await catalogueTimes(registry, id);
    if (times === undefined) {
      throw new SlipwayError("InvariantUnknown", {
        where,
        expected: `${name}, as ${file} has it, in the registry's catalogue`,
        found: `no row ${id}`,
        next: `npx hardhat invariant define ${name}`,
      });
    }
    if (times.retiredAt !== 0n) {
      throw new SlipwayError("InvariantRetired", {
        where,
        expected: "a row that is not retired",
        found: `${name} (${id}), retired at ${times.retiredAt}`,
      });
    }
  }
}
