import { bpsOf, distance, percent, type Finding } from "./types";

/** One execution: what came out, and what the model says should have come out for the same input at the same moment. */
export interface Execution {
  /** Pool, pair or market. */
  market: string;
  realised: bigint;
  modelled: bigint;
}

export interface DriftBounds {
  /** Of one execution, basis points of the model. */
  toleranceBps: bigint;
  /** Of all executions of a market together: a bias hides in many small steps. */
  totalToleranceBps: bigint;
}

/** Economic drift: executions that leave the model by more than the tolerance, and markets whose sum does. */
export function detectEconomicDrift(executions: readonly Execution[], bounds: DriftBounds): Finding<"price">[] {
  const findings: Finding<"price">[] = [];
  const totals = new Map<string, { realised: bigint; modelled: bigint }>();
  const check = (subject: string, { realised, modelled }: Omit<Execution, "market">, most: bigint) => {
    const drift = bpsOf(distance(realised, modelled), modelled);
    if (drift <= most) return;
    const expected = `${modelled} ± ${percent(most)}`;
    findings.push({ kind: "price", subject, expected, found: `${realised} (${percent(drift)})` });
  };
  for (const { market, ...execution } of executions) {
    check(market, execution, bounds.toleranceBps);
    const total = totals.get(market) ?? { realised: 0n, modelled: 0n };
    total.realised += execution.realised;
    total.modelled += execution.modelled;
    totals.set(market, total);
  }
  for (const [market, total] of totals) check(`${market}, all together`, total, bounds.totalToleranceBps);
  return findings;
}
