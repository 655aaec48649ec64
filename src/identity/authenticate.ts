/** From a request's credentials to the principal: a bearer token, or a browser session with CSRF protection. */
import { SiltaError } from '../outcome.ts';
import type { Principal } from '../principal.ts';
import { parseScopes } from './scopes.ts';
import type { Credentials, WebSession } from './types.ts';
import { isSameSecret, type WebSessions } from './web-sessions.ts';

/** What a signed-in citizen's own session may do at the API: read. */
const SESSION_SCOPES = parseScopes('patient/*.rs');
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
/** https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

/**
 * Finds out who is calling. A bearer token is judged alone: a wrong one is never made good by a cookie.
 * @throws SiltaError `unauthenticated` (keys `no-credentials`, `authorization-header`, `session`, `token-…`),
 *   `token-expired`, `forbidden` (key `csrf`)
 */
export async function authenticate(
  credentials: Credentials,
  parts: {
    readonly sessions: WebSessions;
    readonly verifyToken: (token: string) => Promise<Principal>;
    /** Asks whether the mandate of a session still holds. */
    readonly confirmMandate: (session: WebSession) => Promise<void>;
  },
): Promise<Principal> {
  const { authorization, cookie } = credentials;
  if (authorization !== undefined) {
    const [, token] = BEARER.exec(authorization) ?? [];
    if (!token) throw refuse('authorization-header', 'The Authorization header has no bearer token.');
    return parts.verifyToken(token);
  }
  const session = await parts.sessions.find(cookie);
  if (!session) throw refuse('no-credentials', 'The request has neither an access token nor a session.');
  checkCsrf(credentials, session);
  if (!SAFE_METHODS.has(credentials.method.toUpperCase())) await parts.confirmMandate(session);
  const { acting } = session;
  return Object.freeze({
    kind: 'citizen',
    who: `Patient/${session.patientId}`,
    patientId: acting?.patientId ?? session.patientId,
    ...(acting && { actsAs: acting.actsAs }),
    scopes: SESSION_SCOPES,
    sectors: Object.freeze(['health', 'social'] as const),
    acr: session.acr,
  });
}

function checkCsrf({ method, csrfToken }: Credentials, session: WebSession): void {
  if (SAFE_METHODS.has(method.toUpperCase())) return;
  if (csrfToken !== undefined && isSameSecret(csrfToken, session.csrfToken)) return;
  throw new SiltaError('forbidden', 'The request does not come from a page of this service.', {
    key: 'csrf',
  });
}

function refuse(key: string, message: string): SiltaError {
  return new SiltaError('unauthenticated', message, { key });
}
