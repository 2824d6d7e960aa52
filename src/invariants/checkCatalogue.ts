import { SlipwayError } from "../errors";
import { revertData } from "../registry/decodeRevert";
import type { Registry } from "../registry/connect";
import type { LoadedInvariant } from "./loadInvariants";

/** Every cited row is on chain, live, with exactly this content. */
export async function checkCatalogue(
  registry: Registry,
  invariants: readonly LoadedInvariant[],
  where: string,
): Promise<void> {
  for (const { name, id, file } of invariants) {
    let retiredAt: bigint;
    try {
      retiredAt = (await registry.contract.getFunction("invariantOf").staticCall(id)).retiredAt as bigint;
    } catch (cause) {
      if (revertData(cause) === undefined) throw cause;
      throw new SlipwayError("InvariantUnknown", {
        where,
        expected: `${name} of ${file} in the registry's catalogue`,
        found: `no entry ${id}`,
        next: `npx hardhat invariant define ${name}`,
        cause,
      });
    }
    if (retiredAt !== 0n) {
      throw new SlipwayError("InvariantRetired", {
        where,
        expected: "a live row",
        found: `${name} (${id}), retired at ${retiredAt}`,
      });
    }
  }
}
