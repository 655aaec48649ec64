/**
 * Page links carry their search sealed (AES-256-GCM): a link shows no parameter, cannot be altered, and works
 * only for the caller and the type it was made for.
 * @see https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SiltaError } from '../outcome.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * @param key 32 bytes
 * @param binding what the token is only valid for
 * @returns base64url text
 */
export function sealPage(key: Uint8Array, binding: string, state: unknown): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(binding));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(state), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** @throws SiltaError `invalid-parameter` for a token that was not sealed so with this key and binding */
export function openPage(key: Uint8Array, binding: string, token: string): unknown {
  const bytes = Buffer.from(token, 'base64url');
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(binding))
      .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const opened = Buffer.concat([
      decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
      decipher.final(),
    ]);
    return JSON.parse(opened.toString('utf8'));
  } catch (cause) {
    throw new SiltaError('invalid-parameter', "The parameter '_page' is not a page link of this search.", {
      cause,
    });
  }
}
