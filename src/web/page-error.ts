import { asSiltaError, SiltaError } from '../outcome.ts';

/**
 * An error of a page as one of ours. What Express refuses before a page sees it (a form that is too large, an address that
 * cannot be decoded) is the caller's fault, not the gateway's.
 */
export function toPageError(error: unknown): SiltaError {
  if (error instanceof SiltaError) return error;
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) return new SiltaError('too-large', 'The form is too large.', { cause: error });
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new SiltaError('invalid-request', 'The request cannot be understood.', { cause: error });
  }
  return asSiltaError(error);
}
