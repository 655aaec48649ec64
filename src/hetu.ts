/**
 * The Finnish personal identity code (henkilötunnus, hetu): `DDMMYY` + separator + individual number + control character.
 *
 * The separator is part of the identity: `100190-999P` and `100190Y999P` are two persons.
 * @see https://dvv.fi/en/personal-identity-code
 * @see https://dvv.fi/en/reform-of-personal-identity-code
 */

/** The system of a hetu in a FHIR Identifier. */
export const HETU_SYSTEM = 'urn:oid:1.2.246.21';

/** Why a value is not a hetu; stable codes without personal data. */
export type HetuFault = 'shape' | 'date' | 'individual-number' | 'control-character';

export type ParsedHetu =
  | {
      readonly ok: true;
      /** The code in its one written form: upper case, separator kept. */
      readonly value: string;
      /** `YYYY-MM-DD`. */
      readonly birthDate: string;
      /** Whether the individual number (900–999) is one that is never issued to a real person. */
      readonly temporary: boolean;
    }
  | { readonly ok: false; readonly reason: HetuFault };

const SHAPE = /^(\d{2})(\d{2})(\d{2})([-+A-FU-Y])(\d{3})([0-9A-FHJ-NPR-Y])$/;
const CONTROL_CHARACTERS = '0123456789ABCDEFHJKLMNPRSTUVWXY';
const FIRST_INDIVIDUAL_NUMBER = 2;
const FIRST_TEMPORARY_NUMBER = 900;

/**
 * Parses and checks a hetu: shape, calendar date in the separator's century, individual number, control character.
 * Lower case is accepted; surrounding space is not.
 */
export function parseHetu(value: unknown): ParsedHetu {
  const match = typeof value === 'string' && value.length === 11 ? SHAPE.exec(value.toUpperCase()) : null;
  if (!match) return { ok: false, reason: 'shape' };
  const [written, day, month, year, separator = '', individual, control] = match;
  const birthDate = `${centuryOf(separator)}${year}-${month}-${day}`;
  if (!isCalendarDate(birthDate)) return { ok: false, reason: 'date' };
  if (Number(individual) < FIRST_INDIVIDUAL_NUMBER) return { ok: false, reason: 'individual-number' };
  const remainder = Number(`${day}${month}${year}${individual}`) % CONTROL_CHARACTERS.length;
  if (CONTROL_CHARACTERS[remainder] !== control) return { ok: false, reason: 'control-character' };
  return {
    ok: true,
    value: written,
    birthDate,
    temporary: Number(individual) >= FIRST_TEMPORARY_NUMBER,
  };
}

function centuryOf(separator: string): string {
  if (separator === '+') return '18';
  return separator >= 'A' && separator <= 'F' ? '20' : '19';
}

function isCalendarDate(date: string): boolean {
  const instant = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().slice(0, 10) === date;
}
