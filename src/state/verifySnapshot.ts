import type { Client } from "../client";
import { SlipwayError } from "../errors";
import { takeSnapshot } from "./takeSnapshot";
import type { Snapshot, StateDifference } from "./types";

/** What a comparison may leave out: who pays for transactions changes by paying. */
export const IGNORABLE = ["balance", "nonce"] as const;
export type Ignorable = (typeof IGNORABLE)[number];

export interface StateVerification {
  hash: string;
  from: Snapshot["block"];
  to: Snapshot["block"];
  isEqual: boolean;
  differences: StateDifference[];
  /** Values that were compared. */
  compared: number;
  ignored: readonly Ignorable[];
  unread: Snapshot["unread"];
}

/** Reads again, at another block, exactly what the snapshot holds, and names each thing that differs. */
export async function verifySnapshot(
  client: Client,
  snapshot: Snapshot,
  { block, ignored = [] }: { block?: number; ignored?: readonly Ignorable[] } = {},
): Promise<StateVerification> {
  const { chainId } = await client.provider.getNetwork();
  if (chainId.toString() !== snapshot.chainId) {
    throw new SlipwayError("SnapshotInvalid", {
      where: "chainId",
      expected: `a snapshot of this chain, ${chainId}`,
      found: `one of chain ${snapshot.chainId}`,
    });
  }
  const now = await takeSnapshot(
    client,
    {
      accounts: Object.keys(snapshot.accounts),
      slots: Object.entries(snapshot.accounts).flatMap(([account, { slots }]) =>
        Object.keys(slots).map((slot) => ({ account, slot })),
      ),
      calls: snapshot.calls.map(({ account, call, data }) => ({ account, call, data })),
      hasRoot: Object.values(snapshot.accounts).some(({ storageRoot }) => storageRoot !== undefined),
    },
    block,
  );
  const pairs = comparisons(snapshot, now, ignored);
  const differences = pairs.filter(({ before, after }) => before !== after);
  return {
    hash: snapshot.hash,
    from: snapshot.block,
    to: now.block,
    isEqual: differences.length === 0,
    differences,
    compared: pairs.length,
    ignored,
    unread: snapshot.unread,
  };
}

function comparisons(was: Snapshot, is: Snapshot, ignored: readonly Ignorable[]): StateDifference[] {
  const ofAccounts = Object.entries(was.accounts).flatMap(([account, old]) => {
    const fresh = is.accounts[account]!;
    const facts: StateDifference[] = [{ account, what: "code", before: old.codeHash, after: fresh.codeHash }];
    for (const what of IGNORABLE) {
      if (!ignored.includes(what)) facts.push({ account, what, before: `${old[what]}`, after: `${fresh[what]}` });
    }
    if (old.storageRoot !== undefined) {
      facts.push({ account, what: "storage root", before: old.storageRoot, after: fresh.storageRoot ?? "none" });
    }
    for (const [slot, before] of Object.entries(old.slots)) {
      const name = was.names[account]?.[slot];
      facts.push({
        account,
        what: `slot ${slot}${name === undefined ? "" : ` ${name}`}`,
        before,
        after: fresh.slots[slot]!,
      });
    }
    return facts;
  });
  const ofCalls = was.calls.map(({ account, call, data, result }) => ({
    account,
    what: `call ${call}`,
    before: result,
    after: is.calls.find((other) => other.account === account && other.data === data)?.result ?? "none",
  }));
  return [...ofAccounts, ...ofCalls];
}
