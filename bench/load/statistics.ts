/** Figures of one measurement. Times in milliseconds. */
export interface Measured {
  readonly count: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server's process for one request, in microseconds; all its threads. */
  readonly cpuUs: number;
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

export interface MeasuredRound {
  /** Of each request that counts, in milliseconds. */
  readonly times: readonly number[];
  readonly tookMs: number;
  /** Requests with those of the warm-up, and what they all cost the server's process. */
  readonly sent: number;
  readonly cpuSeconds: number;
}

/** Sums up rounds of the same operation. */
export function summarise(rounds: readonly MeasuredRound[]): Measured {
  const sorted = Float64Array.from(rounds.flatMap((round) => round.times)).sort();
  const sum = (of: (round: MeasuredRound) => number): number =>
    rounds.reduce((all, each) => all + of(each), 0);
  return {
    count: sorted.length,
    perSecond: (sorted.length * 1000) / sum((round) => round.tookMs),
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    cpuUs: (sum((round) => round.cpuSeconds) * 1e6) / sum((round) => round.sent),
  };
}
