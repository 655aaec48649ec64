import { SiltaError } from '../outcome.ts';
import { SEEN_ANOTHER } from './version-headers.ts';

const ATTEMPTS = 4;

/**
 * Does again what failed because someone else wrote in between, when the caller named no version: their update
 * means "whatever it is now", and the policy must look at what it is now.
 * @param ifMatch the version the caller named; then the failure is theirs to handle
 */
export async function retryStale<T>(ifMatch: number | undefined, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const stale =
        error instanceof SiltaError &&
        error.code === 'precondition-failed' &&
        !error.issues.some(({ key }) => key === SEEN_ANOTHER);
      if (!stale || ifMatch !== undefined) throw error;
      if (attempt >= ATTEMPTS) {
        throw new SiltaError('conflict', 'Others keep writing the same resource; try again.', {
          cause: error,
          retryAfter: 1,
        });
      }
    }
  }
}
