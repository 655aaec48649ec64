/** How the gateway shows a connected system who it is. */
import { exchange } from './exchange.ts';
import { permanent, refusal } from './send-failure.ts';

export interface Authorization {
  /** Headers of the next request. */
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Drops what was obtained, e.g. an access token the system no longer takes; true when there was something. */
  forget(): boolean;
  /** Values that must never show up in a message. */
  readonly secrets: readonly string[];
}

/** A token is renewed this long before it ends, so that it does not end on the way. */
const EARLY_MS = 30_000;
const TOKEN_LIMITS = { timeoutMs: 10_000, maxResponseBytes: 64 * 1024 };

/**
 * Builds the authorization that `transport.auth` describes.
 *
 * @param auth `{ kind: none | basic | bearer | oauth2-client-credentials, … }`, as the JSON Schema allows
 * @param now clock for the life of access tokens
 */
export function createAuthorization(auth: Readonly<Record<string, string>>, now: () => Date): Authorization {
  const kind = auth['kind'] ?? 'none';
  if (kind === 'none') return fixed({}, []);
  if (kind === 'basic') return basic(auth);
  if (kind === 'bearer') return fixed({ authorization: `Bearer ${auth['secret']}` }, [auth['secret'] ?? '']);
  if (kind === 'oauth2-client-credentials') return clientCredentials(auth, now);
  throw new Error(`unknown kind of authorization '${kind}'`);
}

function fixed(headers: Readonly<Record<string, string>>, secrets: readonly string[]): Authorization {
  return { headers: async () => headers, forget: () => false, secrets };
}

/** https://www.rfc-editor.org/rfc/rfc7617 */
function basic(auth: Readonly<Record<string, string>>): Authorization {
  const password = auth['password'] ?? '';
  const credentials = Buffer.from(`${auth['username'] ?? ''}:${password}`, 'utf8').toString('base64');
  return fixed({ authorization: `Basic ${credentials}` }, [password, credentials]);
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-4.4; the client authenticates with HTTP Basic (section 2.3.1). */
function clientCredentials(auth: Readonly<Record<string, string>>, now: () => Date): Authorization {
  const secret = auth['clientSecret'] ?? '';
  let token: { readonly value: string; readonly until: number } | undefined;
  return {
    secrets: [secret],
    forget() {
      const had = token !== undefined;
      token = undefined;
      return had;
    },
    async headers(signal) {
      if (!token || now().getTime() >= token.until - EARLY_MS) {
        token = await fetchToken(auth, now, signal);
      }
      return { authorization: `Bearer ${token.value}` };
    },
  };
}

async function fetchToken(auth: Readonly<Record<string, string>>, now: () => Date, signal: AbortSignal) {
  const pair = [auth['clientId'] ?? '', auth['clientSecret'] ?? ''].map(encodeURIComponent).join(':');
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (auth['scope']) form.set('scope', auth['scope']);
  const answer = await exchange(
    {
      method: 'POST',
      url: new URL(auth['tokenUrl'] ?? ''),
      headers: {
        authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: form.toString(),
      signal,
    },
    TOKEN_LIMITS,
  );
  if (answer.status !== 200) {
    const retryAfter = answer.headers.get('retry-after');
    throw refusal({ method: 'POST token', ...answer, retryAfter }, [auth['clientSecret'] ?? ''], now());
  }
  return readToken(answer.body, now());
}

function readToken(body: string, now: Date): { value: string; until: number } {
  const unreadable = () =>
    permanent('security', "The system's token endpoint answered without an access token.");
  let parsed: { access_token?: unknown; expires_in?: unknown } | null;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw unreadable();
  }
  const value = parsed?.access_token;
  if (typeof value !== 'string' || value === '') throw unreadable();
  const seconds = Number(parsed?.expires_in ?? 300);
  return { value, until: now.getTime() + (Number.isFinite(seconds) ? seconds : 300) * 1000 };
}
