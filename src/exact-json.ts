/**
 * JSON whose numbers keep their digits: `1.00` stays `1.00` and a decimal of thirty digits stays whole, where
 * JSON.parse and JSON.stringify leave a double.
 *
 * A number is a plain number for everyone who reads it. What it was written as is noted beside it, under a symbol of
 * the object that holds it, and only where the double would be written otherwise. Spreading an object copies the note;
 * `Object.keys` and JSON.stringify do not see it; a note whose number was changed since is not believed. An object
 * without notes is read and written by the platform alone.
 * @see https://hl7.org/fhir/R4/datatypes.html#decimal
 * @see https://hl7.org/fhir/R4/json.html#decimal
 */

/** Digits by member; every object around such a member has one, too, so that the way to it is found. */
type Digits = Readonly<Record<string, string>>;

const DIGITS = Symbol('digits');
const NONE: Digits = Object.freeze(Object.create(null) as Record<string, string>);

interface Noted extends Record<string, unknown> {
  [DIGITS]?: Digits;
}

/** Strings are passed over; what else begins with a digit or minus is a number. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
/** In text as JSON.stringify lays it out: numbers that may be written otherwise than their double, and few others. */
const SUSPECT = /(?:":|[[,])(?:-0(?![.\d])|-?(?:\d+\.\d*0(?!\d)|[\d.]+[eE]|[\d.]{16}|0\.000000))/;
/** Begins a string that stands for a number; no string of a resource holds this character. */
const MARK = '\0';

/** Whether a JSON number is written as its double would be. */
export function isPlainNumber(literal: string): boolean {
  return String(Number(literal)) === literal;
}

/** A number's text as a value that {@link restoreNumbers} knows again. */
export function markNumber(literal: string): string {
  return `${MARK}${literal}`;
}

/**
 * Makes marked numbers the numbers they stand for, in place, and notes their digits.
 * @returns whether there were any
 */
export function restoreNumbers(holder: object): boolean {
  const members = holder as Noted;
  let digits: Record<string, string> | undefined;
  let inside = false;
  for (const key of Object.keys(members)) {
    const value = members[key];
    if (typeof value === 'string') {
      if (value.charCodeAt(0) !== 0) continue;
      digits ??= Object.create(null) as Record<string, string>;
      digits[key] = value.slice(MARK.length);
      members[key] = Number(digits[key]);
    } else if (typeof value === 'object' && value !== null) inside = restoreNumbers(value) || inside;
  }
  if (!digits && !inside) return false;
  members[DIGITS] = digits ?? NONE;
  return true;
}

/**
 * JSON.parse that keeps digits, for text known to hold numbers that need it. The text is valid JSON and holds no
 * U+0000.
 */
export function parseExactly(text: string): unknown {
  const marked = text.replace(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || isPlainNumber(token) ? token : `"\\u0000${token}"`,
  );
  const value: unknown = JSON.parse(marked);
  if (typeof value === 'object' && value !== null) restoreNumbers(value);
  return value;
}

/** JSON.parse that keeps digits, for text that {@link stringifyExactly} wrote: as fast when there are none to keep. */
export function parseStored(text: string): unknown {
  return SUSPECT.test(text) ? parseExactly(text) : JSON.parse(text);
}

/** JSON.stringify that writes numbers with the digits they came with. */
export function stringifyExactly(value: object): string {
  return DIGITS in value ? write(value) : JSON.stringify(value);
}

function write(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) {
    return `[${value.map((each, index) => digitsOf(value, index) ?? write(each)).join(',')}]`;
  }
  if (!(DIGITS in value)) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${JSON.stringify(key)}:${digitsOf(value, key) ?? write(member)}`);
  return `{${members.join(',')}}`;
}

/** Whether there are numbers in an object whose digits are not their doubles'. */
export function hasDigits(value: object): boolean {
  return DIGITS in value;
}

/** The text of a number as it came, where that is not the double's; undefined elsewhere. */
export function digitsOf(holder: object, key: string | number): string | undefined {
  const literal = (holder as Noted)[DIGITS]?.[key];
  return literal !== undefined && Number(literal) === (holder as Noted)[key] ? literal : undefined;
}

/** Carries the notes of an object to another one that is made of its members. */
export function keepDigits<T extends object>(from: object, to: T): T {
  const digits = (from as Noted)[DIGITS];
  if (digits) Object.assign(to, { [DIGITS]: digits });
  return to;
}

/**
 * A deep copy in which noted numbers are marked texts: whoever moves values about in it moves their digits with them.
 * {@link restoreNumbers} ends it.
 */
export function markNumbers<T>(value: T): T {
  return copy(value, (holder, key, member) => {
    const digits = digitsOf(holder, key);
    return digits === undefined ? member : markNumber(digits);
  }) as T;
}

/** A deep copy of what {@link markNumbers} made, with plain numbers and no notes. */
export function unmarkNumbers(value: unknown): unknown {
  return copy(unmark(value), (_, __, member) => unmark(member));
}

function unmark(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(MARK) ? Number(value.slice(MARK.length)) : value;
}

function copy(value: unknown, change: (holder: object, key: string, member: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(
    ([key, member]) => [key, copy(change(value, key, member), change)] as const,
  );
  return Array.isArray(value) ? members.map(([, member]) => member) : Object.fromEntries(members);
}
