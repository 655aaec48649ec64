/**
 * What the authorization server asks of a citizen: to sign in (through strong identification) and to consent to what a
 * portal wants.
 * @see https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#user-flows
 */
import express, { type Request, type Response, Router } from 'express';
import { leaveFormerAccount, type Provider } from '../oidc-provider.ts';
import { asSiltaError, SiltaError } from '../outcome.ts';
import type { ClientRegistry } from './client-registry.ts';
import { keyOf, sendConsent, sendFailure } from './pages.ts';
import { isOffline } from './refresh-tokens.ts';
import { CONTEXT_SCOPES, parseScopes } from './scopes.ts';
import type { ClientRegistration, IssuerProfile, Logger, WebSession } from './types.ts';
import { isSameSecret, toLocale, type WebSessions } from './web-sessions.ts';

export interface InteractionParts {
  readonly provider: Provider;
  readonly profile: IssuerProfile;
  readonly fhirBase: string;
  readonly clients: ClientRegistry;
  readonly sessions: WebSessions;
  /** Days that offline access lasts. */
  readonly offlineDays: number;
  readonly logger: Logger;
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Serves `/interaction/{uid}` below `/oauth`; mount it before the provider. */
export function createInteractionRoutes(parts: InteractionParts): Router {
  const router = Router();
  const guarded =
    (handle: (request: Request, response: Response, details: Details) => Promise<void>) =>
    async (request: Request, response: Response): Promise<void> => {
      try {
        await handle(request, response, await readDetails(parts, request, response));
      } catch (thrown) {
        const error = asSiltaError(thrown);
        parts.logger.warn({ key: keyOf(error), status: error.status }, 'an interaction was refused');
        sendFailure(response, { error, locale: toLocale(request.headers['accept-language']) });
      }
    };
  router.get(
    '/interaction/:uid',
    guarded(async (request, response, details) =>
      details.prompt.name === 'login'
        ? signIn(parts, request, response, details)
        : askConsent(parts, request, response, details),
    ),
  );
  router.post(
    '/interaction/:uid',
    express.urlencoded({ extended: false, limit: '4kb' }),
    guarded((request, response, details) => decide(parts, request, response, details)),
  );
  return router;
}

async function readDetails(parts: InteractionParts, request: Request, response: Response): Promise<Details> {
  try {
    const details = await parts.provider.interactionDetails(request, response);
    if (details.uid === request.params['uid']) return details;
  } catch (cause) {
    throw expired(cause);
  }
  throw expired();
}

async function signIn(
  parts: InteractionParts,
  request: Request,
  response: Response,
  details: Details,
): Promise<void> {
  if (request.query['signin'] === 'cancelled') {
    const result = { error: 'access_denied', error_description: 'the citizen cancelled the identification' };
    return parts.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const session = await parts.sessions.find(request.headers.cookie);
  const force = needsFreshSignIn(details, session);
  if (!session || force) {
    const path = encodeURIComponent(`/oauth/interaction/${details.uid}`);
    const locale = toLocale(details.params['ui_locales'], request.headers['accept-language']);
    const query = `return=${path}&lang=${locale}${force ? '&force=true' : ''}`;
    response.set('Cache-Control', 'no-store').redirect(303, `/identity/${parts.profile.name}/start?${query}`);
    return;
  }
  const login = {
    accountId: session.patientId,
    acr: session.acr,
    ts: Math.floor(session.signedInAt.getTime() / 1000),
  };
  await leaveFormerAccount(parts.provider, details, session.patientId);
  await parts.provider.interactionFinished(request, response, { login });
}

/** A portal's `prompt=login` or `max_age` is met by a sign-in that began after the request, not by an older session. */
function needsFreshSignIn(details: Details, session: WebSession | undefined): boolean {
  const asked = details.prompt.reasons.some((reason) => reason === 'login_prompt' || reason === 'max_age');
  if (!asked) return false;
  return !session || Math.floor(session.signedInAt.getTime() / 1000) < details.iat;
}

async function askConsent(
  parts: InteractionParts,
  request: Request,
  response: Response,
  details: Details,
): Promise<void> {
  const session = await requireSession(parts, request, details);
  sendConsent(response, {
    client: requireClient(parts, details),
    scopes: parseScopes(String(details.params['scope'] ?? '')),
    lasting: readLasting(parts, String(details.params['scope'] ?? '')),
    locale: toLocale(details.params['ui_locales'], session.locale),
    action: `/oauth/interaction/${details.uid}`,
    csrfToken: session.csrfToken,
    redirectOrigin: new URL(String(details.params['redirect_uri'])).origin,
  });
}

function readLasting(
  { offlineDays }: InteractionParts,
  scope: string,
): { days: number } | 'online' | undefined {
  if (isOffline(scope)) return { days: offlineDays };
  return scope.split(' ').includes('online_access') ? 'online' : undefined;
}

async function decide(
  parts: InteractionParts,
  request: Request,
  response: Response,
  details: Details,
): Promise<void> {
  const session = await requireSession(parts, request, details);
  const form = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof form['csrf'] !== 'string' || !isSameSecret(form['csrf'], session.csrfToken)) {
    throw new SiltaError('forbidden', 'The request does not come from a page of this service.', {
      key: 'csrf',
    });
  }
  if (details.prompt.name !== 'consent') throw expired();
  const client = requireClient(parts, details);
  if (form['decision'] !== 'allow') {
    parts.logger.info({ clientId: client.clientId }, 'a citizen refused a portal');
    const result = { error: 'access_denied', error_description: 'the citizen did not consent' };
    return parts.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  const grantId = await saveGrant(parts, details, session.patientId);
  parts.logger.info({ clientId: client.clientId }, 'a citizen consented to a portal');
  await parts.provider.interactionFinished(request, response, { consent: { grantId } });
}

async function saveGrant(parts: InteractionParts, details: Details, accountId: string): Promise<string> {
  const { provider } = parts;
  const scopes = String(details.params['scope'] ?? '').split(' ');
  // Offline access runs from this consent on: it never joins a grant whose time is already running.
  const joins = details.grantId && !isOffline(scopes.join(' '));
  const known = joins ? await provider.Grant.find(String(details.grantId)) : undefined;
  const grant = known ?? new provider.Grant({ accountId, clientId: String(details.params['client_id']) });
  const context = scopes.filter((scope) => (CONTEXT_SCOPES as readonly string[]).includes(scope));
  if (context.length > 0) grant.addOIDCScope(context.join(' '));
  grant.addResourceScope(parts.fhirBase, scopes.join(' '));
  return grant.save();
}

/** The page and the decision belong to the citizen who signed in for this request, in this browser. */
async function requireSession(
  parts: InteractionParts,
  request: Request,
  details: Details,
): Promise<WebSession> {
  const session = await parts.sessions.find(request.headers.cookie);
  if (session && session.patientId === details.session?.accountId) return session;
  throw expired();
}

function requireClient(parts: InteractionParts, details: Details): ClientRegistration {
  const client = parts.clients.get(String(details.params['client_id']));
  if (!client) throw expired();
  return client;
}

function expired(cause?: unknown): SiltaError {
  return new SiltaError('unauthenticated', 'The request has expired or was already answered.', {
    key: 'interaction',
    ...(cause !== undefined && { cause }),
  });
}
