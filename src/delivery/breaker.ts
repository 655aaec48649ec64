/** Spares a system that is down, and the gateway: after enough failures in a row nothing is sent but one probe at a time. */
export interface Breaker {
  /** Milliseconds until something may be sent: 0 lets one attempt through, which must be answered by `report`. */
  admit(): number;
  /** How many attempts could be let through now; for the sweep. */
  capacity(most: number): number;
  /** The end of an admitted attempt: whether the system answered at all, or undefined when nothing was sent. */
  report(reached: boolean | undefined): void;
  readonly state: 'closed' | 'half-open' | 'open';
}

/**
 * @param failures consecutive failures after which it opens
 * @param cooldownMs how long it stays open before one probe is let through
 */
export function createBreaker(
  limits: { readonly breakerFailures: number; readonly breakerCooldownMs: number },
  clock: () => Date,
): Breaker {
  let failures = 0;
  let openedAt: number | undefined;
  let probing = false;
  const remaining = () =>
    openedAt === undefined ? 0 : Math.max(0, openedAt + limits.breakerCooldownMs - clock().getTime());
  return {
    admit() {
      if (openedAt === undefined) return 0;
      if (remaining() > 0) return remaining();
      if (probing) return limits.breakerCooldownMs;
      probing = true;
      return 0;
    },
    capacity(most) {
      if (openedAt === undefined) return most;
      return remaining() > 0 || probing ? 0 : 1;
    },
    report(reached) {
      probing = false;
      if (reached === undefined) return;
      failures = reached ? 0 : failures + 1;
      if (reached) openedAt = undefined;
      else if (failures >= limits.breakerFailures) openedAt = clock().getTime();
    },
    get state() {
      if (openedAt === undefined) return 'closed';
      return remaining() > 0 ? 'open' : 'half-open';
    },
  };
}
