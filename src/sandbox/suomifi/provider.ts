/**
 * A Suomi.fi-style OpenID provider: signed request objects, PKCE, `private_key_jwt` with RS256, ID tokens encrypted for
 * the relying party (RSA-OAEP, A128CBC-HS256), test level of assurance.
 */
import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import {
  type Configuration,
  errors,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from '../../oidc-provider.ts';
import { BROKERS, type Broker, type BrokerStyle, claimsOf } from './broker-style.ts';
import { createEntity, type Entity, readRelyingParty } from './entity.ts';
import { createMemoryAdapters } from './memory-adapter.ts';
import type { TestPerson } from './persons.ts';
import { makeWrongToken, type Quirk } from './quirk.ts';

/** The level of assurance of test environments. */
export const TEST_ACR = 'http://ftn.ficora.fi/2017/loatest2';

const REQUEST_OBJECT_SECONDS = 600;
const TOKEN_SECONDS = 600;
const RSA_BITS = 2048;

export interface RelyingPartyRegistration {
  readonly clientId: string;
  readonly jwksUri: string;
  /** Where it signs its keys and says who it is; a broker that wants them asks here instead of at `jwksUri`. */
  readonly signed?: { readonly jwksUri: string; readonly statementUri: string };
  readonly redirectUris: readonly string[];
}

export interface ProviderParts {
  /** Issuer of the stand-in. */
  readonly baseUrl: string;
  readonly rp: RelyingPartyRegistration;
  readonly persons: readonly TestPerson[];
  /** Asked at each token request: how the ID token is to be wrong. */
  readonly quirk: () => Quirk | undefined;
  readonly style: BrokerStyle;
}

export interface SandboxProvider {
  readonly provider: Provider;
  readonly entity: Entity;
  /** The key that signs ID tokens, public half. */
  readonly publicKey: JWK;
}

/** Makes the provider with fresh keys. */
export async function createProvider(parts: ProviderParts): Promise<SandboxProvider> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true, modulusLength: RSA_BITS });
  const signing: JWK = {
    ...(await exportJWK(privateKey)),
    use: 'sig',
    alg: 'RS256',
    kid: randomBytes(8).toString('hex'),
  };
  const provider = new Provider(parts.baseUrl, configure(parts, signing));
  provider.use(async (ctx, next) => {
    await next();
    await applyQuirk(ctx as unknown as KoaContextWithOIDC, parts, signing);
  });
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...publicKey } = signing;
  return { provider, entity: await createEntity(parts.baseUrl, describe(parts)), publicKey };
}

/** OpenID provider metadata, for the entity statement. */
function describe({ baseUrl, style }: ProviderParts): Readonly<Record<string, unknown>> {
  const { routes, signedJwks, scopes } = BROKERS[style];
  const at = (path: string): string => `${baseUrl}${path}`;
  return {
    issuer: baseUrl,
    authorization_endpoint: at(routes.authorization ?? '/auth'),
    token_endpoint: at(routes.token ?? '/token'),
    jwks_uri: at(routes.jwks ?? '/jwks'),
    ...(signedJwks && { signed_jwks_uri: at(signedJwks) }),
    scopes_supported: scopes,
    response_types_supported: ['code'],
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
  };
}

function configure(parts: ProviderParts, signing: JWK): Configuration {
  const { pathname } = new URL(parts.baseUrl);
  const path = pathname.replace(/\/$/, '');
  const broker = BROKERS[parts.style];
  return {
    adapter: createMemoryAdapters(),
    clients: [toMetadata(parts.rp)],
    clientAuthMethods: ['private_key_jwt'],
    jwks: { keys: [signing] } as Configuration['jwks'],
    routes: broker.routes,
    scopes: [...broker.scopes],
    acrValues: [TEST_ACR],
    claims: { openid: ['sub', 'acr', 'auth_time', ...Object.values(broker.claims)] },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    pkce: { required: () => broker.pkceRequired },
    enabledJWA: {
      clientAuthSigningAlgValues: ['RS256'],
      requestObjectSigningAlgValues: ['RS256'],
      idTokenSigningAlgValues: ['RS256'],
      idTokenEncryptionAlgValues: ['RSA-OAEP'],
      idTokenEncryptionEncValues: ['A128CBC-HS256'],
    },
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      encryption: { enabled: true },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      requestObjects: {
        enabled: true,
        requireSignedRequestObject: true,
        assertJwtClaimsAndHeader: async (_ctx, claims) => checkRequestObject(claims, broker),
      },
    },
    findAccount: (_ctx, id) => {
      const person = parts.persons.find((candidate) => candidate.id === id);
      return person && { accountId: id, claims: async () => ({ sub: id, ...claimsOf(person, broker) }) };
    },
    interactions: { policy: makePolicy(), url: (_ctx, { uid }) => `${path}/login/${uid}` },
    loadExistingGrant: grantAll(broker),
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: { session: 'suomifi-session', interaction: 'suomifi-login', resume: 'suomifi-resume' },
    },
    ttl: {
      AccessToken: TOKEN_SECONDS,
      AuthorizationCode: 60,
      Grant: TOKEN_SECONDS,
      IdToken: TOKEN_SECONDS,
      Interaction: TOKEN_SECONDS,
      Session: TOKEN_SECONDS,
    },
    clientBasedCORS: () => false,
    renderError: async (ctx, out) => {
      ctx.type = 'text';
      ctx.body = `${out.error}: ${out.error_description ?? ''}\n`;
    },
    // The relying party is on the same machine, where the library would not fetch keys from.
    fetch: (url, options) => {
      const { dispatcher: _guard, ...rest } = options as RequestInit & { dispatcher?: unknown };
      const { jwksUri, signed } = parts.rp;
      return signed && String(url) === jwksUri ? fetchSigned(signed) : fetch(url, rest);
    },
  };
}

