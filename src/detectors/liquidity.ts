import { Interface, type Provider } from "ethers";
import { bpsOf, distance, percent, WHOLE, type Finding } from "./types";

/** What a pool or vault holds and owes at one block, in the same unit. */
export interface Reserves {
  block: number;
  held: bigint;
  owed: bigint;
}

export interface ReserveBounds {
  /** Least `held / owed`, basis points. */
  floorBps: bigint;
  /** Most that the ratio may move from one reading to the next, basis points of what is owed. */
  stepBps: bigint;
}

/** Reserve-ratio excursions: below the floor, or further from the reading before than a step. */
export function detectReserveExcursion(readings: readonly Reserves[], bounds: ReserveBounds): Finding<"reserve">[] {
  const findings: Finding<"reserve">[] = [];
  let last: bigint | undefined;
  for (const { block, held, owed } of readings) {
    // Nothing owed is nothing at risk.
    if (owed === 0n) continue;
    const subject = `block ${block}`;
    // Rounded down: what is missing is never rounded away.
    const ratio = (held * WHOLE) / owed;
    if (ratio < bounds.floorBps) {
      findings.push({ kind: "reserve", subject, expected: `≥ ${percent(bounds.floorBps)}`, found: percent(ratio) });
    }
    if (last !== undefined && distance(ratio, last) > bounds.stepBps) {
      const expected = `${percent(last)} ± ${percent(bounds.stepBps)}`;
      findings.push({ kind: "reserve", subject, expected, found: percent(ratio) });
    }
    last = ratio;
  }
  return findings;
}

export interface Withdrawal {
  account: string;
  amount: bigint;
}

export interface ConcentrationBounds {
  /** Most of one account, basis points of all that was withdrawn. */
  shareBps: bigint;
  /** Below this sum there is nothing to see: two small users are always "concentrated". */
  least: bigint;
}

/** Abnormal concentration of what was withdrawn in a span: accounts that took more of it than their bound. */
export function detectWithdrawalConcentration(
  withdrawals: readonly Withdrawal[],
  bounds: ConcentrationBounds,
): Finding<"withdrawals">[] {
  const sums = new Map<string, bigint>();
  let total = 0n;
  for (const { account, amount } of withdrawals) {
    sums.set(account, (sums.get(account) ?? 0n) + amount);
    total += amount;
  }
  if (total < bounds.least) return [];
  return [...sums]
    .map(([account, amount]) => ({ account, share: bpsOf(amount, total) }))
    .filter(({ share }) => share > bounds.shareBps)
    .sort((a, b) => (a.share < b.share ? 1 : -1))
    .map(({ account, share }) => ({
      kind: "withdrawals" as const,
      subject: account,
      expected: `≤ ${percent(bounds.shareBps)} of ${total}`,
      found: percent(share),
    }));
}

const TRANSFER = new Interface(["event Transfer(address indexed from, address indexed to, uint256 value)"]);

/** What left an account in one token, by who received it. */
export async function readWithdrawals(
  provider: Provider,
  from: string,
  token: string,
  range: { from: number; to: number },
): Promise<Withdrawal[]> {
  const topics = TRANSFER.encodeFilterTopics("Transfer", [from]);
  const logs = await provider.getLogs({ address: token, topics, fromBlock: range.from, toBlock: range.to });
  return logs.map((log) => {
    const { args } = TRANSFER.parseLog(log)!;
    return { account: args["to"] as string, amount: args["value"] as bigint };
  });
}
