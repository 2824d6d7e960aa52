import type { Provider } from "ethers";
import { delegateChain, type ChainRoot } from "../chain/delegateChain";
import type { Finding } from "./types";

/** An account whose code runs, and the code that governance approved for it. */
export interface ApprovedCode {
  account: string;
  /** keccak256 of the runtime code. */
  codeHash: string;
}

/**
 * Queue integrity: everything that runs when `roots` are called (proxy, implementation or beacon, facets, libraries) against
 * what was approved. An account that nobody approved, or whose code is other code, is a finding.
 */
export async function detectImplementationDrift(
  provider: Provider,
  roots: readonly ChainRoot[],
  approved: readonly ApprovedCode[],
): Promise<Finding<"code">[]> {
  const known = new Map(approved.map(({ account, codeHash }) => [account.toLowerCase(), codeHash]));
  const { links } = await delegateChain(provider, roots);
  return links.flatMap(({ account, codeHash, role }): Finding<"code">[] => {
    const expected = known.get(account.toLowerCase());
    if (expected === codeHash) return [];
    return [{ kind: "code", subject: `${account}, ${role}`, expected: expected ?? "no such account", found: codeHash }];
  });
}
