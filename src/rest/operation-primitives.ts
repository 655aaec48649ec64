// https://hl7.org/fhir/R4/datatypes.html#primitive
const DATE = String.raw`\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?`;
const TIME = String.raw`T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)`;
const INSTANT = new RegExp(`^${DATE}${TIME}$`);
const TEXTS: Readonly<Record<string, RegExp>> = {
  uri: /^\S+$/,
  canonical: /^\S+$/,
  url: /^\S+$/,
  code: /^\S+(?: \S+)*$/,
  id: /^[A-Za-z0-9.-]{1,64}$/,
  string: /\S/,
  date: new RegExp(`^${DATE}$`),
  dateTime: new RegExp(`^${DATE}(?:${TIME})?$`),
  instant: INSTANT,
};

/** Whether the type is a primitive that an operation may take in a query. */
export function isPrimitive(type: string): boolean {
  return type === 'boolean' || type === 'integer' || Object.hasOwn(TEXTS, type);
}

/** A primitive from its text; undefined when it is not one of the type. */
export function parsePrimitive(type: string, text: string): string | number | boolean | undefined {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (type === 'integer') return /^-?(?:0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined;
  return Object.hasOwn(TEXTS, type) && TEXTS[type]?.test(text) ? text : undefined;
}
