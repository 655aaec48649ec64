import { SiltaError } from '../outcome.ts';

const HIDDEN = Symbol('the resource exists, and the caller may not know it');

/** The caller may know of the thing but not do this with it. */
export function forbid(message: string, expression?: string): SiltaError {
  return new SiltaError('forbidden', message, expression ? { expression: [expression] } : {});
}

/** There is no such resource. Says the same as {@link hide}, to the letter. */
export function missing(type: string): SiltaError {
  return new SiltaError('not-found', notFoundText(type));
}

/** There is such a resource, but its existence must not leak. Only the cause, which is never shown, differs. */
export function hide(type: string): SiltaError {
  return new SiltaError('not-found', notFoundText(type), { cause: HIDDEN });
}

/** Whether an error refuses something the policy guards, so that the audit records it as a refusal. */
export function isRefusal(error: SiltaError): boolean {
  return error.code === 'forbidden' || error.cause === HIDDEN;
}

function notFoundText(type: string): string {
  return `There is no ${type} with this id.`;
}
