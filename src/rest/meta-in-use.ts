// https://hl7.org/fhir/R4/resource-operation-meta.html
import { refuseParameters } from './refuse-parameters.ts';
import { isStoredType } from './stored-type.ts';
import type { Interact } from './types.ts';

/** `$meta` of a type or of everything: profiles, tags and labels of what the caller may see, and of nothing else. */
export const showMetaInUse: Interact = async (request, { rest, principal }) => {
  refuseParameters(request, []);
  const { resourceTypes } = rest.definitions;
  if (request.type !== '') rest.access.authorize(principal, 'read', request.type);
  const asked = request.type === '' ? [...resourceTypes] : [request.type];
  const types = asked.filter(
    (type) =>
      isStoredType(resourceTypes, type) &&
      rest.access.permits(principal, 'read', type) &&
      rest.access.permits(principal, 'search', type),
  );
  const inUse = await rest.store.meta({ types, visibility: rest.access.visibility(principal) });
  const valueMeta = Object.fromEntries(Object.entries(inUse).filter(([, list]) => list.length > 0));
  return {
    status: 200,
    body: JSON.stringify({ resourceType: 'Parameters', parameter: [{ name: 'return', valueMeta }] }),
    shown: { action: 'meta', entities: [] },
  };
};
