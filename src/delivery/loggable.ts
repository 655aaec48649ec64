import { SiltaError } from '../outcome.ts';

const FRAMES = 4;

/**
 * What of an error may be logged: our own messages hold no personal data, anybody else's (a database's, a library's)
 * may, so of those only the kind, the code and the place are kept.
 */
export function loggable(error: unknown): object {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = (error as { code?: unknown }).code;
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(error instanceof SiltaError && { message: error.message }),
    at: frames.slice(0, FRAMES).map((line) => line.trim()),
    ...(error.cause !== undefined && { cause: loggable(error.cause) }),
  };
}
