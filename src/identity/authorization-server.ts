/**
 * The gateway's authorization server: SMART App Launch (standalone) for portals, SMART Backend Services for systems.
 * @see https://hl7.org/fhir/smart-app-launch/app-launch.html
 * @see https://hl7.org/fhir/smart-app-launch/backend-services.html
 */
import {
  type ClientMetadata,
  type Configuration,
  errors,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from '../oidc-provider.ts';
import type { OauthArtifactStore, Store } from '../store/index.ts';
import type { AccessTokens } from './access-token.ts';
import { createArtifactAdapter } from './artifact-adapter.ts';
import type { ClientRegistry } from './client-registry.ts';
import { nameCookies } from './cookies.ts';
import { givenBy, grantableScopes } from './grantable-scopes.ts';
import { type Keys, type PrivateJwk, signingKey } from './keys.ts';
import { renderDocument } from './pages.ts';
import { askForOfflineConsent, configureRefreshing, mayRefresh, SESSION_SECONDS } from './refresh-tokens.ts';
import type { Revocations } from './revocations.ts';
import { CONTEXT_SCOPES } from './scopes.ts';
import { CLIENT_ALGORITHMS } from './smart-configuration.ts';
import { answerForStructuredToken, mayIntrospect } from './structured-tokens.ts';
import { TEXTS } from './texts.ts';
import type { ClientRegistration, Clock, Logger, OfflineLimits } from './types.ts';
import { toLocale } from './web-sessions.ts';

/** The longest life of a client assertion and of a Backend Services token. */
const BACKEND_SECONDS = 300;
const INTERACTION_SECONDS = 900;
const CODE_SECONDS = 60;

export interface AuthorizationServerParts {
  /** `{baseUrl}/oauth`. */
  readonly issuer: string;
  readonly fhirBase: string;
  readonly clients: ClientRegistry;
  readonly keys: Keys;
  readonly store: Store;
  readonly artifacts: OauthArtifactStore;
  readonly tokens: AccessTokens;
  readonly revocations: Revocations;
  readonly portalTokenSeconds: number;
  readonly offline: OfflineLimits;
  readonly allowPrivateJwksUris: boolean;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Makes the provider; its `callback()` serves everything under the issuer's path. */
export function createAuthorizationServer(parts: AuthorizationServerParts): Provider {
  const provider = new Provider(parts.issuer, configure(parts));
  // The public address comes from the configuration: `pinAddress` overwrites what a request claims.
  provider.proxy = true;
  provider.use(async (ctx, next) => {
    const withOidc = ctx as unknown as KoaContextWithOIDC;
    askForOfflineConsent(withOidc);
    await next();
    addLaunchContext(withOidc);
    await answerForStructuredToken(withOidc, parts);
  });
  logOutcomes(provider, parts.logger);
  return provider;
}

function configure(parts: AuthorizationServerParts): Configuration {
  const { keys, clock } = parts;
  const { ttl, ...refreshing } = configureRefreshing(parts.offline);
  return {
    ...refreshing,
    adapter: (model: string) => {
      const adapter = createArtifactAdapter(model, parts);
      return model === 'Client' ? { ...adapter, find: async (id) => findClient(parts, id) } : adapter;
    },
    clientAuthMethods: ['private_key_jwt'],
    jwks: { keys: keys.asSigning.map(withoutTimes) } as Configuration['jwks'],
    scopes: [...CONTEXT_SCOPES],
    claims: { openid: ['sub', 'acr', 'auth_time'], fhirUser: ['fhirUser'] },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    pkce: { required: () => true },
    extraParams: { aud: (ctx, value) => checkAudience(ctx, value, parts.fhirBase) },
    enabledJWA: {
      clientAuthSigningAlgValues: [...CLIENT_ALGORITHMS],
      idTokenSigningAlgValues: signingAlgorithms(keys),
    },
    assertJwtClientAuthClaimsAndHeader: async (_ctx, claims) => checkAssertionLife(claims, clock),
    features: configureFeatures(parts),
    extraTokenClaims: async (ctx, token) =>
      token.kind === 'AccessToken'
        ? { patient: token.accountId, acr: givenBy(ctx)?.acr, grant_id: token.grantId }
        : undefined,
    findAccount: async (_ctx, id) => findAccount(parts, id),
    interactions: { policy: makePolicy(), url: (_ctx, { uid }) => `/oauth/interaction/${uid}` },
    cookies: configureCookies(parts),
    ttl: {
      ...ttl,
      AccessToken: parts.portalTokenSeconds,
      AuthorizationCode: CODE_SECONDS,
      ClientCredentials: BACKEND_SECONDS,
      IdToken: BACKEND_SECONDS,
      Interaction: INTERACTION_SECONDS,
      Session: SESSION_SECONDS,
    },
    clientBasedCORS: (_ctx, origin, client) =>
      (client.redirectUris ?? []).some((uri) => new URL(uri).origin === origin),
    renderError,
    fetch: (url, options) => parts.fetch(url, parts.allowPrivateJwksUris ? withoutGuard(options) : options),
  };
}

function configureFeatures(parts: AuthorizationServerParts): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    userinfo: { enabled: false },
    clientCredentials: { enabled: true },
    rpInitiatedLogout: { enabled: false },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    introspection: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => mayIntrospect(parts.clients, client.clientId, token.clientId),
    },
    resourceIndicators: {
      enabled: true,
      // There is one resource server: the FHIR API. SMART clients name it with `aud`, others need not.
      defaultResource: async () => parts.fhirBase,
      useGrantedResource: async () => true,
      getResourceServerInfo: async (ctx, indicator, client) => {
        if (indicator !== parts.fhirBase) throw new errors.InvalidTarget();
        const { alg, kid } = signingKey(parts.keys.asSigning, parts.clock());
        return {
          scope: grantableScopes(ctx, parts.clients.get(client.clientId)),
          audience: parts.fhirBase,
          accessTokenFormat: 'jwt',
          jwt: {
            sign: { alg: alg as 'ES256', kid },
          },
        };
      },
    },
  };
}

