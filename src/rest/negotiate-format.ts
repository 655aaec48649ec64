import { SiltaError } from '../outcome.ts';
import { requireR4, splitMediaType } from './parse-body.ts';
import { type Parameters, singleParameter } from './parse-parameters.ts';

const JSON_FORMATS: ReadonlySet<string> = new Set([
  'json',
  'text/json',
  'application/json',
  'application/fhir+json',
]);
const ACCEPTED: ReadonlySet<string> = new Set([...JSON_FORMATS, '*/*', 'application/*', 'text/*']);

/**
 * Refuses what asks for anything but JSON. `_format` goes before the Accept header.
 * @throws SiltaError `not-acceptable`
 * @see https://hl7.org/fhir/R4/http.html#parameters
 */
export function requireJsonAnswer(accept: string | undefined, parameters: Parameters): void {
  const format = singleParameter(parameters, '_format');
  // A '+' that was not percent-encoded arrives as a space.
  const asked = format === undefined ? accept : format.replace('fhir json', 'fhir+json');
  if (asked === undefined || asked.trim() === '') return;
  const known = format === undefined ? ACCEPTED : JSON_FORMATS;
  const candidates = asked.split(',').map(splitMediaType);
  const fitting = candidates.filter(
    ({ type, parameters: given }) => known.has(type) && Number(given.get('q') ?? 1) > 0,
  );
  const [first] = fitting;
  if (!first) {
    throw new SiltaError('not-acceptable', 'This server answers in JSON (application/fhir+json) only.');
  }
  if (fitting.length === 1) requireR4(first.parameters.get('fhirversion'), 'not-acceptable');
}

/** Whether the answer is to be indented. */
export function wantsPretty(parameters: Parameters): boolean {
  const value = singleParameter(parameters, '_pretty');
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new SiltaError('invalid-parameter', "The parameter '_pretty' must be 'true' or 'false'.");
}
