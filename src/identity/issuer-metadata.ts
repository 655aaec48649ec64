/**
 * Where an issuer's metadata and keys come from, by its profile: discovery, a file that a person has reviewed, or an
 * entity statement whose key signs the key set.
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html
 */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import * as client from 'openid-client';
import { SiltaError } from '../outcome.ts';
import { readEntityStatement, readSignedKeySet } from './entity-statement.ts';
import type { Clock, IssuerProfile } from './types.ts';

const METADATA_MS = 60 * 60_000;
/** Shortest time between two readings of the issuer's keys because of an unknown `kid`. */
const KEYS_COOLDOWN_MS = 30_000;
/** A key set is small; more is an attack. */
const MOST_KEY_SET_BYTES = 256 * 1024;

/** The issuer as read from its metadata. */
export interface Issuer {
  readonly metadata: client.ServerMetadata;
  readonly keys: JWTVerifyGetKey;
}

export interface IssuerParts {
  readonly profile: IssuerProfile;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/**
 * Makes the reader of an issuer: reads at the first use, and again when an hour has passed or reading had failed.
 * @returns rejects with SiltaError `unavailable` when metadata cannot be read or believed
 */
export function createIssuerReader(parts: IssuerParts): () => Promise<Issuer> {
  let known: Promise<Issuer & { readonly readAt: number }> | undefined;
  return async () => {
    const current = await known?.catch(() => undefined);
    const now = parts.clock().getTime();
    if (!current || now - current.readAt > METADATA_MS) {
      known = readIssuer(parts).then((issuer) => ({ ...issuer, readAt: now }));
    }
    return known as Promise<Issuer>;
  };
}

async function readIssuer(parts: IssuerParts): Promise<Issuer> {
  try {
    switch (parts.profile.metadata.from) {
      case 'discovery':
        return withKeys(await discover(parts), parts);
      case 'file':
        return withKeys(parseMetadata(parts.profile), parts);
      case 'entity-statement':
        return await readStatement(parts, parts.profile.metadata.sha256);
    }
  } catch (cause) {
    if (cause instanceof SiltaError) throw cause;
    throw unavailable(cause);
  }
}

async function discover({ profile, fetch: fetchWith }: IssuerParts): Promise<client.ServerMetadata> {
  const configuration = await client.discovery(
    new URL(profile.issuer),
    profile.clientId,
    undefined,
    client.None(),
    {
      [client.customFetch]: fetchWith as client.CustomFetch,
      execute: profile.issuer.startsWith('http:') ? [client.allowInsecureRequests] : [],
    },
  );
  return configuration.serverMetadata();
}

function parseMetadata(profile: IssuerProfile): client.ServerMetadata {
  let value: client.ServerMetadata | undefined;
  try {
    value = JSON.parse(profile.kept ?? '') as client.ServerMetadata;
  } catch {
    throw unfit('is not JSON');
  }
  if (value.issuer !== profile.issuer) throw unfit('is of another issuer');
  return value;
}

async function readStatement(parts: IssuerParts, sha256: string): Promise<Issuer> {
  const { profile, clock } = parts;
  const { metadata, entityKeys } = await readEntityStatement(profile.kept ?? '', {
    issuer: profile.issuer,
    sha256,
    now: clock(),
  });
  const server = metadata as unknown as client.ServerMetadata;
  if (profile.keys.from === 'jwks') return withKeys(server, parts);
  const uri = profile.keys.uri ?? server['signed_jwks_uri'];
  if (typeof uri !== 'string') throw unfit('names no signed_jwks_uri');
  return { metadata: requireEndpoints(server), keys: createSignedKeys(parts, { uri, entityKeys }) };
}

function withKeys(server: client.ServerMetadata, { profile, fetch: fetchWith }: IssuerParts): Issuer {
  const metadata = requireEndpoints(server);
  const uri = profile.keys.uri ?? metadata.jwks_uri;
  if (!uri) throw unfit('names no jwks_uri');
  const keys = createRemoteJWKSet(new URL(uri), {
    [customFetch]: fetchWith,
    cooldownDuration: KEYS_COOLDOWN_MS,
    cacheMaxAge: profile.keys.maxAgeMinutes * 60_000,
  });
  return { metadata, keys };
}

function requireEndpoints(server: client.ServerMetadata): client.ServerMetadata {
  for (const name of ['authorization_endpoint', 'token_endpoint'] as const) {
    if (typeof server[name] !== 'string') throw unfit(`names no ${name}`);
  }
  return server;
}

/** Keys out of a signed set: read again when old, and once, not too often, for a `kid` that is not in it. */
function createSignedKeys(
  parts: IssuerParts,
  from: { readonly uri: string; readonly entityKeys: JSONWebKeySet },
): JWTVerifyGetKey {
  let known: { readonly find: JWTVerifyGetKey; readonly readAt: number } | undefined;
  const read = async (): Promise<JWTVerifyGetKey> => {
    const now = parts.clock();
    const text = await fetchText(parts.fetch, from.uri);
    const { issuer } = parts.profile;
    const set = await readSignedKeySet(text, { issuer, entityKeys: from.entityKeys, now });
    known = { find: createLocalJWKSet(set), readAt: now.getTime() };
    return known.find;
  };
  return async (header, token) => {
    const age = known ? parts.clock().getTime() - known.readAt : Number.POSITIVE_INFINITY;
    const find = known && age < parts.profile.keys.maxAgeMinutes * 60_000 ? known.find : await read();
    try {
      return await find(header, token);
    } catch (error) {
      const isOld = known !== undefined && parts.clock().getTime() - known.readAt >= KEYS_COOLDOWN_MS;
      if (!(error instanceof errors.JWKSNoMatchingKey) || !isOld) throw error;
      return (await read())(header, token);
    }
  };
}

async function fetchText(fetchWith: typeof fetch, uri: string): Promise<string> {
  const response = await fetchWith(uri, { redirect: 'error', signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw unfit(`answered ${response.status} when asked for its keys`);
  const text = await response.text();
  if (text.length > MOST_KEY_SET_BYTES) throw unfit('has a key set that is too large');
  return text.trim();
}

function unfit(what: string): SiltaError {
  return new SiltaError('unavailable', `The metadata of the identification service ${what}.`, {
    key: 'issuer-metadata',
    retryAfter: 30,
  });
}

export function unavailable(cause: unknown): SiltaError {
  return new SiltaError('unavailable', 'The identification service cannot be reached.', {
    key: 'identification-service',
    retryAfter: 30,
    cause,
  });
}