function toMetadata(rp: RelyingPartyRegistration): NonNullable<Configuration['clients']>[number] {
  return {
    client_id: rp.clientId,
    redirect_uris: [...rp.redirectUris],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    jwks_uri: rp.jwksUri,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'RS256',
    request_object_signing_alg: 'RS256',
    require_signed_request_object: true,
    id_token_signed_response_alg: 'RS256',
    id_token_encrypted_response_alg: 'RSA-OAEP',
    id_token_encrypted_response_enc: 'A128CBC-HS256',
  };
}

/** The Finnish Trust Network asks for a short-lived request object with an id; https://www.rfc-editor.org/rfc/rfc9101 */
function checkRequestObject(claims: Readonly<Record<string, unknown>>, broker: Broker): void {
  const { exp, iat, jti, state, nonce } = claims;
  if (typeof exp !== 'number' || exp - Number(iat) > REQUEST_OBJECT_SECONDS) {
    throw new errors.InvalidRequestObject('exp must be in 600 seconds at the latest');
  }
  if (broker.acrRequired && typeof claims['acr_values'] !== 'string') {
    throw new errors.InvalidRequestObject('acr_values is missing');
  }
  for (const [name, value] of Object.entries({ jti, state, nonce })) {
    if (typeof value !== 'string' || value.length < 22) {
      throw new errors.InvalidRequestObject(`${name} is missing or too short`);
    }
  }
}

/** Everybody chooses anew who to be, and nobody is asked for consent. */
function makePolicy(): ReturnType<typeof interactionPolicy.base> {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  policy
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check('choose_person', 'a test person must be chosen', (ctx) =>
        ctx.oidc.result?.login
          ? interactionPolicy.Check.NO_NEED_TO_PROMPT
          : interactionPolicy.Check.REQUEST_PROMPT,
      ),
    );
  return policy;
}

function grantAll(broker: Broker): NonNullable<Configuration['loadExistingGrant']> {
  return async (ctx) => {
    const { client, session, provider } = ctx.oidc;
    if (!client || !session?.accountId) return undefined;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope(broker.scopes.join(' '));
    await grant.save();
    return grant;
  };
}

/** The relying party's keys by way of its entity key, in the form that the library reads. */
async function fetchSigned(signed: NonNullable<RelyingPartyRegistration['signed']>): Promise<Response> {
  const [statement, set] = await Promise.all(
    [signed.statementUri, signed.jwksUri].map(async (uri) => (await fetch(uri)).text()),
  );
  const { keys } = await readRelyingParty(statement ?? '', set ?? '');
  return Response.json({ keys });
}

async function applyQuirk(ctx: KoaContextWithOIDC, parts: ProviderParts, signing: JWK): Promise<void> {
  const body = ctx.body as Record<string, unknown> | undefined;
  const quirk = ctx.oidc?.route === 'token' ? parts.quirk() : undefined;
  const code = ctx.oidc?.entities.AuthorizationCode;
  const person = parts.persons.find((candidate) => candidate.id === code?.accountId);
  if (!quirk || !body?.['id_token'] || !code || !person) return;
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: parts.baseUrl,
    sub: person.id,
    aud: parts.rp.clientId,
    iat: now,
    exp: now + TOKEN_SECONDS,
    nonce: code.nonce,
    acr: code.acr,
    auth_time: code.authTime,
    ...claimsOf(person, BROKERS[parts.style]),
  };
  const published = (await (await fetch(parts.rp.jwksUri)).json()) as { keys: JWK[] };
  body['id_token'] = await makeWrongToken(quirk, claims, { signing, encryption: published.keys });
}
