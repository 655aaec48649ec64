/**
 * Values of the primitive types.
 *
 * @see https://hl7.org/fhir/R4/datatypes.html#primitive
 * @see https://hl7.org/fhir/R4/json.html#primitive
 */
import { isCalendarDate } from '../calendar.ts';
import { kindOf } from '../json.ts';

/** What is wrong with a value, as the end of a sentence that begins with the element; undefined when it is right. */
export type PrimitiveCheck = (value: unknown) => string | undefined;

const LONGEST_STRING = 1024 * 1024;
const LARGEST_INTEGER = 2 ** 31 - 1;

/** XML has no way to write these, nor do FHIR's strings allow them. */
const UNWRITABLE = /\p{Cc}(?<![\t\n\r\u007f-\u009f])|[\ufffe\uffff]/u;

const ID = /^[A-Za-z0-9\-.]{1,64}$/;
// White space is XML's here, as in the definitions: a no-break space is a character like any other.
const CODE = /^[^ \t\r\n]+(?:[ \t\r\n][^ \t\r\n]+)*$/;
const NO_SPACE = /^\S+$/;
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$/;
const UUID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const OID_RULE = 'must be an OID like urn:oid:1.2.3';
const UUID_RULE = 'must be a lower-case UUID like urn:uuid:c757873d-…';
const BASE64 = /^[0-9a-zA-Z+/]+={0,2}$/;
const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;
const ZONE = '(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))';
const CLOCK = '(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\\.[0-9]+)?';
const TIME = new RegExp(`^${CLOCK}$`);
const INSTANT = new RegExp(`^(\\d{4})-(\\d{2})-(\\d{2})T${CLOCK}${ZONE}$`);
const DATE_TIME = new RegExp(`^(\\d{4})(?:-(\\d{2})(?:-(\\d{2})(?:T${CLOCK}${ZONE})?)?)?$`);

const CHECKS: Readonly<Record<string, PrimitiveCheck>> = {
  boolean: (value) =>
    typeof value === 'boolean' ? undefined : `must be true or false, not ${kindOf(value)}`,
  integer: (value) => checkInteger(value, -LARGEST_INTEGER - 1),
  unsignedInt: (value) => checkInteger(value, 0),
  positiveInt: (value) => checkInteger(value, 1),
  decimal: (value) => {
    if (typeof value !== 'number') return `must be a number, not ${kindOf(value)}`;
    return Number.isFinite(value) ? undefined : 'is a number too large to keep';
  },
  string: checkString,
  markdown: checkString,
  xhtml: checkText,
  code: (value) => checkForm(value, CODE, 'must be a code: no white space around it, single spaces inside'),
  id: (value) => checkForm(value, ID, 'must be 1 to 64 letters, digits, hyphens and dots'),
  uri: checkUri,
  url: (value) => checkForm(value, NO_SPACE, 'must be a URL without white space'),
  canonical: (value) => checkForm(value, NO_SPACE, 'must be a canonical URL without white space'),
  oid: (value) => checkForm(value, OID, OID_RULE),
  uuid: (value) => checkForm(value, UUID, UUID_RULE),
  base64Binary: checkBase64,
  date: (value) => checkDate(value, DATE, 'must be a date: YYYY, YYYY-MM or YYYY-MM-DD'),
  dateTime: (value) =>
    checkDate(
      value,
      DATE_TIME,
      'must be a date, or a date and time with seconds and a zone: 2026-01-31T12:00:00+02:00',
    ),
  instant: (value) =>
    checkDate(value, INSTANT, 'must be an instant with seconds and a zone: 2026-01-31T12:00:00.000+02:00'),
  time: (value) => checkForm(value, TIME, 'must be a time of day with seconds: 12:30:00'),
};

/** The check of a primitive type; undefined when no such primitive type is known. */
export function primitiveCheck(type: string): PrimitiveCheck | undefined {
  return CHECKS[type];
}

function checkInteger(value: unknown, least: number): string | undefined {
  if (typeof value !== 'number') return `must be a whole number, not ${kindOf(value)}`;
  if (!Number.isInteger(value)) return 'must be a whole number';
  return value >= least && value <= LARGEST_INTEGER
    ? undefined
    : `must be between ${least} and ${LARGEST_INTEGER}`;
}

function checkString(value: unknown): string | undefined {
  if (typeof value === 'string' && value.length > LONGEST_STRING)
    return `must not be longer than ${LONGEST_STRING} characters`;
  return checkText(value);
}

function checkText(value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be a string, not ${kindOf(value)}`;
  if (value.length === 0) return 'must not be empty: leave the element out instead';
  const found = UNWRITABLE.exec(value)?.[0].charCodeAt(0);
  return found === undefined ? undefined : `must not contain the character ${nameOf(found)}`;
}

/** `U+000B` */
function nameOf(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

function checkForm(value: unknown, form: RegExp, rule: string): string | undefined {
  return checkString(value) ?? (form.test(value as string) ? undefined : rule);
}

/** A URN of the kinds that FHIR has types for must be a whole one. */
function checkUri(value: unknown): string | undefined {
  const flaw = checkForm(value, NO_SPACE, 'must be a URI without white space');
  if (flaw !== undefined || typeof value !== 'string' || !value.startsWith('urn:')) return flaw;
  if (value.startsWith('urn:uuid:')) return checkForm(value.toLowerCase(), UUID, UUID_RULE);
  return value.startsWith('urn:oid:') ? checkForm(value, OID, OID_RULE) : undefined;
}

function checkBase64(value: unknown): string | undefined {
  if (typeof value !== 'string') return `must be a string, not ${kindOf(value)}`;
  // White space goes first: a pattern that allowed it in two places would take its square in time.
  const bare = value.replace(/\s/g, '');
  return bare.length % 4 === 0 && BASE64.test(bare) ? undefined : 'must be base64 text';
}

function checkDate(value: unknown, form: RegExp, rule: string): string | undefined {
  if (typeof value !== 'string') return `must be a string, not ${kindOf(value)}`;
  const match = form.exec(value);
  if (!match) return rule;
  const [, year, month, day] = match;
  if (year === '0000') return 'must not be in the year 0000';
  return isCalendarDate(Number(year), Number(month ?? 1), Number(day ?? 1))
    ? undefined
    : 'is not a day that exists';
}
