/**
 * Primitive values on their way into an element: what the element's type accepts, and how a value becomes it.
 *
 * @see https://hl7.org/fhir/R4/datatypes.html#primitive
 */
const DATE = '\\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\\d|3[01]))?)?';
const CLOCK = '([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?';
const ZONE = '(Z|[+-](0\\d|1[0-3]):[0-5]\\d|[+-]14:00)';

/** Formats of primitives that are texts in JSON. */
const FORMATS: Readonly<Record<string, RegExp>> = {
  date: new RegExp(`^${DATE}$`),
  dateTime: new RegExp(`^(${DATE}|\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T${CLOCK}${ZONE})$`),
  instant: new RegExp(`^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T${CLOCK}${ZONE}$`),
  time: new RegExp(`^${CLOCK}$`),
  code: /^[^\s]+( [^\s]+)*$/,
  id: /^[A-Za-z0-9.-]{1,64}$/,
  oid: /^urn:oid:[0-2](\.(0|[1-9]\d*))+$/,
  uuid: /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  uri: /^\S*$/,
  url: /^\S*$/,
  canonical: /^\S*$/,
  // The specification's own expression takes exponential time on some texts; this one takes the same texts.
  base64Binary: /^\s*(?:(?:[0-9a-zA-Z+/=]\s*){4})+$/,
};

/** Smallest values of the whole-number types. */
const LEAST: Readonly<Record<string, number>> = { integer: -2147483648, unsignedInt: 0, positiveInt: 1 };
const GREATEST = 2147483647;

export class CastFailure extends Error {
  override readonly name = 'CastFailure';
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function refuse(value: unknown, type: string): never {
  throw new CastFailure(`${describe(value)} that is not a valid ${type}`);
}

function toBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === '1' || value === 1) return true;
  if (value === 'false' || value === '0' || value === 0) return false;
  return refuse(value, 'boolean');
}

function toWhole(value: unknown, type: string): number {
  const number = typeof value === 'string' && /^[+-]?\d+(\.0+)?$/.test(value.trim()) ? Number(value) : value;
  const fits = typeof number === 'number' && Number.isInteger(number);
  if (!fits || number < (LEAST[type] ?? 0) || number > GREATEST) return refuse(value, type);
  return number;
}

function toDecimal(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const text = typeof value === 'string' ? value.trim() : '';
  return /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : refuse(value, 'decimal');
}

function toText(value: unknown, type: string): string {
  if (typeof value === 'object' || value === undefined) return refuse(value, type);
  const text = String(value);
  if (text === '') return refuse(value, type);
  const format = FORMATS[type];
  return format && !format.test(text) ? refuse(value, type) : text;
}

/** A date may be given where a dateTime's or instant's date part is wanted, and the other way round. */
function toDate(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  const day = /^(\d{4}-\d{2}-\d{2})T/.exec(text)?.[1];
  return toText(day ?? value, 'date');
}

/** What a primitive is in JSON. */
export function jsonTypeOf(type: string): 'boolean' | 'number' | 'string' {
  if (type === 'boolean') return 'boolean';
  return type === 'decimal' || type in LEAST ? 'number' : 'string';
}

/**
 * Makes a value one of a primitive type.
 *
 * @param type the FHIR primitive's name
 * @throws CastFailure when it cannot be one; the message does not hold the value
 */
export function castPrimitive(value: unknown, type: string): string | number | boolean {
  if (type === 'boolean') return toBoolean(value);
  if (type in LEAST) return toWhole(value, type);
  if (type === 'decimal') return toDecimal(value);
  return type === 'date' ? toDate(value) : toText(value, type);
}

/** Types a literal or computed value is tried as, in this order, when a choice is all that is known. */
export function guessTypes(value: unknown): readonly string[] {
  if (typeof value === 'boolean') return ['boolean'];
  if (typeof value === 'number')
    return Number.isInteger(value) ? ['integer', 'decimal', 'positiveInt', 'unsignedInt'] : ['decimal'];
  if (typeof value !== 'string') return [];
  return [
    'string',
    'markdown',
    'code',
    'uri',
    'dateTime',
    'date',
    'instant',
    'time',
    'id',
    'canonical',
    'url',
  ];
}
