/**
 * The gateway's private keys: one set per use, so that a signing key never decrypts and the keys towards the
 * identification service are not those of the authorization server. The newest key of a set signs; all are published;
 * all decrypt. Rotating is adding a key at the front, and removing the last one when nothing it made is alive.
 * @see https://www.rfc-editor.org/rfc/rfc7517
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import { z } from 'zod';
import { SiltaError } from '../outcome.ts';

export interface Keys {
  /** Signs request objects and client assertions towards the identification service (RS256), newest first. */
  readonly rpSigning: readonly PrivateJwk[];
  /** Decrypts ID tokens of the identification service (RSA-OAEP), newest first. */
  readonly rpEncryption: readonly PrivateJwk[];
  /** Signs the authorization server's tokens (ES256 or ES384), newest first. */
  readonly asSigning: readonly PrivateJwk[];
  /**
   * Long-lived keys that sign what the gateway says of its other keys to brokers (RS256), newest first; empty when no
   * broker wants it.
   */
  readonly entitySigning: readonly PrivateJwk[];
  /** Signs cookies, newest first. */
  readonly cookieSecrets: readonly string[];
}

/** A private key with its use, its algorithm and its RFC 7638 thumbprint as `kid`. */
export type PrivateJwk = JWK & {
  readonly kid: string;
  readonly use: 'sig' | 'enc';
  readonly alg: string;
} & KeyTimes;

/** ISO instants. */
export interface KeyTimes {
  readonly created_at?: string | undefined;
  readonly use_after?: string | undefined;
}

const instant = z.iso.datetime();
/** When a key was made, and from when on it signs; before that it is only published. */
const times = { created_at: instant.optional(), use_after: instant.optional() };
const rsa = z.looseObject({
  ...times,
  kty: z.literal('RSA'),
  n: z.string().min(342),
  e: z.string(),
  d: z.string(),
});
const ec = z.looseObject({
  ...times,
  kty: z.literal('EC'),
  crv: z.enum(['P-256', 'P-384']),
  x: z.string(),
  y: z.string(),
  d: z.string(),
});
const fileSchema = z.strictObject({
  'rp-signing': z.array(rsa).min(1),
  'rp-encryption': z.array(rsa).min(1),
  'as-signing': z.array(ec).min(1),
  'entity-signing': z.array(rsa).default([]),
  'cookie-secrets': z.array(z.string().min(43)).min(1),
});
export type KeysFile = z.output<typeof fileSchema>;

const SIGNING_ALGORITHM = { 'P-256': 'ES256', 'P-384': 'ES384' } as const;
const RSA_BITS = 3072;
const PRIVATE_MEMBERS = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'created_at', 'use_after']);

/**
 * Reads the private keys.
 * @param options.file JSON `{ rp-signing, rp-encryption, as-signing, cookie-secrets }`, each a list, newest first
 * @param options.generate whether a missing file is made, readable by its owner only; for the sandbox
 * @throws SiltaError `invalid-request` when the file is missing or wrong; never with a part of a key in it
 */
export async function loadKeys(options: {
  readonly file: string;
  readonly generate?: boolean;
}): Promise<Keys> {
  const text =
    (await readIfThere(options.file)) ?? (options.generate ? await makeFile(options.file) : undefined);
  if (text === undefined) throw keysError('The keys file does not exist.');
  return readKeys(text);
}

/** Reads the text of a keys file; see {@link loadKeys}. */
export async function readKeys(text: string): Promise<Keys> {
  const file = parseKeysFile(text);
  return Object.freeze({
    rpSigning: await complete(file['rp-signing'], 'sig', () => 'RS256'),
    rpEncryption: await complete(file['rp-encryption'], 'enc', () => 'RSA-OAEP'),
    asSigning: await complete(file['as-signing'], 'sig', (key) => SIGNING_ALGORITHM[key.crv]),
    entitySigning: await complete(file['entity-signing'], 'sig', () => 'RS256'),
    cookieSecrets: file['cookie-secrets'],
  });
}

/** The sets of keys of a keys file, and what each signs or is encrypted with. */
export const KEY_SETS = {
  'rp-signing': 'RS256',
  'rp-encryption': 'RSA-OAEP',
  'as-signing': 'ES256',
  'entity-signing': 'RS256',
} as const;
export type KeySet = keyof typeof KEY_SETS;

/** Makes a new keys file's text: one fresh key for each use. */
export async function generateKeys(now = new Date()): Promise<string> {
  const sets = Object.keys(KEY_SETS) as KeySet[];
  const made = await Promise.all(sets.map(async (set) => [set, [await generateKey(set, now)]]));
  const file = { ...Object.fromEntries(made), 'cookie-secrets': [generateSecret()] };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** A fresh private key for one of the sets. */
export async function generateKey(set: KeySet, now: Date): Promise<JWK & KeyTimes> {
  const options = { extractable: true, modulusLength: RSA_BITS };
  const { privateKey } = await generateKeyPair(KEY_SETS[set], options);
  return { ...(await exportJWK(privateKey)), created_at: now.toISOString() };
}

/** A fresh secret for cookies: 32 random bytes. */
export function generateSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The public part of a key. */
export function toPublicJwk(key: PrivateJwk): JWK {
  return Object.fromEntries(Object.entries(key).filter(([member]) => !PRIVATE_MEMBERS.has(member))) as JWK;
}

/**
 * What brokers are told: every signing key, those that wait included, and the one key to encrypt for. A key to encrypt
 * for is told only when it is in use, since by then every gateway can decrypt with it.
 */
export function publishedKeys({ rpSigning, rpEncryption }: Keys, now: Date): readonly JWK[] {
  return [...rpSigning, signingKey(rpEncryption, now)].map(toPublicJwk);
}

/** The newest of a set that has been published for long enough to be used; without such a one the oldest. */
export function signingKey<K extends KeyTimes>(keys: readonly K[], now: Date): K {
  const key = keys.find(
    (each) => each.use_after === undefined || Date.parse(each.use_after) <= now.getTime(),
  );
  const chosen = key ?? keys.at(-1);
  if (!chosen) throw keysError('The keys file has an empty set.');
  return chosen;
}

/** Reads the text of a keys file without completing the keys; for the tools that change it. */
export function parseKeysFile(text: string): KeysFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds private keys.
    throw keysError('The keys file is not JSON.');
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map((issue) => issue.path.join('.') || '(file)');
  throw keysError(`The keys file is wrong at: ${[...new Set(places)].join(', ')}.`);
}

async function complete<K extends JWK>(
  keys: readonly K[],
  use: 'sig' | 'enc',
  algorithmOf: (key: K) => string,
): Promise<readonly PrivateJwk[]> {
  return Promise.all(
    keys.map(async (key) => ({
      ...key,
      use,
      alg: algorithmOf(key),
      kid: await calculateJwkThumbprint(key),
    })),
  );
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw keysError('The keys file cannot be read.', cause);
  }
}

/** Written beside and linked into place: whoever comes first wins, and nobody reads half a file. */
async function makeFile(file: string): Promise<string> {
  const text = await generateKeys();
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
    await link(draft, file);
    return text;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return await readFile(file, 'utf8');
    throw keysError('The keys file cannot be written.', cause);
  } finally {
    await rm(draft, { force: true }).catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOTDIR') throw cause;
    });
  }
}

function keysError(message: string, cause?: unknown): SiltaError {
  return new SiltaError('invalid-request', message, { key: 'keys', ...(cause !== undefined && { cause }) });
}
