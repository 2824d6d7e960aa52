import type { Ground } from "./types";
import type { GovernorRules } from "./governorRules";

/** The governor's clock on the fork. */
export async function momentNow({ session }: Ground, { isByBlock }: Pick<GovernorRules, "isByBlock">): Promise<bigint> {
  const block = await session.fork.provider.getBlock("latest");
  return BigInt(isByBlock ? block!.number : block!.timestamp);
}

/** Waits until the governor's clock shows `moment`: blocks are mined, or the clock is moved. */
export async function waitFor(ground: Ground, rules: Pick<GovernorRules, "isByBlock">, moment: bigint): Promise<void> {
  const { session, blockTime } = ground;
  if (rules.isByBlock) await session.mineUntil(Number(moment), blockTime);
  else await session.waitUntil(Number(moment));
}

/** Seconds that so much of the governor's time takes. */
export function secondsOf(
  { blockTime }: Ground,
  { isByBlock }: Pick<GovernorRules, "isByBlock">,
  span: bigint,
): bigint {
  return isByBlock ? span * BigInt(blockTime) : span;
}
