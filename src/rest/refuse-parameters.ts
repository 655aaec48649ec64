import { SiltaError } from '../outcome.ts';
import { suggest } from '../suggest.ts';
import type { FhirRequest } from './types.ts';

/** Parameters that shape any answer and are read before the interaction. */
export const GENERAL_PARAMETERS: readonly string[] = ['_format', '_pretty'];

/**
 * Refuses query parameters an interaction does not know: ignoring one could answer another question.
 * @throws SiltaError `invalid-parameter`
 * @see https://hl7.org/fhir/R4/http.html#parameters
 */
export function refuseParameters(request: FhirRequest, known: readonly string[]): void {
  const all = [...GENERAL_PARAMETERS, ...known];
  const unknown = request.parameters.find(([name]) => !all.includes(name));
  if (!unknown) return;
  const suggestion = suggest(unknown[0], all);
  const hint = suggestion ? ` Did you mean '${suggestion}'?` : '';
  throw new SiltaError('invalid-parameter', `This interaction does not know one of the parameters.${hint}`);
}
