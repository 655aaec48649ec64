import { createHash, timingSafeEqual } from 'node:crypto';
import { SiltaError } from '../../outcome.ts';
import type { Inbound } from '../../systems/index.ts';

/**
 * Checks that a message comes from its system.
 * @param inbound undefined for a message of no system
 * @param authorization the request's Authorization header
 * @param secret what the system and the gateway share; undefined when none is configured, and then nobody gets in
 * @throws SiltaError `unauthenticated`, the same whatever was wrong
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 */
export function authenticateSender(
  inbound: Inbound | undefined,
  authorization: string | undefined,
  secret: string | undefined,
): void {
  const kind = inbound?.auth['kind'];
  if (inbound && kind !== 'bearer-secret') {
    throw new SiltaError('internal', `The inbound message has an unknown kind of authentication: ${kind}.`);
  }
  const presented = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (secret && presented && isSame(presented, secret)) return;
  throw new SiltaError('unauthenticated', 'The message needs the secret that was agreed with this system.');
}

/** Compares digests, so that neither content nor length shows in the time taken. */
function isSame(presented: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(presented), digest(secret));
}
