import type { OperationDefinition } from 'fhir/r4';
import type { RestOptions } from './types.ts';

/** Where HL7's operation definitions are. */
export const HL7_OPERATION = 'http://hl7.org/fhir/OperationDefinition';

/** The definition that an operation is done by. @throws Error when it is not published: the table of routes is wrong */
export function requireDefinition(
  rest: Pick<RestOptions, 'definitions'>,
  canonical: string,
): OperationDefinition {
  const definition = rest.definitions.published('OperationDefinition', canonical);
  if (definition) return definition as unknown as OperationDefinition;
  throw new Error(`There is no OperationDefinition ${canonical}.`);
}
