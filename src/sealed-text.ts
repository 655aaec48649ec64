/**
 * Secrets that are kept in resources: encrypted (AES-256-GCM), and bound to whom they belong to.
 * @see https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const MARK = 'sealed:';
const [NONCE, TAG] = [12, 16];

export interface Seal {
  /** What is sealed already is kept, if it is the owner's. Undefined for what is sealed for somebody else. */
  seal(owner: string, text: string): string | undefined;
  /** The text; undefined when it was not sealed so, for this owner and with this key. */
  open(owner: string, sealed: string): string | undefined;
}

/** @param key 32 bytes, the same on all gateways of a database */
export function createSeal(key: Uint8Array): Seal {
  const open = (owner: string, sealed: string): string | undefined => {
    if (!sealed.startsWith(MARK)) return undefined;
    const bytes = Buffer.from(sealed.slice(MARK.length), 'base64url');
    try {
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE))
        .setAAD(Buffer.from(owner))
        .setAuthTag(bytes.subarray(NONCE, NONCE + TAG));
      return decipher.update(bytes.subarray(NONCE + TAG), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return undefined;
    }
  };
  return {
    open,
    seal(owner, text) {
      if (text.startsWith(MARK)) return open(owner, text) === undefined ? undefined : text;
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(owner));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return MARK + Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
    },
  };
}
