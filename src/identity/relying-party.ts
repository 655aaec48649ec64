/**
 * The gateway as a relying party of strong identification: a signed request object (JAR) with PKCE, `private_key_jwt`,
 * and an encrypted ID token. `openid-client` speaks the protocol; `id-token.ts` judges the token first, because each
 * refusal needs its own key, and the library judges it a second time.
 * @see https://www.rfc-editor.org/rfc/rfc9101 (JAR)
 * @see https://openid.net/specs/openid-connect-core-1_0.html
 */
import { randomBytes } from 'node:crypto';
import * as client from 'openid-client';
import { SiltaError } from '../outcome.ts';
import { type Claims, verifyIdToken } from './id-token.ts';
import { createIssuerReader, type Issuer, unavailable } from './issuer-metadata.ts';
import { type Keys, type PrivateJwk, signingKey } from './keys.ts';
import type { Clock, IssuerProfile, Locale } from './types.ts';

/** Entropy of state and nonce; the profile demands 128 bits at least. */
const RANDOM_BYTES = 32;
const REQUEST_OBJECT_SECONDS = 600;

/** What must be remembered until the citizen comes back. */
export interface AuthorizationRequest {
  readonly url: URL;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface RelyingParty {
  /** Builds the address to send the citizen to. `force` demands a fresh identification. */
  request(options: { readonly locale: Locale; readonly force: boolean }): Promise<AuthorizationRequest>;
  /**
   * Redeems the code of a callback and verifies the ID token.
   * @throws SiltaError `unauthenticated` with the refusal's key, `unavailable` when the service cannot be reached
   */
  redeem(
    callback: URL,
    expected: {
      readonly state: string;
      readonly nonce: string;
      readonly codeVerifier: string;
      readonly forcedAt?: Date;
    },
  ): Promise<Claims>;
}

export interface RelyingPartyParts {
  readonly profile: IssuerProfile;
  readonly redirectUri: string;
  readonly keys: Keys;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/** Makes the relying party of one issuer profile; metadata is read at the first use and kept for an hour. */
export function createRelyingParty(parts: RelyingPartyParts): RelyingParty {
  const issuer = createIssuerReader(parts);
  return {
    request: async (options) => buildRequest(await issuer(), parts, options),
    redeem: async (callback, expected) => redeem(await issuer(), parts, callback, expected),
  };
}

async function buildRequest(
  issuer: Issuer,
  parts: RelyingPartyParts,
  { locale, force }: { readonly locale: Locale; readonly force: boolean },
): Promise<AuthorizationRequest> {
  const state = randomBytes(RANDOM_BYTES).toString('base64url');
  const nonce = randomBytes(RANDOM_BYTES).toString('base64url');
  const codeVerifier = client.randomPKCECodeVerifier();
  const { profile, clock } = parts;
  const url = await client.buildAuthorizationUrlWithJAR(
    await configure(issuer, parts, parts.fetch),
    {
      ...profile.request.parameters,
      response_type: 'code',
      redirect_uri: parts.redirectUri,
      scope: profile.scope,
      state,
      nonce,
      ...(profile.request.pkce && {
        code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      }),
      ...(profile.requestedAcr.length > 0 && { acr_values: profile.requestedAcr.join(' ') }),
      ui_locales: locale,
      ...(force && toParameters(profile.request.force)),
    },
    await importSigningKey(parts.keys, clock()),
    {
      [client.modifyAssertion]: (_header, payload) => {
        payload['exp'] = Number(payload['iat']) + REQUEST_OBJECT_SECONDS;
      },
    },
  );
  return { url, state, nonce, codeVerifier };
}

const toParameters = (force: object): Record<string, string> =>
  Object.fromEntries(Object.entries(force).map(([name, value]) => [name, String(value)]));

async function redeem(
  issuer: Issuer,
  parts: RelyingPartyParts,
  callback: URL,
  expected: Parameters<RelyingParty['redeem']>[1],
): Promise<Claims> {
  const recorder = recordIdToken(parts.fetch, String(issuer.metadata.token_endpoint));
  const configuration = await configure(issuer, parts, recorder.fetch);
  const failure = await client
    .authorizationCodeGrant(configuration, callback, {
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      ...(parts.profile.request.pkce && { pkceCodeVerifier: expected.codeVerifier }),
      idTokenExpected: true,
    })
    .then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  if (!recorder.answered() && failure) throw explainFailure(failure.error);
  const claims = await verifyIdToken(recorder.idToken(), {
    profile: parts.profile,
    nonce: expected.nonce,
    decryptionKeys: parts.keys.rpEncryption,
    issuerKeys: issuer.keys,
    now: parts.clock(),
    ...(expected.forcedAt && { forcedAt: expected.forcedAt }),
  });
  if (failure) throw refuse('id-token-refused', 'does not hold', failure.error);
  return claims;
}

/** A client for one exchange: its `fetch` is the exchange's own, so that exchanges at once do not meet. */
async function configure(
  issuer: Issuer,
  parts: RelyingPartyParts,
  fetchWith: typeof fetch,
): Promise<client.Configuration> {
  const { profile, keys } = parts;
  const authentication = client.PrivateKeyJwt(await importSigningKey(keys, parts.clock()), {
    [client.modifyAssertion]: (_header, payload) => {
      payload['aud'] = String(issuer.metadata.token_endpoint);
    },
  });
  const configuration = new client.Configuration(
    issuer.metadata,
    profile.clientId,
    {
      id_token_signed_response_alg: 'RS256',
      [client.clockTolerance]: profile.clockTolerance,
      [client.clockSkew]: Math.round((parts.clock().getTime() - Date.now()) / 1000),
    },
    authentication,
  );
  configuration[client.customFetch] = fetchWith as client.CustomFetch;
  if (isPlainHttp(profile)) client.allowInsecureRequests(configuration);
  client.enableNonRepudiationChecks(configuration);
  client.enableDecryptingResponses(
    configuration,
    [...profile.contentAlgorithms],
    ...(await importDecryptionKeys(keys.rpEncryption, profile.keyAlgorithms)),
  );
  return configuration;
}

async function importSigningKey(keys: Keys, now: Date): Promise<client.PrivateKey> {
  const jwk = signingKey(keys.rpSigning, now);
  const key = await crypto.subtle.importKey(
    'jwk',
    jwk,
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  return { key, kid: jwk.kid };
}

/** One entry for each key and algorithm: the Web Crypto key is bound to the hash of its algorithm. */
async function importDecryptionKeys(
  jwks: readonly PrivateJwk[],
  algorithms: readonly string[],
): Promise<client.DecryptionKey[]> {
  const hashes: Readonly<Record<string, string>> = { 'RSA-OAEP': 'SHA-1', 'RSA-OAEP-256': 'SHA-256' };
  const pairs = jwks.flatMap((jwk) => algorithms.map((alg) => ({ jwk, alg, hash: hashes[alg] })));
  return Promise.all(
    pairs.map(async ({ jwk, alg, hash }) => {
      if (!hash) throw new SiltaError('internal', `The decryption algorithm ${alg} is not known.`);
      const { alg: _own, use: _use, ...plain } = jwk;
      const key = await crypto.subtle.importKey('jwk', plain, { name: 'RSA-OAEP', hash }, false, ['decrypt']);
      return { key, kid: jwk.kid, alg };
    }),
  );
}

/** Passes requests on and keeps the ID token of the token response as it came. */
function recordIdToken(
  fetchWith: typeof fetch,
  tokenEndpoint: string,
): {
  readonly fetch: typeof fetch;
  answered(): boolean;
  idToken(): string | undefined;
} {
  let answer: { readonly idToken: string | undefined } | undefined;
  return {
    answered: () => answer !== undefined,
    idToken: () => answer?.idToken,
    fetch: async (input, init) => {
      const response = await fetchWith(input, init);
      if (String(input) === tokenEndpoint && response.ok) {
        const body = (await response
          .clone()
          .json()
          .catch(() => ({}))) as { id_token?: unknown };
        answer = { idToken: typeof body.id_token === 'string' ? body.id_token : undefined };
      }
      return response;
    },
  };
}

function isPlainHttp(profile: IssuerProfile): boolean {
  return profile.issuer.startsWith('http:');
}

function explainFailure(error: unknown): SiltaError {
  if (error instanceof client.ResponseBodyError) {
    return refuse('code-refused', `was refused at the token endpoint (${error.error})`, error);
  }
  if (error instanceof client.AuthorizationResponseError) {
    return refuse('provider-error', `says: ${error.error}`, error);
  }
  const code = error instanceof client.ClientError ? error.code : undefined;
  if (code === 'OAUTH_INVALID_RESPONSE') return refuse('callback-refused', 'does not hold', error);
  return unavailable(error);
}

function refuse(key: string, what: string, cause: unknown): SiltaError {
  return new SiltaError('unauthenticated', `The answer of the identification service ${what}.`, {
    key,
    cause,
  });
}
