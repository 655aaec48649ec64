/**
 * The checksum header of the Suomi.fi-valtuudet (e-Authorizations) Web API.
 * @see https://kehittajille.suomi.fi/services/e-authorizations/technical-documentation
 */
import { createHmac } from 'node:crypto';

export const CHECKSUM_HEADER = 'X-AsiointivaltuudetAuthorization';

/**
 * @param path path with its query, beginning with `/service/`; no host
 * @param key the API key, or the REST API key for the queries without a session
 * @returns the header's value: client id, instant and checksum, separated by single spaces
 */
export function signValtuudetRequest(
  path: string,
  credentials: { readonly clientId: string; readonly key: string },
  now: Date,
): string {
  const timestamp = now.toISOString();
  return `${credentials.clientId} ${timestamp} ${checksum(path, timestamp, credentials.key)}`;
}

/** Base64 of HMAC-SHA256 over path and timestamp. */
export function checksum(path: string, timestamp: string, key: string): string {
  return createHmac('sha256', key).update(`${path} ${timestamp}`).digest('base64');
}
