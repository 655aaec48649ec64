import { SiltaError } from '../outcome.ts';
import { dateRange } from '../store/index.ts';
import { type Parameters, singleParameter } from './parse-parameters.ts';

/**
 * A parameter of type instant, in milliseconds since 1970.
 * @throws SiltaError `invalid-parameter`
 * @see https://hl7.org/fhir/R4/datatypes.html#instant
 */
export function readInstant(parameters: Parameters, name: string): number | undefined {
  const text = singleParameter(parameters, name);
  if (text === undefined) return undefined;
  const range = /T.*(Z|[+-]\d\d:\d\d)$/.test(text) ? dateRange(text) : undefined;
  if (range) return range.low;
  throw new SiltaError(
    'invalid-parameter',
    `The parameter '${name}' must be an instant, with its time zone.`,
  );
}
