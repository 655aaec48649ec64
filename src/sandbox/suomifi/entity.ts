/**
 * The stand-in's long-lived entity key: it signs the statement of who the broker is and its key sets, and checks those
 * of the relying party.
 * @see https://openid.net/specs/openid-federation-1_0.html
 */
import {
  type CryptoKey,
  compactVerify,
  createLocalJWKSet,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  type JWK,
  SignJWT,
} from 'jose';

export interface Entity {
  /** Signs the statement; the same text each time, as it is confirmed by its digest. */
  readonly statement: string;
  /** Signs a key set. */
  signKeys(keys: readonly JWK[], wrong?: WrongKeySet): Promise<string>;
}

/** How a key set is made wrong on purpose. */
export type WrongKeySet = 'foreign-key' | 'expired' | 'other-issuer' | 'wrong-type';

const KID = 'entity-1';
const DAY_SECONDS = 86_400;

/** Makes a fresh entity key and the statement of the broker with this metadata. */
export async function createEntity(
  issuer: string,
  metadata: Readonly<Record<string, unknown>>,
): Promise<Entity> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: KID, use: 'sig', alg: 'RS256' }] };
  const sign = (
    payload: Record<string, unknown>,
    typ: string,
    key: CryptoKey,
    seconds = DAY_SECONDS,
  ): Promise<string> =>
    new SignJWT({ iss: issuer, sub: issuer, ...payload })
      .setProtectedHeader({ alg: 'RS256', kid: KID, typ })
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(key);
  const statement = await sign(
    { jwks, metadata: { openid_provider: metadata } },
    'entity-statement+jwt',
    privateKey,
  );
  return {
    statement,
    signKeys: async (keys, wrong) => {
      const key = wrong === 'foreign-key' ? (await generateKeyPair('RS256')).privateKey : privateKey;
      const other = wrong === 'other-issuer' && {
        iss: 'https://other.example',
        sub: 'https://other.example',
      };
      const typ = wrong === 'wrong-type' ? 'JWT' : 'jwk-set+jwt';
      return sign({ keys, ...other }, typ, key, wrong === 'expired' ? -60 : DAY_SECONDS);
    },
  };
}

/** A relying party's keys, when its statement and its signed key set hold. */
export async function readRelyingParty(
  statement: string,
  signedSet: string,
): Promise<{ readonly keys: readonly JWK[] }> {
  const entity = decodeJwt(statement)['jwks'] as { keys: JWK[] };
  await compactVerify(statement, createLocalJWKSet(entity));
  const { payload } = await compactVerify(signedSet, createLocalJWKSet(entity));
  return JSON.parse(new TextDecoder().decode(payload)) as { keys: readonly JWK[] };
}
