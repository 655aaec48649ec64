/**
 * Checks the ID token of the identification service, in the order that the Finnish Trust Network's profile sets out:
 * encryption, signature, then claims. Every refusal has a key of its own; none repeats a part of the token.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
import {
  compactDecrypt,
  compactVerify,
  decodeProtectedHeader,
  errors,
  importJWK,
  type JWTVerifyGetKey,
  type ProtectedHeaderParameters,
} from 'jose';
import { SiltaError } from '../outcome.ts';
import type { PrivateJwk } from './keys.ts';
import type { IssuerProfile } from './types.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface IdTokenChecks {
  readonly profile: IssuerProfile;
  readonly nonce: string;
  /** Our decryption keys; the token's `kid` chooses. */
  readonly decryptionKeys: readonly PrivateJwk[];
  /** The issuer's current verification keys. */
  readonly issuerKeys: JWTVerifyGetKey;
  readonly now: Date;
  /** When a fresh identification was demanded: `auth_time` may not be older. */
  readonly forcedAt?: Date;
}

/**
 * Decrypts and verifies an ID token.
 * @returns its claims
 * @throws SiltaError `unauthenticated`; the key tells the refusal: `id-token-…`
 */
export async function verifyIdToken(token: string | undefined, checks: IdTokenChecks): Promise<Claims> {
  if (!token) throw refuse('missing', 'has no ID token');
  const signed = await decrypt(token, checks);
  const claims = await verifySignature(signed, checks);
  checkClaims(claims, checks);
  return claims;
}

async function decrypt(token: string, { profile, decryptionKeys }: IdTokenChecks): Promise<string> {
  if (token.split('.').length !== 5) throw refuse('not-encrypted', 'has an ID token that is not encrypted');
  const header = readHeader(token);
  const { alg = '', enc = '' } = header as { alg?: string; enc?: string };
  if (!profile.keyAlgorithms.includes(alg)) {
    throw refuse('key-algorithm', 'has an ID token whose key was encrypted with an algorithm not allowed');
  }
  if (!profile.contentAlgorithms.includes(enc)) {
    throw refuse('content-algorithm', 'has an ID token encrypted with an algorithm not allowed');
  }
  const candidates = header.kid ? decryptionKeys.filter((key) => key.kid === header.kid) : decryptionKeys;
  if (candidates.length === 0) throw refuse('unknown-key', 'has an ID token encrypted for an unknown key');
  for (const candidate of candidates) {
    const key = await importJWK(candidate, alg);
    const result = await compactDecrypt(token, key, {
      keyManagementAlgorithms: [alg],
      contentEncryptionAlgorithms: [enc],
    }).catch(rethrowUnless(errors.JOSEError));
    if (result) return new TextDecoder().decode(result.plaintext);
  }
  throw refuse('undecryptable', 'has an ID token that cannot be decrypted');
}

async function verifySignature(signed: string, { issuerKeys }: IdTokenChecks): Promise<Claims> {
  if (readHeader(signed).alg !== 'RS256') {
    throw refuse('signature-algorithm', 'has an ID token signed with an algorithm not allowed');
  }
  try {
    const { payload } = await compactVerify(signed, issuerKeys, { algorithms: ['RS256'] });
    return parseClaims(new TextDecoder().decode(payload));
  } catch (cause) {
    if (cause instanceof errors.JWKSNoMatchingKey) {
      throw refuse('signature-unknown-key', 'has an ID token signed with an unknown key', cause);
    }
    if (cause instanceof errors.JWSSignatureVerificationFailed || cause instanceof errors.JWSInvalid) {
      throw refuse('signature', 'has an ID token with a wrong signature', cause);
    }
    if (cause instanceof SiltaError) throw cause;
    throw new SiltaError('unavailable', 'The keys of the identification service cannot be read.', {
      key: 'issuer-keys',
      retryAfter: 30,
      cause,
    });
  }
}

function checkClaims(claims: Claims, { profile, nonce, now, forcedAt }: IdTokenChecks): void {
  const seconds = Math.floor(now.getTime() / 1000);
  const { iss, aud, azp, exp, iat, acr } = claims;
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (iss !== profile.issuer) throw refuse('issuer', 'is of another issuer');
  if (!audiences.includes(profile.clientId)) throw refuse('audience', 'is for another service');
  if (audiences.length > 1 && azp === undefined) throw refuse('azp', 'does not name the authorized party');
  if (azp !== undefined && azp !== profile.clientId) throw refuse('azp', 'names another authorized party');
  if (typeof exp !== 'number' || exp <= seconds - profile.clockTolerance) {
    throw refuse('expired', 'has expired');
  }
  if (typeof iat !== 'number' || iat > seconds + profile.clockTolerance) {
    throw refuse('issued-at', 'is from the future or does not say when it was issued');
  }
  if (claims['nonce'] !== nonce) throw refuse('nonce', 'does not belong to this sign-in');
  if (forcedAt && !isSince(claims['auth_time'], forcedAt, profile.clockTolerance)) {
    throw refuse('auth-time', 'is of an earlier identification than the one asked for');
  }
  if (typeof acr !== 'string' || !profile.acceptedAcr.includes(acr)) {
    throw refuse('acr', 'has a level of assurance that is not accepted');
  }
}

function isSince(time: unknown, since: Date, tolerance: number): boolean {
  return typeof time === 'number' && time >= Math.floor(since.getTime() / 1000) - tolerance;
}

function readHeader(token: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw refuse('malformed', 'has an ID token that cannot be read', cause);
  }
}

function parseClaims(text: string): Claims {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claims;
  throw refuse('malformed', 'has an ID token that cannot be read');
}

function rethrowUnless(known: new () => Error): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof known) return undefined;
    throw error;
  };
}

function refuse(key: string, what: string, cause?: unknown): SiltaError {
  return new SiltaError('unauthenticated', `The answer of the identification service ${what}.`, {
    key: `id-token-${key}`,
    ...(cause !== undefined && { cause }),
  });
}
