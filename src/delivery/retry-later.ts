import { type Issue, toOperationOutcome } from '../outcome.ts';
import type { ClaimedDelivery } from '../store/index.ts';
import type { AttemptDependencies } from './attempt.ts';
import { backOff } from './backoff.ts';
import { bury, postpone } from './settle.ts';

/** Lets a delivery wait for its next attempt; one that has been tried too often or too long is dead. */
export async function retryLater(
  context: AttemptDependencies,
  claimed: ClaimedDelivery,
  issue: Issue,
  retryAfterMs?: number,
): Promise<void> {
  const { limits } = context;
  if (claimed.attempts >= limits.maxAttempts || claimed.ageMs >= limits.maxAgeMs) {
    return bury(context, claimed, [issue]);
  }
  const delay = backOff(claimed.attempts, limits, context.random, retryAfterMs);
  await postpone(context, claimed, delay, toOperationOutcome([issue]));
}
