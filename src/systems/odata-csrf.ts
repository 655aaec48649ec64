/**
 * CSRF tokens of SAP Gateway: asked for on a GET, shown on every modifying request together with the cookies.
 * C4C needs none for technical users; it is an option of the transport for tenants that do.
 */
import type { Connection } from './connection.ts';
import { passing } from './send-failure.ts';

export interface CsrfGuard {
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  forget(): void;
}

/** No token at all, the default. */
export const NO_CSRF: CsrfGuard = { headers: async () => ({}), forget: () => undefined };

/** Fetches a token from the service document once and keeps it until it is refused. */
export function createCsrfGuard(connection: Connection): CsrfGuard {
  let held: Readonly<Record<string, string>> | undefined;
  return {
    forget: () => {
      held = undefined;
    },
    async headers(signal) {
      held ??= await fetchToken(connection, signal);
      return held;
    },
  };
}

async function fetchToken(connection: Connection, signal: AbortSignal) {
  const answer = await connection.request({
    method: 'GET',
    url: connection.base,
    headers: { 'x-csrf-token': 'fetch', accept: 'application/json' },
    signal,
  });
  if (answer.status < 200 || answer.status > 299) throw connection.refusal('GET (CSRF token)', answer);
  const token = answer.headers.get('x-csrf-token');
  if (!token)
    throw passing('security', 'The system gave no CSRF token, though the transport is set to need one.');
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0] ?? '');
  return { 'x-csrf-token': token, ...(cookies.length > 0 && { cookie: cookies.join('; ') }) };
}
