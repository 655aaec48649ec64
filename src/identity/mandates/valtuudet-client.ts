/**
 * Client of the Suomi.fi-valtuudet (e-Authorizations) Web API: the selection of whom to act for, with a session, and the
 * question whether one may still act, without one. Personal identity codes are in the paths, as the API has it: no
 * address of a request is logged or shown.
 * @see https://kehittajille.suomi.fi/services/e-authorizations/technical-documentation
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { SiltaError } from '../../outcome.ts';
import type { Clock, Locale } from '../types.ts';
import { CHECKSUM_HEADER, signValtuudetRequest } from './valtuudet-header.ts';

export interface ValtuudetCredentials {
  /** Of the Web API: eight letters and digits. */
  readonly clientId: string;
  readonly apiKey: string;
  readonly oauthPassword: string;
  /** Of the query without a session. */
  readonly restApiKey: string;
}

export interface ValtuudetParts {
  /** Address of the API without a trailing slash. */
  readonly api: string;
  /** Address of the selection pages without a trailing slash. */
  readonly pages: string;
  readonly redirectUri: string;
  readonly credentials: ValtuudetCredentials;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/** A person whom the delegate has chosen to act for. */
export interface ChosenPerson {
  readonly hetu: string;
  readonly name: string;
}

export interface Selection {
  readonly sessionId: string;
  /** Address to send the browser to. */
  readonly url: URL;
}

export interface ValtuudetClient {
  /** Registers the delegate for the choice of a person. */
  begin(
    delegateHetu: string,
    browser: { readonly state: string; readonly locale: Locale },
  ): Promise<Selection>;
  /** Whom was chosen, with the roles towards each. */
  finish(
    sessionId: string,
    code: string,
  ): Promise<readonly (ChosenPerson & { readonly roles: readonly string[] })[]>;
  /** Whether a person may act for another right now; `issue` is a mandate theme, none for guardians of minors. */
  mayAct(delegateHetu: string, principalHetu: string, issue?: string): Promise<boolean>;
}

const TIMEOUT_MS = 5_000;
const registration = z.object({ sessionId: z.string().min(1), userId: z.string().min(1) });
const token = z.object({ access_token: z.string().min(1) });
const delegates = z.array(z.object({ personId: z.string().min(1), name: z.string() }));
const roleList = z.object({ roles: z.array(z.string()) });
const verdict = z.object({ result: z.enum(['ALLOWED', 'DISALLOWED']) });

/**
 * Makes the client.
 * @returns methods that throw SiltaError `unavailable` (key `mandate-service`) when the service cannot be asked, and
 *   `forbidden` (key `mandate-session`) when its session has ended
 */
export function createValtuudetClient(parts: ValtuudetParts): ValtuudetClient {
  const { clientId } = parts.credentials;
  const call = (path: string, options: CallOptions = {}) => ask(parts, path, options);
  const withSession = (path: string, bearer: string) =>
    call(`${path}?requestId=${randomUUID()}`, { headers: { authorization: `Bearer ${bearer}` } });
  return {
    async begin(delegateHetu, { state, locale }) {
      const requestId = randomUUID();
      const path = `/service/hpa/user/register/${clientId}/${encodeURIComponent(delegateHetu)}?requestId=${requestId}`;
      const { sessionId, userId } = read(registration, await call(path));
      const url = new URL(`${parts.pages}/oauth/authorize`);
      url.search = new URLSearchParams({
        client_id: clientId,
        response_type: 'code',
        redirect_uri: parts.redirectUri,
        user: userId,
        state,
        requestId,
        lang: locale,
      }).toString();
      return { sessionId, url };
    },
    async finish(sessionId, code) {
      const bearer = await redeem(parts, code);
      const session = encodeURIComponent(sessionId);
      const chosen = read(delegates, await withSession(`/service/hpa/api/delegate/${session}`, bearer));
      return Promise.all(
        chosen.map(async ({ personId, name }) => {
          const path = `/service/hpa/api/authorizationlist/${session}/${encodeURIComponent(personId)}`;
          const { roles } = read(roleList, await withSession(path, bearer));
          return { hetu: personId, name, roles };
        }),
      );
    },
    async mayAct(delegateHetu, principalHetu, issue) {
      const persons = [delegateHetu, principalHetu].map(encodeURIComponent).join('/');
      const query = new URLSearchParams({ requestId: randomUUID(), ...(issue && { issue }) });
      const path = `/service/rest/hpa/authorization/${clientId}/${persons}?${query}`;
      const answer = await call(path, {
        key: parts.credentials.restApiKey,
        headers: { 'X-userId': delegateHetu },
      });
      return read(verdict, answer).result === 'ALLOWED';
    },
  };
}

interface CallOptions {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(parts: ValtuudetParts, path: string, { key, headers }: CallOptions): Promise<unknown> {
  const { clientId, apiKey } = parts.credentials;
  const checksum = signValtuudetRequest(path, { clientId, key: key ?? apiKey }, parts.clock());
  return send(parts, `${parts.api}${path}`, { headers: { ...headers, [CHECKSUM_HEADER]: checksum } });
}

async function redeem(parts: ValtuudetParts, code: string): Promise<string> {
  const { clientId, oauthPassword } = parts.credentials;
  const query = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    redirect_uri: parts.redirectUri,
  });
  const basic = Buffer.from(`${clientId}:${oauthPassword}`).toString('base64');
  const answer = await send(parts, `${parts.pages}/oauth/token?${query}`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
  });
  return read(token, answer).access_token;
}

async function send(parts: ValtuudetParts, address: string, init: RequestInit): Promise<unknown> {
  const response = await parts
    .fetch(address, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
    .catch((cause: Error) => {
      // The message of a failed fetch may hold the address, which holds a personal identity code.
      throw unavailable(cause.name);
    });
  if (response.status === 401) {
    throw new SiltaError('forbidden', 'The choice of whom to act for has expired. Choose again.', {
      key: 'mandate-session',
    });
  }
  if (!response.ok) throw unavailable(`status ${response.status}`);
  return response.json().catch(() => {
    throw unavailable('no JSON');
  });
}

function read<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw unavailable('an answer of another form');
}

function unavailable(what: string): SiltaError {
  return new SiltaError('unavailable', `The mandate service cannot be asked (${what}).`, {
    key: 'mandate-service',
    retryAfter: 30,
  });
}
