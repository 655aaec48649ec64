// https://hl7.org/fhir/R4/http.html#vread
import { refuseParameters } from './refuse-parameters.ts';
import { showVersion } from './represent.ts';
import type { Interact } from './types.ts';

/**
 * Reads one version of a resource, of those that the caller may see as they are now: what was filed with the wrong
 * patient, and moved, is not read on by that patient. Older versions are shown by what the caller may see of each.
 */
export const vread: Interact = async (request, { rest, principal, reader }) => {
  refuseParameters(request, []);
  rest.access.authorize(principal, 'vread', request.type);
  rest.access.authorizeStored(principal, request.type, await reader.read(request.type, request.id));
  const versionId = /^[1-9]\d{0,8}$/.test(request.versionId) ? Number(request.versionId) : 0;
  const found = await rest.store.readVersion(request.type, request.id, versionId);
  return showVersion(request, rest.access.authorizeStored(principal, request.type, found), 'vread');
};
