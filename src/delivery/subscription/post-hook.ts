/**
 * One request to a subscriber's endpoint. The address is a stranger's: it is judged after its name is resolved, on the
 * very connection that is made, and no redirect is followed.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { lookup as resolve } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Issue } from '../../outcome.ts';
import { addressIn, isPrivateAddress } from '../../private-address.ts';
import type { SendResult } from '../../systems/index.ts';

export interface HookRequest {
  readonly method: 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HookLimits {
  readonly timeoutMs: number;
  /** Whether endpoints may be http and at private addresses. */
  readonly allowPrivate: boolean;
}

/** The endpoint leads to where no stranger's address may. */
const REFUSED = 'SILTA_PRIVATE_ADDRESS';

/** Resolves a name as `dns.lookup` does, and refuses it when any of its addresses is private. */
export const lookUpPublic: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    const [first] = addresses;
    if (!first || addresses.some(({ address }) => isPrivateAddress(address))) {
      return callback(Object.assign(new Error('private address'), { code: REFUSED }), '');
    }
    if (options.all) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};

/** Sends one notification. The answer's body is not read: only its status counts. */
export async function postHook(hook: HookRequest, limits: HookLimits): Promise<SendResult> {
  const { url } = hook;
  const address = addressIn(url);
  if (!limits.allowPrivate) {
    if (url.protocol !== 'https:') return failed(false, 'security', 'The endpoint must be an https address.');
    if (address !== undefined && isPrivateAddress(address)) return refused();
  }
  try {
    const { status, retryAfter } = await exchange(hook, limits);
    return judge(hook.method, status, retryAfter);
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: unknown };
    if (code === REFUSED) return refused();
    const late = name === 'TimeoutError' || name === 'AbortError';
    if (late) return failed(true, 'timeout', `The endpoint did not answer within ${limits.timeoutMs} ms.`);
    return failed(
      true,
      'transient',
      `The endpoint could not be reached (${typeof code === 'string' ? code : 'no answer'}).`,
    );
  }
}

function exchange(
  { method, url, headers, body }: HookRequest,
  { timeoutMs, allowPrivate }: HookLimits,
): Promise<{ readonly status: number; readonly retryAfter: string | undefined }> {
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((done, fail) => {
    const request = open(url, {
      method,
      headers: { ...headers, 'Content-Length': Buffer.byteLength(body ?? '') },
      // A connection that was kept could have been opened when its name led elsewhere.
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(!allowPrivate && { lookup: lookUpPublic }),
    });
    request.on('error', fail);
    request.on('response', (response) => {
      response.destroy();
      done({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
    });
    request.end(body);
  });
}

function judge(method: string, status: number, retryAfter: string | undefined): SendResult {
  if (status >= 200 && status < 300) return { ok: true, status };
  if (status >= 300 && status < 400) {
    return failed(
      false,
      'processing',
      `The endpoint answered ${method} with a redirect, which is not followed.`,
    );
  }
  const passing = status >= 500 || status === 408 || status === 425 || status === 429;
  const wait = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1_000 : undefined;
  const result = failed(
    passing,
    passing ? 'transient' : 'processing',
    `The endpoint answered ${method} with ${status}.`,
  );
  return passing && wait !== undefined ? { ...result, retryAfterMs: wait } : result;
}

const refused = () => failed(false, 'security', 'The endpoint leads to a private address.');

function failed(
  retryable: boolean,
  code: Issue['code'],
  diagnostics: string,
): Extract<SendResult, { ok: false }> {
  return { ok: false, retryable, issue: { severity: 'error', code, diagnostics } };
}
