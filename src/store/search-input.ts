/**
 * Reads names and values of search parameters. Values may hold personal identity codes, so no error repeats one.
 * @see https://hl7.org/fhir/R4/search.html#escaping
 */
import { SiltaError } from '../outcome.ts';
import { didYouMean } from '../suggest.ts';

/** A parameter as the search sees it: `code:modifier` and its alternatives. */
export interface SearchInput {
  /** The whole name, for errors. */
  readonly name: string;
  readonly code: string;
  readonly modifier?: string;
  /** Alternatives, still escaped. */
  readonly values: readonly string[];
}

/** Splits a name at its modifier and a value at its commas. */
export function readInput(name: string, value: string): SearchInput {
  const colon = name.indexOf(':');
  const values = splitEscaped(value, ',');
  if (values.some((each) => each === '')) throw malformed(name, 'a value is empty');
  if (values.length > MOST_VALUES) throw malformed(name, `at most ${MOST_VALUES} values`);
  return {
    name,
    code: colon < 0 ? name : name.slice(0, colon),
    ...(colon >= 0 && { modifier: name.slice(colon + 1) }),
    values,
  };
}

const MOST_VALUES = 500;

/** Splits at each separator that no backslash stands before; the parts stay escaped. */
export function splitEscaped(text: string, separator: ',' | '|' | '$'): string[] {
  if (!text.includes('\\')) return text.split(separator);
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === separator) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** Takes the backslashes away. */
export function unescapeValue(text: string): string {
  return text.includes('\\') ? text.replace(/\\([,|$\\])/g, '$1') : text;
}

/** A name as errors repeat it. A wrongly encoded request may have a value in it, so digits are left out. */
function shown(name: string): string {
  return name.slice(0, 100).replace(/[^A-Za-z_:.-]+/g, '…');
}

/** `invalid-parameter` that says what is wrong and never repeats the value. */
export function malformed(given: string, problem: string): SiltaError {
  const name = shown(given);
  return new SiltaError('invalid-parameter', `The search parameter '${name}' is malformed: ${problem}.`, {
    expression: [name],
  });
}

/** @throws SiltaError when the modifier is none of the allowed ones */
export function requireModifier(input: SearchInput, allowed: readonly string[]): void {
  if (input.modifier === undefined || allowed.includes(input.modifier)) return;
  const list =
    allowed.length > 0 ? `allowed: ${allowed.map((each) => `:${each}`).join(', ')}` : 'none is allowed';
  throw new SiltaError(
    'invalid-parameter',
    `The search parameter '${shown(input.code)}' has no modifier ':${shown(input.modifier)}' here; ${list}.`,
    { expression: [shown(input.name)] },
  );
}

/** `invalid-parameter` for a name that is not known, with the nearest that is. */
export function unknownParameter(type: string, given: string, known: Iterable<string>): SiltaError {
  const names = [...known].sort();
  const name = shown(given);
  return new SiltaError(
    'invalid-parameter',
    `${type} has no search parameter '${name}'.${didYouMean(name, names)} Known: ${names.join(', ')}.`,
    { expression: [name] },
  );
}
