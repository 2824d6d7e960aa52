import { getAddress } from "ethers";
import type { Call } from "../plan/types";
import type { Guard } from "./guardContract";

/** What makes the guard of a batch look like one and be none: calls of another contract, or calls besides the first and the last. */
export function guardFaults(calls: readonly Call[], { address, abi }: Pick<Guard, "address" | "abi">): string[] {
  const named = calls.flatMap(({ target, data }, at) => {
    const name = data.length < 10 ? undefined : abi.getFunction(data.slice(0, 10))?.name;
    const isOwn = getAddress(target) === address;
    return name === "revalidate" || name === "assertInvariants" || isOwn ? [{ at, target, name, isOwn }] : [];
  });
  if (named.length === 0) return [];
  const last = calls.length - 1;
  const faults = named
    .filter(({ isOwn }) => !isOwn)
    .map(
      ({ at, target, name }) => `call ${at} looks like ${name} of the guard, and goes to ${target}: it guards nothing`,
    );
  const own = named.filter(({ isOwn }) => isOwn);
  if (own.length === 0) return faults;
  if (!own.some(({ at, name }) => at === 0 && name === "revalidate")) {
    faults.push("the guard does not come first: what is before it was not compared with what was voted on");
  }
  if (!own.some(({ at, name }) => at === last && name === "assertInvariants")) {
    faults.push("the guard does not come last: what is behind it breaks invariants unseen");
  }
  const between = own.filter(({ at }) => at !== 0 && at !== last);
  faults.push(...between.map(({ at }) => `call ${at} is the guard's, between its first and its last`));
  return faults;
}
