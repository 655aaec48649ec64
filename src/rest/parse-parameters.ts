import { SiltaError } from '../outcome.ts';

export type Parameters = readonly (readonly [name: string, value: string])[];

/**
 * Splits a query or a form body into decoded pairs, in order, repeated names kept. Wrong percent-encoding and
 * control characters are refused instead of repaired. Values are never repeated in the error.
 * @throws SiltaError `invalid-parameter`
 * @see https://url.spec.whatwg.org/#urlencoded-parsing
 */
export function parseParameters(text: string): Parameters {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): readonly [string, string] => {
      const equals = pair.indexOf('=');
      const name = equals < 0 ? pair : pair.slice(0, equals);
      return [decode(name), equals < 0 ? '' : decode(pair.slice(equals + 1))];
    });
}

function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be refused
    if (!/[\u0000-\u001f]/.test(decoded)) return decoded;
  } catch (cause) {
    throw new SiltaError('invalid-parameter', 'A parameter is not percent-encoded UTF-8.', { cause });
  }
  throw new SiltaError('invalid-parameter', 'A parameter holds a control character.');
}

/** Writes pairs as a query; the inverse of {@link parseParameters}. */
export function writeParameters(parameters: Parameters): string {
  return parameters
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}

/**
 * The one value of a parameter that may be given once.
 * @throws SiltaError `invalid-parameter` when it is repeated
 */
export function singleParameter(parameters: Parameters, name: string): string | undefined {
  const values = parameters.filter(([each]) => each === name);
  if (values.length > 1) {
    throw new SiltaError('invalid-parameter', `The parameter '${name}' may be given once only.`);
  }
  return values[0]?.[1];
}

/**
 * A page size: what was asked for, at most the limit.
 * @throws SiltaError `invalid-parameter`
 * @see https://hl7.org/fhir/R4/search.html#count
 */
export function parseCount(
  text: string | undefined,
  limits: { defaultCount: number; maxCount: number },
): number {
  if (text === undefined) return limits.defaultCount;
  if (!/^\d{1,9}$/.test(text)) {
    throw new SiltaError('invalid-parameter', "The parameter '_count' must be a whole number of at least 0.");
  }
  return Math.min(Number(text), limits.maxCount);
}

/**
 * A value as a search reads it literally.
 * @see https://hl7.org/fhir/R4/search.html#escaping
 */
export const escapeValue = (text: string): string => text.replace(/[\\$,|]/g, (each) => `\\${each}`);
