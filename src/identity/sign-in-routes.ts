/**
 * The citizen's way through strong identification: `start` leaves for the service, `callback` comes back, `logout` ends.
 * @see https://www.rfc-editor.org/rfc/rfc9700 (OAuth 2.0 Security Best Current Practice)
 */
import { randomBytes, randomUUID } from 'node:crypto';
import express, { type Request, type Response, Router } from 'express';
import { asSiltaError, SiltaError } from '../outcome.ts';
import { GATEWAY } from '../principal.ts';
import type { SessionStore, Store } from '../store/index.ts';
import { type CookieNames, readCookie, writeCookie } from './cookies.ts';
import { findOrCreatePatient } from './find-patient.ts';
import { readPerson } from './identified-person.ts';
import { checkLocalPath } from './local-path.ts';
import { keyOf, sendFailure } from './pages.ts';
import type { RelyingParty } from './relying-party.ts';
import type { Clock, IssuerProfile, Locale, Logger } from './types.ts';
import { hashOf, isSameSecret, toLocale, type WebSessions } from './web-sessions.ts';

const PENDING_SECONDS = 600;
const BROWSER_VALUE = /^[A-Za-z0-9_-]{43}$/;

export interface SignInParts {
  readonly profile: IssuerProfile;
  readonly relyingParty: RelyingParty;
  readonly redirectUri: string;
  readonly pending: SessionStore;
  readonly sessions: WebSessions;
  /** Ends a session of the authorization server, and the refresh tokens that live as long as it. */
  readonly endAuthorization: (sessionId: string) => Promise<void>;
  readonly store: Store;
  readonly cookies: CookieNames;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Serves `/identity/{profile}/start`, `/identity/{profile}/callback` and `/identity/logout`. */
export function createSignInRoutes(parts: SignInParts): Router {
  const router = Router();
  const { name } = parts.profile;
  router.get(`/identity/${name}/start`, (request, response) => start(parts, request, response));
  router.get(`/identity/${name}/callback`, (request, response) => finish(parts, request, response));
  router.post(
    '/identity/logout',
    express.urlencoded({ extended: false, limit: '4kb' }),
    (request, response) => logOut(parts, request, response),
  );
  return router;
}

async function start(parts: SignInParts, request: Request, response: Response): Promise<void> {
  const locale = toLocale(request.query['lang'], request.headers['accept-language']);
  try {
    const returnPath = checkLocalPath(request.query['return']);
    const force = request.query['force'] === 'true';
    const now = parts.clock();
    const outgoing = await parts.relyingParty.request({ locale, force });
    const known = readCookie(request.headers.cookie, parts.cookies.signIn);
    const browser = known && BROWSER_VALUE.test(known) ? known : randomBytes(32).toString('base64url');
    await parts.pending.addPendingSignIn(hashOf(outgoing.state), {
      browserHash: hashOf(browser),
      nonce: outgoing.nonce,
      codeVerifier: outgoing.codeVerifier,
      returnPath,
      locale,
      ...(force && { forcedAt: now }),
      expiresAt: new Date(now.getTime() + PENDING_SECONDS * 1000),
    });
    const options = { secure: parts.cookies.secure, maxAgeSeconds: PENDING_SECONDS };
    response.append('Set-Cookie', writeCookie(parts.cookies.signIn, browser, options));
    redirect(response, outgoing.url.href);
  } catch (error) {
    refuse(parts, response, { error: asSiltaError(error), locale });
  }
}

async function finish(parts: SignInParts, request: Request, response: Response): Promise<void> {
  let locale = toLocale(request.headers['accept-language']);
  let returnPath: string | undefined;
  const requestId = randomUUID();
  try {
    const { state, pending } = await takePending(parts, request);
    locale = toLocale(pending.locale);
    returnPath = pending.returnPath;
    const { error } = request.query;
    if (typeof error === 'string' && parts.profile.cancelErrors.includes(error)) {
      parts.logger.info({ requestId, key: 'sign-in-cancelled' }, 'a sign-in was cancelled');
      redirect(response, `${returnPath}${returnPath.includes('?') ? '&' : '?'}signin=cancelled`);
      return;
    }
    const callback = new URL(parts.redirectUri);
    callback.search = new URL(request.originalUrl, parts.redirectUri).search;
    const claims = await parts.relyingParty.redeem(callback, { ...pending, state });
    const patientId = await findOrCreatePatient(
      parts.store,
      readPerson(claims, parts.profile.claims),
      requestId,
    );
    const acr = String(claims['acr']);
    await auditSignIn(parts, { requestId, outcome: 'success', patientId });
    const cookie = await parts.sessions.start({ patientId, acr, locale }, request.headers.cookie);
    response.append('Set-Cookie', cookie);
    redirect(response, returnPath);
  } catch (thrown) {
    const error = asSiltaError(thrown);
    await auditSignIn(parts, {
      requestId,
      outcome: error.status >= 500 ? 'failed' : 'refused',
      detail: keyOf(error),
    });
    refuse(parts, response, { error, locale, returnPath, requestId });
  }
}

async function takePending(
  parts: SignInParts,
  request: Request,
): Promise<{
  readonly state: string;
  readonly pending: NonNullable<Awaited<ReturnType<SessionStore['takePendingSignIn']>>>;
}> {
  const { state } = request.query;
  const browser = readCookie(request.headers.cookie, parts.cookies.signIn);
  if (typeof state === 'string' && browser) {
    const pending = await parts.pending.takePendingSignIn(hashOf(state));
    const isFresh = pending && pending.expiresAt.getTime() > parts.clock().getTime();
    if (isFresh && pending.browserHash.equals(hashOf(browser))) return { state, pending };
  }
  throw new SiltaError('unauthenticated', 'The sign-in is unknown, has expired or was already used.', {
    key: 'sign-in-state',
  });
}

async function auditSignIn(
  parts: SignInParts,
  entry: {
    readonly requestId: string;
    readonly outcome: 'success' | 'refused' | 'failed';
    readonly patientId?: string;
    readonly detail?: string;
  },
): Promise<void> {
  const { requestId, outcome, patientId, detail } = entry;
  await parts.store.audit([
    {
      principal: GATEWAY,
      requestId,
      action: 'sign-in',
      outcome,
      entities: patientId ? [`Patient/${patientId}`] : [],
      ...(detail && { detail }),
    },
  ]);
}

async function logOut(parts: SignInParts, request: Request, response: Response): Promise<void> {
  const session = await parts.sessions.find(request.headers.cookie);
  const locale: Locale = session?.locale ?? toLocale(request.headers['accept-language']);
  try {
    const form = (request.body ?? {}) as Readonly<Record<string, unknown>>;
    const returnPath = checkLocalPath(form['return']);
    const sent = form['csrf'] ?? request.headers['x-csrf-token'];
    if (session && (typeof sent !== 'string' || !isSameSecret(sent, session.csrfToken))) {
      throw new SiltaError('forbidden', 'The request does not come from a page of this service.', {
        key: 'csrf',
      });
    }
    const authorization = readCookie(request.headers.cookie, parts.cookies.provider);
    if (session && authorization) await parts.endAuthorization(authorization);
    response.append('Set-Cookie', await parts.sessions.end(request.headers.cookie));
    redirect(response, returnPath);
  } catch (error) {
    refuse(parts, response, { error: asSiltaError(error), locale });
  }
}

function redirect(response: Response, address: string): void {
  response.set('Cache-Control', 'no-store').set('Referrer-Policy', 'no-referrer').redirect(303, address);
}

function refuse(
  parts: SignInParts,
  response: Response,
  refusal: {
    readonly error: SiltaError;
    readonly locale: Locale;
    readonly returnPath?: string | undefined;
    readonly requestId?: string;
  },
): void {
  const { error, locale, returnPath, requestId } = refusal;
  const fields = { requestId, key: keyOf(error), status: error.status };
  if (error.status >= 500) {
    parts.logger.error({ ...fields, err: describeCause(error) }, 'a sign-in failed');
  } else {
    parts.logger.warn(fields, 'a sign-in was refused');
  }
  const query = returnPath ? `?return=${encodeURIComponent(returnPath)}&lang=${locale}` : `?lang=${locale}`;
  sendFailure(response, { error, locale, retryPath: `/identity/${parts.profile.name}/start${query}` });
}

/** Names and codes of the chain of causes; their messages may quote what must not be logged. */
function describeCause(error: Error): readonly string[] {
  const names: string[] = [];
  for (let cause: unknown = error.cause; cause instanceof Error && names.length < 5; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    names.push(typeof code === 'string' ? `${cause.name} ${code}` : cause.name);
  }
  return names;
}
