/** Figures of one measurement. Times in milliseconds. */
export interface Measured {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * The value that a share of the values does not exceed (nearest rank).
 * @param sorted ascending, not empty
 * @param share between 0 and 1
 */
export function percentile(sorted: readonly number[] | Float64Array, share: number): number {
  if (sorted.length === 0) throw new RangeError('There is nothing to take a percentile of.');
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] as number;
}

/**
 * Sums up rounds of the same operation.
 * @param rounds each with the times of its requests and how long it took, in milliseconds
 */
export function summarise(
  rounds: readonly { readonly times: readonly number[]; readonly tookMs: number }[],
): Measured {
  const sorted = Float64Array.from(rounds.flatMap((round) => round.times)).sort();
  const tookMs = rounds.reduce((sum, round) => sum + round.tookMs, 0);
  return {
    count: sorted.length,
    perSecond: (sorted.length * 1000) / tookMs,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
  };
}
