/**
 * Entity statements and signed key sets, as the Finnish Trust Network uses them: who somebody is and what their
 * long-lived key is, confirmed out of band once; their short-lived keys are then believed by that key's signature.
 * @see https://openid.net/specs/openid-federation-1_0.html#name-entity-statement
 */
import { createHash } from 'node:crypto';
import { compactVerify, createLocalJWKSet, importJWK, type JSONWebKeySet, type JWK, SignJWT } from 'jose';
import { z } from 'zod';
import { SiltaError } from '../outcome.ts';
import { type Keys, signingKey, toPublicJwk } from './keys.ts';

const keySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });
const statementSchema = z.looseObject({
  iss: z.string(),
  sub: z.string(),
  exp: z.number(),
  jwks: keySet,
  metadata: z.looseObject({ openid_provider: z.looseObject({}) }),
});
const signedSetSchema = z.looseObject({
  iss: z.string(),
  sub: z.string(),
  exp: z.number().optional(),
  keys: keySet.shape.keys,
});

export const STATEMENT_TYPE = 'entity-statement+jwt';
export const KEY_SET_TYPE = 'jwk-set+jwt';
const SIGNING_ALGORITHM = 'RS256';
const STATEMENT_SECONDS = 30 * 24 * 3600;
const KEY_SET_SECONDS = 24 * 3600;

/** A broker as its statement tells it. */
export interface KnownIssuer {
  /** OpenID provider metadata. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The keys that sign its key sets. */
  readonly entityKeys: JSONWebKeySet;
}

/**
 * Reads a broker's entity statement that was confirmed out of band.
 * @param statement compact JWS as published
 * @param expected issuer, the SHA-256 of the statement in hexadecimal, and the present instant
 * @throws SiltaError `unavailable` with a key that tells the refusal
 */
export async function readEntityStatement(
  statement: string,
  expected: { readonly issuer: string; readonly sha256: string; readonly now: Date },
): Promise<KnownIssuer> {
  if (createHash('sha256').update(statement).digest('hex') !== expected.sha256) {
    throw distrust('statement-digest', 'is not the one that was confirmed');
  }
  const claims = statementSchema.safeParse(decodePayload(statement));
  if (!claims.success) throw distrust('statement-malformed', 'cannot be read');
  const { iss, sub, exp, jwks, metadata } = claims.data;
  const entityKeys = jwks as unknown as JSONWebKeySet;
  await verify(statement, { keys: entityKeys, type: STATEMENT_TYPE, what: 'statement' });
  if (iss !== expected.issuer || sub !== expected.issuer) {
    throw distrust('statement-issuer', 'is of another issuer');
  }
  if (exp * 1000 <= expected.now.getTime())
    throw distrust('statement-expired', 'has expired: keep the new one');
  return { metadata: { ...metadata.openid_provider, issuer: iss }, entityKeys };
}

/**
 * Reads a broker's signed key set.
 * @throws SiltaError `unavailable` with a key that tells the refusal
 */
export async function readSignedKeySet(
  text: string,
  expected: { readonly issuer: string; readonly entityKeys: JSONWebKeySet; readonly now: Date },
): Promise<JSONWebKeySet> {
  await verify(text, { keys: expected.entityKeys, type: KEY_SET_TYPE, what: 'key-set' });
  const claims = signedSetSchema.safeParse(decodePayload(text));
  if (!claims.success) throw distrust('key-set-malformed', 'has a key set that cannot be read');
  const { iss, sub, exp, keys } = claims.data;
  if (iss !== expected.issuer || sub !== expected.issuer) {
    throw distrust('key-set-issuer', 'has a key set of another issuer');
  }
  if (exp !== undefined && exp * 1000 <= expected.now.getTime()) {
    throw distrust('key-set-expired', 'has a key set that has expired');
  }
  return { keys: keys as unknown as JWK[] };
}

/** What the gateway says of itself to brokers. */
export interface OwnStatement {
  /** The gateway's entity: its public address. */
  readonly entity: string;
  readonly redirectUris: readonly string[];
  readonly signedJwksUri: string;
  readonly organizationName?: string;
  readonly algorithms: { readonly key: string; readonly content: string };
}

/** Signs the gateway's entity statement with its entity key in use. */
export async function signEntityStatement(own: OwnStatement, keys: Keys, now: Date): Promise<string> {
  const relyingParty = {
    redirect_uris: own.redirectUris,
    application_type: 'web',
    id_token_signed_response_alg: SIGNING_ALGORITHM,
    id_token_encrypted_response_alg: own.algorithms.key,
    id_token_encrypted_response_enc: own.algorithms.content,
    request_object_signing_alg: SIGNING_ALGORITHM,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: SIGNING_ALGORITHM,
    client_registration_types: [],
    ...(own.organizationName && { organization_name: own.organizationName }),
    signed_jwks_uri: own.signedJwksUri,
  };
  return sign(
    { jwks: { keys: keys.entitySigning.map(toPublicJwk) }, metadata: { openid_relying_party: relyingParty } },
    { entity: own.entity, type: STATEMENT_TYPE, seconds: STATEMENT_SECONDS, keys, now },
  );
}

/** Signs the gateway's public keys towards brokers with its entity key in use. */
export async function signKeySet(
  entity: string,
  published: readonly JWK[],
  keys: Keys,
  now: Date,
): Promise<string> {
  return sign({ keys: published }, { entity, type: KEY_SET_TYPE, seconds: KEY_SET_SECONDS, keys, now });
}

async function sign(
  payload: Record<string, unknown>,
  how: {
    readonly entity: string;
    readonly type: string;
    readonly seconds: number;
    readonly keys: Keys;
    readonly now: Date;
  },
): Promise<string> {
  const key = signingKey(how.keys.entitySigning, how.now);
  const issuedAt = Math.floor(how.now.getTime() / 1000);
  return new SignJWT(payload)
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, kid: key.kid, typ: how.type })
    .setIssuer(how.entity)
    .setSubject(how.entity)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + how.seconds)
    .sign(await importJWK(key, SIGNING_ALGORITHM));
}

async function verify(
  text: string,
  { keys, type, what }: { readonly keys: JSONWebKeySet; readonly type: string; readonly what: string },
): Promise<void> {
  const verified = await compactVerify(text, createLocalJWKSet(keys), {
    algorithms: [SIGNING_ALGORITHM],
  }).catch((cause: unknown) => {
    throw distrust(`${what}-signature`, 'has a signature that does not hold', cause);
  });
  if (verified.protectedHeader.typ !== type) throw distrust(`${what}-type`, `is not of the type ${type}`);
}

function decodePayload(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function distrust(key: string, what: string, cause?: unknown): SiltaError {
  return new SiltaError('unavailable', `The entity statement of the identification service ${what}.`, {
    key: `issuer-${key}`,
    retryAfter: 30,
    ...(cause !== undefined && { cause }),
  });
}
