import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SiltaError } from '../../outcome.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts a message as received: nonce, tag, ciphertext.
 * @param key 32 bytes
 * @param about what the copy belongs to; a copy moved to another row does not decrypt
 * @see https://csrc.nist.gov/pubs/sp/800/38/d/final
 */
export function sealRawCopy(key: Uint8Array, raw: Uint8Array, about: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, checkKey(key), nonce);
  cipher.setAAD(Buffer.from(about));
  const text = Buffer.concat([cipher.update(raw), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
}

/**
 * The message a copy was made of.
 * @throws SiltaError `conflict` when the key is another one or the copy was touched
 */
export function openRawCopy(key: Uint8Array, sealed: Uint8Array, about: string): Buffer {
  try {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(ALGORITHM, checkKey(key), nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    decipher.setAAD(Buffer.from(about));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new SiltaError('conflict', 'The raw copy cannot be decrypted with the present key.', { cause });
  }
}

/** @throws Error at boot rather than with the first message */
export function checkKey(key: Uint8Array): Uint8Array {
  if (key.length !== KEY_BYTES)
    throw new Error(`The key for raw copies must have ${KEY_BYTES} bytes, not ${key.length}.`);
  return key;
}
