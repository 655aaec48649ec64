/**
 * Where a citizen goes after sign-in. Only a path of the gateway itself: an address of somebody else's would make the
 * sign-in an open redirect.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Unvalidated_Redirects_and_Forwards_Cheat_Sheet.html
 */
import { SiltaError } from '../outcome.ts';

const ORIGIN = 'https://silta.invalid';
const MAX_LENGTH = 1024;
// Browsers drop control characters and read a backslash as a slash before they resolve an address.
const SUSPICIOUS = /[\\\p{Cc}\s]/u;

/**
 * Checks a return path: starts with one slash and stays on this host.
 * @throws SiltaError `invalid-parameter` (key `return-path`)
 */
export function checkLocalPath(path: unknown): string {
  if (path === undefined) return '/';
  if (typeof path === 'string' && path.length <= MAX_LENGTH && isLocal(path)) return path;
  throw new SiltaError('invalid-parameter', 'The return address must be a path of this service.', {
    key: 'return-path',
    expression: ['return'],
  });
}

function isLocal(path: string): boolean {
  if (!/^\/(?!\/)/.test(path) || SUSPICIOUS.test(path)) return false;
  return URL.canParse(path, ORIGIN) && new URL(path, ORIGIN).origin === ORIGIN;
}
