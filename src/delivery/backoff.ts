/**
 * The wait before the next attempt: exponential with full jitter, so that what failed together does not return together.
 * @param attempt attempts made so far, from 1
 * @param random uniform in [0, 1)
 * @param retryAfterMs what the system asked for; never undercut
 * @returns milliseconds
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 */
export function backOff(
  attempt: number,
  limits: { readonly backoffBaseMs: number; readonly backoffCapMs: number },
  random: () => number,
  retryAfterMs = 0,
): number {
  const ceiling = Math.min(limits.backoffCapMs, limits.backoffBaseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.max(retryAfterMs, Math.ceil(random() * ceiling));
}
