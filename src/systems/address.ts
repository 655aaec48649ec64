/** Addresses of connected systems: only http(s), never outside the configured base, never with a personal code. */
import { holdsHetu } from './mask-private.ts';
import { permanent } from './send-failure.ts';

/**
 * Reads a system's base address.
 *
 * @returns the address with a trailing slash, or a sentence that says what is wrong with it
 */
export function readBaseUrl(text: string): URL | string {
  if (!URL.canParse(text)) return `'${text}' is not an absolute URL`;
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return `only http and https addresses are connected to, not '${url.protocol}'`;
  }
  if (url.username || url.password) return 'credentials belong under auth, not into the address';
  if (url.search || url.hash) return 'a base address has no query and no fragment';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/**
 * Address below a base. `{name}` in the path is replaced by that property of the message.
 *
 * @throws SendFailure permanent when a property is missing, looks like a personal identity code or would lead
 * out of the base
 */
export function addressBelow(base: URL, path: string, message: unknown): URL {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => pathValue(name, message));
  const url = new URL(filled.replace(/^\/+/, ''), base);
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) {
    throw permanent('processing', `The path '${path}' leads out of the system's base address.`);
  }
  return url;
}

function pathValue(name: string, message: unknown): string {
  const value = (message as Record<string, unknown> | null)?.[name];
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw permanent('processing', `The message has no '${name}', which the path needs.`);
  }
  if (holdsHetu(String(value))) {
    throw permanent(
      'processing',
      `'${name}' looks like a personal identity code, which never goes into a URL.`,
    );
  }
  return encodeURIComponent(String(value));
}
