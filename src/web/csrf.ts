/**
 * Forms carry a token of their session, so that no other site can post them.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { SiltaError } from '../outcome.ts';

/**
 * @throws SiltaError `forbidden` (key `csrf`) when the token that came with a form is not the session's
 */
export function checkCsrfToken(expected: string, given: unknown): void {
  const hash = (value: string): Buffer => createHash('sha256').update(value).digest();
  if (typeof given === 'string' && timingSafeEqual(hash(expected), hash(given))) return;
  throw new SiltaError('forbidden', 'The form does not belong to this session.', { key: 'csrf' });
}