/** A copy, since the provider changes what it is given. */
function withoutTimes({ created_at: _made, use_after: _used, ...key }: PrivateJwk): object {
  return key;
}

function findClient({ clients, keys }: AuthorizationServerParts, id: string): ClientMetadata | undefined {
  const client = clients.get(id);
  return client && toMetadata(client, keys);
}

function toMetadata(client: ClientRegistration, keys: Keys): ClientMetadata {
  const isPortal = client.kind === 'portal';
  return {
    client_id: client.clientId,
    client_name: client.name,
    redirect_uris: [...client.redirectUris],
    grant_types: [
      isPortal ? 'authorization_code' : 'client_credentials',
      ...(mayRefresh(client) ? ['refresh_token'] : []),
    ],
    response_types: isPortal ? ['code'] : [],
    token_endpoint_auth_method: 'private_key_jwt',
    id_token_signed_response_alg: signingKey(keys.asSigning, new Date()).alg as 'ES256',
    ...(client.jwks && {
      jwks: { keys: client.jwks.keys.map((key) => ({ ...key })) } as ClientMetadata['jwks'],
    }),
    ...(client.jwksUri && { jwks_uri: client.jwksUri }),
  } as ClientMetadata;
}

/** The browser session of the gateway is the sign-in, not the provider's own: every request asks for it anew. */
function makePolicy(): ReturnType<typeof interactionPolicy.base> {
  const policy = interactionPolicy.base();
  policy
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check('browser_session', 'the citizen must be signed in', (ctx) =>
        ctx.oidc.result?.login
          ? interactionPolicy.Check.NO_NEED_TO_PROMPT
          : interactionPolicy.Check.REQUEST_PROMPT,
      ),
    );
  return policy;
}

function configureCookies(parts: AuthorizationServerParts): NonNullable<Configuration['cookies']> {
  return {
    keys: [...parts.keys.cookieSecrets],
    names: {
      session: nameCookies(parts.issuer).provider,
      interaction: 'silta-interaction',
      resume: 'silta-interaction-resume',
    },
    long: { httpOnly: true, sameSite: 'lax', signed: true },
    short: { httpOnly: true, sameSite: 'lax', signed: true },
  };
}

/** https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code: `aud` is the FHIR base. */
function checkAudience(ctx: KoaContextWithOIDC, value: string | undefined, fhirBase: string): void {
  if (ctx.oidc.route !== 'authorization') return;
  if (value?.replace(/\/$/, '') !== fhirBase) {
    throw new errors.InvalidRequest("the parameter 'aud' must be the address of the FHIR API");
  }
}

function checkAssertionLife(claims: Readonly<Record<string, unknown>>, clock: Clock): void {
  const longest = Math.floor(clock().getTime() / 1000) + BACKEND_SECONDS;
  if (typeof claims['exp'] !== 'number' || claims['exp'] > longest) {
    throw new errors.InvalidClientAuth('the client assertion must expire in 300 seconds at the latest');
  }
}

async function findAccount(
  parts: AuthorizationServerParts,
  id: string,
): Promise<{ accountId: string; claims(): Promise<{ sub: string; fhirUser: string }> } | undefined> {
  const patient = await parts.store.read('Patient', id);
  if (!patient?.content) return undefined;
  const fhirUser = `${parts.fhirBase}/Patient/${id}`;
  return { accountId: id, claims: async () => ({ sub: id, fhirUser }) };
}

/** https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token */
function addLaunchContext(ctx: KoaContextWithOIDC): void {
  if (ctx.oidc?.route !== 'token') return;
  const { AccessToken: token } = ctx.oidc.entities;
  const body = ctx.body as Record<string, unknown> | undefined;
  if (!token || !body?.['access_token']) return;
  body['patient'] = token.accountId;
}

async function renderError(ctx: KoaContextWithOIDC, out: { error: string }): Promise<void> {
  const locale = toLocale(ctx.oidc?.params?.['ui_locales'], ctx.get('accept-language'));
  ctx.type = 'html';
  // The description may repeat what the request said; the code is enough for support.
  const code = /^[a-z_]{1,64}$/.test(out.error) ? out.error : 'server_error';
  ctx.body = renderDocument({
    locale,
    heading: TEXTS[locale].failedTitle,
    body: `<p>${TEXTS[locale].expired}</p><p><small>${TEXTS[locale].code}: <code>${code}</code></small></p>`,
  });
}

function logOutcomes(provider: Provider, logger: Logger): void {
  const refused = (what: string) => (ctx: KoaContextWithOIDC, error: Error) => {
    const clientId = ctx.oidc?.entities.Client?.clientId;
    logger.warn({ clientId, error: error.message, route: ctx.oidc?.route }, what);
  };
  provider.on('authorization.error', refused('an authorization request was refused'));
  provider.on('grant.error', refused('a token request was refused'));
  provider.on('server_error', (ctx, error) => {
    logger.error({ route: ctx.oidc?.route, err: error.name }, 'the authorization server failed');
  });
}

function signingAlgorithms(keys: Keys): ('ES256' | 'ES384')[] {
  return [...new Set(keys.asSigning.map((key) => (key.alg === 'ES384' ? 'ES384' : 'ES256')))];
}

/** The provider refuses to fetch keys from private addresses; a sandbox has nothing but such. */
function withoutGuard(options: unknown): RequestInit {
  const { dispatcher: _guard, ...rest } = options as RequestInit & { dispatcher?: unknown };
  return rest;
}
