import type { Reference } from 'fhir/r4';
import type { Resource } from '../resource.ts';

/** Elements by which R4 resources say whom they are about, in the order they are looked at. */
const SUBJECT_ELEMENTS = ['subject', 'for', 'patient', 'beneficiary', 'individual'] as const;

/** The person a resource is about; undefined when it names nobody. */
export function readSubject(resource: Resource): Reference | undefined {
  if (resource.resourceType === 'Patient' && resource.id !== undefined) {
    return { reference: `Patient/${resource.id}` };
  }
  for (const element of SUBJECT_ELEMENTS) {
    const value = resource[element] as Reference | undefined;
    if (value?.reference !== undefined) return { reference: value.reference };
  }
  return undefined;
}
