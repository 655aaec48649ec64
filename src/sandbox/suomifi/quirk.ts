/**
 * Wrong ID tokens, made on purpose: what a relying party must refuse. A quirk replaces the provider's token with one of
 * its own making.
 */
import { createSecretKey, randomBytes } from 'node:crypto';
import { CompactEncrypt, CompactSign, generateKeyPair, importJWK, type JWK } from 'jose';
import type { WrongKeySet } from './entity.ts';

export interface Quirk {
  /** Claims that replace the right ones; null removes. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** What the token is signed with; default the provider's own RS256 key. */
  readonly signature?: 'none' | 'HS256' | 'RS384' | 'foreign-key' | 'unknown-kid';
  /** How the token is encrypted; default RSA-OAEP with A128CBC-HS256 for the relying party's key. */
  readonly encryption?: 'none' | 'RSA-OAEP-512' | 'A192GCM' | 'dir' | 'unknown-kid' | 'foreign-key';
  /** No ID token in the token response. */
  readonly missing?: true;
  /** How the signed key set is wrong. */
  readonly keySet?: WrongKeySet;
  /** The plaintext of the token, in place of a signed token. */
  readonly plaintext?: string;
}

export interface QuirkKeys {
  readonly signing: JWK;
  /** The relying party's public keys. */
  readonly encryption: readonly JWK[];
}

/** Makes the ID token that the quirk describes out of the right claims; undefined when there is to be none. */
export async function makeWrongToken(
  quirk: Quirk,
  claims: Readonly<Record<string, unknown>>,
  keys: QuirkKeys,
): Promise<string | undefined> {
  if (quirk.missing) return undefined;
  const merged = Object.fromEntries(
    Object.entries({ ...claims, ...quirk.claims }).filter(([, value]) => value !== null),
  );
  const signed = quirk.plaintext ?? (await sign(JSON.stringify(merged), quirk.signature, keys.signing));
  return encrypt(signed, quirk.encryption, keys.encryption);
}

async function sign(payload: string, how: Quirk['signature'], own: JWK): Promise<string> {
  const bytes = new TextEncoder().encode(payload);
  if (how === 'none') {
    const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    return `${header}.${Buffer.from(bytes).toString('base64url')}.`;
  }
  if (how === 'HS256') {
    // Key confusion: the public modulus as the secret.
    const secret = createSecretKey(Buffer.from(String(own.n)));
    return new CompactSign(bytes).setProtectedHeader({ alg: 'HS256', kid: String(own.kid) }).sign(secret);
  }
  if (how === 'RS384') {
    const key = await importJWK(own, 'RS384');
    return new CompactSign(bytes).setProtectedHeader({ alg: 'RS384', kid: String(own.kid) }).sign(key);
  }
  const isForeign = how === 'foreign-key' || how === 'unknown-kid';
  const key = isForeign ? (await generateKeyPair('RS256')).privateKey : await importJWK(own, 'RS256');
  const kid = how === 'unknown-kid' ? 'never-published' : String(own.kid);
  return new CompactSign(bytes).setProtectedHeader({ alg: 'RS256', kid }).sign(key);
}

async function encrypt(signed: string, how: Quirk['encryption'], published: readonly JWK[]): Promise<string> {
  if (how === 'none') return signed;
  const target = published.find((key) => key.use === 'enc');
  if (!target) throw new Error('The relying party has published no encryption key.');
  const message = new CompactEncrypt(new TextEncoder().encode(signed));
  const enc = how === 'A192GCM' ? 'A192GCM' : 'A128CBC-HS256';
  const kid = how === 'unknown-kid' ? 'not-yours' : String(target.kid);
  if (how === 'dir') {
    return message.setProtectedHeader({ alg: 'dir', enc, kid, cty: 'JWT' }).encrypt(randomBytes(32));
  }
  const alg = how === 'RSA-OAEP-512' ? 'RSA-OAEP-512' : 'RSA-OAEP';
  const { alg: _registered, ...plain } = target;
  const key = how === 'foreign-key' ? (await generateKeyPair(alg)).publicKey : await importJWK(plain, alg);
  return message.setProtectedHeader({ alg, enc, kid, cty: 'JWT' }).encrypt(key);
}
