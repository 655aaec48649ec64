/**
 * Verifies access tokens with the gateway's own keys and its copy of the list of those that were taken back.
 * @see https://www.rfc-editor.org/rfc/rfc9068 (JWT access tokens)
 */
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { SiltaError } from '../outcome.ts';
import type { Principal } from '../principal.ts';
import type { ClientRegistry } from './client-registry.ts';
import { type Keys, toPublicJwk } from './keys.ts';
import type { Revocations } from './revocations.ts';
import { parseScopes } from './scopes.ts';
import type { Clock } from './types.ts';

export interface AccessTokenParts {
  readonly issuer: string;
  readonly fhirBase: string;
  readonly keys: Keys;
  readonly clients: ClientRegistry;
  readonly revocations: Revocations;
  readonly clock: Clock;
}

export interface AccessTokens {
  /**
   * Who calls with a token. It throws SiltaError `token-expired`, or `unauthenticated` with one of the keys
   * `token-malformed`, `token-algorithm`, `token-issuer`, `token-audience`, `token-signature`, `token-claims`,
   * `token-client`, `token-revoked`.
   */
  verify(token: string): Promise<Principal>;
  /** What a token says; undefined when it is not valid. */
  inspect(token: string): Promise<TokenClaims | undefined>;
}

/** The claims of a valid token; times in seconds since 1970. */
export interface TokenClaims {
  readonly clientId: string;
  readonly scope: string;
  readonly sub: string | undefined;
  readonly patient: string | undefined;
  readonly jti: string | undefined;
  readonly grantId: string | undefined;
  readonly iat: number | undefined;
  readonly exp: number;
}

/** Makes the verifier. */
export function createAccessTokens(parts: AccessTokenParts): AccessTokens {
  const read = createReader(parts);
  const readLiving = async (token: string): Promise<Verified> => {
    const verified = await read(token);
    if (await parts.revocations.isRevoked(verified.claims)) throw refuse('revoked', 'has been taken back');
    return verified;
  };
  return {
    verify: async (token) => (await readLiving(token)).principal,
    inspect: async (token) => {
      try {
        return (await readLiving(token)).claims;
      } catch (error) {
        if (error instanceof SiltaError && error.status === 401) return undefined;
        throw error;
      }
    },
  };
}

function createReader(parts: AccessTokenParts): (token: string) => Promise<Verified> {
  const keySet = createLocalJWKSet({ keys: parts.keys.asSigning.map(toPublicJwk) });
  const verified = new Map<string, Verified>();
  return async (token) => {
    const now = parts.clock();
    const known = verified.get(token);
    if (known && isInTime(known, now)) return known;
    try {
      const { payload } = await jwtVerify(token, keySet, {
        algorithms: ['ES256', 'ES384'],
        issuer: parts.issuer,
        audience: parts.fhirBase,
        typ: 'at+jwt',
        requiredClaims: ['exp', 'client_id'],
        currentDate: now,
      });
      const principal = toPrincipal(payload, parts.clients);
      const found = { principal, claims: toClaims(payload), from: payload.nbf ?? 0 };
      if (verified.size >= MOST_VERIFIED) verified.clear();
      verified.set(token, found);
      return found;
    } catch (cause) {
      throw explain(cause);
    }
  };
}

/**
 * A token whose signature was found good: keys and clients never change while the process runs, so only its time and a
 * revocation can make it invalid. A wrong token is judged anew each time.
 */
interface Verified {
  readonly principal: Principal;
  readonly claims: TokenClaims;
  /** Seconds since 1970. */
  readonly from: number;
}

/** Tokens remembered at most: a few megabytes. */
const MOST_VERIFIED = 2_000;

function isInTime({ from, claims }: Verified, now: Date): boolean {
  const seconds = Math.floor(now.getTime() / 1000);
  return from <= seconds && seconds < claims.exp;
}

function toClaims({ scope, sub, jti, iat, exp, ...others }: JWTPayload): TokenClaims {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    clientId: String(others['client_id']),
    scope: text(scope) ?? '',
    sub,
    patient: text(others['patient']),
    jti,
    grantId: text(others['grant_id']),
    iat,
    exp: exp ?? 0,
  };
}

function toPrincipal(payload: JWTPayload, clients: ClientRegistry): Principal {
  const { client_id: clientId, scope, patient, acr } = payload;
  const client = clients.get(typeof clientId === 'string' ? clientId : undefined);
  if (!client) throw refuse('client', 'is of a client that is not registered');
  const common = {
    clientId: client.clientId,
    scopes: parseScopes(typeof scope === 'string' ? scope : ''),
    sectors: client.sectors,
  };
  if (patient === undefined && client.kind !== 'portal') {
    return Object.freeze({ ...common, kind: 'system', who: `Device/${client.clientId}` });
  }
  if (typeof patient !== 'string' || client.kind !== 'portal') {
    throw refuse('claims', 'does not fit its client');
  }
  return Object.freeze({
    ...common,
    kind: 'citizen',
    who: `Patient/${patient}`,
    patientId: patient,
    ...(typeof acr === 'string' && { acr }),
  });
}

function explain(cause: unknown): unknown {
  if (cause instanceof SiltaError) return cause;
  if (cause instanceof errors.JWTExpired) {
    return new SiltaError('token-expired', 'The access token has expired.', { key: 'token-expired', cause });
  }
  if (cause instanceof errors.JWTClaimValidationFailed) {
    if (cause.claim === 'iss') return refuse('issuer', 'is of another issuer', cause);
    if (cause.claim === 'aud') return refuse('audience', 'is for another service', cause);
    return refuse('claims', 'lacks a claim or has a wrong one', cause);
  }
  if (cause instanceof errors.JOSEAlgNotAllowed)
    return refuse('algorithm', 'is signed in a way not allowed', cause);
  if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWSSignatureVerificationFailed) {
    return refuse('signature', 'is not signed by this service', cause);
  }
  if (cause instanceof errors.JOSEError) return refuse('malformed', 'cannot be read', cause);
  return cause;
}

function refuse(key: string, what: string, cause?: unknown): SiltaError {
  return new SiltaError('unauthenticated', `The access token ${what}.`, {
    key: `token-${key}`,
    ...(cause !== undefined && { cause }),
  });
}
