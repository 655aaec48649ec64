/**
 * What brokers of the Finnish Trust Network do differently, as far as their public guides tell: addresses, claims, how
 * they are asked and how they publish keys.
 */
import type { TestPerson } from './persons.ts';

export type BrokerStyle = 'suomifi' | 'telia' | 'op';

/** Claim names of the Finnish Trust Network and Suomi.fi; the non-disclosure claim is the stand-in's own choice. */
export const CLAIMS = {
  hetu: 'urn:oid:1.2.246.21',
  birthDate: 'urn:oid:1.3.6.1.5.5.7.9.1',
  familyName: 'urn:oid:2.5.4.4',
  givenNames: 'urn:oid:1.2.246.575.1.14',
  displayName: 'urn:oid:2.16.840.1.113730.3.1.241',
  foreignIdentifier: 'http://eidas.europa.eu/attributes/naturalperson/PersonIdentifier',
  nonDisclosure: 'urn:oid:1.2.246.517.2002.2.27',
} as const;

const OP_CLAIMS = {
  ...CLAIMS,
  hetu: 'personal_identity_code',
  birthDate: 'birthdate',
  familyName: 'family_name',
  givenNames: 'given_name',
  displayName: 'name',
} as const;

export interface Broker {
  readonly claims: Readonly<Record<keyof typeof CLAIMS, string>>;
  readonly scopes: readonly string[];
  /** Addresses below the issuer; those of the library where absent. */
  readonly routes: { readonly authorization?: string; readonly token?: string; readonly jwks?: string };
  /** Whether metadata can be discovered; otherwise there is an entity statement only. */
  readonly discovery: boolean;
  /** Where the key set that the entity key signs is, below the issuer. */
  readonly signedJwks?: string;
  readonly pkceRequired: boolean;
  readonly acrRequired: boolean;
  /** What the citizen's cancelling is called. */
  readonly cancelError: string;
}

export const BROKERS: Readonly<Record<BrokerStyle, Broker>> = {
  suomifi: {
    claims: CLAIMS,
    scopes: ['openid'],
    routes: {},
    discovery: true,
    pkceRequired: true,
    acrRequired: true,
    cancelError: 'access_denied',
  },
  telia: {
    claims: CLAIMS,
    scopes: ['openid'],
    routes: {
      authorization: '/oauth2/authorization',
      token: '/oauth2/token',
      jwks: '/oauth2/metadata.jwks',
    },
    discovery: true,
    signedJwks: '/openid_provider/signed_jwks.jwt',
    pkceRequired: false,
    acrRequired: true,
    cancelError: 'access_denied',
  },
  op: {
    claims: OP_CLAIMS,
    scopes: ['openid', 'personal_identity_code', 'profile'],
    routes: { authorization: '/oauth/authorize', token: '/oauth/token', jwks: '/jwks/broker' },
    discovery: false,
    signedJwks: '/jwks/broker-signed',
    pkceRequired: false,
    acrRequired: false,
    cancelError: 'cancel',
  },
};

/** The claims about a person in an ID token of this broker. */
export function claimsOf(person: TestPerson, { claims }: Broker): Readonly<Record<string, string>> {
  return {
    ...(person.hetu && { [claims.hetu]: person.hetu }),
    ...(person.foreignIdentifier && { [claims.foreignIdentifier]: person.foreignIdentifier }),
    [claims.birthDate]: person.birthDate,
    [claims.familyName]: person.familyName,
    [claims.givenNames]: person.givenNames,
    [claims.displayName]: `${person.givenNames} ${person.familyName}`,
    ...(person.nonDisclosure && { [claims.nonDisclosure]: '1' }),
  };
}
