/** Puts the room together: sign-in, authorization server, and the check of each request's caller. */
import { type RequestHandler, Router } from 'express';
import { SiltaError } from '../outcome.ts';
import {
  createMandateStore,
  createOauthArtifactStore,
  createRevokedTokenStore,
  createSessionStore,
  type Database,
  type MandateStore,
  type OauthArtifactStore,
  type SessionStore,
  type Store,
} from '../store/index.ts';
import { createAccessTokens } from './access-token.ts';
import { authenticate } from './authenticate.ts';
import { type ClientRegistry, createClientRegistry } from './client-registry.ts';
import { nameCookies } from './cookies.ts';
import type { Keys } from './keys.ts';
import { createMandateRoutes } from './mandates/mandate-routes.ts';
import { createMandates, type Mandates } from './mandates/mandates.ts';
import { createValtuudetClient } from './mandates/valtuudet-client.ts';
import type { OauthParts } from './oauth-routes.ts';
import { createPublicationRoutes } from './publication-routes.ts';
import { createRelyingParty } from './relying-party.ts';
import { createRevocations } from './revocations.ts';
import { createSignInRoutes } from './sign-in-routes.ts';
import { describeSmart } from './smart-configuration.ts';
import type { ClientRegistration, Clock, Identity, IdentityConfig, Logger, WebSession } from './types.ts';
import { createWebSessions, type WebSessions } from './web-sessions.ts';

export interface IdentityParts {
  readonly config: IdentityConfig;
  readonly store: Store;
  readonly database: Database;
  readonly keys: Keys;
  readonly clients: readonly ClientRegistration[];
  /** Reaches the identification service and clients' JWKS; default the global `fetch`. */
  readonly fetch?: typeof fetch;
  readonly clock?: Clock;
  readonly logger: Logger;
}

/** The parts completed with their defaults and with what several of the room's halves share. */
interface Shared extends Required<IdentityParts> {
  readonly issuer: string;
  readonly fhirBase: string;
  readonly registry: ClientRegistry;
  readonly pending: SessionStore;
  readonly sessions: WebSessions;
}

/** How long a portal's access token lives, unless the configuration says otherwise. */
const DEFAULT_PORTAL_SECONDS = 1800;

/** Creates the room. Nothing is read or fetched before the first request. */
export function createIdentity(parts: IdentityParts): Identity {
  const shared = completeParts(parts);
  const { issuer, fhirBase, sessions, registry, clock } = shared;
  const artifacts = createOauthArtifactStore(parts.database);
  const portalTokenSeconds = parts.config.portalTokenSeconds ?? DEFAULT_PORTAL_SECONDS;
  const revocations = createRevocations({
    store: createRevokedTokenStore(parts.database),
    clock,
    accessTokenSeconds: portalTokenSeconds,
  });
  const tokens = createAccessTokens({
    issuer,
    fhirBase,
    keys: parts.keys,
    clients: registry,
    revocations,
    clock,
  });
  const mandateStore = createMandateStore(parts.database);
  const mandates = wireMandates(shared, mandateStore);
  const confirmMandate = async (session: WebSession): Promise<void> => {
    const { acting, idHash: sessionHash, patientId: delegateId } = session;
    if (acting) await requireMandates(mandates).confirm({ sessionHash, delegateId }, acting);
  };
  const router = Router();
  router.use(
    createPublicationRoutes({ ...shared, ...parts.config }),
    createSignIn(shared, artifacts),
    ...(mandates ? [createMandateRoutes({ ...shared, mandates })] : []),
    openOauthWhenAsked({ ...shared, artifacts, tokens, revocations, portalTokenSeconds }),
  );
  const smart = describeSmart(issuer, registry);
  return {
    router,
    authenticate: (credentials) =>
      authenticate(credentials, { sessions, verifyToken: tokens.verify, confirmMandate }),
    offersMandates: mandates !== undefined,
    confirmMandate,
    session: (cookie) => sessions.find(cookie),
    smartConfiguration: () => smart,
    sweep: async () => {
      await sessions.sweep();
      await artifacts.removeExpired(clock());
      await revocations.sweep();
      await mandateStore.removeExpired(clock());
    },
  };
}

function completeParts(parts: IdentityParts): Shared {
  const { baseUrl } = parts.config;
  const clock = parts.clock ?? (() => new Date());
  const pending = createSessionStore(parts.database);
  return {
    ...parts,
    clock,
    fetch: parts.fetch ?? fetch,
    issuer: `${baseUrl}/oauth`,
    fhirBase: `${baseUrl}/fhir`,
    registry: createClientRegistry(parts.clients),
    pending,
    sessions: createWebSessions({
      store: pending,
      cookies: nameCookies(baseUrl),
      clock,
    }),
  };
}

function createSignIn(shared: Shared, artifacts: OauthArtifactStore): Router {
  const { config, keys, clock } = shared;
  const { profile } = config;
  const redirectUri = `${config.baseUrl}/identity/${profile.name}/callback`;
  return createSignInRoutes({
    ...shared,
    profile,
    redirectUri,
    endAuthorization: (sessionId) => artifacts.remove('Session', sessionId),
    cookies: nameCookies(config.baseUrl),
    relyingParty: createRelyingParty({ profile, redirectUri, keys, fetch: shared.fetch, clock }),
  });
}

function wireMandates(shared: Shared, mandates: MandateStore): Mandates | undefined {
  const { config, store, clock, fetch: fetchWith } = shared;
  if (!config.mandates) return undefined;
  const { api, pages, clientId, rules, secrets } = config.mandates;
  const service = createValtuudetClient({
    api,
    pages,
    redirectUri: `${config.baseUrl}/identity/mandates/callback`,
    credentials: { clientId, ...secrets },
    fetch: fetchWith,
    clock,
  });
  return createMandates({ store, mandates, service, rules, clock });
}

/** A session that acts for another on a gateway that knows no mandate service may write nothing. */
function requireMandates(mandates: Mandates | undefined): Mandates {
  if (mandates) return mandates;
  throw new SiltaError('forbidden', 'Acting for another is not offered here.', { key: 'mandate-ended' });
}

/**
 * The authorization server, loaded at the first request to it: the library is two hundred files, and turns on tracking
 * of asynchronous contexts, which every request would pay for. A request that comes while it is loaded waits for it.
 */
function openOauthWhenAsked(parts: OauthParts): Router {
  let opened: Promise<RequestHandler> | undefined;
  const router = Router();
  router.use('/oauth', async (request, response, next) => {
    opened ??= import('./oauth-routes.ts').then(({ createOauthRoutes }) => createOauthRoutes(parts));
    return (await opened)(request, response, next);
  });
  return router;
}
