import type { Condition } from "../../invariants/types";
import { RightKind } from "../../invariants/types";
import { Op, type Probe } from "../../plan/types";
import { isRevert } from "../sendAs";
import type { Fork } from "../openFork";

const BASIS = 10_000n;
const MOST = (1n << 256n) - 1n;

/** An invariant that did not hold after a call. */
export interface Break {
  invariant: string;
  left: bigint;
  right: bigint;
}

export interface WatchedInvariant {
  name: string;
  invariant: { condition: Condition };
}

/** Both sides of every invariant, read off the chain in one go; undefined where its probe gives no word. */
export type Reading = Map<string, { left: bigint; right?: bigint } | undefined>;

/** Cited invariants as they stand before and after one call, read without a registry: on stable's fork there is no proposal. */
export class Watch {
  constructor(private readonly invariants: readonly WatchedInvariant[]) {}

  get names(): string[] {
    return this.invariants.map(({ name }) => name);
  }

  /** Without some that stable does not keep either. */
  without(names: ReadonlySet<string>): Watch {
    return new Watch(this.invariants.filter(({ name }) => !names.has(name)));
  }

  async read(fork: Fork): Promise<Reading> {
    const rows = await Promise.all(
      this.invariants.map(async ({ name, invariant: { condition } }) => {
        const left = await readWord(fork, condition.left);
        const right = condition.rightKind === RightKind.Probe ? await readWord(fork, condition.right) : undefined;
        const isMissing = left === undefined || (condition.rightKind === RightKind.Probe && right === undefined);
        return [name, isMissing ? undefined : { left, right }] as const;
      }),
    );
    return new Map(rows);
  }

  /** The first one that `after` breaks; what compares with another moment compares with `before`, the moment before the call. */
  broken(before: Reading, after: Reading): Break | undefined {
    for (const { name, invariant } of this.invariants) {
      const { condition } = invariant;
      const now = after.get(name);
      const was = before.get(name);
      if (now === undefined) {
        // It could be read before the call.
        if (was !== undefined) return { invariant: name, left: 0n, right: was.left };
        continue;
      }
      const right = rightOf(condition, now.right, was?.left);
      if (right !== undefined && !holds(condition, now.left, right)) return { invariant: name, left: now.left, right };
    }
    return undefined;
  }
}

function rightOf({ rightKind, constantValue }: Condition, probed: bigint | undefined, before: bigint | undefined) {
  if (rightKind === RightKind.Constant) return constantValue;
  return rightKind === RightKind.Probe ? probed : before;
}

/** As `Conditions.compare` on chain: a margin in favour of the left side, sums that stop at the largest word. */
export function holds({ op, tolerance, toleranceBps }: Condition, left: bigint, right: bigint): boolean {
  const margin = capped(tolerance + (right * BigInt(toleranceBps)) / BASIS);
  const distance = left > right ? left - right : right - left;
  switch (op) {
    case Op.Eq:
      return distance <= margin;
    case Op.Ne:
      return distance > margin;
    case Op.Lt:
      return left < capped(right + margin);
    case Op.Lte:
      return left <= capped(right + margin);
    case Op.Gt:
      return capped(left + margin) > right;
    default:
      return capped(left + margin) >= right;
  }
}

function capped(value: bigint): bigint {
  return value > MOST ? MOST : value;
}

async function readWord({ provider }: Fork, { target, data }: Probe): Promise<bigint | undefined> {
  try {
    const answer = (await provider.send("eth_call", [{ to: target, data }, "latest"])) as string;
    return answer.length < 66 ? undefined : BigInt(answer.slice(0, 66));
  } catch (thrown) {
    // A node that does not answer is no broken invariant.
    if (isRevert(thrown)) return undefined;
    throw thrown;
  }
}
