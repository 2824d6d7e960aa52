export interface Quantiles {
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** By the nearest rank; zeros where there is nothing. */
export function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
