import { SiltaError } from '../outcome.ts';
import type { Resource } from '../resource.ts';
import type { FhirRequest } from './types.ts';

/**
 * The body of a write, when it is of the type the address names.
 * @throws SiltaError `invalid-request`
 */
export function requireResource(request: FhirRequest): Resource {
  const { resource, type } = request;
  if (!resource) throw new SiltaError('invalid-request', 'A resource is expected.', { expression: [type] });
  if (resource.resourceType !== type) {
    throw new SiltaError('invalid-request', `The resource must be a ${type}, as the address says.`, {
      expression: ['resourceType'],
    });
  }
  return resource;
}
