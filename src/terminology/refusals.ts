/** What the engine cannot tell, as the errors that callers see. */
import { SiltaError } from '../outcome.ts';
import { CannotTell } from './compose.ts';
import type { Unknown } from './types.ts';

/** @throws SiltaError `too-costly` or `unsupported-content` where the work meets what is not known here */
export function throwUnknown<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CannotTell) throw refuseUnknown(what, error.why);
    throw error;
  }
}

export function refuseUnknown(what: string, { code, reason }: Unknown): SiltaError {
  const message = `${what}: ${reason}.`;
  if (code === 'too-costly') return new SiltaError('too-costly', message);
  return new SiltaError('unsupported-content', message, {
    issues: [{ severity: 'error', code, diagnostics: message }],
  });
}
