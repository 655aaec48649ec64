/**
 * The Finnish personal identity code: `DDMMYY`, an intermediate character that tells the century and is part of the
 * identity, an individual number, and a control character.
 *
 * @see https://dvv.fi/en/personal-identity-code
 * @see https://dvv.fi/en/reform-of-personal-identity-code
 */
import { isCalendarDate } from './calendar.ts';

/** System of the code in `Identifier.system`. */
export const HETU_SYSTEM = 'urn:oid:1.2.246.21';

export type HetuCheck =
  | { readonly ok: true; readonly birthDate: string }
  | {
      readonly ok: false;
      readonly reason: 'length' | 'shape' | 'date' | 'individual-number' | 'control-character';
    };

const SHAPE = /^(\d{2})(\d{2})(\d{2})([-+A-FU-Y])(\d{3})([0-9A-FHJ-NPR-Y])$/;
const CONTROL = '0123456789ABCDEFHJKLMNPRSTUVWXY';

/**
 * Checks a personal identity code as written; lower-case letters count as the capitals they stand for.
 *
 * @returns the birth date as `YYYY-MM-DD`, or which part is wrong — never the code itself
 */
export function checkHetu(value: string): HetuCheck {
  if (value.length !== 11) return { ok: false, reason: 'length' };
  const match = SHAPE.exec(value.toUpperCase());
  if (!match) return { ok: false, reason: 'shape' };
  const [, day = '', month = '', yearOfCentury = '', separator = '', individual = '', control = ''] = match;
  const year = centuryOf(separator) + Number(yearOfCentury);
  if (!isCalendarDate(year, Number(month), Number(day))) return { ok: false, reason: 'date' };
  if (Number(individual) < 2) return { ok: false, reason: 'individual-number' };
  const expected = CONTROL[Number(day + month + yearOfCentury + individual) % 31];
  if (control !== expected) return { ok: false, reason: 'control-character' };
  return { ok: true, birthDate: `${year}-${month}-${day}` };
}

/** What is wrong, in words that can be shown to anyone: it names the part, never its content. */
export function explainHetu(check: Extract<HetuCheck, { ok: false }>): string {
  switch (check.reason) {
    case 'length':
      return 'it must have 11 characters';
    case 'shape':
      return 'it must be DDMMYY, one of -+A-FU-Y, three digits and a control character';
    case 'date':
      return 'its first six digits are not a day that exists in its century';
    case 'individual-number':
      return 'its individual number must be 002 or greater';
    case 'control-character':
      return 'its control character does not match its digits';
  }
}

function centuryOf(separator: string): number {
  if (separator === '+') return 1800;
  return separator >= 'A' && separator <= 'F' ? 2000 : 1900;
}
