import type { TestPerson } from './persons.ts';

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

/** The claims about a person in an ID token. */
export function claimsOf(person: TestPerson): Readonly<Record<string, string>> {
  return {
    ...(person.hetu && { [CLAIMS.hetu]: person.hetu }),
    ...(person.foreignIdentifier && { [CLAIMS.foreignIdentifier]: person.foreignIdentifier }),
    [CLAIMS.birthDate]: person.birthDate,
    [CLAIMS.familyName]: person.familyName,
    [CLAIMS.givenNames]: person.givenNames,
    [CLAIMS.displayName]: `${person.givenNames} ${person.familyName}`,
    ...(person.nonDisclosure && { [CLAIMS.nonDisclosure]: '1' }),
  };
}
