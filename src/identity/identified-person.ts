/**
 * From the claims of an ID token to the person: identifier, names, birth date. Persons identified through eIDAS have no
 * hetu and are known by their PersonIdentifier.
 */
import { HETU_SYSTEM, parseHetu } from '../hetu.ts';
import { SiltaError } from '../outcome.ts';
import type { Claims } from './id-token.ts';
import type { ClaimNames } from './types.ts';

/** System of the identifier of a person without a hetu. */
const FOREIGN_IDENTIFIER_SYSTEM = 'http://eidas.europa.eu/attributes/naturalperson/PersonIdentifier';

export interface IdentifiedPerson {
  readonly identifier: { readonly system: string; readonly value: string };
  readonly familyName: string;
  readonly givenNames: readonly string[];
  /** `YYYY-MM-DD`. */
  readonly birthDate: string;
  /** Whether a non-disclosure order (turvakielto) is in force. */
  readonly nonDisclosure: boolean;
}

/**
 * Reads the person out of verified claims.
 * @throws SiltaError `unauthenticated` with key `hetu-missing`, `hetu-invalid`, `birth-date-mismatch` or `name-missing`
 */
export function readPerson(claims: Claims, names: ClaimNames): IdentifiedPerson {
  const { identifier, birthDate } = identify(claims, names);
  const familyName = text(claims, names.familyName);
  const givenNames = text(claims, names.givenNames)?.split(/\s+/).filter(Boolean) ?? [];
  if (!familyName || givenNames.length === 0) throw refuse('name-missing', 'does not name the person');
  const flag = names.nonDisclosure === undefined ? undefined : claims[names.nonDisclosure];
  const nonDisclosure = flag === true || flag === '1' || flag === 'true';
  return { identifier, familyName, givenNames, birthDate, nonDisclosure };
}

function identify(
  claims: Claims,
  names: ClaimNames,
): { readonly identifier: IdentifiedPerson['identifier']; readonly birthDate: string } {
  const claimed = text(claims, names.birthDate);
  const hetu = claims[names.hetu];
  if (hetu === undefined) {
    const foreign = text(claims, names.foreignIdentifier);
    if (!foreign || !claimed) throw refuse('hetu-missing', 'has no personal identity code');
    if (!/^\d{4}-\d{2}-\d{2}$/.test(claimed)) throw refuse('birth-date-mismatch', 'has no valid birth date');
    return { identifier: { system: FOREIGN_IDENTIFIER_SYSTEM, value: foreign }, birthDate: claimed };
  }
  const parsed = parseHetu(hetu);
  if (!parsed.ok) throw refuse('hetu-invalid', `has a wrong personal identity code (${parsed.reason})`);
  if (claimed !== undefined && claimed !== parsed.birthDate) {
    throw refuse('birth-date-mismatch', 'has a birth date that differs from the personal identity code');
  }
  return { identifier: { system: HETU_SYSTEM, value: parsed.value }, birthDate: parsed.birthDate };
}

function text(claims: Claims, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function refuse(key: string, what: string): SiltaError {
  return new SiltaError('unauthenticated', `The answer of the identification service ${what}.`, { key });
}
