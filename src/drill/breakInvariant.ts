import { getAddress, MaxUint256, toBeHex } from "ethers";
import { SLOTS } from "../chain/erc1967";
import { revertTo, takeSnapshot, type DevProvider } from "../chain/devChain";
import { SlipwayError } from "../errors";
import type { Condition } from "../invariants/types";
import type { Probe } from "../plan/types";
import type { Registry } from "../registry/connect";

/** The word that was written to break an invariant on a copy of the chain. */
export interface Broken {
  account: string;
  slot: string;
  was: string;
  is: string;
  /** Both sides of the condition then. */
  left: bigint;
  right: bigint;
}

/** Where proxies lead: with these moved nothing would be left to drill on. */
const POINTERS = new Set<string>(Object.values(SLOTS));

/**
 * Breaks an invariant on a fork by one word of storage that its probes read, whatever the protocol: each is tried with a few values until
 * the registry itself finds the condition broken. The registry's own words are left alone.
 */
export async function breakInvariant(
  provider: DevProvider,
  registry: Registry,
  { proposalId, id, condition }: { proposalId: string; id: string; condition: Pick<Condition, "left" | "right"> },
): Promise<Broken> {
  const check = registry.contract.getFunction("check");
  const slots = [...(await slotsOf(provider, condition.left)), ...(await slotsOf(provider, condition.right))];
  for (const { account, slot } of slots) {
    if (account === registry.address || POINTERS.has(slot)) continue;
    const was = toBeHex(await provider.getStorage(account, slot), 32);
    for (const value of tries(BigInt(was))) {
      const is = toBeHex(value, 32);
      const snapshot = await takeSnapshot(provider);
      await provider.send("hardhat_setStorageAt", [account, slot, is]);
      const { isAvailable, isOk, left, right } = (await check(proposalId, id)) as {
        isAvailable: boolean;
        isOk: boolean;
        left: bigint;
        right: bigint;
      };
      if (isAvailable && !isOk) return { account, slot, was, is, left, right };
      await revertTo(provider, snapshot);
    }
  }
  throw new SlipwayError("DrillImpossible", {
    where: `invariant ${id}`,
    expected: "a word of storage whose change breaks it",
    found: `${slots.length} words that it reads, and none does`,
  });
}

function tries(was: bigint): bigint[] {
  const all = [0n, was / 2n, was * 2n, 1n, was + 1n, 2n ** 128n, MaxUint256];
  return [...new Set(all)].filter((value) => value !== was && value <= MaxUint256);
}

async function slotsOf(provider: DevProvider, { target, data }: Probe): Promise<{ account: string; slot: string }[]> {
  if (BigInt(target) === 0n) return [];
  const { accessList } = (await provider.send("eth_createAccessList", [{ to: target, data }, "latest"])) as {
    accessList: { address: string; storageKeys: string[] }[];
  };
  return accessList.flatMap(({ address, storageKeys }) =>
    storageKeys.map((slot) => ({ account: getAddress(address), slot })),
  );
}
